"""The layers of open documents, and small pictures of them as Krita makes them."""

import collections

from ...editor.messages import RefusedError
from ..nodes import check
from ..qt import QtGui

Layer = collections.namedtuple("Layer", "document node depth")
"""A layer, how deep it lies in groups, and its document.

It is not to be kept: a node that is held while its document is closed may crash Krita.
"""


def layers_of(document):
    """The `Layer`s of a document that have colors, as the Layers docker shows them."""
    return list(_below(document, document.rootNode(), 0))


def thumbnail(thing, side):
    """A `QImage` of a layer or a document, with the longer side in pixels; None where it fails."""
    picture = thing.thumbnail(side, side)
    return None if picture is None or picture.isNull() else QtGui.QImage(picture)


def _below(document, parent, depth):
    for node in reversed(parent.childNodes()):
        try:
            check(node)
        except RefusedError:
            # A mask, or of a kind without colors.
            continue
        yield Layer(document, node, depth)
        for inner in _below(document, node, depth + 1):
            yield inner
