"""Output files: checked before the work, and written atomically."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dreamlayer.core.errors import OutputError
from dreamlayer.core.interruption import uninterrupted


def check_writable(target: str | os.PathLike[str]) -> None:
    """Raise unless a file can be written to `target`, without touching anything.

    Raises
    ------
    OutputError
        The target is a folder or a device, its folder is missing, or writing is not permitted.
    """
    path = Path(os.path.realpath(target))
    name = repr(os.fspath(target))
    try:
        state: os.stat_result | None = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        state = None
    except (OSError, ValueError) as failure:
        raise _output_error(target, failure) from failure
    if not os.fspath(target):
        raise OutputError("the output has no name; give one such as dream.png")
    if state is not None and stat.S_ISDIR(state.st_mode):
        raise OutputError(f"{name} is a folder; give a file name")
    if state is not None and not stat.S_ISREG(state.st_mode):
        raise OutputError(
            f"{name} is not a regular file; give a file name, or '-' for standard output"
        )
    if not path.parent.is_dir():
        raise OutputError(
            f"the folder {str(path.parent)!r} does not exist; create it or give another output"
        )
    if state is not None and not os.access(path, os.W_OK):
        raise OutputError(
            f"{name} is write-protected; change its permissions or give another output"
        )
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(
            f"writing into the folder {str(path.parent)!r} is not permitted; give another output"
        )


@uninterrupted
@contextlib.contextmanager
def replacing(target: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces `target` when the block ends without an exception.

    Otherwise the target stays as it was and the temporary file is removed. An existing target
    keeps its permission bits, a link is followed, and a new file gets the permissions that the
    umask grants.

    Parameters
    ----------
    target
        The file to replace or create.

    Yields
    ------
    BinaryIO
        An empty file, readable and seekable.

    Raises
    ------
    OutputError
        The operating system refused: disk full, no permission, folder gone.
    """
    path = Path(os.path.realpath(target))
    # A short name, because the target's name may already be as long as names can be.
    fresh = path.with_name(f".dreamlayer-{secrets.token_hex(8)}.part")
    try:
        # Not by tempfile, whose files only their owner can read.
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(fresh, flags, 0o666), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            fresh.chmod(stat.S_IMODE(path.stat().st_mode))
        fresh.replace(path)
    except OSError as failure:
        raise _output_error(target, failure) from failure
    finally:
        fresh.unlink(missing_ok=True)
    if os.name != "nt":
        _sync_folder(path.parent)


def replace_file(target: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to `target` atomically, as `replacing` does."""
    with replacing(target) as file:
        file.write(content)


def _sync_folder(folder: Path) -> None:
    """Make the rename survive a power cut, on file systems that support it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _output_error(target: str | os.PathLike[str], failure: OSError | ValueError) -> OutputError:
    name = repr(os.fspath(target))
    number = getattr(failure, "errno", None)
    if number in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        reason = "the disk is full; free some space or choose another disk"
    elif isinstance(failure, PermissionError):
        reason = "writing there is not permitted; give another output"
    else:
        reason = f"{getattr(failure, 'strerror', None) or failure}; give another output"
    return OutputError(f"cannot write {name}: {reason}")
