"""Style pictures: layers, open documents and files, and their pixels as the worker takes them."""

import os

from krita import Krita

from ...editor.messages import RefusedError
from ...editor.style import words
from ...editor.style.sending import MOST, SIDE, weights_of
from .. import words as krita_words
from ..color import Wire
from ..documents import name_of
from ..nodes import extent, find, id_of
from ..pixels import canvas_of, discard
from ..qt import QtGui
from ..reduced import FORMAT, fitting, reduced, rows_of, scaled

_LAYER, _IMAGE = "layer:", "image:"


class StylePicture:
    """A picture whose style is wanted, copied and reduced.

    Parameters
    ----------
    name : str
        What the painter calls it.
    weight : float
        How much it counts.
    width, height : int
        Its size in pixels, `sending.SIDE` at most.
    rgba : bytes
        Its rows of 8-bit sRGB.
    """

    def __init__(self, name, weight, width, height, rgba):
        self.name, self.weight = name, weight
        self._image = QtGui.QImage(rgba, width, height, 4 * width, FORMAT).copy()

    def rows(self, pixels, seen, side=SIDE):
        """Width, height, and RGBA rows.

        Parameters
        ----------
        pixels : str
                Their type, as in a request.
        seen : pixels.Space
            The colors of what gets the style: the network sees both alike.
        side : int
            The longer side at most.
        """
        width, height = fitting(self._image.width(), self._image.height(), side)
        rgba = rows_of(scaled(self._image, width, height))
        return width, height, Wire(seen).of_screen(rgba, width, height, pixels)


def opened(texts, weights):
    """The style pictures that the arguments name.

    Parameters
    ----------
    texts : list of str
        For each `layer:ID`, `image:ID` or the path of a file; a name may follow the ID after a
        colon. A document's ID is that of its root.
    weights : str
        Numbers with commas between, or nothing.

    Raises
    ------
    RefusedError
        There are none, one cannot be opened, or the weights do not fit.
    """
    if not texts:
        raise RefusedError(words.NO_PICTURE)
    if len(texts) > MOST:
        raise RefusedError(words.TOO_MANY.format(count=len(texts), most=MOST))
    pairs = zip(texts, weights_of(weights, len(texts)))
    return [_opened(text, weight) for text, weight in pairs]


def text_of(document, node=None):
    """How a document, or a layer in it, is named among the arguments."""
    if node is None:
        return "{}{}:{}".format(_IMAGE, id_of(document.rootNode()), name_of(document))
    return "{}{}:{}".format(_LAYER, id_of(node), node.name())


def found(text):
    """The document that a text names, and the node in it; None where they are not open."""
    kind = next((one for one in (_LAYER, _IMAGE) if text.startswith(one)), None)
    if kind is None:
        return None
    number = text[len(kind) :].partition(":")[0]
    for document in Krita.instance().documents():
        root = document.rootNode()
        node = find(document, number)
        if kind == _IMAGE and id_of(root) == number:
            return document, root
        if kind == _LAYER and node is not None:
            return document, node
    return None


def _opened(text, weight):
    if not text.startswith((_LAYER, _IMAGE)):
        if not os.path.isabs(text):
            raise RefusedError(words.NOT_A_PICTURE.format(text=text))
        return _file(text, weight)
    there = found(text)
    if there is None:
        raise RefusedError(words.GONE)
    document, node = there
    if text.startswith(_IMAGE):
        return _whole(document, name_of(document), weight)
    box = extent(document, node)
    if not box:
        raise RefusedError(words.BEYOND.format(name=node.name()))
    return _copied(node, box, node.name(), weight)


def _whole(document, name, weight):
    """An open document as it is seen."""
    return _copied(document.rootNode(), canvas_of(document), name, weight)


def _copied(node, box, name, weight):
    size = fitting(box.width, box.height, SIDE)
    return StylePicture(name, weight, size[0], size[1], reduced(node, box, *size))


def _file(path, weight):
    """A file as it is seen, opened by Krita, so that it may be of any format and profile."""
    if not os.path.isfile(path):
        raise RefusedError(words.NO_FILE.format(path=path))
    document = Krita.instance().openDocument(path)
    if document is None:
        raise RefusedError(krita_words.NOT_OPENED.format(path=path))
    document.setBatchmode(True)
    try:
        document.waitForDone()
        return _whole(document, os.path.basename(path), weight)
    finally:
        discard(document)
