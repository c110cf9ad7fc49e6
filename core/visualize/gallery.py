"""Thumbnails of what layers and channels dream of, starting from noise."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.colors import starting_noise
from dreamlayer.core.ascent.loop import Callbacks, Step, ascend
from dreamlayer.core.ascent.numpy_backend import Expect, GradientOf, NumpyBackend
from dreamlayer.core.ascent.progress import OnProgress, Progress, Timer, check_cancelled
from dreamlayer.core.ascent.tiles import grid_for
from dreamlayer.core.dreaming.objective import Objective
from dreamlayer.core.graph.sizes import probe, shapes_at
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.inputs import Reference
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.kinds import GUIDE
from dreamlayer.core.recipe.recipe import NATURAL, Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import AUTO, Execution
from dreamlayer.core.visualize.layers import before_relu
from dreamlayer.core.visualize.sheets import Cell, Layout, Pixels, columns_for, draw_sheet

Array = npt.NDArray[np.float32]

RECIPE = Recipe(
    octaves=4,
    octave_scale=1.4,
    scheme="resize",
    steps=12,
    step_size=0.012,
    colors=NATURAL,
    anchor=0.0,
    # Coarse and fine scales count alike.
    normalize="none",
    pyramid=3,
    smoothing=0.5,
    start="noise",
    # Strong noise wakes channels that gray leaves without a gradient.
    noise_low=0.2,
    noise_high=0.8,
    canvas=160,
)
"""Parameters for a channel: few steps, and clear at the size of a thumbnail."""

LAYER_RECIPE = RECIPE.replace(noise_low=0.45, noise_high=0.55, canvas=240)
"""For whole layers, which are never silent; the deepest dream of whole animals, which need room."""

_DEEP = 16
"""The stride from which layers get the full step size. Those nearer to the image climb so steadily
that they would end in black and white."""


@dataclass(frozen=True)
class Dreamt:
    """One finished picture.

    Attributes
    ----------
    term : Term
        The term of the recipe, as it was asked for.
    pixels : array
        uint8 [side, side, 3].
    loss : float
        The objective at the last step.
    silent : bool
        Whether the picture is the noise itself, in which there was no gradient.
    recipe : Recipe
        Reproduces the picture.
    """

    term: Term
    pixels: Pixels
    loss: float
    silent: bool
    recipe: Recipe


class _ChannelObjectives:
    """Objectives for single channels of a tensor, with one session for all of them.

    The mean of a channel is the inner product with a unit vector, so that the channel becomes an
    input. Opening a session takes half as long as dreaming a thumbnail.
    """

    def __init__(self, network: Network, layer: str, channels: int, execution: Execution):
        self.layer, self._count = layer, channels
        terms = [Term(layer, kind="direction")]
        self._session = GradientSession(network, terms, execution)
        self.expect = self._session.expect
        self._input = Reference(GUIDE, layer).input

    def choose(self, channel: int) -> GradientOf:
        """The objective `layer:1:channel:mean`."""
        # A picture must not depend on earlier ones.
        self._session.reset()
        unit = np.zeros((1, self._count, 1, 1), np.float32)
        unit[0, channel] = 1
        given = {self._input: unit}
        return lambda tile: self._session(tile, given)


class Gallery:
    """Dreams thumbnails, one after another.

    Parameters
    ----------
    network : Network
        Has the layers.
    recipe : Recipe
        Parameters; `layers` is ignored, `canvas` is the side of a picture.
    provider, threads
        As for `core.runtime.providers.Execution`.
    """

    def __init__(
        self, network: Network, recipe: Recipe = RECIPE, provider: str = AUTO, threads: int = 0
    ) -> None:
        self._network, self._recipe = network, recipe
        self._execution = Execution(provider, threads)
        self._shapes = shapes_at(network.model, probe(network.model))
        self._shared: _ChannelObjectives | None = None

    def recipe_of(self, term: Term) -> Recipe:
        """The recipe that reproduces a term's picture, also with `core.dreaming.dreamer`.

        It uses a channel before its ReLU, after which many have no gradient for noise, and smaller
        steps for layers of a small stride.
        """
        term = self._network.resolved([term])[0]
        if len(term.channels) == 1 and len(self._shapes.get(term.layer, ())) == 4:
            tensor, channel = before_relu(
                self._network.model, self._shapes, term.layer, term.channels[0]
            )
            term = dataclasses.replace(term, layer=tensor, channels=(channel,))
        stride = self._network.geometry([term.layer]).stride
        step_size = self._recipe.step_size * min(1.0, math.sqrt(stride / _DEEP))
        return self._recipe.replace(layers=(term,), step_size=step_size)

    def dream(
        self,
        terms: Sequence[Term],
        on_progress: OnProgress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[Dreamt]:
        """Dream of each term in turn.

        Parameters
        ----------
        terms : sequence of Term
            Consecutive ones of the same layer share a session.
        on_progress : callable, optional
            Called with a `Progress` whose fraction and time left are those of all pictures.
        cancelled : callable, optional
            As for `core.ascent.loop.ascend`.
        """
        timer = Timer(1.0)
        timer.seconds_left(0.0)
        for number, term in enumerate(terms):

            def report(progress: Progress, number: int = number) -> None:
                done = (number + progress.fraction) / len(terms)
                left = timer.seconds_left(done)
                if on_progress is not None:
                    on_progress(dataclasses.replace(progress, fraction=done, seconds_left=left))

            # Opening a session takes long enough to ask here too.
            check_cancelled(cancelled, "gallery")
            yield self._one(term, report, cancelled)

    def _one(
        self, term: Term, on_progress: OnProgress, cancelled: Callable[[], bool] | None
    ) -> Dreamt:
        recipe = self.recipe_of(term)
        used = recipe.layers[0]
        rng = np.random.default_rng(recipe.seed)
        side = max(recipe.canvas, recipe.tile)
        losses, moved = [0.0], [False]

        def on_step(step: Step) -> None:
            losses.append(step.loss)
            moved.append(bool(step.change.any()))

        objective, expect = self._objective(used)
        planes = ascend(
            NumpyBackend(recipe, objective, expect),
            starting_noise((recipe.canvas, recipe.canvas), recipe, rng),
            grid=grid_for(recipe, side, self._network.geometry([used.layer])),
            rng=rng,
            callbacks=Callbacks(on_progress, on_step=on_step, cancelled=cancelled),
        )
        pixels = np.rint(np.clip(planes.transpose(1, 2, 0), 0, 1) * 255).astype(np.uint8)
        return Dreamt(term, pixels, losses[-1], not any(moved), recipe)

    def _objective(self, term: Term) -> tuple[GradientOf, Expect]:
        dims = self._shapes.get(term.layer, ())
        single = term.kind == "mean" and len(term.channels) == 1
        if not single or len(dims) != 4 or not dims[1]:
            own = Objective(self._network, (term,), "", self._execution)
            return own, own.expect
        if self._shared is None or self._shared.layer != term.layer:
            # Freed before the next is made, which can then use its memory.
            self._shared = None
            self._shared = _ChannelObjectives(self._network, term.layer, dims[1], self._execution)
        return self._shared.choose(term.channels[0]), self._shared.expect


def gallery_layout(terms: Sequence[Term], cell: int, columns: int = 0) -> Layout:
    """Layout of one picture per term; `columns` 0 for a sheet somewhat wider than high."""
    box = cell, cell
    several = len({term.layer for term in terms}) > 1
    across = min(columns, len(terms)) or columns_for(len(terms), box, several)
    return Layout(len(terms), across, box, notes=several, lines=3)


def gallery_sheet(
    pictures: Sequence[Dreamt],
    layout: Layout,
    title: str,
    lines: Sequence[str],
    notes: Sequence[str],
) -> Pixels:
    """Draw the pictures with their labels.

    Parameters
    ----------
    pictures : sequence of Dreamt
        In the order of the layout.
    layout : Layout
        From `gallery_layout`.
    title, lines
        Texts at the top.
    notes : sequence of str
        Small print for each picture, if the layout has room for it.

    Returns
    -------
    array
        uint8 [height, width, 3].
    """
    cells = [
        Cell(one.pixels, label(one), note if layout.notes else "")
        for one, note in zip(pictures, notes, strict=True)
    ]
    return draw_sheet(cells, layout, title, lines)


def label(one: Dreamt) -> str:
    """Label below a picture: its channel, or its layer."""
    name = str(one.term.channels[0]) if one.term.channels else one.term.layer
    return f"{name} (silent)" if one.silent else name
