"""A guide picture that is a layer of an open document, sent with a request."""

from krita import Krita

from ..editor.guide import GONE, is_layer, number_in
from ..editor.guide import text_for as text_of
from ..editor.messages import RefusedError
from ..editor.style.sending import SIDE
from .color import Wire
from .nodes import extent, find, id_of
from .reduced import fitting, reduced

_ANY_SESSION = "krita"
"""Krita's ids of layers stay the same, also in a file."""


class Guide:
    """A copy of a layer, to be the guide picture.

    Parameters
    ----------
    layer : tuple
        The krita.Document and the krita.Node in it, as `chosen` gives them.
    side : int, optional
        Longer side of what is sent; larger ones are reduced.

    Raises
    ------
    RefusedError
        It is not there any more, or shows nothing.
    """

    def __init__(self, layer, side=SIDE):
        document, node = layer
        box = extent(document, node)
        if not box:
            raise RefusedError(GONE)
        self._size = fitting(box.width, box.height, side)
        self._rgba = reduced(node, box, *self._size)

    def size(self):
        """Width and height, as a `dream` request names them."""
        return {"width": self._size[0], "height": self._size[1]}

    def rows(self, pixels, native):
        """RGBA rows of a type of the worker's, in the colors of a `pixels.Space`."""
        width, height = self._size
        return Wire(native).of_screen(self._rgba, width, height, pixels)


def text_for(node):
    """The text that stands for a layer in the argument `guide`."""
    return text_of(id_of(node), _ANY_SESSION, node.name())


def chosen(text):
    """The document and the node that a text stands for, or None."""
    if not is_layer(text):
        return None
    for document in Krita.instance().documents():
        node = find(document, number_in(text))
        if node is not None:
            return document, node
    return None


def of(text):
    """The guide that a text stands for, or None where it names a file or nothing.

    Raises
    ------
    RefusedError
        It was deleted, or its document closed.
    """
    if not is_layer(text):
        return None
    layer = chosen(text)
    if layer is None:
        raise RefusedError(GONE)
    return Guide(layer)
