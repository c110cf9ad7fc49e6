"""Who may read and write a file that replaces another: those who could before, and nobody else."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

_ACL = "system.posix_acl_access"
_OF_THE_USER = "user."


def take_over(file: int, path: Path, old: os.stat_result) -> None:
    """Give an open file the permissions of the file that it will replace.

    Owner and group follow where the system allows it. Where the group cannot, the new one gets no
    more than everybody had. On Linux, access control lists and the user's extended attributes are
    copied. Windows gives the new file what its folder prescribes.

    Parameters
    ----------
    file : int
        Descriptor of the new file.
    path : Path
        The old file.
    old : os.stat_result
        Its state.
    """
    if not hasattr(os, "fchown"):
        return
    permissions = stat.S_IMODE(old.st_mode) & 0o777
    group_kept = _chown(file, old)
    if not group_kept:
        permissions = permissions & 0o707 | (permissions & 0o007) << 3
    if hasattr(os, "setxattr"):
        _copy_attributes(file, path, acl=group_kept)
    try:
        os.fchmod(file, permissions)
    except OSError:
        # Some disks have one set of permissions for all files; a narrower one does no harm.
        if stat.S_IMODE(os.fstat(file).st_mode) & ~permissions:
            raise


def _chown(file: int, old: os.stat_result) -> bool:
    """Set owner and group, or the group alone; whether the group is the old one."""
    new = os.fstat(file)
    for owner in (old.st_uid, -1):
        if (new.st_uid if owner == -1 else owner, old.st_gid) == (new.st_uid, new.st_gid):
            return True
        with contextlib.suppress(OSError):
            os.fchown(file, owner, old.st_gid)
            return True
    return False


def _copy_attributes(file: int, path: Path, *, acl: bool) -> None:
    """Copy extended attributes; what a folder prescribes for new files is not the old ones."""
    with contextlib.suppress(OSError):
        os.removexattr(file, _ACL)
    with contextlib.suppress(OSError):
        for name in os.listxattr(path):
            if name.startswith(_OF_THE_USER) or (acl and name == _ACL):
                with contextlib.suppress(OSError):
                    os.setxattr(file, name, os.getxattr(path, name))
