"""Sessions whose model came from the cache, and is rebuilt if what it computes is not finite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from dreamlayer.core.runtime.protocol import Array, Session


class RebuildingSession:
    """A session on a cached model.

    A cached model is what was written, but what was written may be wrong, by a fault of the disk or
    of the process that did. Numbers that are not finite show it; if the rebuilt model computes
    them too, they are the network's own.

    Parameters
    ----------
    cached : Session
        The session.
    rebuild : callable
        Deletes the model from the cache, rebuilds it and opens it.
    """

    def __init__(self, cached: Session, rebuild: Callable[[], Session]) -> None:
        self._session: Session | None = cached
        self._rebuild: Callable[[], Session] | None = rebuild
        self.provider = cached.provider

    def run(self, names: Sequence[str], feeds: Mapping[str, Array]) -> list[Array]:
        """As for `core.runtime.protocol.Session`."""
        assert self._session is not None
        results = self._session.run(names, feeds)
        rebuild = self._rebuild
        if rebuild is None or _finite(results) or not _finite(feeds.values()):
            return results
        del results
        # Release the old one's memory first.
        self._session = self._rebuild = None
        self._session = rebuild()
        return self._session.run(names, feeds)


def _finite(arrays: Iterable[Array]) -> bool:
    return all(bool(np.isfinite(one).all()) for one in arrays)
