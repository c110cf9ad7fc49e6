"""What keeps a file from being written is found before the work, and nothing is touched."""

from __future__ import annotations

import errno
import os
import re
import sys
from pathlib import Path

import pytest
from image_samples import names
from other_user import as_nobody

from dreamlayer.core.errors import OutputError
from dreamlayer.core.files import check_writable, writable
from dreamlayer.core.files.writable import output_error, windows_fault

posix = pytest.mark.skipif(sys.platform == "win32", reason="permission bits of Unix")


@posix
def test_devices_are_refused(tmp_path: Path) -> None:
    """A device or pipe is never replaced by a file."""
    os.mkfifo(tmp_path / "pipe.png")
    for target in tmp_path / "pipe.png", "/dev/null":
        with pytest.raises(OutputError, match="not a regular file"):
            check_writable(target)


@posix
def test_write_protection() -> None:
    """A protected file or folder is found before the work."""
    with as_nobody() as folder:
        (folder / "a.png").touch(0o444)
        with pytest.raises(OutputError, match="write-protected"):
            check_writable(folder / "a.png")
        folder.chmod(0o555)
        with pytest.raises(OutputError, match="not permitted"):
            check_writable(folder / "b.png")


@posix
def test_files_of_others_where_only_their_owner_may_replace_them() -> None:
    """As in /tmp: that they can be written to is not enough."""
    if os.geteuid() != 0:
        pytest.skip("only root can make another user's file")
    with as_nobody() as folder:
        (folder / "a.png").touch()
        (folder / "a.png").chmod(0o666)
        (folder / "b.png").touch()
        os.setresuid(0, 0, 0)
        os.chown(folder / "a.png", 1, 1)
        os.chown(folder, 1, 1)
        folder.chmod(0o1777)
        os.setresuid(65534, 65534, 0)
        check_writable(folder / "b.png")
        check_writable(folder / "c.png")
        with pytest.raises(OutputError, match="only they can replace it"):
            check_writable(folder / "a.png")


def test_file_that_is_mounted_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As containers do; it can be written to, but not replaced."""
    path = tmp_path / "a b.png"
    path.touch()
    mounts = tmp_path / "mountinfo"
    name = str(path).replace(" ", "\\040")
    mounts.write_text(
        f"36 35 98:0 /x / rw - ext3 /dev/root rw\n37 35 98:0 /x {name} rw - ext3 y z\n"
    )
    monkeypatch.setattr(writable, "_MOUNTS", mounts)
    with pytest.raises(OutputError, match="mounted by itself"):
        check_writable(path)
    check_writable(tmp_path / "b.png")


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EPERM])
@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="only Linux can tell")
def test_folder_in_which_the_system_makes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Its permissions say nothing of a disk that is read-only, full, or immutable."""

    def refused(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(OutputError):
        check_writable(tmp_path / "a.png")


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="only Linux has files without a name")
def test_file_system_without_unnamed_files_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files with a name may be possible."""

    def refused(*_: object) -> int:
        raise OSError(errno.EOPNOTSUPP, "not here")

    monkeypatch.setattr(os, "open", refused)
    check_writable(tmp_path / "a.png")


@pytest.mark.parametrize(
    "target", ["a\0b.png", "x" * 300 + ".png", "\ud800.png"], ids=["nul", "long", "odd"]
)
def test_names_that_no_system_has(tmp_path: Path, target: str) -> None:
    """One sentence."""
    with pytest.raises(OutputError, match="cannot write"):
        check_writable(tmp_path / target)


@posix
def test_links_in_a_circle(tmp_path: Path) -> None:
    """One sentence."""
    (tmp_path / "a.png").symlink_to(tmp_path / "b.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    with pytest.raises(OutputError, match="cannot write"):
        check_writable(tmp_path / "a.png")


@posix
def test_standard_output_by_another_name() -> None:
    """A pipe has no real path, and is no place for a file."""
    reading, writing = os.pipe()
    try:
        with pytest.raises(OutputError, match="'-' for standard output"):
            check_writable(f"/dev/fd/{writing}")
    finally:
        os.close(reading)
        os.close(writing)


def test_nothing_is_touched(tmp_path: Path) -> None:
    """Neither the file nor its folder."""
    (tmp_path / "a.png").write_bytes(b"old")
    before = [path.stat() for path in (tmp_path, tmp_path / "a.png")]
    for name in "a.png", "b.png":
        check_writable(tmp_path / name)
    after = [path.stat() for path in (tmp_path, tmp_path / "a.png")]
    assert [state.st_mtime_ns for state in before] == [state.st_mtime_ns for state in after]
    assert names(tmp_path) == ["a.png"]


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        (r"C:\dreams\a.png", ""),
        ("dream of 3.png", ""),
        ("console.png", ""),
        ("NUL.png", "device"),
        ("com1", "device"),
        ("why?.png", r"'\?'"),
        ("photo.jpg:dream.png", "':'"),
        ("line\nfeed.png", r"'\\n'"),
        ("dream.png.", "ends with a dot"),
        ("dream.png ", "a space"),
    ],
)
def test_names_that_windows_does_not_have(target: str, fault: str) -> None:
    """They would fail after the work, or write where nobody looks."""
    found = windows_fault(target)
    assert re.search(fault, found) if fault else not found


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EFBIG, "larger than files may be"),
        (errno.EBUSY, "in use"),
        (errno.EIO, "give another output"),
        (errno.EROFS, "give another output"),
        (errno.EXDEV, "give another output"),
    ],
)
def test_what_the_system_says_becomes_a_sentence(number: int, said: str) -> None:
    """It names the output, the reason, and what to do."""
    sentence = str(output_error("a.png", OSError(number, os.strerror(number))))
    assert sentence.startswith("cannot write 'a.png': ")
    assert said in sentence
