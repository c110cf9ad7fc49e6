"""Runs as a batch in GIMP with a window: tells which images are open.

It reads no pixels, since the image may be closed at any moment.
"""

import json
import os
import time

from gi.repository import Gimp

PATH = os.path.join(os.environ["DREAMLAYER_RESULTS"], "state.json")


def images():
    """The open images: number, names of the layers, and whether the first is a dream."""
    found = []
    for image in Gimp.get_images():
        layers = image.get_layers()
        if layers:
            dreamt = layers[0].get_parasite("dreamlayer-recipe") is not None
            found.append([image.get_id(), [layer.get_name() for layer in layers], dreamt])
    return found


def main():
    """Tell of them again and again, for as long as GIMP runs."""
    number = 0
    while True:
        number += 1
        with open(PATH + ".new", "w") as file:
            json.dump({"number": number, "images": images()}, file)
        os.rename(PATH + ".new", PATH)
        time.sleep(0.2)


main()
