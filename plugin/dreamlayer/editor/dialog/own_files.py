"""The files of the painter's own presets: written, renamed and deleted, with their pictures."""

import contextlib
import json
import os
import unicodedata

from .. import own_presets
from ..settings import MINE, PICTURES, STYLE, SettingError
from ..translation import N_
from . import words

_RECIPES = (".json", ".toml")


def save(settings, name, recipe, about, picture):
    """Write a preset; its name.

    Parameters
    ----------
    settings : settings.Settings
        Knows the folder, and the names that are taken.
    name, about : str
        What the painter typed.
    recipe : dict
        All parameters; of a style, perhaps its pictures too.
    picture : callable or None
        Writes a picture to a path.

    Raises
    ------
    SettingError
        The name is not allowed or is that of a file which is no preset of this kind, or the
        system refuses.
    """
    if about:
        recipe = dict(recipe, description=about)
    _check_files(settings, name, mine(settings))
    folder, kind = settings.presets_folder, settings.kind
    name = own_presets.save(folder, name, recipe, settings.shipped, kind)
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
    own_presets.check_name(new, settings.shipped)
    new = new.strip()
    _check_files(settings, new, [name])
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
    made = json.loads(json.dumps(recipe))
    pictures = {key: made.pop(key, []) for key in PICTURES}
    settings.presets[name] = {
        "title": name,
        "section": N_("Your own"),
        "group": MINE,
        "description": about,
        "source": "",
        "ships": True,
        "stand_in": "",
        "recipe": made,
        **(pictures if settings.kind == STYLE else {}),
    }


def mine(settings):
    """The names of the painter's own presets."""
    return [name for name, preset in settings.presets.items() if preset["group"] == MINE]


def _check_files(settings, name, replaceable):
    """Raise `SettingError` where a file has this name, unless its own name may be replaced.

    It may be a preset of the other filter, or one that cannot be read, of which nobody else would
    tell.
    """
    try:
        files = os.listdir(settings.presets_folder)
    except OSError:
        # There is no folder yet, or writing into it tells why it cannot be done.
        return
    for file in files:
        stem, ending = os.path.splitext(file)
        same = _compared(stem) == _compared(name.strip())
        if same and ending.lower() in _RECIPES and _normal(stem) not in replaceable:
            raise SettingError(words.TAKEN.format(name=name.strip()))


def _normal(name):
    return unicodedata.normalize("NFC", name)


def _compared(name):
    return _normal(name).lower()


def _path(settings, name, ending):
    return os.path.join(settings.presets_folder, name + ending)


def _try(change, *paths):
    try:
        change(*paths)
    except OSError as error:
        reason = error.strerror or error
        raise SettingError(words.NOT_CHANGED.format(path=paths[0], reason=reason)) from error
