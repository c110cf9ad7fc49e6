"""What both GIMP plug-ins share, here and in GIMP 2.10's Python: cases of `both_pythons/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import both
import editor_root
import pytest

CASES = [(file, name) for file in both.files() for name in both.names(file)]

of_each_case = pytest.mark.parametrize(("file", "name"), CASES)


@pytest.fixture(scope="module")
def in_python2(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Mapping[str, Any]]:
    """What each case of a file came to in Python 2.7."""
    if reason := editor_root.missing("bullseye"):
        pytest.skip(reason)
    return cache(lambda file: both.in_python2(file, tmp_path_factory.mktemp("python2")))


@of_each_case
def test_here(file: str, name: str, tmp_path: Path) -> None:
    """Each case holds in this Python."""
    folder = tmp_path / "a földer ☂"
    folder.mkdir()
    both.cases(file)[name](str(folder))


@of_each_case
def test_in_python2(file: str, name: str, in_python2: Callable[[str], Mapping[str, Any]]) -> None:
    """Each case holds in Python 2.7."""
    ended = in_python2(file)[name]
    assert ended == "ok", ended
