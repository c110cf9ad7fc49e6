"""A guide picture that is a layer of an open picture, sent with a request."""

import itertools

from .translation import _

HELP = _("A layer of this or another open image as guide picture, in place of a file.")
GONE = _("the layer that was chosen as guide picture was deleted or renamed; choose another one")

_LAYER = "layer "


def is_layer(text):
    """Whether a text in the argument `guide` stands for a layer, not for a file."""
    return text.startswith(_LAYER)


def text_for(number, session, name):
    """The text that stands for a layer in the argument `guide`.

    Parameters
    ----------
    number, session : text
        What the editor knows the layer by, without spaces, and in which session.
    name : text
        Its name.
    """
    return _LAYER + " ".join((number, session, name))


def number_in(text):
    """What the editor knows the layer by that a text stands for."""
    return text[len(_LAYER) :].partition(" ")[0]


def added(guide, request, payload, native):
    """A `dream` request and its payload, with a guide.

    Parameters
    ----------
    guide : object or None
        The guide, if any: `size()` is its width and height, as a request names them, and
        `rows(pixels, native)` are its RGBA rows of a type of the worker's.
    request : dict
        With `pixels`, `bytes` and `recipe`.
    payload : iterable of bytes
        The pixels and mask of what is dreamt on.
    native : object
        What the editor calls the colors of what is dreamt on: the guide is converted into these, so
        that the network sees the colors of both alike.
    """
    if guide is None:
        return request, payload
    rows = guide.rows(request["pixels"], native)
    # Where it is used, its name in the recipe is the worker's.
    recipe = dict(request["recipe"], guide="")
    more = dict(request, recipe=recipe, guides=[guide.size()], bytes=request["bytes"] + len(rows))
    return more, itertools.chain(payload, [rows])
