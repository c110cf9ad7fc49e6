"""An objective that is loaded, with what its layers are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.backend import Size
from dreamlayer.core.ascent.numpy_backend import NumpyBackend
from dreamlayer.core.errors import LayerError, PictureError, RecipeError
from dreamlayer.core.images.resampling import resize
from dreamlayer.core.network.activations import Activations
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.objective import GRAM, ORIGINALS, references
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import AUTO, FULL

Array = npt.NDArray[np.float32]

GUIDE_SIDE = 512
"""A guide is reduced to this many pixels on its longer side."""

_COARSE = 8
"""Pixels between positions of the finest layer that can be matched position by position; each
halving makes that sixteen times as slow."""


class Objective:
    """Gives the value of an objective and its gradient for one tile.

    Parameters
    ----------
    network : Network
        Whose layers are climbed.
    terms : sequence of Term
        The objective.
    guide : str
        File of the picture that guided terms are compared with; empty for none.
    provider, threads, precision
        As for `core.runtime.sessions.open_session`.

    Attributes
    ----------
    provider : str
        Short name of the provider that really runs it.

    Raises
    ------
    RecipeError
        A term needs a guide and there is none, or the guide is smaller than the network takes.
    LayerError, UnsupportedOperatorError, NetworkError, ProviderError, PictureError
        As the network, the provider and the guide's file have it.
    """

    def __init__(
        self,
        network: Network,
        terms: Sequence[Term],
        guide: str = "",
        provider: str = AUTO,
        threads: int = 0,
        precision: str = FULL,
    ) -> None:
        self._threads = threads
        self._fixed = compared_with(network, terms, guide, provider, threads)
        self._own = [one for one in references(terms) if one.source == ORIGINALS]
        self._originals = None
        if self._own:
            layers = [one.layer for one in self._own]
            self._originals = Activations(network, layers, provider, threads)
        self._session = GradientSession(network, terms, provider, threads, precision)
        self.provider = self._session.provider

    def backend(self, recipe: Recipe) -> NumpyBackend:
        """Where to dream by a recipe of these terms."""
        # A dream must not depend on the one before.
        self._session.begin()
        return NumpyBackend(recipe, self, self.expect, self._threads)

    def expect(self, size: Size | None, pixels: int) -> None:
        """Make ready for tiles of one size; see `GradientSession.expect`."""
        self._session.expect(size, pixels)

    def fix(self, size: Size | None) -> None:
        """Make ready for tiles of one height and width alone, which is faster, or for any."""
        self._session.fix(size)

    def __call__(self, tile: Array, original: Array | None = None) -> tuple[float, Array]:
        """Run one tile.

        Parameters
        ----------
        tile : array
            float32 [3, height, width], 0..1.
        original : array, optional
            The same tile of the picture as it was, where a term needs it.

        Returns
        -------
        (float, array)
            The objective, and its gradient, float32 [3, height, width].
        """
        given = self._fixed
        if self._originals is not None and original is not None:
            maps = self._originals(original)
            given = {**given, **{one.input: maps[one.layer] for one in self._own}}
        return self._session(tile, given)


def compared_with(
    network: Network, terms: Sequence[Term], guide: str, provider: str, threads: int
) -> dict[str, Array]:
    """What a guide's picture gives to compare with, by the names of `Reference.input`.

    Raises
    ------
    RecipeError, LayerError, NetworkError, ProviderError, PictureError
        As for `Objective`.
    """
    for term in terms:
        _check_coarse(term, network)
    guided = [one for one in references(terms) if one.source != ORIGINALS]
    if not guided:
        return {}
    picture = _read_guide(guide, network, terms)
    maps = Activations(network, [one.layer for one in guided], provider, threads)(picture)
    return {
        one.input: mean_gram(maps[one.layer]) if one.source == GRAM else maps[one.layer]
        for one in guided
    }


def _check_coarse(term: Term, network: Network) -> None:
    """Refuse to match a layer position by position that has too many of them."""
    if term.kind != "guide":
        return
    stride = network.grid([term.layer], 1, 0).stride
    if stride < _COARSE:
        raise LayerError(
            f"layer {term.layer!r} has a position every {stride} pixels, too many to match with "
            f"a guide; choose a layer with one every {_COARSE} or more (`dreamlayer layers` tells "
            f"them), or the kind direction"
        )


def mean_gram(activations: Array) -> Array:
    """The Gram matrix divided by the number of positions: float32 [channels, channels].

    Parameters
    ----------
    activations : array
        float32 [1, channels, h, w].
    """
    rows = activations.reshape(activations.shape[1], -1)
    return np.asarray(rows @ rows.T / np.float32(rows.shape[1]), np.float32)


def _read_guide(name: str, network: Network, terms: Sequence[Term]) -> Array:
    """The guide as the network takes it: float32 [3, height, width], 0..1."""
    from dreamlayer.core import images

    if not name:
        kinds = sorted({t.kind for t in terms if references([t]) and t.layer})
        raise RecipeError(
            f"objective kind {kinds[0]!r} compares with a guide picture, and the recipe names "
            f"none; set guide to a picture file (--guide FILE)"
        )
    try:
        pixels = images.read(name).pixels
    except OSError as error:
        # No file can have such a name, one too long for example.
        raise PictureError(f"guide {name[:40]!r} cannot be read: {error.strerror}") from error
    planes = np.ascontiguousarray(np.clip(pixels, 0, 1).transpose(2, 0, 1))
    height, width = planes.shape[1:]
    grid = network.grid([term.layer for term in terms], GUIDE_SIDE, 0)
    if min(height, width) < grid.minimum:
        raise RecipeError(
            f"guide {Path(name).name!r} is {width} × {height} pixels, but network "
            f"{network.name} needs {grid.minimum} at least for these layers; give a larger "
            f"picture, or layers nearer to the image"
        )
    scale = min(1.0, GUIDE_SIDE / max(height, width))
    size = (
        max(round(height * scale / grid.multiple) * grid.multiple, grid.enough(1)),
        max(round(width * scale / grid.multiple) * grid.multiple, grid.enough(1)),
    )
    return planes if planes.shape[1:] == size else np.clip(resize(planes, size), 0, 1)
