"""Runs as a batch in GIMP with a window: tells how the open image is.

DREAMLAYER_SCENE names what is done to the image first; see `scenes.py`.
"""

import hashlib
import json
import os
import sys
import time

from gi.repository import Babl, Gegl, Gimp

RESULTS = os.environ["DREAMLAYER_RESULTS"]


def pixels(drawable):
    """The drawable's pixels as they are stored."""
    whole = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    name = Babl.get_name(drawable.get_format())
    return drawable.get_buffer().get(whole, 1.0, name, Gegl.AbyssPolicy.NONE)


def digest(data):
    """What stands for bytes."""
    return hashlib.sha256(data).hexdigest()


def write(name, data):
    """Put a file in place whole."""
    path = os.path.join(RESULTS, name)
    with open(path + ".new", "wb") as file:
        file.write(data)
    os.rename(path + ".new", path)


def main():
    """Tell of the pixels as often as they stay the same, for as long as GIMP runs.

    They are read tile by tile while GIMP goes on: in the middle of a change a reading has some old
    tiles and some new ones. So only what was read twice is told.
    """
    Gegl.init(None)
    while not Gimp.get_images():
        time.sleep(0.1)
    image = Gimp.get_images()[0]
    if scene := os.environ.get("DREAMLAYER_SCENE"):
        # This file is run as a text, without a folder of its own.
        sys.path.append(os.environ["DREAMLAYER_INSIDE"])
        from scenes import SCENES

        SCENES[scene](image)
    layers = image.get_layers()
    write("before.rgb", pixels(layers[0]))
    last, number = None, 0
    while True:
        now = [pixels(layer) for layer in layers]
        if now != last:
            last = now
            time.sleep(0.05)
            continue
        number += 1
        told = {
            "number": number,
            "pixels": digest(now[0]),
            "others": [digest(one) for one in now[1:]],
            "selection": digest(pixels(image.get_selection())),
        }
        write("state.json", json.dumps(told).encode())
        wanted = os.path.join(RESULTS, "wanted")
        if os.path.exists(wanted):
            with open(wanted) as file:
                write(file.read() + ".rgb", now[0])
            os.remove(wanted)
        time.sleep(0.2)


main()
