"""Style: the style of one picture, or of several, on the content of another.

The names below are loaded when they are first used, so that a command's help costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.style.descent import StyleProgress
    from core.style.painting import Round
    from core.style.presets import style_preset, style_presets
    from core.style.recipe import StyleRecipe
    from core.style.stylist import Stylist, transfer

_HOMES = {
    "Round": "core.style.painting",
    "StyleProgress": "core.style.descent",
    "StyleRecipe": "core.style.recipe",
    "Stylist": "core.style.stylist",
    "style_preset": "core.style.presets",
    "style_presets": "core.style.presets",
    "transfer": "core.style.stylist",
}

__all__ = [
    "Round",
    "StyleProgress",
    "StyleRecipe",
    "Stylist",
    "style_preset",
    "style_presets",
    "transfer",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'core.style' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
