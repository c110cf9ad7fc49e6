"""Whether a file can be written, found out before the work and without touching anything."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from pathlib import Path, PureWindowsPath

from dreamlayer.core.errors import OutputError, shown

_MOUNTS = Path("/proc/self/mountinfo")
_UNSUPPORTED = {
    errno.EOPNOTSUPP,
    errno.ENOTSUP,
    errno.EISDIR,
    errno.EINVAL,
    errno.ENOSYS,
    errno.ENOENT,
}
"""What file systems and kernels without files that have no name say of them."""

_DEVICE = re.compile(r"(con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³])(\..*)?", re.IGNORECASE)


def check_writable(target: str | os.PathLike[str]) -> None:
    """Raise unless a file can be written to `target`, without touching anything.

    Raises
    ------
    OutputError
        The target is a folder or a device, its folder is missing, or writing is not permitted.
    """
    name = shown(Path(target))
    if not os.fspath(target):
        raise OutputError("the output has no name; give one such as dream.png")
    if os.name == "nt" and (fault := windows_fault(os.fspath(target))):
        raise OutputError(f"Windows has no file name such as {name} ({fault}); give another output")
    try:
        path = Path(os.path.realpath(target))
        # Not of `path`: standard output by its name in /dev has no real path.
        state = _state_of(Path(target))
    except (OSError, ValueError) as failure:
        raise output_error(target, failure) from failure
    if state is not None and stat.S_ISDIR(state.st_mode):
        raise OutputError(f"{name} is a folder; give a file name")
    if state is not None and not stat.S_ISREG(state.st_mode):
        raise OutputError(
            f"{name} is not a regular file; give a file name, or '-' for standard output"
        )
    if path.parent.exists() and not path.parent.is_dir():
        raise OutputError(f"{shown(path.parent)} is a file and no folder; give another output")
    if not path.parent.is_dir():
        raise OutputError(
            f"the folder {shown(path.parent)} does not exist; create it or give another output"
        )
    if state is not None:
        _check_replaceable(name, path, state)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise _no_writing_in(path.parent)
    _try_folder(target, path.parent)


def windows_fault(target: str) -> str:
    """Why Windows allows no such file name; empty where it does."""
    last = PureWindowsPath(target).name
    forbidden = sorted({one for one in last if one in '<>:"|?*' or ord(one) < 32})
    if forbidden:
        return f"it contains {' '.join(map(shown, forbidden))}"
    if _DEVICE.fullmatch(last):
        return "it stands for a device"
    return "it ends with a dot or a space" if last != last.rstrip(". ") else ""


def output_error(target: str | os.PathLike[str], failure: OSError | ValueError) -> OutputError:
    """The sentence for what the operating system refused to do with an output."""
    number = getattr(failure, "errno", None)
    if number in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        reason = "the disk is full; free some space or choose another disk"
    elif number == errno.EFBIG:
        reason = "it is larger than files may be there; choose another disk or format"
    elif number == errno.ENOENT:
        reason = "its folder is gone; create it again or give another output"
        with contextlib.suppress(OSError, ValueError):
            if Path(target).parent.is_dir():
                reason = (
                    "its folder takes no new files, or another program removed the temporary one; "
                    "try again, or give another output"
                )
    elif number in (errno.EBUSY, errno.ETXTBSY):
        reason = "it is in use; close what uses it or give another output"
    elif isinstance(failure, PermissionError) and os.name == "nt":
        reason = "another program has it open, or writing there is not permitted; close it there or"
        reason += " give another output"
    elif isinstance(failure, PermissionError):
        reason = "writing there is not permitted; give another output"
    else:
        reason = f"{getattr(failure, 'strerror', None) or failure}; give another output"
    return OutputError(f"cannot write {shown(Path(target))}: {reason}")


def _state_of(path: Path) -> os.stat_result | None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return path.stat()
    return None


def _no_writing_in(folder: Path) -> OutputError:
    return OutputError(
        f"writing into the folder {shown(folder)} is not permitted; give another output"
    )


def _check_replaceable(name: str, path: Path, state: os.stat_result) -> None:
    """Raise where an existing file cannot be replaced by another."""
    if not os.access(path, os.W_OK):
        raise OutputError(
            f"{name} is write-protected; change its permissions or give another output"
        )
    if _is_mounted(path, state):
        raise OutputError(
            f"{name} is mounted by itself, so it cannot be replaced; give another output"
        )
    if os.name != "posix" or os.geteuid() == 0:
        return
    folder = path.parent.stat()
    if folder.st_mode & stat.S_ISVTX and os.geteuid() not in (state.st_uid, folder.st_uid):
        raise OutputError(
            f"{name} is another user's, and in its folder only they can replace it; give another "
            "output"
        )


def _is_mounted(path: Path, state: os.stat_result) -> bool:
    """Whether a single file is mounted, as containers do."""
    with contextlib.suppress(OSError):
        if path.parent.stat().st_dev != state.st_dev:
            return True
        # Mounted from the same disk; what is special in names is written in octal digits.
        shown_there = re.sub(rb"[\\ \t\n]", lambda one: b"\\%03o" % one[0][0], os.fsencode(path))
        with _MOUNTS.open("rb") as lines:
            return any(line.split()[4] == shown_there for line in lines)
    return False


def _try_folder(target: str | os.PathLike[str], folder: Path) -> None:
    """Raise where the system refuses a new file that has no name, as Linux can tell."""
    nameless = getattr(os, "O_TMPFILE", 0)
    if not nameless:
        return
    try:
        os.close(os.open(folder, nameless | os.O_RDWR, 0o600))
    except PermissionError as failure:
        raise _no_writing_in(folder) from failure
    except OSError as failure:
        if failure.errno not in _UNSUPPORTED:
            raise output_error(target, failure) from failure
