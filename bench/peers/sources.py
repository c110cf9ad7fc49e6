"""Where a peer gets the network from: the network file, or a plan stored before."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bench.peers.plan import Plan
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term

if TYPE_CHECKING:
    import onnx

    from dreamlayer.core.network.network import Network

TILE = 512
"""Longest side of a tile in steps and whole pictures."""

_PLAN, _GRID, _MODEL = "plan.pickle", "grid.pickle", "objective.onnx"


class Source(Protocol):
    """What a peer of another framework starts from.

    Attributes
    ----------
    grid : Grid
        How images are divided into tiles.
    """

    grid: Grid

    def plan(self) -> Plan:
        """The network and the objective, step by step."""

    def model(self) -> onnx.ModelProto:
        """The forward network with the objective as its only output; see `bench.peers.planning`."""


class NetworkSource:
    """The shipped network that has the objective's layers, read by `core`."""

    def __init__(self, terms: Sequence[Term]) -> None:
        from dreamlayer.core.network.network import Network
        from dreamlayer.core.network.shipped import network_for
        from dreamlayer.core.recipe.networks import DEFAULT_NETWORK

        self.terms = tuple(terms)
        layers = [term.layer for term in terms]
        self.network: Network = Network(network_for(DEFAULT_NETWORK, layers))
        # No overlap: every pixel goes through the network once a step.
        self.grid = Grid(TILE, 0, self.network.geometry(layers))

    def plan(self) -> Plan:
        """Make it from the network file."""
        from bench.peers.planning import plan_of

        return plan_of(self.network.model, self.terms)

    def model(self) -> onnx.ModelProto:
        """Make it from the network file."""
        from bench.peers.planning import objective_model

        return objective_model(self.network.model, self.terms)


class StoredSource:
    """What `store` wrote: a framework's user has the weights as plain numbers too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Unpickling is safe: the files are our own, of this very run.
        self.grid: Grid = pickle.loads((folder / _GRID).read_bytes())

    def plan(self) -> Plan:
        """Read what was stored."""
        plan: Plan = pickle.loads((self._folder / _PLAN).read_bytes())
        return plan

    def model(self) -> onnx.ModelProto:
        """Read what was stored."""
        import onnx

        return onnx.load(self._folder / _MODEL)


def store(terms: Sequence[Term], folder: Path) -> None:
    """Write what new processes start from, so that they need not read our network file."""
    import onnx

    source = NetworkSource(terms)
    (folder / _GRID).write_bytes(pickle.dumps(source.grid))
    (folder / _PLAN).write_bytes(pickle.dumps(source.plan()))
    onnx.save(source.model(), folder / _MODEL)


DEFAULT_TERMS = (Term("mixed3"), Term("mixed4"), Term("mixed5"))
"""The objective that is measured where none is asked for."""


def default_recipe(terms: Sequence[Term], steps: int, octaves: int = 6) -> Recipe:
    """What peers do on each octave: the plain step, as version 0.1 took it by default."""
    return Recipe(
        layers=tuple(terms),
        tile=TILE,
        overlap=0,
        steps=steps,
        octaves=octaves,
        step_size=0.007,
        normalize="mean",
        pyramid=0,
        smoothing=0.8,
        colors="free",
        anchor=0.0,
        headroom=0.0,
    )
