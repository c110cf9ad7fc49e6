"""Temporary files that are locked while their process lives, so that others know what to remove.

A lock ends with its process, however that ends. Process numbers would not do: they are used again,
and mean nothing in other containers and on other machines that share a folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

try:
    import fcntl
except ImportError:
    # On Windows an open file cannot be removed anyway.
    fcntl = None  # type: ignore[assignment]

_DAY = 24 * 3600.0
_BINARY = getattr(os, "O_BINARY", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@cache
def host() -> str:
    """Eight characters that differ between machines, and tell nothing of them."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def new_name(prefix: str, suffix: str = "") -> str:
    """A name that no other temporary file has; it says which machine's it is."""
    return f"{prefix}{host()}-{secrets.token_hex(8)}{suffix}"


def create(path: Path, permissions: int) -> int:
    """Create a file that this process claims until the returned descriptor is closed.

    Raises
    ------
    OSError
        The operating system refused; `FileExistsError` where there is such a file.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, permissions)
    lock(file)
    return file


def lock(file: int) -> None:
    """Claim an open file until it is closed."""
    if fcntl is not None:
        # Where the file system has no locks, nobody finds the file abandoned either.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def abandoned(path: Path, *, owned: bool = True) -> Iterator[bool]:
    """Whether the process that created a file has ended; it stays so within the block.

    Parameters
    ----------
    path : Path
        The file.
    owned : bool
        Whether it was made by `create` on this machine. A lock may mean nothing to other machines,
        and other files have none: they count as abandoned a day after they were changed.
    """
    try:
        file = os.open(path, os.O_RDWR | _NO_FOLLOW | _BINARY)
    except OSError:
        yield False
        return
    try:
        state = os.fstat(file)
        old = owned or time.time() - state.st_mtime > _DAY
        yield old and _is_ours(state) and _is_free(file, path, state)
    finally:
        os.close(file)


def remove_abandoned(
    folder: Path, prefix: str, suffix: str, remove: Callable[[Path], None]
) -> None:
    """Remove what killed processes of this user left in a folder.

    Parameters
    ----------
    folder : Path
        Only what lies directly in it is removed.
    prefix, suffix : str
        How names of temporary files begin and end, as for `new_name`.
    remove : callable
        Removes one of them, if it is abandoned.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and entry.name.endswith(suffix):
                with contextlib.suppress(OSError):
                    remove(Path(entry.path))


def has_locks() -> bool:
    """Whether a claim can be told here once its file is closed, before it gets its last name."""
    return fcntl is not None


def is_own(name: str, prefix: str) -> bool:
    """Whether a temporary file's name is one of `new_name` on this machine."""
    return name.startswith(f"{prefix}{host()}-")


def _is_ours(state: os.stat_result) -> bool:
    return stat.S_ISREG(state.st_mode) and (os.name != "posix" or state.st_uid == os.geteuid())


def _is_free(file: int, path: Path, state: os.stat_result) -> bool:
    """Whether nobody has the file, and it is still what the name stands for."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        now = path.lstat()
    except OSError:
        return False
    return (now.st_dev, now.st_ino) == (state.st_dev, state.st_ino)
