"""Work a style out: sizes from small to large, rounds at each, and the way back to the content."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import RecipeError
from dreamlayer.core.images.arrays import as_float, check_image
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.reading import MAX_MEGAPIXELS, Source
from dreamlayer.core.network.activations import Activations
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.style import DETAIL, NOISE, PUBLISHED, STYLE, StyleRecipe
from dreamlayer.core.runtime.providers import AUTO, Execution
from dreamlayer.core.style import colours
from dreamlayer.core.style.lbfgs import Doubles, Evaluate, StyleLedger, WatchStyle, descend
from dreamlayer.core.style.losses import Grams, content_layers, layers_of, originals, terms_of
from dreamlayer.core.style.sizes import (
    Size,
    content_sizes,
    geometry_of,
    resized,
    style_size,
    unbounded,
)
from dreamlayer.core.style.spectrum import Spectrum

Array = npt.NDArray[np.float32]
Given = Picture | Source | npt.NDArray[Any] | str | os.PathLike[str]
"""A style picture: a file, what `core.read` or `core.images.open` gave, or pixels as
`core.style.transfer` takes them."""

_NOISE = (0.4, 0.6)
_LOUDER = 100.0
"""What a relative loss is multiplied with, for each number of the picture, before L-BFGS sees it:
as it is, the gradient is too small for `scipy.optimize.fmin_l_bfgs_b`, which ends at 1e-5."""


@dataclass(frozen=True)
class Round:
    """What a round has made.

    Attributes
    ----------
    number, count : int
        The round, counted from 1 over all sizes, and how many there are.
    loss : float
        What is minimised, as it stands.
    pixels : array
        The result so far, float32 [height, width, 3] at the content's own size.
    """

    number: int
    count: int
    loss: float
    pixels: Array


ShowRound = Callable[[Round], None]


class Optimization:
    """A content and its styles, ready to be worked out; made by `core.style.StyleTransfer.prepare`.

    Parameters
    ----------
    network : Network
        Whose layers are used.
    pixels : array
        The content, float32 [height, width, 3]. Not changed.
    recipe : StyleRecipe
        How to do it.
    styles : sequence
        The style pictures.
    provider, threads
        As for `core.runtime.sessions.open_session`.

    Attributes
    ----------
    provider : str
        Short name of the provider that really runs the network, `none` where it does not run.
    sizes : list of (int, int)
        Height and width of the octaves, the smallest first.

    Raises
    ------
    RecipeError
        There is no style picture, or not as many as weights, or one is too small.
    LayerError, PictureError, ProviderError, NetworkError
        As layers, style pictures, provider and network have it.
    """

    def __init__(
        self,
        network: Network,
        pixels: Array,
        recipe: StyleRecipe,
        styles: Sequence[Given],
        provider: str = AUTO,
        threads: int = 0,
    ) -> None:
        weights = _weights(recipe, len(styles))
        network.check_layers(layers_of(recipe))
        self._network, self._recipe, self._pixels = network, recipe, pixels
        self._execution = Execution(provider, threads)
        self._geometry = geometry_of(network, recipe)
        self.sizes = content_sizes(pixels.shape[1], pixels.shape[0], recipe, self._geometry)
        self.provider = "none"
        if recipe.idle:
            return
        self._planes = np.clip(pixels, 0, 1).transpose(2, 0, 1)
        self._contents = [self._content(size) for size in self.sizes]
        pictures = [self._style(given, number) for number, given in enumerate(styles, 1)]
        self._first = pictures[0][0]
        looking = Grams(network, recipe, self._execution)
        self._grams = [looking(seen, weights) for seen in zip(*pictures, strict=True)]
        # Its memory serves the gradient, which needs more.
        del looking
        layers = content_layers(recipe)
        self._keep = Activations(network, layers, self._execution) if layers else None
        self._kept = self._activations(self._contents[-1])
        self._terms = terms_of(recipe, self.sizes[0], self._kept)
        self._session = GradientSession(network, self._terms, self._execution)
        self.provider = self._session.provider

    def run(
        self,
        *,
        watch: WatchStyle | None = None,
        show: ShowRound | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Array:
        """Work it out.

        Parameters
        ----------
        watch : callable, optional
            Called with a `core.style.StyleProgress` after every evaluation of the gradient.
        show : callable, optional
            Called with a `Round` after every round.
        cancelled : callable, optional
            Asked before every evaluation; True ends the work with `CancelledError`.

        Returns
        -------
        array
            float32 [height, width, 3], the content's size.
        """
        recipe = self._recipe
        if recipe.idle:
            return self._pixels.copy()
        rng = np.random.default_rng(recipe.seed)
        tracker = StyleLedger(recipe, self.sizes, watch, cancelled)
        image, number = self._start(rng), 0
        self._session.begin()
        for octave, size in enumerate(self.sizes):
            self._load(size)
            basis = Spectrum(size, recipe.spectrum)
            if image.shape[1:] != size:
                larger = unbounded((image / 255).astype(np.float32), size, recipe.resample)
                image = larger.astype(np.float64) * 255
            for round_ in range(recipe.rounds):
                tracker.enter(octave, round_)
                down, right = rng.integers(0, recipe.jitter, 2, endpoint=True)
                evaluate = self._evaluation(octave, (int(down), int(right)), basis, tracker)
                values, loss = descend(evaluate, basis.values(image), recipe.evaluations)
                image, number = basis.pixels(values), number + 1
                loss /= self._loudness(image)
                tracker.leave(loss)
                if show is not None:
                    count = len(self.sizes) * recipe.rounds
                    show(Round(number, count, loss, self._finished(image)))
        return self._finished(image)

    def _content(self, size: Size) -> Array:
        """The content as the network is to see it: float32 [3, *size], 0..1."""
        small = np.ascontiguousarray(resized(self._planes, size, self._recipe.resample))
        return colours.grey(small) if self._recipe.keep_colors else small

    def _style(self, given: Given, number: int) -> list[Array]:
        """A style picture as the network is to see it beside the content of each octave."""
        recipe = self._recipe
        pixels, name = _loaded(given, number)
        height, width = pixels.shape[:2]
        planes = np.clip(pixels, 0, 1).transpose(2, 0, 1)
        found = []
        for size, content in zip(self.sizes, self._contents, strict=True):
            wanted = style_size(width, height, size, name, recipe, self._geometry)
            small = np.ascontiguousarray(resized(planes, wanted, recipe.resample))
            if recipe.keep_colors:
                small = colours.matched(colours.grey(small), content)
            found.append(small)
        return found

    def _start(self, rng: np.random.Generator) -> Doubles:
        """What to begin with, float64 [3, height, width] of 0..255."""
        first = self._contents[0]
        if self._recipe.start == NOISE:
            return rng.uniform(_NOISE[0] * 255, _NOISE[1] * 255, first.shape)
        if self._recipe.start == STYLE:
            first = resized(self._first, self.sizes[0], self._recipe.resample)
        return first.astype(np.float64) * 255

    def _activations(self, content: Array) -> dict[str, Array]:
        return {} if self._keep is None else self._keep(content)

    def _load(self, size: Size) -> None:
        """Make the session for a size, where another is loaded: published terms depend on it."""
        terms = terms_of(self._recipe, size, self._kept)
        if terms != self._terms:
            self._terms = terms
            self._session = GradientSession(self._network, terms, self._execution)
        steps = self._recipe.rounds * self._recipe.evaluations
        self._session.expect(size, size[0] * size[1] * steps)

    def _loudness(self, image: Doubles) -> float:
        return 1.0 if self._recipe.measure == PUBLISHED else _LOUDER * image.size

    def _evaluation(
        self, octave: int, shift: tuple[int, int], basis: Spectrum, tracker: StyleLedger
    ) -> Evaluate:
        """Loss and gradient for the numbers of a basis, of the picture rolled by a shift."""
        content = np.ascontiguousarray(np.roll(self._contents[octave], shift, (1, 2)))
        references = {**self._grams[octave], **originals(self._activations(content))}
        back = -shift[0], -shift[1]

        def evaluate(values: Doubles) -> tuple[float, Doubles]:
            tracker.ask()
            image = basis.pixels(values)
            tile = (np.roll(image, shift, (1, 2)) / 255).astype(np.float32)
            score, climb = self._session(np.ascontiguousarray(tile), references)
            tracker.evaluated(-score)
            louder = self._loudness(image)
            # The objective is something to climb, by pixels of 0..1.
            gradient = np.roll(climb, back, (1, 2)).astype(np.float64) * (-louder / 255)
            return -score * louder, basis.pixels(gradient)

        return evaluate

    def _finished(self, image: Doubles) -> Array:
        """The result at the content's own size, from the picture in 0..255."""
        recipe, pixels = self._recipe, self._pixels
        size = pixels.shape[0], pixels.shape[1]
        styled = np.clip(image / 255, 0, 1).astype(np.float32)
        octave = self.sizes.index((image.shape[1], image.shape[2]))
        if recipe.keep_colors:
            styled = colours.grey(styled)
        if recipe.enlarge == DETAIL:
            change = unbounded(styled - self._contents[octave], size, recipe.resample)
        else:
            whole = resized(styled, size, recipe.resample)
            own = colours.grey(self._planes) if recipe.keep_colors else self._planes
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


def open_style(given: Given, max_megapixels: float = MAX_MEGAPIXELS) -> Given:
    """A style picture whose size can be asked: of a file, its header is read."""
    if isinstance(given, str | os.PathLike):
        from dreamlayer.core import images

        return images.open(given, max_megapixels)
    return given


def close_styles(styles: Sequence[Given]) -> None:
    """Close the files of style pictures that `open_style` gave."""
    for given in styles:
        if isinstance(given, Source):
            given.close()


def size_of(given: Given, number: int) -> tuple[str, int, int]:
    """What messages call a style picture that `open_style` gave, its width and its height.

    Raises
    ------
    RecipeError
        Pixels have another shape than [height, width, 3].
    """
    if isinstance(given, Source):
        return given.name, given.width, given.height
    pixels = given.pixels if isinstance(given, Picture) else as_float(np.asarray(given))
    height, width = check_image(pixels)
    return f"number {number}", width, height


def _loaded(given: Given, number: int) -> tuple[Array, str]:
    """A style picture's pixels, float32 [height, width, 3], and what messages call it."""
    if isinstance(given, str | os.PathLike):
        given = open_style(given)
    if isinstance(given, Source):
        return given.load().pixels, given.name
    pixels = given.pixels if isinstance(given, Picture) else as_float(np.asarray(given))
    check_image(pixels)
    return pixels, f"number {number}"
