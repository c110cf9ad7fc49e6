"""DeepDream on ONNX Runtime alone: `dream` an image, `read` and `write` pictures, `Recipe`.

The names below are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.dreaming import Dreamer, dream
    from core.errors import DreamlayerError
    from core.gradient import gradient_model
    from core.images import Picture, read, write
    from core.network import Network
    from core.progress import Progress
    from core.recipe import Recipe
    from core.recipes import preset, presets
    from core.term import Term

__version__ = "0.1.0"

_HOMES = {
    "Progress": "core.progress",
    "Dreamer": "core.dreaming",
    "dream": "core.dreaming",
    "DreamlayerError": "core.errors",
    "gradient_model": "core.gradient",
    "Picture": "core.images",
    "read": "core.images",
    "write": "core.images",
    "Network": "core.network",
    "Term": "core.term",
    "Recipe": "core.recipe",
    "preset": "core.recipes",
    "presets": "core.recipes",
}

__all__ = [
    "Dreamer",
    "DreamlayerError",
    "Network",
    "Picture",
    "Progress",
    "Recipe",
    "Term",
    "__version__",
    "dream",
    "gradient_model",
    "preset",
    "presets",
    "read",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'core' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
