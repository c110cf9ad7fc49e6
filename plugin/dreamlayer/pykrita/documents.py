"""Krita's open documents, as the painter knows them."""

from krita import Krita

from . import words
from .pixels import UNSEEN


def documents():
    """The documents that the painter has open, each once."""
    found = []
    for document in Krita.instance().documents():
        if document is not None and document not in found + UNSEEN:
            found.append(document)
    return found


def name_of(document):
    """What the painter knows a document by: its file, or else its title.

    A document has a title of its own only in Krita's own format; one from a JPEG has none.
    """
    path = document.fileName().replace("\\", "/")
    return path.rpartition("/")[2] or document.name() or words.UNNAMED
