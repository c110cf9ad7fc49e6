"""The files of the painter's own presets: written, renamed and deleted, with their pictures."""

import contextlib
import json
import os

import own_presets
from settings import MINE, SettingError

from gimp3.dialog import words


def save(settings, name, recipe, about, picture):
    """Write a preset; its name.

    Parameters
    ----------
    settings : settings.Settings
        Knows the folder, and the names that are taken.
    name, about : str
        What the painter typed.
    recipe : dict
        All parameters.
    picture : callable or None
        Writes a picture to a path.
    """
    if about:
        recipe = dict(recipe, description=about)
    name = own_presets.save(settings.presets_folder, name, recipe, taken(settings))
    if picture is not None:
        # A preset without a picture is a preset.
        with contextlib.suppress(OSError):
            picture(_path(settings, name, ".jpg"))
    return name


def rename(settings, name, new):
    """Give a preset another name; that name.

    Raises
    ------
    SettingError
        The name is not allowed or taken, or the system refuses.
    """
    own_presets.check_name(new, taken(settings))
    new = new.strip()
    if new.lower() in {n.lower() for n in mine(settings)} - {name.lower()}:
        raise SettingError(words.TAKEN.format(name=new))
    for ending in (".json", ".toml", ".jpg"):
        path = _path(settings, name, ending)
        if os.path.exists(path):
            _try(os.rename, path, _path(settings, new, ending))
    return new


def delete(settings, name):
    """Delete a preset; `SettingError` where the system refuses."""
    for ending in (".json", ".toml", ".jpg"):
        path = _path(settings, name, ending)
        if os.path.exists(path):
            _try(os.remove, path)


def read_back(settings, name, recipe, about):
    """Let the settings know of a preset that was written, until the worker describes it."""
    settings.presets[name] = {
        "title": name,
        "section": "Your own",
        "group": MINE,
        "description": about,
        "source": "",
        "ships": True,
        "stand_in": "",
        "recipe": json.loads(json.dumps(recipe)),
    }


def mine(settings):
    """The names of the painter's own presets."""
    return [name for name, preset in settings.presets.items() if preset["group"] == MINE]


def taken(settings):
    """The names of the presets that come with dreamlayer."""
    return [name for name, preset in settings.presets.items() if preset["group"] != MINE]


def _path(settings, name, ending):
    return os.path.join(settings.presets_folder, name + ending)


def _try(change, *paths):
    try:
        change(*paths)
    except OSError as error:
        reason = error.strerror or error
        raise SettingError(words.NOT_CHANGED.format(path=paths[0], reason=reason)) from error
