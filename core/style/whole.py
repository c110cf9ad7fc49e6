"""The loss of a style for pictures of one tile: one run of the network gives it all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dreamlayer.core.network.activations import Activations
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.style.losses import chosen, content_layers, content_terms, originals
from dreamlayer.core.style.sizes import Size

Array = npt.NDArray[np.float32]
Score = Callable[[Array], tuple[float, Array]]
"""Of a picture, float32 [3, height, width] in 0..1: what is to be maximized, and its gradient."""


class WholeObjective:
    """A loss that is computed from the whole picture at once.

    Parameters
    ----------
    network : Network
        Has the layers.
    recipe : StyleRecipe
        Names them.
    execution : Execution
        The provider and threads.

    Attributes
    ----------
    provider : str
        Short name of the provider that runs the network, once `open` was called.
    """

    tiled = False

    def __init__(self, network: Network, recipe: StyleRecipe, execution: Execution) -> None:
        self._network, self._recipe, self._execution = network, recipe, execution
        layers = content_layers(recipe)
        self._content = Activations(network, layers, execution) if layers else None
        self._terms: list[Term] = []
        self._session: GradientSession | None = None
        self.provider = "none"

    def squares(self, content: Array) -> dict[Term, float]:
        """The mean square of a content's activations, for each content layer of the recipe."""
        maps = self._activations(content)
        return {
            term: float(np.mean(np.square(chosen(term, maps[term.layer]))))
            for term in content_terms(self._recipe)
        }

    def open(self, terms: Sequence[Term]) -> None:
        """Load the gradient of these terms, unless it is loaded."""
        if self._session is None or list(terms) != self._terms:
            self._terms = list(terms)
            self._session = GradientSession(self._network, terms, self._execution)
            self.provider = self._session.provider

    def expect(self, size: Size, evaluations: int) -> None:
        """Prepare for so many gradients at a size."""
        assert self._session is not None
        self._session.expect(size, size[0] * size[1] * evaluations)

    def reset(self) -> None:
        """Forget what was expected, so that a style does not depend on the one before."""
        if self._session is not None:
            self._session.reset()

    def close(self) -> None:
        """Release the memory of the network."""
        self._content = self._session = None

    def at(
        self,
        content: Array,
        grams: Mapping[str, Array],
        check: Callable[[float], None],  # noqa: ARG002  (there is but one tile)
    ) -> Score:
        """The loss for one content and the Gram matrices of the style at its size."""
        references = {**grams, **originals(self._activations(content))}
        session = self._session
        assert session is not None
        return lambda image: session(image, references)

    def _activations(self, content: Array) -> dict[str, Array]:
        return {} if self._content is None else self._content(content)
