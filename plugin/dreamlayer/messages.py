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
    "this filter needs more colors than an indexed image has; "
    "convert it with Image ▸ Mode ▸ RGB first"
)
DEEP = (
    "in GIMP 2.10 Deep Dream works only on 8-bit images with perceptual gamma, and would reduce "
    "this image to that; choose 8 bit integer and Perceptual gamma (sRGB) in "
    "Image ▸ Precision first, or use GIMP 3"
)


CLOSED = "the image was closed while the filter ran; the result is in a new image"
CLOSED_EARLY = "the image was closed before the filter began; open it again"
GONE_EARLY = "the layer was deleted before the filter began; choose another one"
MADE_INDEXED = "the image was made indexed while the filter ran; the result is in a new image"
NOT_TAKEN = "GIMP did not take the result into the image; it is in a new image"

_MOVED = {
    "gone": "'{}' was deleted or merged while the filter ran; its result is on a new layer",
    "shape": "the shape of '{}' changed while the filter ran; its result is on a new layer",
    "kind": "'{}' was converted while the filter ran; its result is on a new layer",
    "repainted": "'{}' was painted over while the filter ran; its result is on a new layer",
    "locked": "'{}' was locked while the filter ran; its result is on a new layer",
}
_MOVED_ALL = "while the filter ran, {} were changed; their results are on new layers"


_PROGRESS = {
    (False, False): "{title}: octave {octave} of {octaves}, step {step} of {steps}",
    (False, True): (
        "{title}: octave {octave} of {octaves}, step {step} of {steps}, about {left} left"
    ),
    (True, False): (
        "{title} of '{name}' ({number} of {count}): "
        "octave {octave} of {octaves}, step {step} of {steps}"
    ),
    (True, True): (
        "{title} of '{name}' ({number} of {count}): "
        "octave {octave} of {octaves}, step {step} of {steps}, about {left} left"
    ),
}
"""By whether there are several layers, and whether the time left is known."""


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
    """For a channel, which cannot become a layer."""
    return "'{}' is not a layer; set Output to In place for masks and channels".format(name)


def mask_chosen(name):
    """For the mask of a layer, where its layer is wanted."""
    return (
        "the mask of '{}' is chosen, not the layer; click the layer's picture in the Layers "
        "dialog, or set Output to In place to change the mask".format(name)
    )


def rendered(name):
    """For a layer whose pixels GIMP makes itself."""
    return (
        "'{}' is a text, vector or link layer; "
        "rasterize it first, or set Output to New layer".format(name)
    )


def locked(name):
    """For a layer whose pixels are locked."""
    return "the pixels of '{}' are locked; unlock them, or set Output to New layer".format(name)


def unchangeable(name):
    """For a layer that GIMP refuses to change."""
    return "GIMP does not let '{}' be changed; set Output to New layer".format(name)


def moved(layers):
    """Where results went, for changed layers as pairs of a reason and a name; "" for none."""
    if not layers:
        return ""
    if len(layers) == 1:
        reason, name = layers[0]
        return _MOVED[reason].format(name)
    return _MOVED_ALL.format(", ".join("'{}'".format(name) for _, name in layers))


def layer_name(name, work=DREAM):
    """The name of a new layer with the result of another."""
    return work.layer.format(name)


def about(name, sentence):
    """A sentence about one of several layers."""
    return "'{}': {}".format(name, sentence)


def progress(header, name="", number=1, count=1, work=DREAM):
    """The text for a progress message of the worker, on one of several layers.

    Parameters
    ----------
    header : dict
        The message.
    name : text
        The layer's name.
    number, count : int
        Which layer it is, and of how many.
    work : Work
        What is done.
    """
    if header["stage"] == "loading":
        return "{}: loading the network".format(work.title)
    left = header["seconds_left"]
    told = left is not None and left >= 1
    text = _PROGRESS[count > 1, told]
    header = dict(header, left=duration(left) if told else "", title=work.title)
    return text.format(name=name, number=number, count=count, **header)


def duration(seconds):
    """Seconds as a person reads them."""
    if seconds < 60:
        return "{:.0f} s".format(seconds)
    return "{} min {} s".format(int(seconds // 60), int(seconds % 60))
