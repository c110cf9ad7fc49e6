"""What editors share knows none of them, and can lie in any package."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import plugin_modules
import pytest

EDITOR = plugin_modules.FOLDER / "editor"
MODULES = sorted(path.relative_to(EDITOR).as_posix() for path in EDITOR.rglob("*.py"))

PYTHON_2 = {"Queue", "locale"}
"""Modules of the standard library of Python 2.7 alone, and of both."""


def _imported(path: Path) -> Iterator[tuple[int, str]]:
    """How many dots each import begins with, and the name that follows."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


@pytest.mark.parametrize("module", MODULES)
def test_imports_the_standard_library_and_its_neighbours(module: str) -> None:
    """Nothing of an editor, a toolkit or a package's name; neighbours by dots, none above."""
    depth = len(Path(module).parts)
    for level, name in _imported(EDITOR / module):
        root = name.partition(".")[0]
        if level == 0:
            assert root in sys.stdlib_module_names | PYTHON_2, name
        else:
            assert level <= depth, f"{'.' * level}{name} lies above the package"


def test_the_older_half_does_without_the_newer() -> None:
    """What reads as Python 2.7 imports nothing of `dialog` and `style`, which do not."""
    for path in EDITOR.glob("*.py"):
        for level, name in _imported(path):
            newer = level and name.partition(".")[0] in ("dialog", "style")
            assert not newer, f"{path.name} imports {name}"
