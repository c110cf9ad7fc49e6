# -*- coding: utf-8 -*-
"""What the GIMP plug-ins say to a painter, in one place for Python 2.7 and 3."""

from __future__ import unicode_literals

INDEXED = (
    "Deep Dream needs more colours than an indexed image has; "
    "convert it with Image ▸ Mode ▸ RGB first"
)
DEEP = (
    "in GIMP 2.10 Deep Dream works on 8-bit images with perceptual gamma, and would lose what "
    "this image has beyond that; choose 8 bit integer and Perceptual gamma (sRGB) in "
    "Image ▸ Precision first, or use GIMP 3"
)


def group(name):
    """The layer is a group."""
    return (
        "'{}' is a layer group, which has no pixels of its own; "
        "choose the layers in it, or merge it first".format(name)
    )


def beside(name):
    """The selection lies elsewhere."""
    return (
        "the selection does not touch '{}'; move it over the layer, or choose Select ▸ None".format(
            name
        )
    )


def no_layer(name):
    """A mask or channel cannot have a layer made of it."""
    return "'{}' is no layer; set Output to In place for masks and channels".format(name)


def locked(name):
    """The pixels may not be changed."""
    return "the pixels of '{}' are locked; unlock them, or set Output to New layer".format(name)


def unchangeable(name):
    """GIMP refused for a reason of its own."""
    return "GIMP does not let '{}' be changed; set Output to New layer".format(name)


def progress(header):
    """What a progress message of the worker tells."""
    if header["stage"] == "loading":
        return "Deep Dream: loading the network"
    text = "Deep Dream: octave {octave} of {octaves}, step {step} of {steps}".format(**header)
    left = header["seconds_left"]
    return text if left is None or left < 1 else "{}, about {} left".format(text, duration(left))


def duration(seconds):
    """Seconds as a person reads them."""
    if seconds < 60:
        return "{:.0f} s".format(seconds)
    return "{} min {} s".format(int(seconds // 60), int(seconds % 60))
