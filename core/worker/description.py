"""What an editor needs to offer dreams: every parameter, preset and provider, as plain JSON.

`python -m dreamlayer.core.worker.description > plugin/dreamlayer/description.json` refreshes the
plug-in's copy.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from dreamlayer.core.errors import shown
from dreamlayer.core.recipe import own_presets
from dreamlayer.core.recipe.fields import types_of
from dreamlayer.core.recipe.networks import ships
from dreamlayer.core.recipe.presets import DREAMS, Preset, Presets
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import format_terms
from dreamlayer.core.runtime.providers import AUTO, PROVIDERS
from dreamlayer.core.version import VERSION
from dreamlayer.core.worker.protocol import PROTOCOL

_MAX_OWN = 400_000
"""Bytes that the user's presets may take of a line, which has a limit."""

_MAX_PROBLEMS, _MAX_PROBLEM = 50, 500
_KINDS = {int: "int", float: "float", bool: "bool", str: "text"}


def description() -> dict[str, Any]:
    """Describe what can be asked for.

    Returns
    -------
    dict
        `version`; `protocol`; `parameters`, each with `name`, `type` (`int`, `float`, `bool`,
        `text`, `layers`), `default`, `low`, `high`, `choices`, `help`, `was` (its name in recipes
        of version 0.1) and `before` (what it stands for where a recipe of version 0.1 lacks it, as
        those in pictures do for all that are `later`), None where there is none, `advanced`,
        `later`, and `auto` (whether 0 stands for a number that is chosen); `presets` by name, with
        `title` and `section` (what people call it, and the heading under which they find it),
        `group` (`own` or `published`), `description`, `source` (where it was published), `ships`
        (whether its network does; others must be exported first), `stand_in` (a preset that comes
        close to it on a network that ships, or nothing) and `recipe`; `providers`, by their short
        names.
        Layers are text as `core.recipe.term.parse_terms` reads it.
    """
    return {
        "version": VERSION,
        "protocol": PROTOCOL,
        "parameters": [_parameter(parameter) for parameter in dataclasses.fields(Recipe)],
        "presets": {name: _preset(about, DREAMS) for name, about in DREAMS.presets().items()},
        "providers": [AUTO, *PROVIDERS],
    }


def own_description() -> dict[str, Any]:
    """Describe the user's own presets.

    Returns
    -------
    dict
        `presets` by name, as in `description`, of the group `mine`; `presets_folder`, where their
        files are, None where the system has no such folder; and `preset_problems`, a sentence for
        each file that is no preset. What would make a reply too long is left out with a sentence.
    """
    folder, own = own_presets.folder(), DREAMS.own()
    told, problems, left = dict[str, Any](), list(own.problems), _MAX_OWN
    for name, about in own.found.items():
        one = _preset(about, DREAMS)
        size = len(json.dumps(one))
        if size > left:
            problems.append(f"your preset {shown(name)} is too long to be listed here")
            continue
        told[name], left = one, left - size
    return {
        "presets": told,
        "presets_folder": None if folder is None else str(folder),
        "preset_problems": [one[:_MAX_PROBLEM] for one in problems[:_MAX_PROBLEMS]],
    }


def _preset(about: Preset, presets: Presets[Recipe]) -> dict[str, Any]:
    return {
        "title": about.title,
        "section": about.section,
        "group": about.group,
        "description": about.description[:_MAX_PROBLEM],
        "source": about.source[:_MAX_PROBLEM],
        "ships": ships(about.network),
        "stand_in": about.stand_in,
        "recipe": _plain(presets.preset(about.name)),
    }


def _parameter(one: dataclasses.Field[Any]) -> dict[str, Any]:
    layers, limits, choices = (one.name == "layers", one.metadata, one.metadata.get("choices"))
    default: Any = one.default
    return {
        "name": one.name,
        "type": "layers" if layers else _KINDS[types_of(Recipe)[one.name]],
        "default": _text(default),
        "low": limits.get("low"),
        "high": limits.get("high"),
        "choices": None if choices is None else list(choices),
        "help": limits["help"],
        "advanced": limits.get("advanced", False),
        "was": limits.get("was"),
        "before": _text(limits.get("before")),
        "later": "since" in limits,
        "auto": limits.get("auto", False),
    }


def _text(value: Any) -> Any:
    return format_terms(value) if isinstance(value, tuple) else value


def _plain(recipe: Recipe) -> dict[str, Any]:
    return {**recipe.to_dict(), "layers": format_terms(recipe.layers)}


if __name__ == "__main__":
    print(json.dumps(description(), indent=2))
