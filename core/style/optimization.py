"""Optimize the content towards a style: sizes from small to large, rounds of L-BFGS at each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.progress import check_cancelled
from dreamlayer.core.errors import RecipeError
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.style import DETAIL, NOISE, PUBLISHED, STYLE, StyleRecipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.style.compact_lbfgs import minimize_compactly
from dreamlayer.core.style.gram import StyleGrams
from dreamlayer.core.style.lbfgs import (
    Evaluate,
    FourierParameterization,
    Numbers,
    OnStyleProgress,
    StyleTracker,
    minimize,
)
from dreamlayer.core.style.losses import layers_of, terms_of
from dreamlayer.core.style.luminance import gray, match_luminance
from dreamlayer.core.style.pictures import StylePicture, load_style
from dreamlayer.core.style.sizes import (
    Size,
    content_sizes,
    geometry_of,
    resized,
    style_size,
    unbounded,
)
from dreamlayer.core.style.tiled import TiledObjective
from dreamlayer.core.style.tiling import Tiling
from dreamlayer.core.style.whole import WholeObjective

Array = npt.NDArray[np.float32]
_NOISE = (0.4, 0.6)
_LOSS_SCALE = 100.0
"""Factor for a relative loss, per value of the picture: unscaled, its gradient is so small that
`scipy.optimize.fmin_l_bfgs_b`, whose tolerance is 1e-5, ends at once."""


@dataclass(frozen=True)
class Round:
    """The result of a round.

    Attributes
    ----------
    number, count : int
        The round, counted from 1 over all sizes, and how many there are.
    loss : float
        The value to minimize.
    pixels : array
        The result so far, float32 [height, width, 3] at the content's own size.
    """

    number: int
    count: int
    loss: float
    pixels: Array


OnRound = Callable[[Round], None]


class Optimization:
    """A content and its styles, ready to run; made by `core.style.transfer.StyleTransfer.prepare`.

    Parameters
    ----------
    network : Network
        Has the layers.
    pixels : array
        The content, float32 [height, width, 3]. Not changed.
    recipe : StyleRecipe
        All parameters.
    styles : sequence
        The style pictures.
    execution : Execution
        The provider and threads.
    cancelled : callable, optional
        Called before each picture is looked at; if it returns True, `CancelledError` is raised.

    Attributes
    ----------
    provider : str
        Short name of the provider that runs the network, `none` if it does not run.
    sizes : list of (int, int)
        Height and width of the octaves, the smallest first.

    Raises
    ------
    RecipeError
        There is no style picture, their number differs from that of the weights, or one is too
        small.
    LayerError, PictureError, ProviderError, NetworkError
        A layer, style picture, provider or network cannot be used.
    """

    def __init__(
        self,
        network: Network,
        pixels: Array,
        recipe: StyleRecipe,
        styles: Sequence[StylePicture],
        execution: Execution = Execution(),
        *,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        weights = _weights(recipe, len(styles))
        network.check_layers(layers_of(recipe))
        recipe = recipe.replace(
            content_layers=network.resolved(recipe.content_layers),
            style_layers=network.resolved(recipe.style_layers),
        )
        self._network, self._recipe, self._pixels = network, recipe, pixels
        self._execution = execution
        self._geometry = geometry_of(network, recipe)
        self._tiling = Tiling.of(recipe, self._geometry)
        self.sizes = content_sizes(pixels.shape[1], pixels.shape[0], recipe, self._geometry)
        self.provider = "none"
        if recipe.idle:
            return
        self._planes = np.clip(pixels, 0, 1).transpose(2, 0, 1)
        self._contents = [self._content(size) for size in self.sizes]
        pictures = []
        for number, given in enumerate(styles, 1):
            check_cancelled(cancelled, "style")
            pictures.append(self._style(given, number))
        self._first = pictures[0][0]
        grams_of = StyleGrams(network, recipe, self._tiling, self._execution)
        self._grams = []
        for seen in zip(*pictures, strict=True):
            check_cancelled(cancelled, "style")
            self._grams.append(grams_of(seen, weights))
        # Frees its memory for the gradient, which needs more.
        del grams_of
        whole = [number for number, size in enumerate(self.sizes) if self._tiling.is_whole(size)]
        # A relative weight is the same at all sizes.
        weighed = whole[-1] if whole else 0
        self._objective = self._made(self.sizes[weighed])
        self._squares = self._objective.squares(self._contents[weighed])
        self._objective.open(self._terms(self.sizes[0]))
        self.provider = self._objective.provider

    def run(
        self,
        *,
        on_progress: OnStyleProgress | None = None,
        on_round: OnRound | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Array:
        """Run all rounds.

        Parameters
        ----------
        on_progress : callable, optional
            Called with a `core.style.lbfgs.StyleProgress` after every evaluation of the gradient.
        on_round : callable, optional
            Called with a `Round` after every round.
        cancelled : callable, optional
            Called before every evaluation; if it returns True, `CancelledError` is raised.

        Returns
        -------
        array
            float32 [height, width, 3], the content's size.
        """
        recipe = self._recipe
        if recipe.idle:
            return self._pixels.copy()
        rng = np.random.default_rng(recipe.seed)
        tracker = StyleTracker(recipe, self.sizes, on_progress, cancelled)
        image, number = self._start(rng), 0
        self._objective.reset()
        for octave, size in enumerate(self.sizes):
            evaluations = recipe.evaluations_at(octave)
            self._load(size, recipe.rounds * evaluations)
            basis = FourierParameterization(size, recipe.spectrum)
            if image.shape[1:] != size:
                larger = unbounded((image / 255).astype(np.float32), size, recipe.resample)
                image = larger.astype(np.float64) * 255
            if self._objective.tiled:
                image = image.astype(np.float32)
            for round_ in range(recipe.rounds):
                tracker.start_round(octave, round_)
                down, right = rng.integers(0, recipe.jitter, 2, endpoint=True)
                evaluate = self._evaluation(octave, (int(down), int(right)), basis, tracker)
                minimizer = minimize_compactly if self._objective.tiled else minimize
                found, loss = minimizer(evaluate, basis.coefficients(image), evaluations)
                image, number = basis.pixels(found), number + 1
                loss /= self._loss_scale(image)
                tracker.finish_round(loss)
                if on_round is not None:
                    count = len(self.sizes) * recipe.rounds
                    on_round(Round(number, count, loss, self._finished(image)))
        return self._finished(image)

    def _content(self, size: Size) -> Array:
        """The content as the network sees it: float32 [3, *size], 0..1."""
        small = np.ascontiguousarray(resized(self._planes, size, self._recipe.resample))
        return gray(small) if self._recipe.keep_colors else small

    def _style(self, given: StylePicture, number: int) -> list[Array]:
        """A style picture as the network sees it at each octave: float32 [3, height, width]."""
        recipe = self._recipe
        pixels, name = load_style(given, number)
        height, width = pixels.shape[:2]
        planes = np.clip(pixels, 0, 1).transpose(2, 0, 1)
        found = []
        for size, content in zip(self.sizes, self._contents, strict=True):
            wanted = style_size(width, height, size, name, recipe, self._geometry)
            small = np.ascontiguousarray(resized(planes, wanted, recipe.resample))
            if recipe.keep_colors:
                small = match_luminance(gray(small), content)
            found.append(small)
        return found

    def _start(self, rng: np.random.Generator) -> Numbers:
        """The initial picture, float64 [3, height, width], 0..255."""
        first = self._contents[0]
        if self._recipe.start == NOISE:
            return rng.uniform(_NOISE[0] * 255, _NOISE[1] * 255, first.shape)
        if self._recipe.start == STYLE:
            first = resized(self._first, self.sizes[0], self._recipe.resample)
        return first.astype(np.float64) * 255

    def _made(self, size: Size) -> WholeObjective | TiledObjective:
        """The loss for pictures of a size, which must be opened yet."""
        if self._tiling.is_whole(size):
            return WholeObjective(self._network, self._recipe, self._execution)
        return TiledObjective(self._network, self._recipe, self._tiling, self._execution)

    def _terms(self, size: Size) -> list[Term]:
        return terms_of(self._recipe, size, self._squares)

    def _load(self, size: Size, evaluations: int) -> None:
        """Open the loss for a size unless it is open: published terms depend on the size."""
        if self._objective.tiled == self._tiling.is_whole(size):
            # Release the other one's memory first.
            self._objective.close()
            self._objective = self._made(size)
        self._objective.open(self._terms(size))
        self._objective.expect(size, evaluations)

    def _loss_scale(self, image: Numbers) -> float:
        return 1.0 if self._recipe.measure == PUBLISHED else _LOSS_SCALE * image.size

    def _evaluation(
        self,
        octave: int,
        shift: tuple[int, int],
        basis: FourierParameterization,
        tracker: StyleTracker,
    ) -> Evaluate:
        """Loss and gradient with respect to coefficients, for the picture rolled by a shift."""
        content = np.ascontiguousarray(np.roll(self._contents[octave], shift, (1, 2)))
        score_of = self._objective.at(content, self._grams[octave], tracker.count_tile)
        back = -shift[0], -shift[1]

        def evaluate(coefficients: Numbers) -> tuple[float, Numbers]:
            tracker.check_cancelled()
            image = basis.pixels(coefficients)
            tile = (np.roll(image, shift, (1, 2)) / 255).astype(np.float32)
            score, ascent = score_of(np.ascontiguousarray(tile))
            tracker.count_evaluation(-score)
            scale = self._loss_scale(image)
            # The session's objective is to be maximized, over pixels of 0..1.
            gradient = np.roll(ascent, back, (1, 2)).astype(image.dtype) * (-scale / 255)
            return -score * scale, basis.pixels(gradient)

        return evaluate

    def _finished(self, image: Numbers) -> Array:
        """The result at the content's own size, from a picture in 0..255."""
        recipe, pixels = self._recipe, self._pixels
        size = pixels.shape[0], pixels.shape[1]
        styled = np.clip(image / 255, 0, 1).astype(np.float32)
        octave = self.sizes.index((image.shape[1], image.shape[2]))
        if recipe.keep_colors:
            styled = gray(styled)
        if recipe.enlarge == DETAIL:
            change = unbounded(styled - self._contents[octave], size, recipe.resample)
        else:
            whole = resized(styled, size, recipe.resample)
            own = gray(self._planes) if recipe.keep_colors else self._planes
            change = whole - own
        result = self._planes + change * np.float32(recipe.strength)
        return np.ascontiguousarray(np.clip(result, 0, 1).transpose(1, 2, 0))


def _weights(recipe: StyleRecipe, count: int) -> tuple[float, ...]:
    """The weight of each style picture."""
    if not count:
        raise RecipeError("there is no style picture; name one after the content, or several")
    weights = recipe.style_weights or (1.0,) * count
    if len(weights) != count:
        raise RecipeError(
            f"{len(weights)} style weights were given for {count} style pictures; give one for "
            f"each, such as --style-weights {','.join(map(str, range(count, 0, -1)))}"
        )
    return weights
