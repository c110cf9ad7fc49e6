"""The end of the worker's process, whichever thread comes to it."""

from __future__ import annotations

import os
import sys
import threading
from typing import NoReturn

_GRAPH_CACHE = "dreamlayer.core.runtime.graph_cache"
_FILL_SECONDS = 3.0
"""Of what the cache may take: the editor is gone, and its user may wait for the disk."""


def leave(code: int) -> NoReturn:
    """End the process at once, but for graphs that still have to go into the cache."""
    cache = sys.modules.get(_GRAPH_CACHE)
    if cache is not None:
        filling = threading.Thread(target=cache.fill, name="cache", daemon=True)
        filling.start()
        filling.join(_FILL_SECONDS)
    os._exit(code)
