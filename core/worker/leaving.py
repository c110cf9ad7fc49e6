"""The end of the worker's process, whichever thread comes to it."""

from __future__ import annotations

import os
import sys
import threading
from typing import NoReturn

_GRAPH_CACHE = "dreamlayer.core.runtime.graph_cache"
_FILL_SECONDS = 1.2
"""Of what the cache may take: the editor is gone, and its user may wait for disk and processor."""


def leave(code: int) -> NoReturn:
    """End the process at once, but for graphs that still have to go into the cache."""
    try:
        # Another thread may be in the middle of its import.
        fill = getattr(sys.modules.get(_GRAPH_CACHE), "fill", None)
        if fill is not None:
            filling = threading.Thread(target=fill, name="cache", daemon=True)
            filling.start()
            filling.join(_FILL_SECONDS)
    finally:
        os._exit(code)
