"""The recipe of a style: all parameters in one dataclass, stored as JSON or TOML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dreamlayer.core.errors import RecipeError, shown
from dreamlayer.core.recipe.fields import encodable, is_number, parameter
from dreamlayer.core.recipe.parameters import Parameters
from dreamlayer.core.recipe.recipe import RESAMPLE
from dreamlayer.core.recipe.term import Term, within_limits

MAX_STYLES = 100
"""Style pictures of a recipe; each is read and measured."""

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

    COMMAND: ClassVar[str] = "style"

    network: str = parameter(
        "inception_v3_mixed5",
        "network, by name or .onnx file",
        group="objective",
        metavar="NAME",
        file=True,
    )
    content_layers: tuple[Term, ...] = parameter(
        (Term("mixed3"),),
        "layers that preserve the content: NAME[:WEIGHT[:CHANNELS]], separated by commas",
        group="objective",
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
        "layers that carry the style, in the same form; `image` is the picture's colors",
        group="objective",
    )
    measure: str = parameter(
        RELATIVE,
        "how differences are measured: relative to what they are compared with, alike for every "
        "network and size; or as published in 2016, as sums in units of 0..255",
        choices=(RELATIVE, PUBLISHED),
        group="objective",
    )
    content_weight: float = parameter(
        0.02, "weight of the content", low=0.0, high=1e9, group="objective"
    )
    style_weight: float = parameter(
        1.0, "weight of the style", low=0.0, high=1e9, group="objective"
    )
    variation_weight: float = parameter(
        0.0, "weight of the total variation: smoothness", low=0.0, high=1e9, group="objective"
    )
    exponent: float = parameter(
        1.25, "exponent of the squared total variation", low=1.0, high=4.0, group="objective"
    )
    rounds: int = parameter(5, "L-BFGS runs per size", low=1, high=10_000, group="steps")
    evaluations: int = parameter(
        20, "gradient evaluations per round", low=1, high=100_000, group="steps"
    )
    taper: float = parameter(
        1.0,
        "evaluations at each size, relative to those at the size before; less saves time",
        low=0.05,
        high=1.0,
        group="steps",
        since=2,
    )
    size: int = parameter(
        512,
        "longer side to work at, in pixels, 0 = the picture's own; the result is enlarged",
        low=0,
        high=65536,
        group="sizes",
        metavar="PIXELS",
    )
    square: bool = parameter(
        False, "work on a square of that size whatever the picture, as published", group="sizes"
    )
    octaves: int = parameter(3, "number of sizes, each half the next", low=1, high=8, group="sizes")
    min_octave_side: int = parameter(
        0,
        "leave out sizes whose shorter side is below this, except the largest",
        low=0,
        high=65536,
        group="sizes",
        metavar="PIXELS",
        since=2,
    )
    tile: int = parameter(
        512,
        "longer side of a tile, overlap included; pictures larger than this are worked on in tiles",
        low=64,
        high=65536,
        group="sizes",
        metavar="PIXELS",
        since=2,
        before=65536,
    )
    overlap: int = parameter(
        32,
        "how far a tile sees beyond its own part; more is nearer to the whole picture",
        low=0,
        high=1024,
        group="sizes",
        metavar="PIXELS",
        since=2,
    )
    style_scale: float = parameter(
        1.0,
        "style size relative to content; more = larger strokes",
        low=0.05,
        high=20.0,
        group="sizes",
    )
    start: str = parameter(
        CONTENT,
        "start from the content, from noise, or from the first style picture",
        choices=(CONTENT, NOISE, STYLE),
        group="steps",
    )
    spectrum: float = parameter(
        0.6,
        "Fourier parameterization: scale frequencies by 1 / frequency to this power, which avoids "
        "grain; 0 = plain pixels, as published",
        low=0.0,
        high=2.0,
        group="steps",
    )
    jitter: int = parameter(
        16,
        "largest random shift of the picture in a round, in pixels",
        low=0,
        high=1024,
        group="steps",
        metavar="PIXELS",
    )
    keep_colors: bool = parameter(
        False,
        "style the luminance only, and keep the content's colors",
        group="result",
        was="keep_colours",
    )
    resample: str = parameter(
        "bicubic", "interpolation for resizing", choices=(*RESAMPLE, BYTES), group="sizes"
    )
    enlarge: str = parameter(
        WHOLE,
        "enlarge the styled picture, or only the change, which preserves the photo's fine detail",
        choices=(WHOLE, DETAIL),
        group="result",
    )
    strength: float = parameter(
        1.0, "blend from content (0) to result (1)", low=0.0, high=1.0, group="result"
    )
    seed: int = parameter(0, "random seed", low=0, high=2**63 - 1, group="steps")
    styles: tuple[str, ...] = parameter(
        (), "files of the style pictures", positional=True, file=True
    )
    style_weights: tuple[float, ...] = parameter(
        (),
        "weight of each style picture, separated by commas; none = equal",
        group="objective",
        metavar="NUMBER,...",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size == 1:
            raise RecipeError(
                "a size of 1 pixel is too small; give 0 for the picture's own, or more"
            )
        within_limits((*self.content_layers, *self.style_layers))
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
        if len(self.styles) > MAX_STYLES:
            raise RecipeError(
                f"the recipe names {len(self.styles)} style pictures, but at most {MAX_STYLES} are "
                f"allowed"
            )
        for name in self.styles:
            if not encodable(name):
                raise RecipeError(
                    f"the style picture's name {shown(name)} holds bytes that no text can hold, "
                    f"so it cannot be stored in the recipe; rename it"
                )

    def evaluations_at(self, octave: int) -> int:
        """Gradient evaluations in a round at a size, counted from 0 for the smallest."""
        return max(round(self.evaluations * self.taper**octave), 1)

    @property
    def idle(self) -> bool:
        """True where nothing would change: a strength of 0."""
        return self.strength == 0


def parse_weights(text: str) -> tuple[float, ...]:
    """Read numbers separated by commas, such as ``2,1``; `RecipeError` where they are not."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise RecipeError(
            f"{shown(text)} cannot be read; write numbers separated by commas, such as 2,1"
        ) from None


def _check_layers(terms: tuple[Term, ...], weight: float, which: str) -> None:
    for term in terms:
        if term != Term(term.layer, term.weight, term.channels):
            raise RecipeError(
                f"{which} layer {shown(term.layer)} has a kind or an option of its own; in a style "
                f"recipe write NAME[:WEIGHT[:CHANNELS]], for the measure decides the rest"
            )
        if term.weight < 0:
            raise RecipeError(
                f"{which} layer {shown(term.layer)} has the weight {term.weight:g}; give one "
                f"above 0"
            )
    if weight and not sum(term.weight for term in terms) > 0:
        raise RecipeError(
            f"the {which} has the weight {weight:g} but no layer with one; name a layer, or set "
            f"--{which}-weight 0"
        )
