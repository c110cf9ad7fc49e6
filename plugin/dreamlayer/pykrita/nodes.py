"""Krita's nodes: found by their ids, refused where they cannot be dreamt on, and what they show.

Ids are kept in place of nodes wherever something takes its time: a node that is held while its
document is closed may crash Krita.
"""

from ..editor.messages import RefusedError
from . import words
from .pixels import Box, box_of, canvas_of
from .qt import QtCore

_OWN = "paintlayer"
_ENDLESS = ("filllayer", "filterlayer")
"""Layers that cover the canvas where they have no bounds of their own."""

_LAYERS = (_OWN, "grouplayer", "vectorlayer", "clonelayer", "filelayer") + _ENDLESS
_MODELS = ("RGBA", "GRAYA", "CMYKA", "LABA", "XYZA", "YCbCrA")
_MASKS_ONLY = ("selectionmask",)


def id_of(node):
    """A text by which `find` finds a node again, also in a later session."""
    return node.uniqueId().toString()


def find(document, text):
    """The node with an id in a document, or None."""
    return document.nodeByUniqueID(QtCore.QUuid(text))


def stack(node):
    """The ids of all nodes in a node, from below; those in a group come before it."""
    found = []
    for one in node.childNodes():
        found += stack(one) + [id_of(one)]
    return found


def shows_own(node):
    """Whether what a node shows are its own pixels, which keep the colors hidden by alpha."""
    effects = [one for one in node.childNodes() if one.type() not in _MASKS_ONLY and one.visible()]
    return node.type() == _OWN and not effects


def moves(node):
    """Whether key frames change what a node shows: its own, its masks', or those in a group."""
    return node.animated() or any(moves(one) for one in node.childNodes())


def pixels_of(node, box, time=None):
    """What a node shows in a box, as bytes in its own color space.

    Parameters
    ----------
    node : krita.Node
        A layer.
    box : pixels.Box
        Where; beyond the node all is transparent.
    time : int, optional
        A key frame of the node's, in place of the present frame.
    """
    if time is not None:
        return bytes(node.pixelDataAtTime(*box, time))
    read = node.pixelData if shows_own(node) else node.projectionPixelData
    return bytes(read(*box))


def extent(document, node):
    """The `Box` of what a node shows, also beyond the canvas; empty where it shows nothing."""
    box = box_of(node.bounds())
    if not box and node.type() in _ENDLESS:
        canvas = canvas_of(document)
        return canvas if any(pixels_of(node, canvas)) else Box(0, 0, 0, 0)
    return box


def extents_at(document, node, times):
    """For each time the `extent` of a node then: only the present frame has bounds."""
    present, found = document.currentTime(), []
    try:
        for time in times:
            _go_to(document, time)
            found.append(extent(document, node))
    finally:
        _go_to(document, present)
    return found


def _go_to(document, time):
    """Show another frame, and wait for it; Krita takes each such step for one of the painter's."""
    if document.currentTime() != time:
        document.setCurrentTime(time)
        document.waitForDone()


def check(node):
    """Raise `RefusedError`, before any work, for what is no layer with colors."""
    if node.type() not in _LAYERS:
        raise RefusedError(words.mask(node.name()))
    if node.colorModel() not in _MODELS:
        raise RefusedError(words.unknown(node.name()))
