"""The recipe: all parameters of a dream in one dataclass, stored as JSON or TOML."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import tomli_w

from dreamlayer.core.errors import RecipeError
from dreamlayer.core.recipe.fields import Parameters, encodable, known, parameter
from dreamlayer.core.recipe.rolls import parse_jitter
from dreamlayer.core.recipe.term import Term, parse_terms
from dreamlayer.core.runtime.providers import FULL, PRECISIONS

_SCHEMES = ("detail", "detail-after", "laplacian", "resize", "recursive")
RESAMPLE = (
    "bicubic",
    "lanczos",
    "lanczos-8bit",
    "bilinear",
    "bilinear-tf1",
    "bilinear-corners",
)
_TILINGS = ("even", "fixed", "random")
_DIVISORS = ("mean", "std", "none")


@dataclass(frozen=True)
class Recipe(Parameters):
    """What to dream and how; absent keys mean these defaults.

    The command line's options, the stored form and the documentation are made from these
    fields: `help` says what a parameter does, `low` and `high` bound it, `choices` lists its
    values, and `advanced` marks those that mostly come with a preset.
    """

    network: str = parameter("default", "network to use: a name or an .onnx file")
    layers: tuple[Term, ...] = parameter(
        (Term("mixed3"), Term("mixed4"), Term("mixed5")),
        "layers to dream of, each as NAME[:WEIGHT[:CHANNELS[:KIND]]], separated by commas",
    )
    guide: str = parameter(
        "", "picture that the kinds guide, direction, cosine and style compare with"
    )
    octaves: int = parameter(6, "number of sizes that the dream grows through", low=1, high=32)
    octave_scale: float = parameter(
        1.3, "size of an octave relative to the one before", low=1.01, high=8.0
    )
    octaves_above: int = parameter(
        0, "how many of the octaves are larger than the picture", low=0, high=8, advanced=True
    )
    min_octave_side: int = parameter(
        0,
        "leave out octaves whose shorter side is less, in pixels",
        low=0,
        high=65536,
        advanced=True,
        was="smallest",
    )
    scheme: str = parameter(
        "detail",
        "what an octave starts from: the original's detail given back before or after its steps, "
        "a Laplacian pyramid, the resized image alone, or a blend with the shrunk original",
        choices=_SCHEMES,
        advanced=True,
    )
    resample: str = parameter("bicubic", "how images are resized", choices=RESAMPLE, advanced=True)
    blur: float = parameter(
        0.0,
        "recursive: sigma in pixels of the blur before shrinking",
        low=0.0,
        high=100.0,
        advanced=True,
    )
    blend: float = parameter(
        0.2, "recursive: share of the original in the blend", low=0.0, high=1.0, advanced=True
    )
    max_side: int = parameter(
        0,
        "longer side in pixels at which larger pictures are dreamt, the change then enlarged; "
        "0 for their own",
        low=0,
        high=65536,
        was="working_side",
    )
    steps: int = parameter(10, "steps on each octave", low=0, high=100_000)
    step_size: float = parameter(
        0.007,
        "mean change of a pixel in one step, where 1 is black to white",
        low=0.0,
        high=1.0,
    )
    strength: float = parameter(
        1.0, "share of the dream in the result, the rest is the original", low=0.0, high=1.0
    )
    normalize: str = parameter(
        "mean",
        "what the gradient is divided by: the mean of its size, its standard deviation, nothing",
        choices=_DIVISORS,
        was="normalise",
    )
    normalize_tiles: str = parameter(
        "none",
        "what each tile's gradient is divided by, before the whole is",
        choices=_DIVISORS,
        advanced=True,
        was="normalise_tiles",
    )
    epsilon: float = parameter(
        0.0, "added to what the gradient is divided by", low=0.0, high=1.0, advanced=True
    )
    min_divisor: float = parameter(
        0.0,
        "the least that the gradient is divided by",
        low=0.0,
        high=1.0,
        advanced=True,
        was="floor",
    )
    clip_gradient: float = parameter(
        0.0,
        "largest size of a value of the divided gradient; 0 for any",
        low=0.0,
        high=1e6,
        advanced=True,
    )
    pyramid: int = parameter(
        0,
        "bands of a Laplacian pyramid in each of which the gradient is evened out; 0 for none",
        low=0,
        high=16,
        advanced=True,
    )
    smoothing: float = parameter(
        0.8, "sigma in pixels of a Gaussian blur of the gradient; 0 for none", low=0.0, high=100.0
    )
    smoothing_growth: float = parameter(
        0.0, "what the sigma grows by over an octave's steps", low=0.0, high=100.0, advanced=True
    )
    smoothing_cascade: bool = parameter(
        False, "add the blurs of twice and of half the sigma", advanced=True
    )
    smoothing_colors: bool = parameter(
        False,
        "blur across the three colours too, which keeps those of the picture",
        advanced=True,
        was="smoothing_colours",
    )
    tiling: str = parameter(
        "even",
        "how tiles lie: of even size over the rolled image, of one size with remainders at the "
        "end, or from a random start within the image's borders",
        choices=_TILINGS,
        advanced=True,
    )
    tile: int = parameter(
        0,
        "side of a tile in pixels; 0 (auto) for 512, on a GPU the whole image, less where memory "
        "is short",
        low=0,
        high=65536,
    )
    overlap: int = parameter(
        0, "pixels that an even tile sees beyond its own on each side", low=0, high=4096
    )
    jitter: str = parameter(
        "any",
        "random shift of even and fixed tiles in pixels: any, none, a number for so many either "
        "way, or LOWEST..HIGHEST",
        was="roll",
    )
    gaps: bool = parameter(
        False,
        "leave pixels without a gradient where the published tilings do: fixed, in remainders of "
        "up to half a tile; random, up to a quarter of a tile at the left",
        advanced=True,
    )
    weigh_tiles: bool = parameter(
        True, "let tiles count by their pixels, not each the same", advanced=True
    )
    max_loss: float | None = parameter(None, "stop an octave before the objective exceeds this")
    clip: bool = parameter(True, "keep pixels within black and white after each step")
    start: str = parameter(
        "image",
        "what to start from: the picture, noise, or either: noise where no picture is given",
        choices=("image", "noise", "either"),
        advanced=True,
    )
    noise_low: float = parameter(
        0.4, "darkest noise, where 0 is black", low=0.0, high=1.0, advanced=True
    )
    noise_high: float = parameter(
        0.6, "brightest noise, where 1 is white", low=0.0, high=1.0, advanced=True
    )
    canvas: int = parameter(
        512,
        "side in pixels of the noise where no picture is given",
        low=1,
        high=65536,
        advanced=True,
    )
    precision: str = parameter(
        FULL,
        "numbers that the network computes in: full, float32; or fast, shorter ones where the "
        "provider has them: bfloat16 on OpenVINO, float16 and TF32 on CUDA",
        choices=PRECISIONS,
        advanced=True,
    )
    seed: int = parameter(0, "seed of all randomness", low=0, high=2**63 - 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        super().__post_init__()
        if not self.layers:
            raise RecipeError("the recipe names no layer to dream of; give at least one")
        parse_jitter(self.jitter)
        if self.tile and self.tiling == "even" and self.tile <= 2 * self.overlap:
            raise RecipeError(
                f"an overlap of {self.overlap} leaves nothing of a tile of {self.tile}; "
                f"the tile must be more than twice the overlap"
            )
        if self.octaves_above >= self.octaves or (self.octaves_above and self.scheme != "resize"):
            raise RecipeError(
                f"octaves_above is {self.octaves_above}; it must be less than the {self.octaves} "
                f"octaves, and only the scheme 'resize' grows beyond the picture"
            )
        if self.noise_low > self.noise_high:
            raise RecipeError(
                f"noise_low {self.noise_low} is above noise_high {self.noise_high}; swap them"
            )

    @property
    def idle(self) -> bool:
        """True where nothing would change: there are no steps, or no share of them is wanted."""
        return (self.steps == 0 and self.start != "noise") or self.strength == 0

    @property
    def needs_guide(self) -> bool:
        """True where a layer is compared with the guide."""
        return any(term.compares_with_guide for term in self.layers)

    @property
    def needs_original(self) -> bool:
        """True where a layer is compared with the picture as it was."""
        return any(term.compares_with_original for term in self.layers)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts; parameters that are None are left out."""
        plain = {k: v for k, v in self.shallow().items() if v is not None}
        plain["layers"] = [term.to_dict() for term in self.layers]
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gives; absent keys mean the defaults.

        `layers` may also be text as `parse_terms` reads it, or hold such text beside
        tables.

        Raises
        ------
        RecipeError
            Where a key is unknown or a value is not allowed.
        """
        values = known(cls, plain)
        if "layers" in values:
            values["layers"] = read_terms(values["layers"])
        return cls(**values)

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_toml(self) -> str:
        """A TOML document, the form of presets."""
        return tomli_w.dumps(self.to_dict())


def parse_table(text: str, origin: str) -> dict[str, Any]:
    """Read the table that a recipe is stored as, JSON or TOML.

    Raises
    ------
    RecipeError
        Where the text is neither.
    """
    try:
        plain = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except ValueError as error:
        raise RecipeError(f"{origin} is neither JSON nor TOML: {error}") from error
    except RecursionError as error:
        raise RecipeError(f"{origin} is nested too deep to be a recipe") from error
    table: dict[str, Any] = plain
    return table


def read_text(path: str | Path) -> str:
    """The text of a recipe file; `RecipeError` where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise RecipeError(f"recipe {str(path)!r} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(
            f"recipe {str(path)!r} is not text; give a .toml or .json file"
        ) from error


def read_terms(given: Any, name: str = "layers") -> tuple[Term, ...]:
    """The layers that a stored recipe has under a name: text, or a list of texts and tables."""
    entries = [given] if isinstance(given, str) else given
    if not isinstance(entries, list) or not all(isinstance(e, str | Mapping) for e in entries):
        raise RecipeError(
            f"{name!r} must be text such as 'mixed3, mixed4:0.5', or a list of such texts and of "
            f"tables with a key 'layer'"
        )
    terms: list[Term] = []
    for entry in entries:
        if isinstance(entry, Mapping):
            terms.append(Term.from_dict(entry))
        elif encodable(entry):
            terms.extend(parse_terms(entry))
        else:
            raise RecipeError(f"{name!r} {entry!r} holds characters that no text can hold")
    return tuple(terms)
