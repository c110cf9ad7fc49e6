"""The session of an objective and its gradient, specialized for frequent tile sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import DreamlayerError, NetworkError
from dreamlayer.core.graph.names import GRADIENT, IMAGE, LOSS
from dreamlayer.core.runtime.protocol import Session
from dreamlayer.core.runtime.providers import Execution, provider_of
from dreamlayer.core.runtime.sessions import open_session

if TYPE_CHECKING:
    from dreamlayer.core.network.network import Network
    from dreamlayer.core.recipe.term import Term

Array = npt.NDArray[np.float32]
Size = tuple[int, int]


class GradientSession:
    """A loaded objective: computes its value and its gradient for one tile.

    One session is open at a time, to save memory: for tiles of any size or, where that pays, for a
    single size, which is faster and computes the same.

    Parameters
    ----------
    network : Network
        The network with the layers.
    terms : sequence of Term
        The objective.
    execution : Execution
        The provider, threads and precision.

    Attributes
    ----------
    provider : str
        Short name of the provider that loaded.
    """

    def __init__(
        self, network: Network, terms: Sequence[Term], execution: Execution = Execution()
    ) -> None:
        self._network, self._terms = network, tuple(terms)
        self._execution = execution
        # Of a network of one size there is but one session.
        self._only = network.image_size
        self._size: Size | None = self._only
        session = self._opened(self._only)
        self._session: Session | None = session
        self.provider = session.provider
        # Later sessions use the same provider, since results differ slightly between providers.
        self._execution = execution.on(self.provider)
        self.reset()

    def reset(self) -> None:
        """Forget the expected tiles, so that a dream does not depend on the one before."""
        self._expected: Counter[Size] = Counter()
        self._refused = False

    def expect(self, size: Size | None, pixels: int = 0) -> None:
        """Prepare for tiles of one size, if there will be enough of them, or of any size.

        Parameters
        ----------
        size : (int, int) or None
            Height and width of the tiles; None if they have several sizes.
        pixels : int
            Number of pixels of all these tiles; summed up for each size since `reset`.
        """
        pays = False
        if size is not None:
            self._expected[size] += pixels
            worth = provider_of(self.provider).own_size_pays
            pays = worth is not None and self._expected[size] >= worth and not self._refused
        try:
            self.specialize(size if pays else None)
        except DreamlayerError:
            if self._session is None:
                raise
            # The session for any size is still open.
            self._refused = True

    def specialize(self, size: Size | None) -> None:
        """Open the session for tiles of one height and width, or of any size."""
        size = self._only or size
        if size not in (None, self._only) and provider_of(self.provider).own_size_pays is None:
            # Compiling providers take minutes for each session.
            return
        if self._session is not None and size == self._size:
            return
        # Release the old one's memory first.
        self._session, self._size = None, None
        try:
            self._session, self._size = self._opened(size), size
        except DreamlayerError:
            if size != self._only:
                self._session = self._opened(None)
            raise

    def release(self) -> None:
        """Close the session, whose memory may then serve others; the next tile opens it again."""
        self._session = None

    def __call__(
        self, tile: Array, references: Mapping[str, Array] | None = None
    ) -> tuple[float, Array]:
        """Run one tile.

        Parameters
        ----------
        tile : array
            float32 [3, height, width], 0..1.
        references : mapping, optional
            What terms compare with, named as by `core.network.inputs.Reference.input`.

        Returns
        -------
        (float, array)
            The objective, and its gradient, float32 [3, height, width].
        """
        fits = self._size in (None, (tile.shape[1], tile.shape[2]))
        if self._session is None or not fits:
            # It is None if it was released, or if the last one could not be opened, perhaps for
            # lack of memory.
            self.specialize(self._size if fits else None)
        fed = {IMAGE: tile[np.newaxis], **(references or {})}
        try:
            loss, gradient = self._run(fed)
        except NetworkError:
            if self._size is None:
                raise
            # What a runtime folds for one size may rest on sizes that its own pools do not have.
            self._refused = True
            self.specialize(None)
            loss, gradient = self._run(fed)
        if gradient.shape != fed[IMAGE].shape:
            # Shapes that a file declares need not be true.
            raise NetworkError(
                "the network's gradient is not of the picture's size, since the file declares "
                "wrong shapes; export it again"
            )
        return float(loss), gradient[0]

    def _run(self, fed: Mapping[str, Array]) -> Sequence[Array]:
        assert self._session is not None
        return self._session.run((LOSS, GRADIENT), fed)

    def _opened(self, size: Size | None) -> Session:
        source = self._network.gradient_source(self._terms, size)
        return open_session(source, self._execution)
