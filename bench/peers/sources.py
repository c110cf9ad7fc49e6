"""Where a peer gets the network from: the network file, or a plan stored before."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bench.peers.plan import Plan
from bench.peers.subjects import Subject, picture_recipe
from dreamlayer.core.ascent.tiles import Grid, grid_for

if TYPE_CHECKING:
    import onnx

    from dreamlayer.core.network.network import Network

_SUBJECT, _PLAN, _FOLDED, _GRID = "subject.pickle", "plan.pickle", "folded.pickle", "grid.pickle"
_MODEL, _GRADIENT = "objective.onnx", "gradient.onnx"


class Source(Protocol):
    """What a peer of another framework starts from.

    Attributes
    ----------
    subject : Subject
        The network and the objective.
    grid : Grid
        How images are divided into tiles.
    """

    subject: Subject
    grid: Grid

    def plan(self, *, folded: bool = False) -> Plan:
        """The network and the objective, step by step; batch normalizations folded or not."""

    def model(self) -> onnx.ModelProto:
        """The forward network with the objective as its only output; see `bench.peers.planning`."""

    def gradient_model(self) -> bytes:
        """The file that `dreamlayer-export gradient` writes."""


class NetworkSource:
    """A subject's network file, read by `core`."""

    def __init__(self, subject: Subject) -> None:
        from dreamlayer.core.dreaming.memory import default_tile
        from dreamlayer.core.network.network import Network

        self.subject = subject
        self.network: Network = Network(subject.network)
        recipe = picture_recipe(subject, 1)
        geometry = self.network.geometry([term.layer for term in subject.terms])
        self.grid = grid_for(recipe, default_tile(recipe, self.network), geometry)

    def plan(self, *, folded: bool = False) -> Plan:
        """Make it from the network file."""
        from bench.peers.planning import plan_of

        return plan_of(self.network.model, self.subject.terms, folded=folded)

    def model(self) -> onnx.ModelProto:
        """Make it from the network file."""
        from bench.peers.planning import objective_model

        return objective_model(self.network.model, self.subject.terms)

    def gradient_model(self) -> bytes:
        """Make it from the network file."""
        from dreamlayer.core.network.gradient_model import gradient_model

        made = gradient_model(self.network.model, self.subject.terms)
        content: bytes = made.SerializeToString(deterministic=True)
        return content


class StoredSource:
    """What `store` wrote: a framework's user has the weights as plain numbers too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Unpickling is safe: the files are our own, of this very run.
        self.subject: Subject = pickle.loads((folder / _SUBJECT).read_bytes())
        self.grid: Grid = pickle.loads((folder / _GRID).read_bytes())

    def plan(self, *, folded: bool = False) -> Plan:
        """Read what was stored."""
        file = self._folder / (_FOLDED if folded else _PLAN)
        plan: Plan = pickle.loads(file.read_bytes())
        return plan

    def model(self) -> onnx.ModelProto:
        """Read what was stored."""
        import onnx

        return onnx.load(self._folder / _MODEL)

    def gradient_model(self) -> bytes:
        """Read what was stored."""
        return (self._folder / _GRADIENT).read_bytes()


def store(subject: Subject, folder: Path) -> None:
    """Write what new processes start from, so that they need not read our network file."""
    import onnx

    source = NetworkSource(subject)
    (folder / _SUBJECT).write_bytes(pickle.dumps(subject))
    (folder / _GRID).write_bytes(pickle.dumps(source.grid))
    (folder / _PLAN).write_bytes(pickle.dumps(source.plan()))
    (folder / _FOLDED).write_bytes(pickle.dumps(source.plan(folded=True)))
    (folder / _GRADIENT).write_bytes(source.gradient_model())
    onnx.save(source.model(), folder / _MODEL)
