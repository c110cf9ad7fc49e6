"""DeepDream on ONNX Runtime alone: `dream` an image, `read` and `write` pictures, `Recipe`.

The names are those of `dreamlayer.core.api`, loaded when the first of them is used, so that
importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dreamlayer.core.api import *  # noqa: F403 - all public names, for type checkers

_HERE = Path(__file__).parent
if not (_HERE / "core").is_dir():
    # A checkout: core, export and plugin lie beside this folder, not in it.
    globals()["__path__"].append(str(_HERE.parent))


def __getattr__(name: str) -> Any:
    if name.startswith("__") and name not in ("__all__", "__version__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("dreamlayer.core.api"), name)


def __dir__() -> list[str]:
    return list(import_module("dreamlayer.core.api").__all__)
