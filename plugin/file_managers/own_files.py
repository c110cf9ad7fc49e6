"""Files of ours among other programs': read, written atomically, and removed, told in sentences."""

from __future__ import annotations

from pathlib import Path

from dreamlayer.core.errors import OutputError
from dreamlayer.core.files import replace_file
from dreamlayer.plugin.machine import InstallError

_MARK = b"dreamlayer"
"""What every file of ours holds: the path of the script that it starts."""


def read(path: Path) -> bytes | None:
    """What a file holds; None where it is not there.

    Raises
    ------
    InstallError
        It cannot be read.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InstallError(f"{path} cannot be read: {error.strerror or error}") from error


def write(path: Path, content: bytes, *, executable: bool = False) -> None:
    """Write a file atomically, and the folders that it lies in.

    Raises
    ------
    InstallError
        The system refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)
        if executable:
            path.chmod(0o755)
    except OSError as error:
        raise InstallError(f"{path} cannot be written: {error.strerror or error}") from error
    except OutputError as error:
        raise InstallError(str(error)) from error


def write_own(path: Path, content: bytes, *, executable: bool = False) -> None:
    """As `write`, unless there is a file of somebody else's under that name.

    Raises
    ------
    InstallError
        There is one, or the system refuses.
    """
    there = read(path)
    if there is not None and _MARK not in there:
        raise InstallError(f"{path} is not Deep Dream's; move it away first")
    write(path, content, executable=executable)


def remove_own(path: Path) -> bool:
    """Remove a file, if it is ours; whether it was.

    Raises
    ------
    InstallError
        The system refuses.
    """
    there = read(path)
    if there is None or _MARK not in there:
        return False
    try:
        path.unlink()
    except OSError as error:
        raise InstallError(f"{path} cannot be removed: {error.strerror or error}") from error
    return True


def remove_empty(folder: Path, below: Path) -> None:
    """Remove a folder and those above it as far as they are empty, those below `below` alone.

    Links to folders are the user's, and stay.
    """
    while below in folder.parents and not folder.is_symlink():
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
