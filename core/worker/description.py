"""What an editor needs to offer dreams: every parameter, preset and provider, as plain JSON.

`python -m dreamlayer.core.worker.description > plugin/dreamlayer/description.json` refreshes the
plug-in's copy.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from dreamlayer.core.recipe.fields import types_of
from dreamlayer.core.recipe.networks import ships
from dreamlayer.core.recipe.presets import preset, presets
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import format_terms
from dreamlayer.core.runtime.providers import AUTO, PROVIDERS
from dreamlayer.core.version import VERSION
from dreamlayer.core.worker.protocol import PROTOCOL

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
        "presets": {
            name: {
                "group": "published" if about.source else "own",
                "description": about.description,
                "source": about.source,
                "ships": ships(about.network),
                "stand_in": about.stand_in,
                "recipe": _plain(preset(name)),
            }
            for name, about in presets().items()
        },
        "providers": [AUTO, *PROVIDERS],
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
