"""The editor's side of the worker protocol, in this Python and in Python 2.7."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import both
import gimp_root
import pytest

CASES = "worker_client_cases.py"


@pytest.fixture(scope="module")
def python2(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What each case came to in Python 2.7."""
    if reason := gimp_root.missing("bullseye"):
        pytest.skip(reason)
    return both.in_python2(CASES, tmp_path_factory.mktemp("python2"))


@pytest.mark.parametrize("name", both.names(CASES))
def test_here(name: str, tmp_path: Path) -> None:
    """Each case holds in this Python."""
    folder = tmp_path / "a földer ☂"
    folder.mkdir()
    both.cases(CASES)[name](str(folder))


@pytest.mark.parametrize("name", both.names(CASES))
def test_in_python2(name: str, python2: Mapping[str, Any]) -> None:
    """Each case holds in Python 2.7."""
    assert python2[name] == "ok", python2[name]
