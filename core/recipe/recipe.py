"""The recipe: all parameters of a dream in one dataclass, stored as JSON or TOML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from dreamlayer.core.errors import RecipeError, shown
from dreamlayer.core.recipe.fields import parameter
from dreamlayer.core.recipe.parameters import Parameters
from dreamlayer.core.recipe.term import Term, within_limits
from dreamlayer.core.runtime.providers import FULL, PRECISIONS

_SCHEMES = ("detail", "detail-after", "laplacian", "resize", "recursive")
RESAMPLE = ("bicubic", "lanczos", "lanczos-8bit", "bilinear", "bilinear-tf1", "bilinear-corners")
_TILINGS = ("even", "fixed", "random")
_DIVISORS = ("mean", "std", "none")
NATURAL, FREE = "natural", "free"
NOTHING, DARK, BRIGHT, FLAT = "nothing", "dark", "bright", "flat"

_LARGEST = 65536
MAX_OCTAVES = 32
MIN_OCTAVE_SCALE, MAX_OCTAVE_SCALE = 1.01, 8.0
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
_RANGE = re.compile(r"(-?\d{1,6})\.\.(-?\d{1,6})", re.ASCII)


_share = partial(parameter, low=0.0, high=1.0)
_pixels = partial(parameter, low=0, high=_LARGEST, metavar="PIXELS")
_sigma = partial(parameter, low=0.0, high=100.0, metavar="PIXELS")


@dataclass(frozen=True)
class Recipe(Parameters):
    """What to dream and how; absent keys mean these defaults.

    The command line's options, the stored form, the editors' dialogs and the documentation are
    made from these fields; `fields.parameter` says what is declared of each.
    """

    network: str = parameter(
        "default",
        "network, by name or .onnx file",
        group="objective",
        metavar="NAME",
        file=True,
    )
    layers: tuple[Term, ...] = parameter(
        (
            Term("block_10_depthwise_relu", 0.5),
            Term("block_11_expand_relu"),
            Term("block_13_expand_relu"),
        ),
        "layers to dream of: NAME[:WEIGHT[:CHANNELS[:KIND]]], separated by commas",
        group="objective",
        before=(Term("mixed3"), Term("mixed4"), Term("mixed5")),
    )
    guide: str = parameter(
        "",
        "guide picture for layers of the kinds guide, direction, cosine and style",
        group="objective",
        metavar="FILE",
        file=True,
    )
    octaves: int = parameter(
        0,
        "number of sizes, from small to full; 0 (auto) = as many as the picture's size asks for, "
        "so that shapes are as large in proportion at any size",
        low=0,
        high=MAX_OCTAVES,
        group="octaves",
        auto=True,
        before=6,
    )
    octave_scale: float = parameter(
        1.3,
        "size ratio from one octave to the next",
        low=MIN_OCTAVE_SCALE,
        high=MAX_OCTAVE_SCALE,
        group="octaves",
    )
    octaves_above: int = parameter(
        0, "octaves larger than the picture", low=0, high=8, group="octaves", advanced=True
    )
    min_octave_side: int = _pixels(
        0,
        "skip octaves whose shorter side is below this, in pixels",
        group="octaves",
        advanced=True,
        was="smallest",
    )
    scheme: str = parameter(
        "detail",
        "how an octave starts: with the original's detail restored before its steps (detail) or "
        "after them (detail-after), from a Laplacian pyramid, from the resized image alone "
        "(resize), or blended with the shrunk original (recursive)",
        choices=_SCHEMES,
        group="octaves",
        advanced=True,
    )
    resample: str = parameter(
        "bicubic", "interpolation for resizing", choices=RESAMPLE, group="octaves", advanced=True
    )
    blur: float = _sigma(
        0.0,
        "with the scheme recursive: blur before shrinking, sigma in pixels",
        group="octaves",
        advanced=True,
    )
    blend: float = _share(
        0.2,
        "with the scheme recursive: share of the original in the blend",
        group="octaves",
        advanced=True,
    )
    max_side: int = _pixels(
        0,
        "dream larger pictures at this longer side, in pixels, and enlarge the change; "
        "0 = full size",
        group="octaves",
        was="working_side",
    )
    steps: int = parameter(10, "gradient steps per octave", low=0, high=100_000, group="steps")
    step_size: float = _share(
        0.008,
        "mean change of a pixel per step, where 1 is black to white",
        group="steps",
        before=0.007,
    )
    strength: float = _share(1.0, "blend from original (0) to dream (1)", group="steps")
    colors: str = parameter(
        NATURAL,
        "colors of what is dreamt: as in photos (natural), or as the gradient has them (free)",
        choices=(NATURAL, FREE),
        group="color and light",
        since=2,
        before=FREE,
    )
    keep_colors: bool = parameter(
        False,
        "change the luminance only, and keep the picture's colors",
        group="color and light",
        since=2,
    )
    anchor: float = _share(
        0.5,
        "hold mean luminance, contrast and large areas of color to the original's: 0 = not, "
        "1 = fully; for steady frames",
        group="color and light",
        since=2,
        before=0.0,
    )
    headroom: float = parameter(
        0.15,
        "slow down pixels within this distance of black and white, where 1 is black to white, so "
        "that they keep their detail; 0 = off",
        low=0.0,
        high=0.5,
        group="color and light",
        advanced=True,
        since=2,
        before=0.0,
    )
    protect: str = parameter(
        NOTHING,
        "areas to dream less in: dark, bright or flat ones, by the original",
        choices=(NOTHING, DARK, BRIGHT, FLAT),
        group="color and light",
        since=2,
    )
    normalize: str = parameter(
        "none",
        "divide the gradient by its mean absolute value, its standard deviation, or nothing",
        choices=_DIVISORS,
        group="gradient",
        was="normalise",
        before="mean",
    )
    normalize_tiles: str = parameter(
        "none",
        "divide each tile's gradient, before the whole is divided",
        choices=_DIVISORS,
        group="gradient",
        advanced=True,
        was="normalise_tiles",
    )
    epsilon: float = _share(0.0, "added to the divisor", group="gradient", advanced=True)
    epsilon_tiles: float = _share(
        0.0,
        "added to the divisor of each tile's gradient; 0 = as for the whole",
        group="gradient",
        advanced=True,
        since=2,
    )
    min_divisor: float = _share(
        0.0, "lower bound of the divisor", group="gradient", advanced=True, was="floor"
    )
    clip_gradient: float = parameter(
        0.0,
        "clamp the divided gradient to ± this; 0 = off",
        low=0.0,
        high=1e6,
        group="gradient",
        advanced=True,
    )
    pyramid: int = parameter(
        3,
        "levels of a Laplacian pyramid that balances fine and coarse structures; 0 = off",
        low=0,
        high=16,
        group="gradient",
        advanced=True,
        before=0,
    )
    smoothing: float = _sigma(
        0.0, "Gaussian blur of the gradient, sigma in pixels; 0 = off", group="gradient", before=0.8
    )
    smoothing_growth: float = _sigma(
        0.0, "increase of the sigma over an octave's steps", group="gradient", advanced=True
    )
    smoothing_cascade: bool = parameter(
        False, "add blurs of half and twice the sigma", group="gradient", advanced=True
    )
    smoothing_colors: bool = parameter(
        False,
        "blur across the color channels too, which preserves the picture's colors",
        group="gradient",
        advanced=True,
        was="smoothing_colours",
    )
    tiling: str = parameter(
        "even",
        "tiles of even size over the shifted image, of fixed size with remainders at the end, or "
        "from a random start inside the image",
        choices=_TILINGS,
        group="tiles",
        advanced=True,
    )
    tile: int = _pixels(
        0,
        "tile size in pixels; 0 (auto) = 1024, or less for networks that need much memory",
        group="tiles",
        auto=True,
    )
    overlap: int = _pixels(
        64,
        "context on each side of an even tile, in pixels; at most a quarter of the tile",
        high=4096,
        group="tiles",
        before=0,
    )
    jitter: str = parameter(
        "any",
        "random shift of even and fixed tiles in pixels: any, none, a maximum in each direction, "
        "or LOWEST..HIGHEST",
        group="tiles",
        metavar="PIXELS",
        was="roll",
    )
    gaps: bool = parameter(
        False,
        "leave pixels without a gradient where the published tilings do: fixed, in remainders of "
        "up to half a tile; random, in up to a quarter of a tile at the left",
        group="tiles",
        advanced=True,
    )
    weigh_tiles: bool = parameter(
        True, "weigh tiles by their pixels instead of equally", group="tiles", advanced=True
    )
    max_loss: float | None = parameter(
        None, "end an octave before the objective exceeds this", group="steps"
    )
    clip: bool = parameter(True, "clamp pixels to black and white after each step", group="steps")
    start: str = parameter(
        "image",
        "start from the picture, from noise, or from noise only if no picture is given (either)",
        choices=("image", "noise", "either"),
        group="start",
        advanced=True,
    )
    noise_low: float = _share(0.4, "darkest noise, where 0 is black", group="start", advanced=True)
    noise_high: float = _share(
        0.6, "brightest noise, where 1 is white", group="start", advanced=True
    )
    canvas: int = _pixels(
        512,
        "width and height of the noise if no picture is given, in pixels",
        low=1,
        group="start",
        advanced=True,
    )
    precision: str = parameter(
        FULL,
        "full (float32), or fast: reduced precision where supported, such as bfloat16 on OpenVINO, "
        "float16 and TF32 on CUDA",
        choices=PRECISIONS,
        group="steps",
        advanced=True,
    )
    seed: int = parameter(0, "random seed", low=0, high=2**63 - 1, group="steps")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.layers:
            raise RecipeError("the recipe names no layer to dream of; give at least one")
        within_limits(self.layers)
        parse_jitter(self.jitter)
        if self.octaves_above and (self.octaves_above >= self.octaves or self.scheme != "resize"):
            count = f"{self.octaves} octaves" if self.octaves else "octaves, whose number is auto"
            raise RecipeError(
                f"octaves_above is {self.octaves_above}; it must be less than the {count}, and "
                f"only the scheme 'resize' grows beyond the picture"
            )
        if self.noise_low > self.noise_high:
            raise RecipeError(
                f"noise_low {self.noise_low} is above noise_high {self.noise_high}; swap them"
            )

    @property
    def idle(self) -> bool:
        """True where nothing would change: no steps, or a strength of 0."""
        return (self.steps == 0 and self.start != "noise") or self.strength == 0

    @property
    def epsilon_of_tiles(self) -> float:
        """What is added to the divisor of a tile's gradient."""
        return self.epsilon_tiles or self.epsilon

    @property
    def needs_guide(self) -> bool:
        """True where a layer is compared with the guide."""
        return any(term.compares_with_guide for term in self.layers)

    @property
    def needs_original(self) -> bool:
        """True where a layer is compared with the original picture."""
        return any(term.compares_with_original for term in self.layers)


def parse_jitter(text: str) -> tuple[int, int] | None:
    """Lowest and highest shift in pixels; None for any shift within the image.

    Parameters
    ----------
    text : str
        ``any``, ``none``, ``32`` for -32 to 32, or ``-150..149``.

    Raises
    ------
    RecipeError
        Where the text has another form, or a number is beyond 65536.
    """
    plain = text.strip().lower()
    if plain == "any":
        return None
    if plain == "none":
        return 0, 0
    found = _RANGE.fullmatch(plain)
    if _NUMBER.fullmatch(plain):
        low, high = -int(plain), int(plain)
    else:
        low, high = (int(found[1]), int(found[2])) if found else (1, 0)
    if not -_LARGEST <= low <= high <= _LARGEST:
        raise RecipeError(
            f"jitter {shown(text)} cannot be read; write any, none, a number of pixels up to "
            f"{_LARGEST}, or a range such as -150..149"
        )
    return low, high
