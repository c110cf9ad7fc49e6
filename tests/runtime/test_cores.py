"""The number of cores that may be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dreamlayer.core.runtime import cores


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        (["150000 100000"], 2),
        (["50000 100000"], 1),
        (["max 100000"], 8),
        (["-1", "100000"], 8),
        (["300000", "100000"], 3),
        (["damaged"], 8),
        ([], 8),
    ],
)
def test_affinity_and_containers_limit_cores(
    texts: list[str], count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Limits in both forms of Linux, of which neither needs to exist; parts of a core count."""
    files = []
    for number, text in enumerate(texts):
        files.append(tmp_path / str(number))
        files[-1].write_text(text)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(cores, "_QUOTAS", [[*map(str, files)], [str(tmp_path / "missing")]])
    assert cores.usable_cores() == count


def test_without_affinity_all_cores_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS and Windows."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    monkeypatch.setattr(cores, "_QUOTAS", [])
    assert cores.usable_cores() == 5
