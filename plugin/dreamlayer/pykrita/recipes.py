"""The recipe of a dream, stored with its layer.

Krita's layers have no place for it, but documents have: an annotation for each layer, by the
layer's id, is saved in .kra files with it. It stays where the layer is deleted, so that undo brings
back both; a copy of the layer has none, nor has one that was moved to another document.
"""

import json

from ..editor.messages import DREAM
from .nodes import id_of
from .qt import QtCore


def sign(document, node, recipe, work=DREAM):
    """Store the recipe (a dict) of a node of a document."""
    text = json.dumps(recipe, sort_keys=True)
    name = _key(node, work)
    document.setAnnotation(name, _ABOUT, QtCore.QByteArray(text.encode("ascii")))


def recipe_on(document, node, work=DREAM):
    """The recipe stored for a node of a document as a dict, or None."""
    if _key(node, work) not in document.annotationTypes():
        return None
    try:
        read = json.loads(bytes(document.annotation(_key(node, work))).decode("utf-8"))
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


_ABOUT = "The recipe of a dream, see dreamlayer"


def _key(node, work):
    return "{} {}".format(work.parasite, id_of(node))
