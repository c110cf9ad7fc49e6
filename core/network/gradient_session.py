"""A loaded objective, in sessions for the sizes of the tiles to come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import DreamlayerError
from dreamlayer.core.graph.inference import IMAGE
from dreamlayer.core.network.gradient_model import GRADIENT, LOSS
from dreamlayer.core.runtime.providers import AUTO, FULL
from dreamlayer.core.runtime.sessions import open_session, run, short_name

if TYPE_CHECKING:
    from dreamlayer.core.network.network import Network
    from dreamlayer.core.recipe.term import Term

Array = npt.NDArray[np.float32]
Size = tuple[int, int]

_WORTH = {"cpu": 4_000_000, "openvino": 6_000_000}
"""By provider, the pixels of tiles of one size from which on a session of their own pays: opening
it takes what it saves on so many, a twentieth of their time on the CPU and a sixth of it in
OpenVINO, which opens slowly. The other providers that compile take minutes for one."""


class GradientSession:
    """A loaded objective: gives its value and its gradient for one tile.

    One session is open at a time, so that no two hold memory: one for tiles of any size, or one
    for a single size that is worth it, which is faster and gives the same.

    Parameters
    ----------
    network : Network
        Whose layers are climbed.
    terms : sequence of Term
        The objective.
    provider, threads, precision
        As for `core.runtime.sessions.open_session`.

    Attributes
    ----------
    provider : str
        Short name of the provider that really runs it.
    """

    def __init__(
        self,
        network: Network,
        terms: Sequence[Term],
        provider: str = AUTO,
        threads: int = 0,
        precision: str = FULL,
    ) -> None:
        self._network, self._terms = network, tuple(terms)
        self._asked = provider, threads, precision
        self._size: Size | None = None
        self._session: Any = self._opened(None)
        self.provider = short_name(self._session.get_providers()[0])
        # The next ones are its own kind's: another provider computes a little differently.
        self._asked = self.provider, threads, precision
        self.begin()

    def begin(self) -> None:
        """Forget what was expected, so that a dream does not depend on the one before."""
        self._expected: Counter[Size] = Counter()
        self._refused = False

    def expect(self, size: Size | None, pixels: int = 0) -> None:
        """Make ready for tiles of one size, as fits how many there will be, or for any.

        Parameters
        ----------
        size : (int, int) or None
            Height and width of the tiles; None where they are of several sizes.
        pixels : int
            Of all these tiles together; added to what was expected of that size since `begin`.
        """
        pays = False
        if size is not None:
            self._expected[size] += pixels
            worth = _WORTH.get(self.provider)
            pays = worth is not None and self._expected[size] >= worth and not self._refused
        try:
            self.fix(size if pays else None)
        except DreamlayerError:
            if self._session is None:
                raise
            # The session for any size goes on.
            self._refused = True

    def fix(self, size: Size | None) -> None:
        """Open the session for tiles of one height and width, or for any."""
        if size is not None and self.provider not in _WORTH:
            return
        if self._session is not None and size == self._size:
            return
        # First the old one's memory is given back.
        self._session, self._size = None, None
        try:
            self._session, self._size = self._opened(size), size
        except DreamlayerError:
            if size is not None:
                self._session = self._opened(None)
            raise

    def __call__(
        self, tile: Array, references: Mapping[str, Array] | None = None
    ) -> tuple[float, Array]:
        """Run one tile.

        Parameters
        ----------
        tile : array
            float32 [3, height, width], 0..1.
        references : mapping, optional
            What terms are compared with, by the names of `core.network.objective.Reference.input`.

        Returns
        -------
        (float, array)
            The objective, and its gradient, float32 [3, height, width].
        """
        if self._session is None or self._size not in (None, (tile.shape[1], tile.shape[2])):
            # It is None where the last one could not be opened, for want of memory perhaps.
            self.fix(None)
        fed = {IMAGE: tile[np.newaxis], **(references or {})}
        loss, gradient = run(self._session, (LOSS, GRADIENT), fed)
        return float(loss), gradient[0]

    def _opened(self, size: Size | None) -> Any:
        provider, threads, precision = self._asked
        source = self._network.gradient_source(self._terms, size)
        return open_session(source, provider, threads, precision)
