# -*- coding: utf-8 -*-
"""The painter's own presets: recipe files in a folder that the worker names.

For Python 2.7 and 3. The core reads them, see its `core/recipe/own_presets.py`, whose rules for
names these are.
"""

from __future__ import unicode_literals

import io
import json
import os
import re
import sys
import unicodedata

from .choices import CUSTOM
from .settings import DREAM, SettingError
from .translation import _, ngettext

LONGEST_NAME = 60

_FORBIDDEN = '/\\<>:"|?*'
_DEVICE = re.compile(r"(con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³])(\..*)?$", re.IGNORECASE)


def check_name(name, taken):
    """Raise `SettingError` unless a preset may be called so.

    Parameters
    ----------
    name : text
        What the painter typed; spaces around it are not part of it.
    taken : collection of text
        The names of the presets that come with dreamlayer.
    """
    name = name.strip()
    if not name:
        raise SettingError(_("Give the preset a name, such as “My forest”."))
    if len(name) > LONGEST_NAME:
        raise SettingError(
            ngettext(
                "The name has {count} character; use at most {most}.",
                "The name has {count} characters; use at most {most}.",
                len(name),
            ).format(count=len(name), most=LONGEST_NAME)
        )
    if any(one in _FORBIDDEN or _is_invisible(one) for one in name):
        raise SettingError(
            _(
                "The name “{name}” contains a character that no file name can have on every "
                "system; use letters, digits and spaces."
            ).format(name=name)
        )
    if name[0] in ".-" or name[-1] == "." or _DEVICE.match(name):
        raise SettingError(
            _("No file can be called “{name}” on every system; use another name.").format(name=name)
        )
    known = [one.lower() for one in taken] + [CUSTOM]
    if unicodedata.normalize("NFC", name).lower() in known:
        raise SettingError(
            _("“{name}” is a preset that comes with dreamlayer; use another name.").format(
                name=name
            )
        )


def save(folder, name, recipe, taken, kind=DREAM):
    """Write a recipe as a preset, atomically; one of the same name is replaced.

    Parameters
    ----------
    folder : text
        `presets_folder` of the worker's description.
    name, taken
        As for `check_name`.
    recipe : dict
        All its parameters, as `Settings.recipe` gives them.
    kind : text
        `DREAM` or `STYLE`: what it is a recipe for.

    Returns
    -------
    text
        The name of the preset.

    Raises
    ------
    SettingError
        The name is not allowed, or the file cannot be written.
    """
    check_name(name, taken)
    name = unicodedata.normalize("NFC", name.strip())
    if kind != DREAM:
        recipe = dict(recipe, command=kind)
    text = json.dumps(recipe, ensure_ascii=False, indent=1, sort_keys=True)
    target, fresh = (_native(os.path.join(folder, name + end)) for end in (".json", ".json.part"))
    try:
        if not os.path.isdir(_native(folder)):
            os.makedirs(_native(folder))
        with io.open(fresh, "w", encoding="utf-8") as file:
            file.write("{}\n".format(text))
            file.flush()
            os.fsync(file.fileno())
        if sys.version_info[0] == 2 and os.name == "nt" and os.path.exists(target):
            # There, Python 2 renames no file to the name of another.
            os.remove(target)
        os.rename(fresh, target) if sys.version_info[0] == 2 else os.replace(fresh, target)
    except (IOError, OSError, ValueError) as error:
        raise SettingError(
            _("The preset cannot be saved in {folder}: {reason}.").format(
                folder=folder, reason=getattr(error, "strerror", None) or error
            )
        )
    return name


def _is_invisible(one):
    return one != " " and unicodedata.category(one)[0] in "CZ"


def _native(path):
    """A path as this Python opens it: Python 2 encodes text by the locale, which may be C."""
    if sys.version_info[0] == 2 and os.name != "nt":
        return path.encode("utf-8")
    return path
