"""What is measured: a network with an objective, and the recipes of whole pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.peers.families import FAMILIES, LATE, MIDDLE
from dreamlayer.core.network.shipped import network_for
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term


@dataclass(frozen=True)
class Subject:
    """A network and an objective on it.

    Attributes
    ----------
    name : str
        What it is called on the command line.
    network : str
        The network's name, or the path of its file.
    terms : tuple of Term
        The objective.
    sides : tuple of int
        Sides of the square tiles whose gradient is timed, in pixels.
    folder : Path or None
        For one of torchvision's families, where its weights are: see `bench.peers.families`. None
        for a network that ships.
    """

    name: str
    network: str
    terms: tuple[Term, ...]
    sides: tuple[int, ...]
    folder: Path | None = None

    @property
    def title(self) -> str:
        """The network, for headings."""
        return self.name if self.folder else self.network


DEFAULT = Subject(
    "default", network_for(DEFAULT_NETWORK, ["block_13_expand_relu"]), Recipe().layers, (304, 512)
)
"""The default network with the layers of the default recipe; whole pictures are of it."""

INCEPTION = Subject(
    "inception",
    network_for(DEFAULT_NETWORK, ["mixed3"]),
    (Term("mixed3"), Term("mixed5")),
    DEFAULT.sides,
)
"""What version 0.1 was measured by."""

SHIPPED = (DEFAULT, INCEPTION)
NAMES = (*(one.name for one in SHIPPED), *(one.name for one in FAMILIES))

_FAMILY_SIDES = (256, 384)


def with_layers(terms: Sequence[Term]) -> Subject:
    """An objective of one's own on the shipped network that has most of its layers."""
    network = network_for(DEFAULT_NETWORK, [term.layer for term in terms])
    return Subject("own", network, tuple(terms), DEFAULT.sides)


def families(folder: Path, names: Iterable[str]) -> list[Subject]:
    """The families of those names, whose files `bench.peers.families.write` puts into a folder."""
    terms = Term(MIDDLE), Term(LATE)
    return [
        Subject(name, str(folder / f"{name}.onnx"), terms, _FAMILY_SIDES, folder) for name in names
    ]


def at(subject: Subject, sides: Sequence[int]) -> Subject:
    """The same on tiles of other sides; of its own where none are given."""
    return replace(subject, sides=tuple(sides) or subject.sides)


def picture_recipe(subject: Subject, steps: int) -> Recipe:
    """The default recipe, which all do on whole pictures, with a subject's layers."""
    return Recipe(network=subject.network, layers=subject.terms, steps=steps)


def recipe_of_0_1(steps: int) -> Recipe:
    """The default of version 0.1, on InceptionV3."""
    return Recipe(
        layers=(Term("mixed3"), Term("mixed4"), Term("mixed5")),
        tile=512,
        overlap=0,
        steps=steps,
        octaves=6,
        step_size=0.007,
        normalize="mean",
        pyramid=0,
        smoothing=0.8,
        colors="free",
        anchor=0.0,
        headroom=0.0,
    )
