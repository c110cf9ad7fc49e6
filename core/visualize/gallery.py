"""What layers and channels dream of, from noise: pictures to choose from."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.loop import Callbacks, ascend_numpy
from dreamlayer.core.ascent.numpy_backend import Expect, GradientOf
from dreamlayer.core.ascent.progress import OnProgress, Progress
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.dreaming.objective import Objective
from dreamlayer.core.errors import CancelledError
from dreamlayer.core.graph.sizes import shapes_at
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.objective import GUIDE, Reference
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import AUTO, Execution
from dreamlayer.core.visualize.sheets import Cell, Layout, Pixels, columns_for, draw_sheet
from dreamlayer.core.visualize.sources import before_relu

Array = npt.NDArray[np.float32]

RECIPE = Recipe(
    octaves=4,
    octave_scale=1.4,
    scheme="resize",
    steps=12,
    step_size=0.018,
    # Evens out coarse and fine alike, which brings colours that the plain gradient has not.
    normalize="none",
    pyramid=4,
    smoothing=0.5,
    start="noise",
    noise_low=0.45,
    noise_high=0.55,
    canvas=160,
)
"""How a channel is dreamt: few steps, and telling at the size of a thumbnail."""

LAYER_STEP_SIZE = 0.01
"""Many channels at once soon drive colours to their ends; gentler steps keep the shapes."""

_PROBE = 1024


@dataclass(frozen=True)
class Dreamt:
    """One finished picture.

    Attributes
    ----------
    term : Term
        What was dreamt of.
    pixels : array
        uint8 [side, side, 3].
    loss : float
        The objective at the last step; 0 where nothing answered to the noise.
    recipe : Recipe
        What makes the picture again.
    """

    term: Term
    pixels: Pixels
    loss: float
    recipe: Recipe


def starting_recipe(*, whole: bool) -> Recipe:
    """The recipe of a gallery of whole layers, or of channels."""
    return RECIPE.replace(step_size=LAYER_STEP_SIZE) if whole else RECIPE


class _OneOfMany:
    """ObjectiveCache of single channels of a tensor, with one session for all of them.

    The mean of a channel is the inner product with a unit vector, so that the channel becomes an
    input. Making a session takes as long as half the dream of a thumbnail.
    """

    def __init__(self, network: Network, layer: str, channels: int, provider: str, threads: int):
        self.layer, self._count = layer, channels
        terms = [Term(layer, kind="direction")]
        self._session = GradientSession(network, terms, Execution(provider, threads))
        self.expect = self._session.expect
        self._input = Reference(GUIDE, layer).input

    def choose(self, channel: int) -> GradientOf:
        """The objective `layer:1:channel:mean`."""
        # A picture must not depend on those before.
        self._session.begin()
        unit = np.zeros((1, self._count, 1, 1), np.float32)
        unit[0, channel] = 1
        given = {self._input: unit}
        return lambda tile: self._session(tile, given)


class Gallery:
    """Dreams of thumbnails, one after another.

    Parameters
    ----------
    network : Network
        Whose layers.
    recipe : Recipe
        How; `layers` is not read, `canvas` is the side of a picture.
    provider, threads
        As for `core.runtime.sessions.open_session`.
    """

    def __init__(
        self, network: Network, recipe: Recipe = RECIPE, provider: str = AUTO, threads: int = 0
    ) -> None:
        self._network, self._recipe = network, recipe
        self._provider, self._threads = provider, threads
        self._shapes = shapes_at(network.model, _PROBE)
        self._shared: _OneOfMany | None = None

    def recipe_of(self, term: Term) -> Recipe:
        """The recipe that makes a term's picture, by `core.dreaming.dreamer` too.

        It climbs a channel before its ReLU, since else many never wake from noise.
        """
        if len(term.channels) == 1 and len(self._shapes.get(term.layer, ())) == 4:
            tensor, channel = before_relu(
                self._network.model, self._shapes, term.layer, term.channels[0]
            )
            term = dataclasses.replace(term, layer=tensor, channels=(channel,))
        return self._recipe.replace(layers=(term,))

    def dream(
        self,
        terms: Sequence[Term],
        watch: OnProgress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[Dreamt]:
        """Dream of each term in turn.

        Parameters
        ----------
        terms : sequence of Term
            Those of one layer side by side share a session.
        watch : callable, optional
            Called with a `Progress` whose fraction and time left are those of the whole.
        cancelled : callable, optional
            As for `core.ascent.loop.ascend_numpy`.
        """
        clock = _Clock(len(terms))
        for number, term in enumerate(terms):
            # Making a session takes long enough to ask here too.
            if cancelled is not None and cancelled():
                raise CancelledError("the gallery was cancelled")
            yield self._one(term, watch and clock.within(number, watch), cancelled)

    def _one(
        self, term: Term, watch: OnProgress | None, cancelled: Callable[[], bool] | None
    ) -> Dreamt:
        recipe = self.recipe_of(term)
        used = recipe.layers[0]
        rng = np.random.default_rng(recipe.seed)
        noise = rng.random((3, recipe.canvas, recipe.canvas), np.float32)
        noise *= recipe.noise_high - recipe.noise_low
        noise += recipe.noise_low
        losses = [0.0]
        objective, expect = self._objective(used)
        planes = ascend_numpy(
            noise,
            recipe,
            objective,
            grid=Grid(
                max(recipe.canvas, recipe.tile),
                recipe.overlap,
                self._network.geometry([used.layer]),
            ),
            rng=rng,
            callbacks=Callbacks(
                watch, on_step=lambda s: losses.append(s.loss), cancelled=cancelled
            ),
            expect=expect,
        )
        pixels = np.rint(np.clip(planes.transpose(1, 2, 0), 0, 1) * 255).astype(np.uint8)
        return Dreamt(term, pixels, losses[-1], recipe)

    def _objective(self, term: Term) -> tuple[GradientOf, Expect]:
        dims = self._shapes.get(term.layer, ())
        single = term.kind == "mean" and len(term.channels) == 1
        if not single or len(dims) != 4 or not dims[1]:
            own = Objective(self._network, (term,), "", Execution(self._provider, self._threads))
            return own, own.expect
        if self._shared is None or self._shared.layer != term.layer:
            # Gone before the next is made, so that its memory serves that one.
            self._shared = None
            self._shared = _OneOfMany(
                self._network, term.layer, dims[1], self._provider, self._threads
            )
        return self._shared.choose(term.channels[0]), self._shared.expect


class _Clock:
    """Turns the progress of one picture into that of all."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._began = time.monotonic()

    def within(self, number: int, watch: OnProgress) -> OnProgress:
        """What watches picture `number`, counted from 0."""

        def report(progress: Progress) -> None:
            done = (number + progress.fraction) / self._count
            spent = time.monotonic() - self._began
            left = spent / done * (1 - done) if done > 0 else None
            watch(dataclasses.replace(progress, fraction=done, seconds_left=left))

        return report


def gallery_layout(terms: Sequence[Term], cell: int, columns: int = 0) -> Layout:
    """Where so many pictures lie; `columns` 0 for a sheet somewhat wider than high."""
    box = cell, cell
    several = len({term.layer for term in terms}) > 1
    across = min(columns, len(terms)) or columns_for(len(terms), box, several)
    return Layout(len(terms), across, box, notes=several, lines=2)


def gallery_sheet(
    pictures: Sequence[Dreamt],
    layout: Layout,
    title: str,
    lines: Sequence[str],
    notes: Sequence[str],
) -> Pixels:
    """Draw the pictures with what they show.

    Parameters
    ----------
    pictures : sequence of Dreamt
        In the order of the layout.
    layout : Layout
        What `gallery_layout` gave.
    title, lines
        What is written above.
    notes : sequence of str
        Small print for each picture, where the layout has room for it.

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
    """What stands below a picture: its channel, or its layer."""
    name = str(one.term.channels[0]) if one.term.channels else one.term.layer
    return name if one.loss else f"{name} (silent)"
