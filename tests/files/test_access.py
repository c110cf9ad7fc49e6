"""A file that replaces another is readable by those who could read the old one."""

from __future__ import annotations

import os
import stat
import struct
import sys
from pathlib import Path

import pytest
from other_user import as_nobody

from dreamlayer.core.files import replace_file

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="permissions of Unix")

root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can give files away"
)
attributes = pytest.mark.skipif(not hasattr(os, "setxattr"), reason="only on Linux")

ACL = "system.posix_acl_access"


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def acl(*entries: tuple[int, int, int]) -> bytes:
    """A list of access as Linux stores it: tag, permissions and number of each entry."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NOBODY = 0xFFFFFFFF
READER = acl((1, 6, NOBODY), (2, 4, 12345), (4, 0, NOBODY), (16, 4, NOBODY), (32, 0, NOBODY))
"""Its owner writes, user 12345 reads, and nobody else does anything."""


@root
def test_owner_and_group_stay(tmp_path: Path) -> None:
    """Where the system allows it, as it allows root."""
    path = tmp_path / "a.png"
    path.touch()
    path.chmod(0o640)
    os.chown(path, 12345, 54321)
    replace_file(path, b"new")
    state = path.stat()
    assert (state.st_uid, state.st_gid, permissions(path)) == (12345, 54321, 0o640)


@root
def test_another_group_gets_no_more_than_everybody() -> None:
    """The old group cannot be given to the file by those who are not in it."""
    with as_nobody() as folder:
        for name, mode, wanted in (("a", 0o660, 0o600), ("b", 0o664, 0o644)):
            (folder / name).touch()
            (folder / name).chmod(mode)
            os.setresuid(0, 0, 0)
            os.chown(folder / name, 65534, 54321)
            (folder / name).chmod(mode)
            os.setresuid(65534, 65534, 0)
            replace_file(folder / name, b"new")
            assert permissions(folder / name) == wanted


@attributes
def test_lists_of_access_stay(tmp_path: Path) -> None:
    """Those of the file, not what its folder prescribes for new ones."""
    path = tmp_path / "a.png"
    path.touch()
    try:
        os.setxattr(path, ACL, READER)
    except OSError:
        pytest.skip("this disk has no lists of access")
    replace_file(path, b"new")
    assert os.getxattr(path, ACL) == READER
    os.setxattr(tmp_path, "system.posix_acl_default", READER)
    plain = tmp_path / "b.png"
    plain.touch()
    os.removexattr(plain, ACL)
    plain.chmod(0o640)
    replace_file(plain, b"new")
    assert ACL not in os.listxattr(plain)
    assert permissions(plain) == 0o640
    replace_file(tmp_path / "new.png", b"new")
    assert os.getxattr(tmp_path / "new.png", ACL) == READER


@attributes
def test_attributes_of_the_user_stay(tmp_path: Path) -> None:
    """Such as tags and ratings."""
    path = tmp_path / "a.png"
    path.touch()
    try:
        os.setxattr(path, "user.xdg.tags", b"dreams")
    except OSError:
        pytest.skip("this disk has no extended attributes")
    replace_file(path, b"new")
    assert os.getxattr(path, "user.xdg.tags") == b"dreams"


def test_bits_that_files_of_data_do_not_need_are_dropped(tmp_path: Path) -> None:
    """A program that runs as its owner is not replaced by a picture that does."""
    path = tmp_path / "a.png"
    path.touch()
    path.chmod(0o4755)
    replace_file(path, b"new")
    assert permissions(path) == 0o755


def test_disk_that_takes_no_permissions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture is written with narrower ones rather than lost."""

    def refused(*_: object) -> None:
        raise PermissionError(1, "not on this disk")

    path = tmp_path / "a.png"
    path.touch()
    path.chmod(0o644)
    monkeypatch.setattr(os, "fchmod", refused)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert permissions(path) & ~0o644 == 0
