"""The presets as a painter chooses them: sections of tiles, and what a search finds."""

import collections
import os
import re

from ..settings import MINE
from ..translation import _
from . import words

AS_BEFORE = "as before"
"""The tile for the recipe that is stored on the layer."""

Tile = collections.namedtuple("Tile", "name title about picture missing mine")
"""One preset; `picture` is a file or None, `missing` the network that is not there or ""."""

_FIRST_IDEOGRAPH = "\u3005"
"""From here on Unicode has the letters of Chinese and Japanese."""

_WORD = re.compile(r"[^\W_]+")


def sections(settings, folder, networks=None, with_before=False):
    """Pairs of a section's title and its tiles, in order.

    Parameters
    ----------
    settings : settings.Settings
        The presets.
    folder : str
        Where the pictures of the presets are that come with dreamlayer.
    networks : collection of str, optional
        Names of the networks that are there; those that ship by default.
    with_before : bool
        Whether a recipe is stored on the layer.
    """
    found = []
    if with_before:
        tile = Tile(AS_BEFORE, words.BEFORE, words.BEFORE_ABOUT, None, "", False)
        found.append((words.THIS_LAYER, [tile]))
    for title, names in settings.groups():
        found.append((_(title), [_tile(settings, folder, name, networks) for name in names]))
    return found


def finds(tile, section, words):
    """Whether a search finds a tile: each word begins one of the tile's own.

    Chinese and Japanese have no spaces between words: a word of theirs may be anywhere.
    """
    text = f"{tile.name} {tile.title} {tile.about} {section}".lower()
    # Also after an apostrophe or a quotation mark.
    known = _WORD.findall(text)
    return all(
        any(own.startswith(word) for own in known) or (word[0] >= _FIRST_IDEOGRAPH and word in text)
        for word in _WORD.findall(words.lower())
    )


def _tile(settings, folder, name, networks):
    preset = settings.presets[name]
    mine = preset["group"] == MINE
    place = settings.presets_folder if mine else folder
    path = os.path.join(place, f"{name}.jpg") if place else ""
    picture = path if os.path.exists(path) else None
    title, about = settings.shown_title(name), settings.shown_description(name)
    return Tile(name, title, about, picture, settings.needs(name, networks), mine)
