"""Writing a result so that its place holds the old file or the new one, never half of one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from core.errors import OutputError


def check_target(path: Path) -> None:
    """Say at once, before minutes of work, that a file cannot be written.

    Parameters
    ----------
    path
        Where the result is to stand.

    Raises
    ------
    OutputError
        The folder does not exist, is no folder, or may not be written, or `path` is a folder.
    """
    folder = path.parent
    if path.is_dir():
        raise OutputError(f"{path} is a folder; name a file in it with -o")
    if not folder.is_dir():
        raise OutputError(f"the folder {folder} does not exist; make it first or choose another")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"the folder {folder} cannot be written; choose another with -o")


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` under a temporary name beside `path` and rename it into place.

    Parameters
    ----------
    path
        Where the result is to stand.
    content
        Every byte of the new file.

    Raises
    ------
    OutputError
        The folder cannot be written or the disk is full; what stood at `path` is untouched.
    """
    check_target(path)
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for the owner alone; a network is an ordinary file.
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path} could not be written ({error.strerror or error}); free some space or choose "
            "another place with -o"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    """Return the permission bits that new files shall not have."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
