"""A file is replaced whole or not at all, and keeps its permissions and links."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from image_samples import names

from dreamlayer.core.errors import OutputError
from dreamlayer.core.files import check_writable, replace_file, replacing

posix = pytest.mark.skipif(sys.platform == "win32", reason="permission bits of Unix")


def put(path: Path, data: bytes = b"new") -> None:
    replace_file(path, data)


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
def test_failure_keeps_the_old(tmp_path: Path, failure: type[BaseException]) -> None:
    """Whatever ends the writing early, the old file stays and no other is left."""
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def broken() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise failure

    with pytest.raises(failure):
        broken()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.png"]


def test_success_replaces(tmp_path: Path) -> None:
    """The new content takes the old one's place, also under the longest of names."""
    for name in "a.png", "x" * 251 + ".png":
        (tmp_path / name).write_bytes(b"old")
        put(tmp_path / name)
        assert (tmp_path / name).read_bytes() == b"new"
    assert len(names(tmp_path)) == 2


@posix
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_new_file_follows_the_umask(tmp_path: Path, mask: int) -> None:
    """A new file has the permissions that the user's umask grants."""
    before = os.umask(mask)
    try:
        put(tmp_path / "a.png")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == 0o666 & ~mask


@posix
def test_old_permissions_stay(tmp_path: Path) -> None:
    """An existing file keeps its permission bits."""
    (tmp_path / "a.png").touch()
    (tmp_path / "a.png").chmod(0o640)
    put(tmp_path / "a.png")
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == 0o640


@posix
def test_link_is_followed(tmp_path: Path) -> None:
    """A link stays a link, and what it points at is replaced; a dangling one gets its file."""
    (tmp_path / "far").mkdir()
    (tmp_path / "a.png").symlink_to(tmp_path / "far" / "b.png")
    for data in b"one", b"two":
        put(tmp_path / "a.png", data)
        assert (tmp_path / "a.png").is_symlink()
        assert (tmp_path / "far" / "b.png").read_bytes() == data
    assert len(names(tmp_path / "far")) == 1


@posix
def test_devices_are_refused(tmp_path: Path) -> None:
    """A device or pipe is never replaced by a file."""
    os.mkfifo(tmp_path / "pipe.png")
    for target in tmp_path / "pipe.png", "/dev/null":
        with pytest.raises(OutputError, match="not a regular file"):
            check_writable(target)


@posix
def test_write_protection(tmp_path: Path) -> None:
    """A protected file or folder is found before the work."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "a.png").touch(0o444)
    with pytest.raises(OutputError, match="write-protected"):
        check_writable(tmp_path / "a.png")
    tmp_path.chmod(0o555)
    with pytest.raises(OutputError, match="not permitted"):
        check_writable(tmp_path / "b.png")
    with pytest.raises(OutputError, match="not permitted"):
        put(tmp_path / "b.png")
    tmp_path.chmod(0o755)


def test_vanished_folder(tmp_path: Path) -> None:
    """A folder that is gone when the work is done is an error of one sentence."""
    with pytest.raises(OutputError, match="cannot write"):
        put(tmp_path / "gone" / "a.png")


def test_full_disk_keeps_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up on the way leaves the old file and nothing beside it."""
    path = tmp_path / "network.onnx"
    put(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="the disk is full"):
        put(path)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["network.onnx"]
