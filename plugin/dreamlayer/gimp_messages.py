# -*- coding: utf-8 -*-
"""What the filters say to a painter in GIMP alone, for Python 2.7 and 3."""

from __future__ import unicode_literals

from editor.messages import DREAM
from editor.translation import N_, _

PROCEDURE = DREAM.procedure

ANIMATION_PARASITE = "dreamlayer-animation"
"""The parasite on an image of frames; it holds how they move as one line of JSON."""

BLURB = _("Let a neural network see things in the image")
PRESET_HELP = _(
    "With the preset 'custom' all values are used as they are; with another preset, only those "
    "that differ from their default, and the preset's for the rest."
)
INDEXED = _(
    "this filter needs more colors than an indexed image has; "
    "convert it with Image ▸ Mode ▸ RGB first"
)
DEEP = _(
    "in GIMP 2.10 Deep Dream works only on 8-bit images with perceptual gamma, and would reduce "
    "this image to that; choose 8 bit integer and Perceptual gamma (sRGB) in "
    "Image ▸ Precision first, or use GIMP 3"
)
ALL_COLORS = _(
    "an animation changes all colors, but one is switched off; switch it on in the Channels "
    "dialog, or choose another Output"
)
CLOSED = _("the image was closed while the filter ran; the result is in a new image")
CLOSED_EARLY = _("the image was closed before the filter began; open it again")
GONE_EARLY = _("the layer was deleted before the filter began; choose another one")
MADE_INDEXED = _("the image was made indexed while the filter ran; the result is in a new image")
NOT_TAKEN = _("GIMP did not take the result into the image; it is in a new image")

_MOVED = {
    "gone": N_("'{name}' was deleted or merged while the filter ran; its result is on a new layer"),
    "shape": N_("the shape of '{name}' changed while the filter ran; its result is on a new layer"),
    "kind": N_("'{name}' was converted while the filter ran; its result is on a new layer"),
    "repainted": N_("'{name}' was painted over while the filter ran; its result is on a new layer"),
    "locked": N_("'{name}' was locked while the filter ran; its result is on a new layer"),
}
_MOVED_ALL = N_("while the filter ran, {names} were changed; their results are on new layers")


def group(name):
    """For a layer group."""
    return _(
        "'{name}' is a layer group, which has no pixels of its own; "
        "choose the layers in it, or merge it first"
    ).format(name=name)


def beside(name):
    """For a layer outside the selection."""
    return _(
        "the selection does not touch '{name}'; move it over the layer, or choose Select ▸ None"
    ).format(name=name)


def no_layer(name):
    """For a channel, which cannot become a layer."""
    return _("'{name}' is not a layer; set Output to In place for masks and channels").format(
        name=name
    )


def mask_chosen(name):
    """For the mask of a layer, where its layer is wanted."""
    return _(
        "the mask of '{name}' is chosen, not the layer; click the layer's picture in the Layers "
        "dialog, or set Output to In place to change the mask"
    ).format(name=name)


def rendered(name):
    """For a layer whose pixels GIMP makes itself."""
    return _(
        "'{name}' is a text, vector or link layer; rasterize it first, or set Output to New layer"
    ).format(name=name)


def locked(name):
    """For a layer whose pixels are locked."""
    return _("the pixels of '{name}' are locked; unlock them, or set Output to New layer").format(
        name=name
    )


def unchangeable(name):
    """For a layer that GIMP refuses to change."""
    return _("GIMP does not let '{name}' be changed; set Output to New layer").format(name=name)


def moved(layers):
    """Where results went, for changed layers as pairs of a reason and a name; "" for none."""
    if not layers:
        return ""
    if len(layers) == 1:
        reason, name = layers[0]
        return _(_MOVED[reason]).format(name=name)
    names = [_("'{name}'").format(name=name) for _reason, name in layers]
    return _(_MOVED_ALL).format(names=", ".join(names))


def frame_name(number, milliseconds):
    """The name of a layer that is a frame; GIMP's animation filters and exports read the rest."""
    name = _("Frame {number}").format(number=number)
    return "{} ({}ms) (replace)".format(name, milliseconds)
