"""Fixtures of the tests in real GIMPs."""

from __future__ import annotations

from pathlib import Path

import editor_root
import pytest
from real_gimp import SUITES, Gimp, install


@pytest.fixture(scope="session")
def gimps(tmp_path_factory: pytest.TempPathFactory, small_network: Path) -> dict[str, Gimp]:
    """Each GIMP whose root is there, with a fresh configuration and the filter installed."""
    return {
        suite: install(suite, tmp_path_factory.mktemp(f"Jörg's {suite}"), small_network)
        for suite in SUITES
        if not editor_root.missing(suite)
    }


@pytest.fixture(params=SUITES)
def gimp(request: pytest.FixtureRequest, gimps: dict[str, Gimp]) -> Gimp:
    """GIMP 3.0, then GIMP 3.2."""
    if reason := editor_root.missing(request.param):
        pytest.skip(reason)
    return gimps[request.param]
