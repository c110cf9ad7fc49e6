"""The recipe of a style: all parameters in one dataclass, stored as JSON or TOML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import tomli_w

from dreamlayer.core.errors import RecipeError
from dreamlayer.core.recipe.fields import Parameters, encodable, is_number, known, parameter
from dreamlayer.core.recipe.recipe import RESAMPLE, read_terms
from dreamlayer.core.recipe.term import Term

COMMAND = "style"
"""What the stored form says under `command`, so that it is not taken for a dream's recipe."""

PUBLISHED, RELATIVE = "published", "relative"
CONTENT, NOISE, STYLE = "content", "noise", "style"
DETAIL, WHOLE = "detail", "picture"
BYTES = "bilinear-8bit"
"""A way to resample beside the dream's: Pillow's of 8 bits, as `scipy.misc.imresize` was."""


@dataclass(frozen=True)
class StyleRecipe(Parameters):
    """How to give a picture the style of others; absent keys mean these defaults.

    The command line's options, the stored form and the documentation are made from these
    fields, as for `core.recipe.recipe.Recipe`. The defaults are the preset `like-style`.
    """

    network: str = parameter("default", "network to use: a name or an .onnx file")
    content_layers: tuple[Term, ...] = parameter(
        (Term("mixed3"),),
        "layers that keep the content, each as NAME[:WEIGHT[:CHANNELS]], separated by commas",
    )
    style_layers: tuple[Term, ...] = parameter(
        (
            Term("image", 2.0),
            Term("activation", 2.0),
            Term("activation_2", 4.0),
            Term("activation_4", 4.0),
            Term("mixed0"),
            Term("mixed1"),
            Term("mixed2"),
        ),
        "layers that carry the style, in the same form; `image` is the picture's own colours",
    )
    measure: str = parameter(
        RELATIVE,
        "how differences are measured: as shares of what they are compared with, alike for every "
        "network and size; or as published in 2016, as sums in units of 0..255",
        choices=(RELATIVE, PUBLISHED),
    )
    content_weight: float = parameter(
        0.02, "weight of the content, shared by its layers", low=0.0, high=1e9
    )
    style_weight: float = parameter(
        1.0, "weight of the style, shared by its layers", low=0.0, high=1e9
    )
    variation_weight: float = parameter(
        0.0, "weight of the variation between neighbours: smoothness", low=0.0, high=1e9
    )
    exponent: float = parameter(
        1.25, "exponent of the squared variation between neighbours", low=1.0, high=4.0
    )
    rounds: int = parameter(
        5, "rounds of L-BFGS at each size, each with a memory of its own", low=1, high=10_000
    )
    evaluations: int = parameter(
        20, "evaluations of the gradient after which a round ends", low=1, high=100_000
    )
    size: int = parameter(
        512,
        "longer side in pixels at which larger pictures are worked on; the result is enlarged",
        low=2,
        high=65536,
    )
    square: bool = parameter(
        False, "work on a square of that size whatever the pictures' own sizes, as published"
    )
    octaves: int = parameter(
        3, "sizes that the picture grows through, each half the next", low=1, high=8
    )
    style_scale: float = parameter(
        1.0,
        "longer side of the style pictures relative to the content's: more makes larger strokes",
        low=0.05,
        high=20.0,
    )
    start: str = parameter(
        CONTENT,
        "what to start from: the content, noise, or the first style picture",
        choices=(CONTENT, NOISE, STYLE),
    )
    spectrum: float = parameter(
        0.6,
        "how far coarse shapes move before fine ones, which keeps grain away: pixels are weighed "
        "by 1 / frequency to this power; 0 for pixels as they are, as published",
        low=0.0,
        high=2.0,
    )
    jitter: int = parameter(
        16, "largest random shift of the picture in a round, in pixels", low=0, high=1024
    )
    keep_colors: bool = parameter(
        False,
        "give the style to the luminance alone, and keep the content's colours",
        was="keep_colours",
    )
    resample: str = parameter("bicubic", "how pictures are resized", choices=(*RESAMPLE, BYTES))
    enlarge: str = parameter(
        WHOLE,
        "what is brought back to the content's own size: the styled picture, or the change alone, "
        "which keeps the photo's fine detail",
        choices=(WHOLE, DETAIL),
    )
    strength: float = parameter(
        1.0, "share of the styled picture in the result, the rest is the content", low=0.0, high=1.0
    )
    seed: int = parameter(0, "seed of all randomness", low=0, high=2**63 - 1)
    styles: tuple[str, ...] = parameter((), "files of the style pictures", positional=True)
    style_weights: tuple[float, ...] = parameter(
        (), "weight of each style picture, separated by commas; none for all the same"
    )

    def __post_init__(self) -> None:
        for name in ("content_layers", "style_layers", "styles", "style_weights"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        super().__post_init__()
        _check_layers(self.content_layers, self.content_weight, "content")
        _check_layers(self.style_layers, self.style_weight, "style")
        if not (self.content_weight or self.style_weight or self.variation_weight):
            raise RecipeError("all weights are 0, so there is nothing to do; raise --style-weight")
        weights = self.style_weights
        if not all(is_number(w) and w >= 0 for w in weights) or (weights and sum(weights) <= 0):
            raise RecipeError(
                f"style weights must be numbers from 0 on, and not all 0, but are "
                f"{', '.join(map(str, weights))}"
            )
        if not all(isinstance(name, str) for name in self.styles):
            raise RecipeError("'styles' must be a list of file names")
        for name in self.styles:
            if not encodable(name):
                raise RecipeError(
                    f"the style picture's name {name!r} holds bytes that no text can hold, so it "
                    f"cannot be kept in the recipe; rename it"
                )

    @property
    def idle(self) -> bool:
        """True where nothing would change: no share of the style is wanted."""
        return self.strength == 0

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts, and `command`."""
        plain = {**self.shallow(), "command": COMMAND}
        for name in ("content_layers", "style_layers"):
            plain[name] = [term.to_dict() for term in plain[name]]
        for name in ("styles", "style_weights"):
            plain[name] = list(plain[name])
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gives; absent keys mean the defaults.

        Raises
        ------
        RecipeError
            Where a key is unknown or a value is not allowed, or it is a dream's recipe.
        """
        if plain.get("command") != COMMAND:
            raise RecipeError(
                "this is a recipe for `dreamlayer dream`; one for `dreamlayer style` says "
                'command = "style"'
            )
        values = known(cls, {k: v for k, v in plain.items() if k != "command"})
        for name in ("content_layers", "style_layers"):
            if name in values:
                values[name] = read_terms(values[name], name)
        for name in ("styles", "style_weights"):
            if name in values and not isinstance(values[name], list | tuple):
                raise RecipeError(f"{name!r} must be a list, but is {values[name]!r}")
        return cls(**values)

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_toml(self) -> str:
        """A TOML document, the form of presets."""
        return tomli_w.dumps(self.to_dict())


def parse_weights(text: str) -> tuple[float, ...]:
    """Read numbers separated by commas, such as ``2,1``; `RecipeError` where they are none."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise RecipeError(
            f"{text!r} cannot be read; write numbers separated by commas, such as 2,1"
        ) from None


def _check_layers(terms: tuple[Term, ...], weight: float, which: str) -> None:
    for term in terms:
        if term != Term(term.layer, term.weight, term.channels):
            raise RecipeError(
                f"{which} layer {term.layer!r} has a kind or an option of its own; in a style "
                f"recipe write NAME[:WEIGHT[:CHANNELS]], for the measure decides the rest"
            )
        if term.weight < 0:
            raise RecipeError(
                f"{which} layer {term.layer!r} has the weight {term.weight:g}; give one above 0"
            )
    if weight and not sum(term.weight for term in terms) > 0:
        raise RecipeError(
            f"the {which} has the weight {weight:g} but no layer with one; name a layer, or set "
            f"--{which}-weight 0"
        )
