"""Whatever the cache folder is, each run makes its picture, with the same bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import command, run
from image_samples import names

Kind = Callable[[Path], str]
"""Makes something in a folder, and returns the cache folder to name."""


def _missing(folder: Path) -> str:
    return str(folder / "a" / "b" / "c")


def _read_only(folder: Path) -> str:
    folder.chmod(0o555)
    return str(folder)


def _of_a_read_only_folder(folder: Path) -> str:
    folder.chmod(0o555)
    return str(folder / "cache")


def _unreadable(folder: Path) -> str:
    folder.chmod(0)
    return str(folder)


def _for_all(folder: Path) -> str:
    folder.chmod(0o777)
    return str(folder)


def _a_file(folder: Path) -> str:
    (folder / "cache").write_bytes(b"not a folder")
    return str(folder / "cache")


def _below_a_file(folder: Path) -> str:
    return f"{_a_file(folder)}/cache"


def _a_link(folder: Path) -> str:
    (folder / "far").mkdir(mode=0o700)
    (folder / "cache").symlink_to(folder / "far")
    return str(folder / "cache")


def _a_dangling_link(folder: Path) -> str:
    (folder / "cache").symlink_to(folder / "gone")
    return str(folder / "cache")


def _a_circle_of_links(folder: Path) -> str:
    (folder / "cache").symlink_to(folder / "cache")
    return str(folder / "cache")


def _a_pipe(folder: Path) -> str:
    os.mkfifo(folder / "cache")
    return str(folder / "cache")


def _another_users(folder: Path) -> str:
    if os.geteuid() == 0:
        os.chown(folder, 12345, 12345)
        return str(folder)
    return "/usr"


def _with_a_long_name(folder: Path) -> str:
    return str(folder / ("x" * 300))


def _full_of_folders(folder: Path) -> str:
    """Whose names are those of entries."""
    cache = folder / "cache"
    run("doctor", DREAMLAYER_CACHE=str(cache))
    for path in list(cache.iterdir()):
        path.unlink()
        path.mkdir()
    return str(cache)


KINDS: list[Kind] = [
    _missing,
    _read_only,
    _of_a_read_only_folder,
    _unreadable,
    _for_all,
    _a_file,
    _below_a_file,
    _a_link,
    _a_dangling_link,
    _a_circle_of_links,
    _a_pipe,
    _another_users,
    _with_a_long_name,
    _full_of_folders,
]

USED = (_missing, _read_only, _for_all, _a_link, _full_of_folders)


def _as_a_user(words: list[str]) -> list[str]:
    """A command without root's right to write everywhere."""
    if os.geteuid() == 0 and shutil.which("setpriv"):
        return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *words]
    return words


def _dream(photo: Path, target: Path, quick: list[str], cache: str) -> subprocess.Popen[bytes]:
    words = ["dream", photo, "-o", target, "--quiet", "--provider", "cpu", *quick]
    return subprocess.Popen(
        _as_a_user(command(*words)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "DREAMLAYER_CACHE": cache},
    )


def _dreamt(photo: Path, target: Path, quick: list[str], cache: str) -> bytes:
    """A dream's bytes; it must succeed and say nothing."""
    with _dream(photo, target, quick, cache) as process:
        said = process.communicate(timeout=120)
    assert (process.returncode, said) == (0, (b"", b""))
    return target.read_bytes()


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What is dreamt without a cache, once for all tests."""
    del tmp_path_factory
    return {}


@pytest.fixture
def wanted(photo: Path, quick: list[str], without: dict[str, bytes]) -> bytes:
    """What is dreamt without a cache."""
    if not without:
        without["bytes"] = _dreamt(photo, photo.with_name("off.png"), quick, "off")
    return without["bytes"]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions and links of Unix")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.strip("_"))
def test_folders_of_all_kinds(
    kind: Kind, photo: Path, quick: list[str], wanted: bytes, tmp_path: Path
) -> None:
    """A cache that cannot be used is none; the others are used cold and warm."""
    folder = tmp_path / "place"
    folder.mkdir(mode=0o700)
    cache = kind(folder)
    try:
        for number in range(1 + (kind in USED)):
            target = photo.with_name(f"{number}.png")
            assert _dreamt(photo, target, quick, cache) == wanted
    finally:
        folder.chmod(0o700)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can mount")
@pytest.mark.parametrize("options", ["size=64k", "size=8k,nr_inodes=3", "size=300k", "ro"])
def test_disks_that_take_no_more(
    options: str, photo: Path, quick: list[str], wanted: bytes, tmp_path: Path
) -> None:
    """Full at once, of files too, or in the middle of a graph, or read-only."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"mode=700,{options}", "dreamlayer", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        for number in range(2):
            target = photo.with_name(f"{number}.png")
            assert _dreamt(photo, target, quick, str(folder)) == wanted
        assert not [name for name in names(folder) if name.startswith("staging-")]
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_shared_by_processes_while_it_is_removed(
    photo: Path, quick: list[str], wanted: bytes, tmp_path: Path
) -> None:
    """Again and again, while graphs are made in it."""
    cache, done = tmp_path / "cache", threading.Event()

    def remove() -> None:
        while not done.wait(0.02):
            shutil.rmtree(cache, ignore_errors=True)

    removing = threading.Thread(target=remove)
    removing.start()
    try:
        targets = [photo.with_name(f"{number}.png") for number in range(4)]
        running = [_dream(photo, target, quick, str(cache)) for target in targets]
        for process, target in zip(running, targets, strict=True):
            with process:
                said = process.communicate(timeout=120)
            assert (process.returncode, said) == (0, (b"", b""))
            assert target.read_bytes() == wanted
    finally:
        done.set()
        removing.join()


def test_killed_at_any_moment(photo: Path, quick: list[str], wanted: bytes, tmp_path: Path) -> None:
    """Whatever is half written, the next run makes its picture and removes what was left."""
    cache, target = tmp_path / "cache", photo.with_name("out.png")
    for tenths in range(4, 10):
        with _dream(photo, target, quick, str(cache)) as process:
            try:
                process.wait(tenths / 10)
            except subprocess.TimeoutExpired:
                process.kill()
    assert _dreamt(photo, target, quick, str(cache)) == wanted
    assert {Path(name).suffix for name in names(cache)} <= {".blob", ".onnx", ".weights"}
    assert not [name for name in names(photo.parent) if name.startswith(".")]
