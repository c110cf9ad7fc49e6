# -*- coding: utf-8 -*-
"""What the filters are called and say to a painter in all editors, for Python 2.7 and 3."""

from __future__ import unicode_literals

import collections

from .translation import N_, _

Work = collections.namedtuple("Work", "procedure title layer parasite")
"""What a filter is called: its procedure in GIMP, the painter's name for it in English, that of a
new layer with its result, given the name of another, and what the recipe stored on that is called.
"""

DREAM = Work(
    "plug-in-deep-dream", N_("Deep Dream"), N_("Deep Dream of {name}"), "dreamlayer-recipe"
)
STYLE = Work(
    "plug-in-style-transfer",
    N_("Style Transfer"),
    N_("Style Transfer of {name}"),
    "dreamlayer-style-recipe",
)

FAILED = _("Deep Dream failed: {kind}: {error}")


ONE_LAYER = _(
    "an animation is made of one layer, but {count} are chosen; choose one, or another Output"
)
SOME_FRAMES = _("the animation ended after {count} of {frames} frames: {sentence}")
TOO_MANY_FRAMES = _(
    "{frames} frames of {width} × {height} pixels need about {needed} GB of memory, but {free} GB "
    "are free; choose fewer frames, or scale the layer down"
)


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


def layer_name(name, work=DREAM):
    """The name of a new layer with the result of another."""
    return _(work.layer).format(name=name)


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
