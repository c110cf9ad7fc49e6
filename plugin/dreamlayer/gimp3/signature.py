"""The recipe that a drawable was dreamt with, kept on it as a parasite."""

import json

from gi.repository import Gimp

PARASITE = "dreamlayer-recipe"
"""The parasite's name; it holds the recipe as one line of JSON."""


def sign(drawable, recipe):
    """Write the recipe (a dict) on a drawable; undone together with what it made."""
    flags = Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE
    text = json.dumps(recipe, sort_keys=True)
    drawable.attach_parasite(Gimp.Parasite.new(PARASITE, flags, text.encode("ascii")))


def recipe_on(drawable):
    """The recipe on a drawable as a dict, or None."""
    parasite = drawable.get_parasite(PARASITE)
    if parasite is None:
        return None
    try:
        read = json.loads(bytes(parasite.get_data()).decode("utf-8"))
    except ValueError:
        return None
    return read if isinstance(read, dict) else None
