"""One layer of an objective, and how layers are written as text."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dreamlayer.core.errors import LayerError, RecipeError, nearest, shown
from dreamlayer.core.recipe.fields import encodable, is_number
from dreamlayer.core.recipe.kinds import GRAM, GUIDE, KINDS, ORIGINALS

_FAR = 65535
_MAX_CHANNELS = 8192
"""Channels of a term; the widest layers of published networks have half of that."""

_MAX_CHANNEL_SUM = 8 * _MAX_CHANNELS
"""Channels of all terms of a recipe."""

_MAX_LENGTH = 7 * _MAX_CHANNELS
"""Characters of a term in text."""

MAX_TERMS = 1000
"""Layers of an objective; the deepest networks have as many."""


@dataclass(frozen=True)
class Term:
    """One layer of an objective.

    Parameters
    ----------
    layer : str
        The tensor to tap, [batch, channels, ...]; `image` is the picture itself, 0..1.
    weight : float
        What its score is multiplied with; a negative one pushes the dream away from it.
    channels : tuple of int
        Channels to use, counted from 0; empty for all.
    kind : str
        The score, one of `KINDS`; means go over batch, chosen channels and positions. Each is
        something to climb: those that measure a difference are negative.
    border : int
        For `squares` and `mean`: positions along the layer's edges that count as zero.
    position : tuple of int
        For `neuron`: row and column of the position, at most the last one; empty for the middle.
    factor : float
        For `caricature`: what the original's activations are multiplied with.
    exponent : float
        For `variation`: the exponent of the squared differences.
    """

    layer: str
    weight: float = 1.0
    channels: tuple[int, ...] = ()
    kind: str = "squares"
    border: int = 0
    position: tuple[int, ...] = ()
    factor: float = 2.0
    exponent: float = 1.25

    def __post_init__(self) -> None:
        for name in ("weight", "factor", "exponent"):
            if not math.isfinite(getattr(self, name)):
                raise RecipeError(
                    f"the {name} of layer {shown(self.layer)} must be a finite number"
                )
        if self.kind not in KINDS:
            raise RecipeError(
                f"objective kind {shown(self.kind)} is not known; use one of {', '.join(KINDS)}"
            )
        for name in set(_EXTRA) - set(KINDS[self.kind].options):
            if getattr(self, name) != _DEFAULTS[name]:
                readers = [kind for kind, row in KINDS.items() if name in row.options]
                raise RecipeError(
                    f"layer {shown(self.layer)} has the kind {shown(self.kind)} and the option "
                    f"{name}, which only {' and '.join(readers)} read; leave it out"
                )
        _check_channel_count(self.layer, len(self.channels))
        if not 0 <= self.border <= _FAR:
            raise RecipeError(
                f"the border of layer {shown(self.layer)} must lie between 0 and {_FAR}, "
                f"but is {self.border}"
            )
        if len(self.position) not in (0, 2) or not all(0 <= p <= _FAR for p in self.position):
            raise RecipeError(
                f"the position of layer {shown(self.layer)} must be a row and a column from 0 to "
                f"{_FAR}"
            )
        if not 1 <= self.exponent <= 4:
            raise RecipeError(
                f"the exponent of layer {shown(self.layer)} must lie between 1 and 4, "
                f"but is {self.exponent}"
            )

    @property
    def compares_with_guide(self) -> bool:
        """Whether it is compared with a guide picture."""
        return KINDS[self.kind].reference in (GUIDE, GRAM)

    @property
    def compares_with_original(self) -> bool:
        """Whether it is compared with the picture as it was."""
        return KINDS[self.kind].reference == ORIGINALS

    def to_dict(self) -> dict[str, Any]:
        """Plain values; those beyond layer, weight, channels and kind only where set."""
        plain = {"layer": self.layer, "weight": self.weight, "channels": list(self.channels)}
        extra = {name: getattr(self, name) for name in _EXTRA}
        changed = {n: v for n, v in extra.items() if v != _DEFAULTS[n]}
        listed = {n: list(v) if isinstance(v, tuple) else v for n, v in changed.items()}
        return {**plain, "kind": self.kind, **listed}

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Term:
        """Read what `to_dict` gives; absent keys mean the defaults.

        Raises
        ------
        RecipeError
            Where a key is unknown or a value has the wrong type.
        """
        if not {"layer"} <= set(entry) <= set(_DEFAULTS):
            raise RecipeError(
                f"an entry of 'layers' needs 'layer' and may have {', '.join(_DEFAULTS)}"
            )
        for name, value in entry.items():
            holds, what = _TYPES[type(_DEFAULTS[name])]
            if not holds(value):
                raise RecipeError(f"in an entry of 'layers', {shown(name)} must be {what}")
        return cls(**{name: _plain(name, value) for name, value in entry.items()})


def _check_channel_count(layer: str, count: int) -> None:
    if count > _MAX_CHANNELS:
        raise RecipeError(
            f"layer {shown(layer)} lists {count} channels or more, but at most {_MAX_CHANNELS} are "
            f"allowed; leave them out to use all"
        )


def within_limits(terms: Iterable[Term]) -> list[Term]:
    """Terms as a list; `RecipeError` for more layers or channels than any network has."""
    found: list[Term] = []
    channels = 0
    for term in terms:
        found.append(term)
        channels += len(term.channels)
        check_term_count(len(found))
        if channels > _MAX_CHANNEL_SUM:
            raise RecipeError(
                f"the recipe lists more than {_MAX_CHANNEL_SUM} channels, which is the limit; "
                f"leave them out where all are meant"
            )
    return found


def check_term_count(count: int) -> None:
    """Raise `RecipeError` for more layers than any network has."""
    if count > MAX_TERMS:
        raise RecipeError(
            f"the recipe has {count} layers to dream of, but at most {MAX_TERMS} are allowed"
        )


_DEFAULTS: dict[str, Any] = {
    one.name: "" if one.name == "layer" else one.default for one in dataclasses.fields(Term)
}
_EXTRA = tuple(dict.fromkeys(option for kind in KINDS.values() for option in kind.options))
_TYPES: dict[type, tuple[Any, str]] = {
    str: (lambda v: isinstance(v, str) and encodable(v), "text"),
    float: (is_number, "a number"),
    int: (lambda v: type(v) is int, "a whole number"),
    tuple: (
        lambda v: isinstance(v, list | tuple) and all(type(n) is int for n in v),
        "a list of whole numbers",
    ),
}


def _plain(name: str, value: Any) -> Any:
    wanted = type(_DEFAULTS[name])
    return wanted(value) if wanted in (float, tuple) else value


_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?"
_TERM = re.compile(
    r"(?P<layer>.+?)"
    rf"(?::(?P<weight>{_NUMBER})?"
    r"(?::(?P<channels>\d{1,6}(?:-\d{1,6})?(?:\+\d{1,6}(?:-\d{1,6})?)*)?"
    r"(?::(?P<kind>[a-z]+)?"
    r"(?P<extra>(?::[a-z]+=[^:]*)*))?)?)?",
    re.IGNORECASE,
)
_FORM = "NAME[:WEIGHT[:CHANNELS[:KIND]]]"


def parse_term(text: str) -> Term:
    """Read ``NAME[:WEIGHT[:CHANNELS[:KIND[:OPTION=VALUE...]]]]``.

    Such as ``mixed4:-0.5:13+20-25:mean`` or ``mixed2:0.2:::border=2``.

    Raises
    ------
    RecipeError
        Where the text has another form.
    """
    # Beyond any list of channels that is allowed; matching takes longer than the text is long.
    found = _TERM.fullmatch(text.strip()) if len(text) <= _MAX_LENGTH else None
    if found is None or ":" in found["layer"]:
        raise RecipeError(
            f"layer {shown(text)} cannot be read; write {_FORM}, "
            f"such as mixed3, mixed3:0.5 or mixed4:1:13+20-25:mean"
        )
    channels: list[int] = []
    for part in filter(None, (found["channels"] or "").split("+")):
        first, _, last = part.partition("-")
        if last and int(last) < int(first):
            raise RecipeError(f"channels {part} run backwards; write {last}-{first}")
        channels.extend(range(int(first), int(last or first) + 1))
        _check_channel_count(found["layer"], len(channels))
    extra = dict(_option(part) for part in (found["extra"] or "").split(":")[1:])
    kind = (found["kind"] or "squares").lower()
    return Term(found["layer"], float(found["weight"] or 1), tuple(channels), kind, **extra)


def _option(part: str) -> tuple[str, Any]:
    """One ``OPTION=VALUE``; a position is written ``ROWxCOLUMN``."""
    name, _, value = part.lower().partition("=")
    if name not in _EXTRA:
        hint = nearest(name, _EXTRA) or f"there are: {', '.join(_EXTRA)}"
        raise RecipeError(f"a layer has no option {shown(name)}; {hint}")
    try:
        if name == "position":
            row, column = value.split("x")
            return name, (int(row), int(column))
        return name, type(_DEFAULTS[name])(value)
    except ValueError:
        form = "ROWxCOLUMN" if name == "position" else "a number"
        raise RecipeError(f"the option {name} must be {form}, but is {shown(value)}") from None


def parse_terms(text: str) -> tuple[Term, ...]:
    """Read terms separated by commas, such as ``mixed3, mixed4:0.5``.

    Raises
    ------
    RecipeError
        Where one has another form than `parse_term` reads, an empty one included.
    """
    check_term_count(text.count(",") + 1)
    return tuple(within_limits(map(parse_term, text.split(","))))


def format_terms(terms: Iterable[Term]) -> str:
    """Write terms in the form that `parse_terms` reads."""
    return ", ".join(format_term(term) for term in terms)


def format_term(term: Term) -> str:
    """Write a term in the form that `parse_term` reads, as short as it can be."""
    channels = "+".join(str(c) for c in term.channels)
    extra = [
        f"{name}={_written(getattr(term, name))}"
        for name in _EXTRA
        if getattr(term, name) != _DEFAULTS[name]
    ]
    kind = "" if term.kind == "squares" else term.kind
    short = f"{term.weight:g}"
    weight = short if float(short) == term.weight else repr(term.weight)
    parts = [term.layer, weight, channels, kind]
    while not extra and (not parts[-1] or (len(parts) == 2 and parts[-1] == "1")):
        parts.pop()
    return ":".join([*parts, *extra])


def _written(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else f"{value!r}"


_CHANNELS = re.compile(r"\d{1,6}(-\d{1,6})?([+,]\d{1,6}(-\d{1,6})?)*")


def parse_channels(text: str) -> tuple[int, ...]:
    """Read numbers and ranges joined by ``+`` or commas, such as ``0-31+40``; each taken once.

    Raises
    ------
    RecipeError
        Where the text has another form.
    """
    plain = text.replace(" ", "")
    if not _CHANNELS.fullmatch(plain):
        raise RecipeError(
            f"channels {shown(text)} cannot be read; "
            f"write numbers and ranges joined by +, such as 0-31+40"
        )
    found = parse_term(f"layer:1:{plain.replace(',', '+')}").channels
    return tuple(dict.fromkeys(found))


def check_channels(channels: tuple[int, ...], layer: str, count: int) -> None:
    """Raise `LayerError` where a layer of `count` channels has not all of these."""
    wrong = [channel for channel in channels if channel >= count]
    if wrong:
        raise LayerError(
            f"layer {shown(layer)} has no channel {wrong[0]}; channels 0 to {count - 1} are allowed"
        )
