"""`--long` runs as many mutations and kills as a release deserves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from forked_program import ForkedProgram
from mutation_trial import prepare


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known where this folder is named: `python -m pytest tests/reliability --long`."""
    parser.addoption("--long", action="store_true", help="many more mutations and kills")


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    """Whether many were asked for."""
    return bool(pytestconfig.getoption("--long", default=False))


@pytest.fixture(scope="session")
def program() -> Iterator[ForkedProgram]:
    """The command line, imported once and forked for each run."""
    with ForkedProgram() as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with `small.onnx`, a network, and `other.png`, a picture of 20 × 14 pixels."""
    prepare(tmp_path)
    return tmp_path


@pytest.fixture
def is_root() -> bool:
    """Whether permissions mean nothing to this process."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
