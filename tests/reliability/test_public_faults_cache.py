"""Each fault of version 0.1 found from outside stays mended: the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import ROOT

QUICK = ["--network", "small.onnx", "--layer", "deep", "--octaves", "1", "--steps", "2", "--quiet"]


def run(folder: Path, cache: Path | str) -> bytes:
    """The picture that a program of its own makes with this cache."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DREAMLAYER_CACHE": str(cache)}
    command = [sys.executable, "-m", "dreamlayer", "dream", "other.png", *QUICK, "-o", "out.png"]
    ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    assert ran.stderr == b""
    return (folder / "out.png").read_bytes()


@pytest.fixture
def cache(folder: Path) -> Path:
    """A cache that one dream has filled."""
    run(folder, folder / "cache")
    run(folder, folder / "cache")
    assert list((folder / "cache").iterdir())
    return folder / "cache"


@pytest.fixture
def right(folder: Path) -> bytes:
    """The picture as it is made without a cache."""
    return run(folder, "off")


def files(cache: Path) -> list[Path]:
    """All files of a cache."""
    return [path for path in cache.rglob("*") if path.is_file()]


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/nowhere/at/all")


@pytest.mark.parametrize(
    "damage", [_flip, _cut, _folder, _link, lambda path: path.write_bytes(b"")]
)
def test_g1_a_damaged_cache_gives_the_same_picture(
    folder: Path, cache: Path, right: bytes, damage: Callable[[Path], None]
) -> None:
    """One flipped bit in the weights gave another picture for ever, with exit code 0."""
    for path in files(cache):
        damage(path)
    assert run(folder, cache) == right
    assert run(folder, cache) == right


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_g1_a_folder_that_others_can_write_is_not_trusted(folder: Path, right: bytes) -> None:
    """Whoever could write there decided what was computed."""
    shared = folder / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    assert run(folder, shared) == right
    # What is kept lies in a folder of the user's own.
    assert all(path.is_dir() for path in shared.iterdir())
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o022 == 0 for path in shared.iterdir())


@pytest.mark.parametrize(
    "value", [b'"x"', b"null", b"[]", b"{}", b"3", b"[[[1]]]", b"", b"[" * 9000]
)
def test_g2_a_cached_fact_of_the_wrong_type(
    folder: Path, cache: Path, right: bytes, value: bytes
) -> None:
    """It was a traceback at every run."""
    blobs = list(cache.rglob("*.blob"))
    assert blobs
    for path in blobs:
        path.write_bytes(hashlib.sha256(value).digest() + value)
    assert run(folder, cache) == right
    assert run(folder, cache) == right


def test_g2_the_folder_goes_away_while_a_graph_is_made(folder: Path, right: bytes) -> None:
    """It was an error in place of a picture."""
    cache = folder / "cache"
    over = threading.Event()

    def remove() -> None:
        while not over.is_set():
            shutil.rmtree(cache, ignore_errors=True)

    remover = threading.Thread(target=remove)
    remover.start()
    try:
        for _ in range(3):
            assert run(folder, cache) == right
    finally:
        over.set()
        remover.join()


@pytest.mark.parametrize(
    "kind", ["a file", "below a file", "a dangling link", "/dev/null", "/proc/x"]
)
def test_g2_the_cache_cannot_be_a_folder(folder: Path, right: bytes, kind: str) -> None:
    """Whatever is in its place, the picture is made."""
    (folder / "file").write_bytes(b"no folder")
    (folder / "link").symlink_to(folder / "nowhere" / "at all")
    places = {"a file": folder / "file", "below a file": folder / "file" / "below"}
    places["a dangling link"] = folder / "link"
    assert run(folder, places.get(kind, Path(kind))) == right
    assert (folder / "file").read_bytes() == b"no folder"
