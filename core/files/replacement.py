"""Files that are written atomically: the target is the old file or the whole new one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from dreamlayer.core.files import claims
from dreamlayer.core.files.access import take_over
from dreamlayer.core.files.writable import output_error
from dreamlayer.core.interruption import uninterrupted

_PREFIX, _SUFFIX = ".dreamlayer-", ".part"
_PRIVATE, _BY_UMASK = 0o600, 0o666

_NAMELESS = getattr(os, "O_TMPFILE", 0)
"""The flag for files that have no name yet, which Linux has."""

_DESCRIPTORS = Path("/proc/self/fd")

_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""What file systems say that have nothing to synchronize."""

_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between attempts where another program, such as a virus scanner, has the target open."""

_swept: set[Path] = set()
"""Folders whose abandoned files this process has removed."""

_lock = threading.Lock()


@uninterrupted
@contextlib.contextmanager
def replacing(target: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces `target` when the block ends without an exception.

    Otherwise the target stays as it was and the temporary file is gone. An existing target keeps
    its permissions, see `core.files.access`; nobody else can read the new one before. A link is
    followed; other names of the same file (hard links) keep the old content. A new file gets the
    permissions that the umask grants.

    On Linux the temporary file has no name, so that nothing is left of a process that is killed;
    where that is not possible, the next process that writes into the folder removes it, on Windows
    after a day.

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
    path = _real(target)
    try:
        _sweep(path.parent)
        number, name = _open(path.parent, _BY_UMASK if _state_of(path) is None else _PRIVATE)
        try:
            with os.fdopen(number, "w+b") as file:
                yield file
                file.flush()
                _sync(number)
                # It may have changed, or come, meanwhile.
                if (old := _state_of(path)) is not None:
                    take_over(number, path, old)
                if name is None:
                    name = _named(file, path)
                if name is not None and os.name == "posix":
                    # While it is locked, which keeps others from removing it.
                    put_in_place(name, path)
                    name = None
            if name is not None:
                put_in_place(name, path)
        finally:
            if name is not None:
                name.unlink(missing_ok=True)
    except OSError as failure:
        raise output_error(target, failure) from failure
    if os.name != "nt":
        _sync_folder(path.parent)


def replace_file(target: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to `target` atomically, as `replacing` does."""
    with replacing(target) as file:
        file.write(content)


def put_in_place(
    fresh: Path,
    path: Path,
    *,
    system: str = os.name,
    replace: Callable[[Path, Path], object] = os.replace,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Rename a file to its final name; on Windows, wait a moment for who has the old one open."""
    for pause in _PAUSES if system == "nt" else ():
        try:
            replace(fresh, path)
            return
        except PermissionError:
            sleep(pause)
    replace(fresh, path)


def _real(target: str | os.PathLike[str]) -> Path:
    """Where a file really is, links followed."""
    try:
        return Path(os.path.realpath(target))
    except (OSError, ValueError) as failure:
        raise output_error(target, failure) from failure


def _state_of(path: Path) -> os.stat_result | None:
    with contextlib.suppress(FileNotFoundError):
        return path.stat()
    return None


def _open(folder: Path, permissions: int) -> tuple[int, Path | None]:
    """A new file in a folder: its descriptor, and its name unless it needs none."""
    if _NAMELESS:
        # What it cannot do, a named file may; what that cannot either, the error below tells.
        with contextlib.suppress(OSError):
            number = os.open(folder, _NAMELESS | os.O_RDWR, permissions)
            if (_DESCRIPTORS / str(number)).exists():
                claims.lock(number)
                return number, None
            os.close(number)
    # A short name, because the target's name may already be as long as names can be.
    path = folder / claims.new_name(_PREFIX, _SUFFIX)
    return claims.create(path, permissions), path


def _named(file: BinaryIO, path: Path) -> Path | None:
    """Give a file without a name that of the target, or else one that can be renamed to it.

    Returns
    -------
    Path or None
        None where it has the target's name already.
    """
    descriptor = str(_DESCRIPTORS / str(file.fileno()))
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(FileExistsError):
            # Following the link in /proc is what gives the file a name.
            os.link(descriptor, path.name, dst_dir_fd=folder)
            return None
        name = claims.new_name(_PREFIX, _SUFFIX)
        os.link(descriptor, name, dst_dir_fd=folder)
        return path.parent / name
    except OSError:
        return _copied(file, path)
    finally:
        os.close(folder)


def _copied(file: BinaryIO, path: Path) -> Path:
    """A copy that has a name, on file systems that cannot give one to an open file."""
    state = os.fstat(file.fileno())
    name = path.parent / claims.new_name(_PREFIX, _SUFFIX)
    number = claims.create(name, _PRIVATE)
    try:
        with os.fdopen(number, "wb") as copy:
            file.seek(0)
            shutil.copyfileobj(file, copy, 1 << 20)
            copy.flush()
            _sync(number)
            take_over(number, path if path.exists() else name, state)
    except BaseException:
        name.unlink(missing_ok=True)
        raise
    return name


def _sweep(folder: Path) -> None:
    """Remove what killed processes left in a folder, once."""
    with _lock:
        if folder in _swept:
            return
        _swept.add(folder)

    def remove(path: Path) -> None:
        # Windows closes a file before it is renamed, and renaming may wait for other programs.
        owned = claims.has_locks() and claims.is_own(path.name, _PREFIX)
        with claims.abandoned(path, owned=owned) as is_abandoned:
            if is_abandoned and os.name == "posix":
                path.unlink()
        if is_abandoned and os.name != "posix":
            # Windows removes no open file, so that those in use stay.
            path.unlink()

    claims.remove_abandoned(folder, _PREFIX, _SUFFIX, remove)


def _sync(number: int) -> None:
    try:
        os.fsync(number)
    except OSError as failure:
        if failure.errno not in _NO_SYNC:
            raise


def _sync_folder(folder: Path) -> None:
    """Make the rename survive a power cut, on file systems that support it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
