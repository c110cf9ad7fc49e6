"""The end of the worker's process, whichever thread comes to it."""

from __future__ import annotations

import os
import sys
import threading
from typing import NoReturn

_GRAPH_CACHE = "dreamlayer.core.runtime.graph_cache"
_FILL_SECONDS = 3.0
"""Of what the cache may take: the editor is gone, and its user may wait for the disk."""

_BUSY_SECONDS = 1.2
"""The same while a request is still handled, which keeps the processor from others."""


def leave(code: int, *, busy: bool = False) -> NoReturn:
    """End the process at once, but for graphs that still have to go into the cache.

    `busy` is whether a request is still handled; what computes for it may never return.
    """
    try:
        # Another thread may be in the middle of its import.
        fill = getattr(sys.modules.get(_GRAPH_CACHE), "fill", None)
        if fill is not None:
            filling = threading.Thread(target=fill, name="cache", daemon=True)
            filling.start()
            filling.join(min(_BUSY_SECONDS, _FILL_SECONDS) if busy else _FILL_SECONDS)
    finally:
        os._exit(code)
