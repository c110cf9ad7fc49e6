"""One layer of an objective, and how layers are written as text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from core.errors import RecipeError

Kind = Literal["squares", "mean"]
_SHOWN = 80

KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class Term:
    """One layer of an objective.

    Parameters
    ----------
    layer : str
        The tensor to tap, [batch, channels, ...].
    weight : float
        What its score is multiplied with; a negative one makes the dream flee the layer.
    channels : tuple of int
        Channels to use, counted from 0; empty for all.
    kind : {"squares", "mean"}
        The score: the mean of the squared activations, or their mean, over batch, chosen
        channels and positions.
    """

    layer: str
    weight: float = 1.0
    channels: tuple[int, ...] = ()
    kind: str = "squares"

    def __post_init__(self) -> None:
        if not math.isfinite(self.weight):
            raise RecipeError(f"the weight of layer {self.layer!r} must be a finite number")
        if self.kind not in KINDS:
            raise RecipeError(
                f"objective kind {self.kind!r} is not known; use one of {', '.join(KINDS)}"
            )


_TERM = re.compile(
    r"(?P<layer>.+?)"
    r"(?::(?P<weight>[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)?"
    r"(?::(?P<channels>\d{1,6}(?:-\d{1,6})?(?:\+\d{1,6}(?:-\d{1,6})?)*)?"
    r"(?::(?P<kind>[a-z]+))?)?)?",
    re.IGNORECASE,
)


def parse_term(text: str) -> Term:
    """Read ``NAME[:WEIGHT[:CHANNELS[:KIND]]]``, such as ``mixed4:-0.5:13+20-25:mean``.

    Raises
    ------
    RecipeError
        Where the text has another form.
    """
    found = _TERM.fullmatch(text.strip())
    if found is None or ":" in found["layer"]:
        came = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
        raise RecipeError(
            f"layer {came!r} cannot be read; write NAME[:WEIGHT[:CHANNELS[:KIND]]], "
            f"such as mixed3, mixed3:0.5 or mixed4:1:13+20-25:mean"
        )
    channels: list[int] = []
    for part in filter(None, (found["channels"] or "").split("+")):
        first, _, last = part.partition("-")
        if last and int(last) < int(first):
            raise RecipeError(f"channels {part} run backwards; write {last}-{first}")
        channels.extend(range(int(first), int(last or first) + 1))
    weight = float(found["weight"] or 1)
    return Term(found["layer"], weight, tuple(channels), (found["kind"] or "squares").lower())


def parse_terms(text: str) -> tuple[Term, ...]:
    """Read terms separated by commas, such as ``mixed3, mixed4:0.5``.

    Raises
    ------
    RecipeError
        Where one has another form than `parse_term` reads, an empty one included.
    """
    return tuple(parse_term(part) for part in text.split(","))


def format_terms(terms: Iterable[Term]) -> str:
    """Write terms in the form that `parse_terms` reads."""
    return ", ".join(format_term(term) for term in terms)


def format_term(term: Term) -> str:
    """Write a term in the form that `parse_term` reads, as short as it can be."""
    channels = "+".join(str(c) for c in term.channels)
    kind = "" if term.kind == "squares" else term.kind
    short = f"{term.weight:g}"
    weight = short if float(short) == term.weight else repr(term.weight)
    parts = [term.layer, weight, channels, kind]
    while not parts[-1] or (len(parts) == 2 and parts[-1] == "1"):
        parts.pop()
    return ":".join(parts)
