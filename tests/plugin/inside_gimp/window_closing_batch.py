"""Runs as a batch in GIMP with a window: tells which images are open.

Of the first it asks for nothing else, since it is closed at some moment.
"""

import json
import os
import time

from gi.repository import Gimp

PATH = os.path.join(os.environ["DREAMLAYER_RESULTS"], "state.json")


def images(first):
    """The open images: number, names of the layers, and whether the uppermost is a dream."""
    found = []
    for image in Gimp.get_images():
        if image.get_id() == first:
            found.append([first, [], False])
        elif layers := image.get_layers():
            dreamt = layers[0].get_parasite("dreamlayer-recipe") is not None
            found.append([image.get_id(), [layer.get_name() for layer in layers], dreamt])
    return found


def main():
    """Tell of them again and again, for as long as GIMP runs."""
    while not Gimp.get_images():
        time.sleep(0.1)
    first = Gimp.get_images()[0].get_id()
    number = 0
    while True:
        number += 1
        with open(PATH + ".new", "w") as file:
            json.dump({"number": number, "images": images(first)}, file)
        os.rename(PATH + ".new", PATH)
        time.sleep(0.2)


main()
