"""A file is replaced whole or not at all, and keeps its permissions and links."""

from __future__ import annotations

import errno
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from image_samples import names

from dreamlayer.core.errors import OutputError
from dreamlayer.core.files import replace_file, replacement, replacing

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


@pytest.fixture(params=["unnamed", "named"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether the file system has files without a name, as Linux's have, or not."""
    if request.param == "named":
        monkeypatch.setattr(replacement, "_NAMELESS", 0)
    elif not replacement._NAMELESS:
        pytest.skip("only Linux has files without a name")
    return str(request.param)


@posix
@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o604, 0o660])
def test_nobody_else_reads_what_is_being_written(tmp_path: Path, mode: int) -> None:
    """The temporary file never grants more than the file that it replaces."""
    (tmp_path / "a.png").touch()
    (tmp_path / "a.png").chmod(mode)
    with replacing(tmp_path / "a.png") as file:
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) & ~mode == 0
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == mode
    assert names(tmp_path) == ["a.png"]


@pytest.mark.usefixtures("way")
def test_file_that_came_meanwhile_is_replaced(tmp_path: Path) -> None:
    """By another program, while ours was being written."""
    with replacing(tmp_path / "a.png") as file:
        file.write(b"new")
        (tmp_path / "a.png").write_bytes(b"other")
    assert (tmp_path / "a.png").read_bytes() == b"new"
    assert names(tmp_path) == ["a.png"]


@pytest.mark.usefixtures("way")
def test_folder_that_came_meanwhile_stays(tmp_path: Path) -> None:
    """It is an error of one sentence, and nothing is left beside it."""

    def write() -> None:
        with replacing(tmp_path / "a.png"):
            (tmp_path / "a.png").mkdir()

    with pytest.raises(OutputError, match="cannot write"):
        write()
    assert names(tmp_path) == ["a.png"]
    assert (tmp_path / "a.png").is_dir()


@posix
@pytest.mark.usefixtures("way")
def test_folder_that_is_removed_meanwhile(tmp_path: Path) -> None:
    """It is an error of one sentence, and the folder does not come back."""

    def write() -> None:
        with replacing(tmp_path / "far" / "a.png"):
            for path in (tmp_path / "far").iterdir():
                path.unlink()
            (tmp_path / "far").rmdir()

    (tmp_path / "far").mkdir()
    with pytest.raises(OutputError, match="its folder is gone"):
        write()
    assert names(tmp_path) == []


@posix
def test_other_names_of_the_file_keep_the_old(tmp_path: Path) -> None:
    """A hard link is another file from then on, as with other programs that write atomically."""
    put(tmp_path / "a.png", b"old")
    (tmp_path / "b.png").hardlink_to(tmp_path / "a.png")
    put(tmp_path / "a.png")
    assert (tmp_path / "b.png").read_bytes() == b"old"


def test_file_system_that_gives_no_name_to_an_open_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The content is copied into a file that has one; permissions stay."""

    def refused(*_given: object, **_named: object) -> None:
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refused)
    put(tmp_path / "a.png", b"one")
    if sys.platform != "win32":
        (tmp_path / "a.png").chmod(0o640)
    before = (tmp_path / "a.png").stat().st_mode
    put(tmp_path / "a.png", b"two")
    assert (tmp_path / "a.png").read_bytes() == b"two"
    assert (tmp_path / "a.png").stat().st_mode == before
    assert names(tmp_path) == ["a.png"]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS])
def test_file_system_without_synchronization(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """It has nothing to wait for."""

    def refused(_: int) -> None:
        raise OSError(number, "no fsync here")

    monkeypatch.setattr(os, "fsync", refused)
    put(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == b"new"


def test_windows_waits_for_a_program_that_has_the_target_open(tmp_path: Path) -> None:
    """A virus scanner lets go after a moment; a viewer does not, which is an error."""
    (tmp_path / "fresh").write_bytes(b"new")
    pauses: list[float] = []

    def busy(fresh: Path, path: Path) -> None:
        if len(pauses) < 3:
            raise PermissionError(errno.EACCES, "used by another process")
        fresh.replace(path)

    given = {"system": "nt", "replace": busy, "sleep": pauses.append}
    replacement.put_in_place(tmp_path / "fresh", tmp_path / "a.png", **given)  # type: ignore[arg-type]
    assert names(tmp_path) == ["a.png"]

    def held(_fresh: Path, _path: Path) -> None:
        raise PermissionError(errno.EACCES, "used by another process")

    with pytest.raises(PermissionError):
        replacement.put_in_place(
            tmp_path / "fresh", tmp_path / "a.png", system="nt", replace=held, sleep=pauses.append
        )
    assert 1 < sum(pauses) < 3


@posix
@pytest.mark.parametrize("nameless", [True, False])
def test_killed_process_leaves_the_old_or_the_new(tmp_path: Path, nameless: bool) -> None:
    """At whatever moment; and nothing beside it after the next run."""
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from dreamlayer.core.files import replacement\n"
        "if sys.argv[2] == 'False':\n"
        "    replacement._NAMELESS = 0\n"
        "print('ready', flush=True)\n"
        "for number in range(10**9):\n"
        "    replacement.replace_file(Path(sys.argv[1]), b'%d' % (number % 2) * 300_000)\n"
    )
    path = tmp_path / "a.png"
    random.seed(3)
    for _ in range(8):
        command = [sys.executable, "-c", program, str(path), str(nameless)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(random.uniform(0.01, 0.05))
            process.send_signal(signal.SIGKILL)
        if path.exists():
            assert len(set(path.read_bytes())) == 1
            assert path.stat().st_size == 300_000
    replacement._swept.discard(tmp_path)
    put(path)
    assert names(tmp_path) == ["a.png"]
