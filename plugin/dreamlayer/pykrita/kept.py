"""What a painter set last, kept among Krita's own settings until the next time."""

import json

from krita import Krita

from ..editor.choices import CHOSEN, CUSTOM
from ..editor.settings import STYLE, SettingError

_GROUP = "dreamlayer"
_OF_STYLES = {"style-pictures": [], "style-weights": ""}
"""Arguments of styles beside those of every filter."""


def defaults(settings):
    """All arguments of a filter, by name, as they are where nothing was ever set."""
    values = dict(CHOSEN)
    for one in list(settings.parameters.values()) + list(settings.animation.values()):
        values[one.name.replace("_", "-")] = one.default
    if settings.kind == STYLE:
        values.update(_OF_STYLES)
    return values


def remembered(settings):
    """All arguments of a filter as they were set last; defaults for those that cannot be used."""
    return restored(settings, Krita.instance().readSetting(_GROUP, settings.kind, ""))


def remember(settings, arguments):
    """Keep what is set."""
    text = json.dumps(arguments.values(), sort_keys=True)
    Krita.instance().writeSetting(_GROUP, settings.kind, text)


def is_remembered(settings):
    """Whether something was set before."""
    return bool(Krita.instance().readSetting(_GROUP, settings.kind, ""))


def restored(settings, text):
    """All arguments of a filter, as a text of `remember` says.

    Whoever wrote it, perhaps another version or a hand in Krita's file: what is unknown there is
    left out, and what is missing or not allowed has its default.
    """
    values = defaults(settings)
    try:
        kept = json.loads(text)
    except ValueError:
        return values
    if not isinstance(kept, dict):
        return values
    for name, default in values.items():
        value = kept.get(name, default)
        if _is_like(value, default) and _is_allowed(settings, name, value):
            values[name] = value
    # All values are set, so no preset must change them again.
    values["preset"] = CUSTOM
    return values


def _is_like(value, default):
    """Whether a value is of the kind of the default."""
    if isinstance(default, float):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if isinstance(default, list):
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return type(value) is type(default)


def _is_allowed(settings, name, value):
    """Whether the settings take a value."""
    parameter = name.replace("-", "_")
    try:
        if parameter in settings.parameters:
            settings.recipe(CUSTOM, {parameter: value})
        elif parameter in settings.animation:
            of_frames = {one.name: one.default for one in settings.animation.values()}
            of_frames[parameter] = value
            settings.motion(of_frames)
        elif name in CHOSEN:
            chosen = dict(CHOSEN, preset=CUSTOM)
            chosen[name] = CUSTOM if name == "preset" else value
            settings.check(*(chosen[one] for one in CHOSEN))
    except SettingError:
        return False
    return True
