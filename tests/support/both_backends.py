"""Dream twice, in numpy and with the image on a device (the CPU's own), to compare both."""

from __future__ import annotations

from functools import cache

import numpy as np

from dreamlayer.core.ascent.loop import Callbacks, Step, ascend
from dreamlayer.core.ascent.progress import Progress
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.device.objective import DeviceObjective
from dreamlayer.core.dreaming.objective import Objective
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution

Array = np.ndarray
TOLERANCE = 1e-4


class Run:
    """What one dream gave: its image, its steps without their arrays, and its progress."""

    def __init__(
        self,
        objective: Objective | DeviceObjective,
        recipe: Recipe,
        base: Array,
        grid: Grid,
        weights: Array | None = None,
    ) -> None:
        self.steps: list[tuple[int, int, float, float]] = []
        self.changes: list[Array] = []
        self.clipped: list[float] = []
        self.progress: list[Progress] = []
        backend = objective.backend(recipe)
        held = backend.upload(base)
        dreamt = ascend(
            backend,
            held,
            grid=grid,
            rng=np.random.default_rng(recipe.seed),
            weights=weights,
            callbacks=Callbacks(self.progress.append, on_step=self._keep),
        )
        self.image = backend.download(dreamt)
        np.testing.assert_array_equal(backend.download(held), base)

    def _keep(self, step: Step) -> None:
        self.steps.append((step.octave, step.step, step.loss, step.divisor))
        self.changes.append(step.change.copy())
        self.clipped.append(step.clipped)


@cache
def loaded(
    network: str, terms: tuple[Term, ...], guide: str = ""
) -> tuple[Objective, DeviceObjective]:
    """One objective in both forms, on one thread."""
    found = Network(network)
    return (
        Objective(found, terms, guide, Execution("cpu", 1)),
        DeviceObjective(found, terms, guide, Execution("cpu", 1)),
    )


def both(recipe: Recipe, base: Array, grid: Grid, weights: Array | None = None) -> tuple[Run, Run]:
    """The same dream in numpy, and resident."""
    pair = loaded(network_of(recipe), recipe.layers, recipe.guide)
    numpy, resident = (Run(one, recipe, base, grid, weights) for one in pair)
    return numpy, resident


def assert_equal(
    recipe: Recipe,
    base: Array,
    grid: Grid,
    moved: float = 0.01,
    weights: Array | None = None,
) -> None:
    """Check that both dreams are the same, and that either moved the image."""
    numpy, resident = both(recipe, base, grid, weights)
    assert numpy.image.shape == resident.image.shape == base.shape
    difference = np.abs(numpy.image - resident.image).max()
    assert difference <= TOLERANCE, f"the images differ by up to {difference:.2e}"
    assert np.abs(numpy.image - base).max() >= moved, "the comparison would not notice anything"
    assert [step[:2] for step in numpy.steps] == [step[:2] for step in resident.steps]
    for ours, theirs in zip(numpy.steps, resident.steps, strict=True):
        np.testing.assert_allclose(theirs[2:], ours[2:], rtol=1e-4, atol=1e-6)
    for ours, theirs in zip(numpy.changes, resident.changes, strict=True):
        assert np.abs(ours - theirs).max() <= TOLERANCE
    np.testing.assert_allclose(resident.clipped, numpy.clipped, atol=0.01)
    assert [p.fraction for p in numpy.progress] == [p.fraction for p in resident.progress]
    assert [str(p) for p in numpy.progress] == [str(p) for p in resident.progress]
