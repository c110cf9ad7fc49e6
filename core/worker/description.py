"""What an editor needs to offer dreams: every parameter, preset and provider, as plain JSON.

`python -m dreamlayer.core.worker.description > plugin/dreamlayer/description.json` refreshes the
plug-in's copy.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, cast

from dreamlayer.core.errors import RecipeError, printable, shown
from dreamlayer.core.recipe import own_presets
from dreamlayer.core.recipe.fields import types_of
from dreamlayer.core.recipe.networks import ships
from dreamlayer.core.recipe.parameters import Parameters
from dreamlayer.core.recipe.presets import DREAMS, MINE, STYLES, Preset, Presets
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.recipe.term import Term, format_terms
from dreamlayer.core.runtime.providers import AUTO, PROVIDERS
from dreamlayer.core.version import VERSION
from dreamlayer.core.worker.protocol import FIRST, PROTOCOL

_MAX_OWN = 400_000
"""Bytes that the user's presets may take of a line, which has a limit."""

_MAX_PROBLEMS, _MAX_PROBLEM = 50, 500
_SENT = ("styles", "style_weights", "command")
"""What a request says beside the recipe."""

_KINDS = {int: "int", float: "float", bool: "bool", str: "text"}


def description(protocol: int = PROTOCOL) -> dict[str, Any]:
    """Describe what can be asked for in a version of the protocol; below, in this one.

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
        close to it on a network that ships, or nothing) and `recipe`; `style`, with the
        `parameters` and `presets` of styles in the same form; `providers`, by their short names.
        Layers are text as `core.recipe.term.parse_terms` reads it.
    """
    told: dict[str, Any] = {
        "version": VERSION,
        "protocol": protocol,
        "parameters": _parameters(Recipe),
        "presets": _presets(DREAMS),
        "style": {"parameters": _parameters(StyleRecipe), "presets": _presets(STYLES)},
        "providers": [AUTO, *PROVIDERS],
    }
    if protocol == FIRST:
        del told["style"]
        for one in told["presets"].values():
            del one["title"], one["section"]
    return told


def own_description() -> dict[str, Any]:
    """Describe the user's own presets.

    Returns
    -------
    dict
        `presets` and `style_presets` by name, as in `description`, of the group `mine`, those of
        styles also with `styles` and `style_weights`, the files of their pictures and what each
        counts;
        `presets_folder`, where their files are, None where the system has no such folder; and
        `preset_problems`, a sentence for each file that is no preset. What would make a reply too
        long is left out with a sentence.
    """
    folder, left = own_presets.folder(), _MAX_OWN
    told: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for key, kind in (("presets", DREAMS), ("style_presets", STYLES)):
        own = kind.own()
        problems += own.problems
        told[key] = {}
        for name, about in own.found.items():
            try:
                one = _preset(about, kind)
            except RecipeError as error:
                # The file was changed or removed since it was found.
                problems.append(printable(f"{error}"))
                continue
            size = len(json.dumps(one))
            if size > left:
                problems.append(f"your preset {shown(name)} is too long to be listed here")
                continue
            told[key][name], left = one, left - size
    sentences = list(dict.fromkeys(problems))[:_MAX_PROBLEMS]
    return {
        **told,
        "presets_folder": None if folder is None else str(folder),
        "preset_problems": [one[:_MAX_PROBLEM] for one in sentences],
    }


def _presets(presets: Presets[Any]) -> dict[str, Any]:
    return {name: _preset(about, presets) for name, about in presets.presets().items()}


def _preset(about: Preset, presets: Presets[Any]) -> dict[str, Any]:
    there, recipe = ships(about.network), presets.preset(about.name)
    return {
        "title": about.title,
        "section": about.section,
        "group": about.group,
        "description": about.description[:_MAX_PROBLEM],
        "source": about.source[:_MAX_PROBLEM],
        "ships": there,
        "stand_in": about.stand_in,
        "recipe": _plain(recipe),
        **(_pictures(recipe) if about.group == MINE and isinstance(recipe, StyleRecipe) else {}),
    }


def _pictures(recipe: StyleRecipe) -> dict[str, Any]:
    """The style pictures of one of the user's presets, which no request's recipe has."""
    return {"styles": list(recipe.styles), "style_weights": list(recipe.style_weights)}


def _parameters(kind: Any) -> list[dict[str, Any]]:
    fields = dataclasses.fields(kind)
    return [_parameter(kind, one) for one in fields if one.name not in _SENT]


def _parameter(kind: Any, one: dataclasses.Field[Any]) -> dict[str, Any]:
    type_, limits, choices = types_of(kind)[one.name], one.metadata, one.metadata.get("choices")
    return {
        "name": one.name,
        "type": "layers" if _is_layers(type_) else _KINDS[type_],
        "default": _text(one.default),
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


def _plain(recipe: Parameters) -> dict[str, Any]:
    """The parameters, layers as text."""
    values, kind = recipe.shallow(), types_of(cast(Any, type(recipe)))
    layers = {n: _text(values[n]) for n, one in kind.items() if _is_layers(one)}
    plain = {**recipe.to_dict(), **layers}
    return {name: value for name, value in plain.items() if name not in _SENT}


def _is_layers(kind: Any) -> bool:
    return bool(kind == tuple[Term, ...])


if __name__ == "__main__":
    print(json.dumps(description(), indent=2))
