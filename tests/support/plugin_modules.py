"""Modules of the plug-in that need no editor, imported as in GIMP: from its folder."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "plugin" / "dreamlayer"


def module(name: str) -> Any:
    """A module by its name, such as `editor.dialog.viewport`; its types are not known."""
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))
