"""A small disk, or one that cannot be written: a mount, where that is allowed."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[Path]:
    """Mount an empty disk at a folder that is made; skip the test where that is not allowed."""
    place.mkdir()
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    words = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=755", "none", str(place)]
    made = subprocess.run(words, capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"mounting is not allowed: {made.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True, capture_output=True)


def write_protect(place: Path) -> None:
    """Let nothing more be written to a mounted disk."""
    words = ["mount", "-o", "remount,ro", str(place)]
    subprocess.run(words, check=True, capture_output=True)


def fill(place: Path, spare: int) -> None:
    """Leave so many bytes free on a mounted disk."""
    free = os.statvfs(place)
    (place / "filler").write_bytes(bytes(max(free.f_bavail * free.f_frsize - spare, 0)))
