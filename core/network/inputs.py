"""The inputs of a gradient model beside the image, that terms compare activations with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dreamlayer.core.recipe.kinds import KINDS
from dreamlayer.core.recipe.term import Term


@dataclass(frozen=True)
class Reference:
    """An input of the gradient model that a term's activations are compared with.

    Attributes
    ----------
    source : str
        `GUIDE`, `GRAM` or `ORIGINALS`.
    layer : str
        Its layer.
    """

    source: str
    layer: str

    @property
    def input(self) -> str:
        """The input's name: float32 [1, channels, h, w]; for Gram matrices [channels, channels]."""
        return f"{self.source}/{self.layer}"


def reference_of(term: Term) -> Reference | None:
    """What a term's activations are compared with; None if with nothing."""
    source = KINDS[term.kind].reference
    return Reference(source, term.layer) if source else None


def references(terms: Sequence[Term]) -> list[Reference]:
    """The distinct inputs of the gradient model other than the image."""
    found = [reference for term in terms if (reference := reference_of(term)) is not None]
    return list(dict.fromkeys(found))
