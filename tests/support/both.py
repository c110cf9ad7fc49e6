"""Cases that hold in Python 2.7 and in this Python alike: those of `both_pythons/`."""

from __future__ import annotations

import ast
import json
import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import editor_root

_FOLDER = Path(__file__).parents[1] / "plugin" / "both_pythons"


def files() -> list[str]:
    """The names of the files with cases."""
    return sorted(path.name for path in _FOLDER.glob("*_cases.py"))


def names(file: str) -> list[str]:
    """The names of the cases in a file."""
    tree = ast.parse((_FOLDER / file).read_text(encoding="utf-8"))
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [name for name in functions if name.startswith("case_")]


def cases(file: str) -> Mapping[str, Callable[[str], None]]:
    """The cases in a file, loaded into this Python."""
    return runpy.run_path(str(_FOLDER / file), run_name="cases")


def in_python2(file: str, folder: Path) -> dict[str, Any]:
    """What each case in a file came to in Python 2.7, in the root bullseye."""
    command = ["/usr/bin/python2.7", "-B", f"/host{_FOLDER / 'run.py'}", f"/host{_FOLDER / file}"]
    ran = editor_root.run(
        "bullseye", [*command, str(folder / "results.json")], folder, environment={"LC_ALL": "C"}
    )
    assert (folder / "results.json").is_file(), ran.stdout + ran.stderr
    results: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert results["version"].startswith("2.7."), results["version"]
    return results
