"""Find damaged tiles of TIFF files, for which libvips gives black ones and no error."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from dreamlayer.core.images.streams import library

_LOCK = threading.Lock()


@contextlib.contextmanager
def watched() -> Iterator[Callable[[], None]]:
    """While tiles are decoded, give a function that raises `pyvips.Error` if one failed.

    libvips keeps the messages of all its threads in one place. So only one picture is decoded
    under watch at a time; a damaged one that another thread reads at the same moment, not under
    watch, may be blamed on this one.
    """
    error = library().Error

    def check() -> None:
        # Making one takes what libvips has noted, and clears it.
        failure = error("")
        if failure.detail:
            raise failure

    with _LOCK:
        error("")
        yield check
