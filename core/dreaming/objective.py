"""An objective loaded for the numpy backend, with the inputs that its terms compare with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.backend import Size
from dreamlayer.core.ascent.numpy_backend import NumpyBackend
from dreamlayer.core.network.activations import Activations
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.inputs import references
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.references import Guide, compared_with
from dreamlayer.core.recipe.kinds import ORIGINALS
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution

Array = npt.NDArray[np.float32]


class Objective:
    """Computes an objective and its gradient for one tile.

    Parameters
    ----------
    network : Network
        The network with the layers.
    terms : sequence of Term
        The objective.
    guide : str or Picture
        The picture that guided terms compare with, or its file; empty for none.
    execution : Execution
        The provider, threads and precision.

    Attributes
    ----------
    provider : str
        Short name of the provider that loaded.

    Raises
    ------
    RecipeError
        A term needs a guide and there is none, or the guide is too small for the network.
    LayerError, UnsupportedOperatorError, NetworkError, ProviderError, PictureError
        The network, the provider or the guide's file cannot be used.
    """

    def __init__(
        self,
        network: Network,
        terms: Sequence[Term],
        guide: Guide = "",
        execution: Execution = Execution(),
    ) -> None:
        self._threads = execution.threads
        terms = network.resolved(terms)
        self._fixed = compared_with(network, terms, guide, execution)
        self._own = [one for one in references(terms) if one.source == ORIGINALS]
        self._originals = None
        if self._own:
            layers = [one.layer for one in self._own]
            self._originals = Activations(network, layers, execution)
        self._session = GradientSession(network, terms, execution)
        self.provider = self._session.provider

    def backend(self, recipe: Recipe) -> NumpyBackend:
        """The backend for a recipe with these terms."""
        # A dream must not depend on the one before.
        self._session.reset()
        return NumpyBackend(recipe, self, self.expect, self._threads, release=self._session.release)

    def expect(self, size: Size | None, pixels: int) -> None:
        """Prepare for tiles of one size; see `GradientSession.expect`."""
        self._session.expect(size, pixels)

    def specialize(self, size: Size | None) -> None:
        """Prepare for tiles of one height and width only, which is faster, or of any size."""
        self._session.specialize(size)

    def __call__(self, tile: Array, original: Array | None = None) -> tuple[float, Array]:
        """Run one tile.

        Parameters
        ----------
        tile : array
            float32 [3, height, width], 0..1.
        original : array, optional
            The same tile of the original picture, if a term needs it.

        Returns
        -------
        (float, array)
            The objective, and its gradient, float32 [3, height, width].
        """
        inputs = self._fixed
        if self._originals is not None and original is not None:
            maps = self._originals(original)
            inputs = {**inputs, **{one.input: maps[one.layer] for one in self._own}}
        return self._session(tile, inputs)
