"""The recipe: every knob of a dream in one dataclass, declared once, stored as JSON or TOML."""

from __future__ import annotations

import dataclasses
import json
import math
import tomllib
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import tomli_w

from core.errors import RecipeError, nearest
from core.term import Term, parse_terms

_HUGE = 10**300
PRESETS = Path(__file__).parent / "presets"
DEFAULT_PRESET = "default"


def _knob(default: Any, help_: str, **limits: Any) -> Any:
    return field(default=default, metadata={"help": help_, **limits})


@dataclass(frozen=True)
class Recipe:
    """What to dream and how; absent keys mean these defaults.

    The command line's options, the stored form and the documentation are made from these
    fields: `help` says what a knob does, `low` and `high` bound it, `choices` lists its values.
    """

    network: str = _knob("default", "network to use: a name or an .onnx file")
    layers: tuple[Term, ...] = _knob(
        (Term("mixed3"), Term("mixed4"), Term("mixed5")),
        "layers to dream of, each as NAME[:WEIGHT[:CHANNELS[:KIND]]], separated by commas",
    )
    octaves: int = _knob(6, "number of sizes that the dream grows through", low=1, high=32)
    octave_scale: float = _knob(
        1.3, "size of an octave relative to the one before", low=1.01, high=8.0
    )
    steps: int = _knob(10, "steps on each octave", low=0, high=100_000)
    step_size: float = _knob(
        0.007,
        "mean change of a pixel in one step, where 1 is black to white",
        low=0.0,
        high=1.0,
    )
    strength: float = _knob(
        1.0, "share of the dream in the result, the rest is the original", low=0.0, high=1.0
    )
    normalise: str = _knob(
        "mean",
        "what the gradient is divided by: the mean of its size, its standard deviation, nothing",
        choices=("mean", "std", "none"),
    )
    smoothing: float = _knob(
        0.8, "sigma in pixels of a Gaussian blur of the gradient; 0 for none", low=0.0, high=100.0
    )
    roll: int = _knob(
        -1,
        "largest random shift of the tiles, in pixels; -1 for any, 0 for none",
        low=-1,
        high=65536,
    )
    tile: int = _knob(
        0,
        "side of a tile in pixels; 0 (auto) for 512, less where memory is short",
        low=0,
        high=65536,
    )
    overlap: int = _knob(0, "pixels that a tile sees beyond its own on each side", low=0, high=4096)
    max_loss: float | None = _knob(None, "stop an octave before the objective exceeds this")
    clip: bool = _knob(True, "keep pixels within black and white after each step")
    seed: int = _knob(0, "seed of all randomness", low=0, high=2**63 - 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        for knob in dataclasses.fields(self):
            object.__setattr__(self, knob.name, _checked(knob, getattr(self, knob.name)))
        if not self.layers:
            raise RecipeError("the recipe names no layer to dream of; give at least one")
        if self.tile and self.tile <= 2 * self.overlap:
            raise RecipeError(
                f"an overlap of {self.overlap} leaves nothing of a tile of {self.tile}; "
                f"the tile must be more than twice the overlap"
            )

    @property
    def idle(self) -> bool:
        """True where nothing would change: there are no steps, or no share of them is wanted."""
        return self.steps == 0 or self.strength == 0

    def replace(self, **changes: Any) -> Recipe:
        """A copy with some knobs set anew; an unknown name is a `RecipeError`."""
        return Recipe(**{**self._shallow(), **_known(changes)})

    def _shallow(self) -> dict[str, Any]:
        return {knob.name: getattr(self, knob.name) for knob in dataclasses.fields(self)}

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts; knobs that are None are left out."""
        plain = {k: v for k, v in self._shallow().items() if v is not None}
        plain["layers"] = [
            {**dataclasses.asdict(term), "channels": list(term.channels)} for term in self.layers
        ]
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Recipe:
        """Read what `to_dict` gives; absent keys mean the defaults.

        `layers` may also be text as `core.term.parse_terms` reads it, or hold such text beside
        tables.

        Raises
        ------
        RecipeError
            Where a key is unknown or a value is not allowed.
        """
        values = _known(plain)
        if "layers" in values:
            values["layers"] = _terms(values["layers"])
        return cls(**values)

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_toml(self) -> str:
        """A TOML document, the form of presets."""
        return tomli_w.dumps(self.to_dict())


def parse(text: str, origin: str = "the recipe") -> Recipe:
    """Read a recipe from JSON or TOML text.

    Raises
    ------
    RecipeError
        Where it is neither, or holds what a recipe does not allow.
    """
    try:
        plain = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except ValueError as error:
        raise RecipeError(f"{origin} is neither JSON nor TOML: {error}") from error
    except RecursionError as error:
        raise RecipeError(f"{origin} is nested too deep to be a recipe") from error
    plain.pop("description", None)
    try:
        return Recipe.from_dict(plain)
    except RecipeError as error:
        raise RecipeError(f"{origin}: {error}") from error


def load(path: str | Path) -> Recipe:
    """Read a recipe file; `RecipeError` where it cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise RecipeError(f"recipe {str(path)!r} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(
            f"recipe {str(path)!r} is not text; give a .json or .toml file"
        ) from error
    return parse(text, f"recipe {str(path)!r}")


def presets() -> dict[str, str]:
    """Names of all presets with the sentence that describes each, the default first."""
    found = {}
    for path in sorted(PRESETS.glob("*.toml"), key=lambda p: (p.stem != DEFAULT_PRESET, p.stem)):
        with path.open("rb") as file:
            found[path.stem] = str(tomllib.load(file).get("description", ""))
    return found


def preset(name: str) -> Recipe:
    """The recipe of a preset; `RecipeError` with the nearest names where there is none."""
    path = PRESETS / f"{name}.toml"
    if name not in (p.stem for p in PRESETS.glob("*.toml")):
        known = presets()
        hint = nearest(name, known) or f"there are: {', '.join(known)}"
        raise RecipeError(f"no preset is called {name!r}; {hint}")
    return load(path)


def types_of() -> dict[str, Any]:
    """The type of each knob, None taken off."""
    hints = get_type_hints(Recipe)
    plain = {}
    for knob in dataclasses.fields(Recipe):
        hint = hints[knob.name]
        if get_origin(hint) is types.UnionType:
            hint = next(t for t in get_args(hint) if t is not type(None))
        plain[knob.name] = hint
    return plain


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    names = {knob.name for knob in dataclasses.fields(Recipe)}
    for name in values:
        if name not in names:
            hint = nearest(name, names) or f"a recipe has: {', '.join(sorted(names))}"
            raise RecipeError(f"unknown setting {name!r}; {hint}")
    return dict(values)


def _terms(given: Any) -> tuple[Term, ...]:
    """The layers of a stored recipe: text, or a list of texts and tables."""
    entries = [given] if isinstance(given, str) else given
    if not isinstance(entries, list) or not all(isinstance(e, str | Mapping) for e in entries):
        raise RecipeError(
            "'layers' must be text such as 'mixed3, mixed4:0.5', or a list of such texts and of "
            "tables with a key 'layer'"
        )
    terms: list[Term] = []
    for entry in entries:
        if isinstance(entry, Mapping):
            terms.append(_term(entry))
        elif _encodable(entry):
            terms.extend(parse_terms(entry))
        else:
            raise RecipeError(f"'layers' {entry!r} holds characters that no text can hold")
    return tuple(terms)


def _term(entry: Mapping[str, Any]) -> Term:
    """A term from a table, its types as they must be."""
    allowed = [knob.name for knob in dataclasses.fields(Term)]
    if not {"layer"} <= set(entry) <= set(allowed):
        raise RecipeError(f"an entry of 'layers' needs 'layer' and may have {', '.join(allowed)}")
    channels = entry.get("channels", [])
    wanted = (
        (isinstance(entry["layer"], str) and _encodable(entry["layer"]), "'layer' must be text"),
        (_is_number(entry.get("weight", 1.0)), "'weight' must be a number"),
        (
            isinstance(channels, list) and all(type(c) is int for c in channels),
            "'channels' must be a list of whole numbers",
        ),
        (isinstance(entry.get("kind", ""), str), "'kind' must be text"),
    )
    for holds, sentence in wanted:
        if not holds:
            raise RecipeError(f"in an entry of 'layers', {sentence}")
    given = {**entry, "weight": float(entry.get("weight", 1.0)), "channels": tuple(channels)}
    return Term(**given)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _HUGE


def _checked(knob: dataclasses.Field[Any], value: Any) -> Any:
    """The value in the knob's own type, within its bounds."""
    wanted, limits = types_of()[knob.name], knob.metadata
    if knob.name == "layers" or (value is None and knob.default is None):
        return value
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        # A number too large for a float is out of any bounds.
        value = float(value) if abs(value) < _HUGE else math.inf
    if not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
        raise RecipeError(f"{knob.name} must be {_named(wanted)}, but is {value!r}")
    low, high, choices = limits.get("low"), limits.get("high"), limits.get("choices")
    if wanted is str and not _encodable(value):
        raise RecipeError(f"{knob.name} {value!r} holds characters that no text can hold")
    if choices and value not in choices:
        raise RecipeError(f"{knob.name} {value!r} is not known; use one of {', '.join(choices)}")
    if wanted is float and not math.isfinite(value):
        raise RecipeError(f"{knob.name} must be a finite number, but is {value}")
    if (low is not None and value < low) or (high is not None and value > high):
        raise RecipeError(f"{knob.name} must lie between {low} and {high}, but is {value}")
    return value


def _encodable(text: str) -> bool:
    """False for half of a surrogate pair, which JSON can smuggle in."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _named(kind: Any) -> str:
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[kind]
