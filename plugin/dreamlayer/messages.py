# -*- coding: utf-8 -*-
"""What both GIMP plug-ins are called and say to a painter, for Python 2.7 and 3."""

from __future__ import unicode_literals

import collections

PROCEDURE = "plug-in-deep-dream"
PARASITE = "dreamlayer-recipe"
"""The parasite on a dreamt layer; it holds the recipe as one line of JSON."""

Work = collections.namedtuple("Work", "procedure title layer parasite")
"""What a filter is called: its procedure, the painter's name for it, that of a new layer with
its result, given the name of another, and the parasite on it."""

DREAM = Work(PROCEDURE, "Deep Dream", "Deep Dream of {}", PARASITE)
STYLE = Work(
    "plug-in-style-transfer", "Style Transfer", "Style Transfer of {}", "dreamlayer-style-recipe"
)

BLURB = "Let a neural network see things in the image"
PRESET_HELP = (
    "With the preset 'custom' all values are used as they are; with another preset, only those "
    "that differ from their default, and the preset's for the rest."
)

INDEXED = (
    "Deep Dream needs more colours than an indexed image has; "
    "convert it with Image ▸ Mode ▸ RGB first"
)
DEEP = (
    "in GIMP 2.10 Deep Dream works only on 8-bit images with perceptual gamma, and would reduce "
    "this image to that; choose 8 bit integer and Perceptual gamma (sRGB) in "
    "Image ▸ Precision first, or use GIMP 3"
)


class RefusedError(Exception):
    """A sentence that tells why an image, layer or setting cannot be used."""


def group(name):
    """For a layer group."""
    return (
        "'{}' is a layer group, which has no pixels of its own; "
        "choose the layers in it, or merge it first".format(name)
    )


def beside(name):
    """For a layer outside the selection."""
    return (
        "the selection does not touch '{}'; move it over the layer, or choose Select ▸ None".format(
            name
        )
    )


def no_layer(name):
    """For a mask or channel, which cannot become a layer."""
    return "'{}' is not a layer; set Output to In place for masks and channels".format(name)


def locked(name):
    """For a layer whose pixels are locked."""
    return "the pixels of '{}' are locked; unlock them, or set Output to New layer".format(name)


def unchangeable(name):
    """For a layer that GIMP refuses to change."""
    return "GIMP does not let '{}' be changed; set Output to New layer".format(name)


def progress(header, work=DREAM):
    """The text for a progress message of the worker."""
    if header["stage"] == "loading":
        return "{}: loading the network".format(work.title)
    text = "{title}: octave {octave} of {octaves}, step {step} of {steps}"
    text = text.format(title=work.title, **header)
    left = header["seconds_left"]
    return text if left is None or left < 1 else "{}, about {} left".format(text, duration(left))


def duration(seconds):
    """Seconds as a person reads them."""
    if seconds < 60:
        return "{:.0f} s".format(seconds)
    return "{} min {} s".format(int(seconds // 60), int(seconds % 60))
