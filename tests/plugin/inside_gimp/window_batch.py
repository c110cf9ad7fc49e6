"""Runs as a batch in GIMP with a window: tells how the pixels of the open image are."""

import hashlib
import json
import os
import time

from gi.repository import Babl, Gegl, Gimp

RESULTS = os.environ["DREAMLAYER_RESULTS"]


def pixels(layer):
    """The layer's pixels as they are stored."""
    whole = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
    name = Babl.get_name(layer.get_format())
    return layer.get_buffer().get(whole, 1.0, name, Gegl.AbyssPolicy.NONE)


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
    layer = Gimp.get_images()[0].get_layers()[0]
    write("before.rgb", pixels(layer))
    last, number = None, 0
    while True:
        now = pixels(layer)
        if now != last:
            last = now
            time.sleep(0.05)
            continue
        number += 1
        digest = hashlib.sha256(now).hexdigest()
        write("state.json", json.dumps({"number": number, "pixels": digest}).encode())
        wanted = os.path.join(RESULTS, "wanted")
        if os.path.exists(wanted):
            with open(wanted) as file:
                write(file.read() + ".rgb", now)
            os.remove(wanted)
        time.sleep(0.2)


main()
