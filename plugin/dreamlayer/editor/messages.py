# -*- coding: utf-8 -*-
"""What both GIMP plug-ins are called and say to a painter, for Python 2.7 and 3."""

from __future__ import unicode_literals

import collections

from .translation import N_, _

PROCEDURE = "plug-in-deep-dream"
PARASITE = "dreamlayer-recipe"
"""The parasite on a dreamt layer; it holds the recipe as one line of JSON."""

ANIMATION_PARASITE = "dreamlayer-animation"
"""The parasite on an image of frames; it holds how they move as one line of JSON."""

Work = collections.namedtuple("Work", "procedure title layer parasite")
"""What a filter is called: its procedure, the painter's name for it in English, that of a new
layer with its result, given the name of another, and the parasite on it."""

DREAM = Work(PROCEDURE, N_("Deep Dream"), N_("Deep Dream of {name}"), PARASITE)
STYLE = Work(
    "plug-in-style-transfer",
    N_("Style Transfer"),
    N_("Style Transfer of {name}"),
    "dreamlayer-style-recipe",
)

FAILED = _("Deep Dream failed: {kind}: {error}")
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


ONE_LAYER = _(
    "an animation is made of one layer, but {count} are chosen; choose one, or another Output"
)
ALL_COLORS = _(
    "an animation changes all colors, but one is switched off; switch it on in the Channels "
    "dialog, or choose another Output"
)
SOME_FRAMES = _("the animation ended after {count} of {frames} frames: {sentence}")
TOO_MANY_FRAMES = _(
    "{frames} frames of {width} × {height} pixels need about {needed} GB of memory, but {free} GB "
    "are free; choose fewer frames, or scale the layer down"
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


_PROGRESS = {
    (False, False): N_("{title}: octave {octave} of {octaves}, step {step} of {steps}"),
    (False, True): N_(
        "{title}: octave {octave} of {octaves}, step {step} of {steps}, about {left} left"
    ),
    (True, False): N_(
        "{title} of '{name}' ({number} of {count}): "
        "octave {octave} of {octaves}, step {step} of {steps}"
    ),
    (True, True): N_(
        "{title} of '{name}' ({number} of {count}): "
        "octave {octave} of {octaves}, step {step} of {steps}, about {left} left"
    ),
}
"""By whether there are several layers, and whether the time left is known."""

_PROGRESS_FRAMES = {
    False: N_("{title}: frame {frame} of {frames}"),
    True: N_("{title}: frame {frame} of {frames}, about {left} left"),
}
_FRAMES_ALONE = {
    False: N_("Frame {frame} of {frames}"),
    True: N_("Frame {frame} of {frames}, about {left} left"),
}
"""The same of animations."""

_PROGRESS_ALONE = {
    False: N_("Octave {octave} of {octaves}, step {step} of {steps}"),
    True: N_("Octave {octave} of {octaves}, step {step} of {steps}, about {left} left"),
}
"""By whether the time left is known."""


class RefusedError(Exception):
    """A sentence that tells why an image, layer or setting cannot be used."""


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


def layer_name(name, work=DREAM):
    """The name of a new layer with the result of another."""
    return _(work.layer).format(name=name)


def frame_name(number, milliseconds):
    """The name of a layer that is a frame; GIMP's animation filters and exports read the rest."""
    name = _("Frame {number}").format(number=number)
    return "{} ({}ms) (replace)".format(name, milliseconds)


def about(name, sentence):
    """A sentence about one of several layers."""
    return _("'{name}': {sentence}").format(name=name, sentence=sentence)


def shown(sentence):
    """A sentence as it stands alone in a window: from a capital to a full stop."""
    return _("{sentence}.").format(sentence=sentence[:1].upper() + sentence[1:])


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
        return _("{title}: loading the network").format(title=_(work.title))
    told = _knows_time_left(header)
    left = duration(header["seconds_left"]) if told else ""
    header = dict(header, left=left, title=_(work.title))
    if "frames" in header:
        return _(_PROGRESS_FRAMES[told]).format(**header)
    return _(_PROGRESS[count > 1, told]).format(name=name, number=number, count=count, **header)


def progress_alone(header):
    """The text for a progress message where it is clear what is done, as in the dialog."""
    if header["stage"] == "loading":
        return _("Loading the network")
    told = _knows_time_left(header)
    left = duration(header["seconds_left"]) if told else ""
    templates = _FRAMES_ALONE if "frames" in header else _PROGRESS_ALONE
    return _(templates[told]).format(**dict(header, left=left))


def _knows_time_left(header):
    """Whether the time left is known, and worth telling."""
    left = header["seconds_left"]
    return left is not None and left >= 1


def duration(seconds):
    """Seconds as a person reads them."""
    if seconds < 60:
        return _("{seconds} s").format(seconds="{:.0f}".format(seconds))
    return _("{minutes} min {seconds} s").format(
        minutes=int(seconds // 60), seconds=int(seconds % 60)
    )
