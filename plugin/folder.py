"""The installed folder `dreamlayer`: written atomically, recognized, and removed.

GIMP starts `plug-ins/NAME/NAME.py` and looks into every folder of `plug-ins`; Krita looks at every
`pykrita/NAME.desktop`, and imports `pykrita/NAME`. So temporary folders lie beside `plug-ins` or
`pykrita`, the finished one is renamed into place, and a file that must lie beside it comes last.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from dreamlayer.core.errors import OutputError
from dreamlayer.core.files import replace_file
from dreamlayer.plugin.interpreter import SETTINGS
from dreamlayer.plugin.machine import InstallError

NAME = "dreamlayer"
"""What the plug-in's folder is called in every editor."""

SOURCE = Path(__file__).parent / NAME
_THUMBNAILS = Path(__file__).parents[1] / "core" / "presets" / "thumbnails"
TEMPORARY = f".{NAME}-"
_OWN = re.compile(rf"\.{NAME}-[0-9a-f]{{8}}")
_ABANDONED = 3600.0
"""Seconds after which no install still works in a temporary folder."""

_ENTRIES = ("dreamlayer.py", "__init__.py")
"""What GIMP starts, and what Krita imports."""

_OURS = {*_ENTRIES, "description.json"}
"""What lies beside `worker.json`, all of it or some of it where files were lost."""

_MARKS = (b"plug-in-deep-dream", b"Deep Dream in Krita")
"""What no other plug-in's files say."""


def source_files(wanted: Callable[[str], bool], source: Path = SOURCE) -> dict[str, bytes]:
    """The plug-in's files in this copy of dreamlayer, without what Python leaves there.

    Parameters
    ----------
    wanted : callable
        Whether a file is, called with its name under `source`.
    source : Path
        The folder.
    """
    return {
        name: path.read_bytes()
        for path in sorted(source.rglob("*"))
        if path.is_file() and not _is_compiled(path)
        for name in [path.relative_to(source).as_posix()]
        if wanted(name)
    }


def thumbnails(folder: Path = _THUMBNAILS) -> dict[str, bytes]:
    """Pictures of the presets, as far as there are any, as they are installed in every editor."""
    return {f"thumbnails/{path.name}": path.read_bytes() for path in folder.glob("*.jpg")}


def install_folder(
    plugins: Path,
    content: Mapping[str, bytes],
    settings: Mapping[str, Any],
    beside: Mapping[str, bytes] | None = None,
) -> Path:
    """Put the plug-in into the folder of an editor's plug-ins, replacing an older one atomically.

    Whatever interrupts it, the folder holds the older plug-in or the new one, complete.

    Parameters
    ----------
    plugins : Path
        The folder; made where it is missing.
    content : mapping
        What is installed: names under the plug-in's folder, with contents. What begins with
        `#!` becomes executable.
    settings : mapping
        What goes into `worker.json`.
    beside : mapping, optional
        Files that must lie beside the plug-in's folder.

    Returns
    -------
    Path
        The installed folder.

    Raises
    ------
    InstallError
        The folder is not ours, or the system refuses.
    """
    target = plugins / NAME
    check_ours(target)
    try:
        plugins.mkdir(parents=True, exist_ok=True)
        workshop = _workshop(plugins)
        _sweep(workshop, older=_ABANDONED)
        fresh, old = (workshop / f"{TEMPORARY}{secrets.token_hex(4)}" for _ in range(2))
        try:
            _write(fresh, content, settings)
            _set_later_times(fresh, target)
            _swap(fresh, target, old)
        finally:
            _delete(fresh)
            if os.path.lexists(target):
                _delete(old)
        for name, data in (beside or {}).items():
            replace_file(plugins / name, data)
    except OSError as error:
        raise _install_error(target, error) from error
    except OutputError as error:
        raise InstallError(str(error)) from error
    return target


def remove_folder(plugins: Path, beside: Iterable[str] = ()) -> bool:
    """Remove the plug-in, if it is ours; whether it was there.

    What interrupted installs left beside it goes too, however young: one that still runs fails.

    Parameters
    ----------
    plugins : Path
        The folder of an editor's plug-ins.
    beside : iterable of str
        Names of files beside the plug-in's folder, which go first.

    Raises
    ------
    InstallError
        The system refuses.
    """
    target = plugins / NAME
    with contextlib.suppress(OSError, RuntimeError):
        _sweep(plugins.resolve().parent)
        _sweep(plugins.resolve())
    if os.path.lexists(target) and not is_ours(target):
        return False
    try:
        there = [path for name in beside if os.path.lexists(path := plugins / name)]
        for path in there:
            path.unlink()
        if not os.path.lexists(target):
            return bool(there)
        old = _workshop(plugins) / f"{TEMPORARY}{secrets.token_hex(4)}"
        target.rename(old)
        _delete(old)
    except OSError as error:
        raise _install_error(target, error) from error
    return True


def check_ours(target: Path) -> None:
    """Raise `InstallError` where `target` exists and is not our plug-in."""
    if os.path.lexists(target) and not is_ours(target):
        raise InstallError(f"{target} is not Deep Dream's; move it away first")


def read_settings(target: Path) -> dict[str, Any]:
    """What `worker.json` in the installed folder says.

    Raises
    ------
    InstallError
        It is missing, or not what this program writes.
    """
    path = target / SETTINGS
    try:
        read = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise InstallError(f"{path} is missing") from error
    except (OSError, ValueError) as error:
        raise InstallError(f"{path} cannot be read") from error
    wanted = {"command": list, "environment": dict, "version": str, "interpreter": str}
    if not isinstance(read, dict) or any(
        not isinstance(read.get(name), kind) for name, kind in wanted.items()
    ):
        raise InstallError(f"{path} is damaged")
    return read


def installed_files(target: Path) -> dict[str, bytes | None]:
    """What lies in the installed folder, beside `worker.json`; None for what cannot be read."""
    found: dict[str, bytes | None] = {}
    for path in sorted(target.rglob("*")):
        if path.is_dir() or _is_compiled(path) or path == target / SETTINGS:
            continue
        try:
            data = path.read_bytes()
        except OSError:
            data = None
        found[path.relative_to(target).as_posix()] = data
    return found


def is_ours(target: Path) -> bool:
    """Whether this folder is an install of the plug-in, even a damaged one, or is empty."""
    try:
        names = {path.name for path in target.iterdir()}
        if not names or (SETTINGS in names and not names.isdisjoint(_OURS)):
            return True
        return any(mark in path.read_bytes() for path in target.glob("*.py") for mark in _MARKS)
    except OSError:
        return False


def _is_compiled(path: Path) -> bool:
    """Whether Python made a file, or a folder, beside its own."""
    return "__pycache__" in path.parts or path.suffix in (".pyc", ".pyo")


def _workshop(plugins: Path) -> Path:
    """The folder for temporary folders: beside that of the plug-ins, or else in it."""
    inside = plugins.resolve()
    beside = inside.parent
    fits = os.access(beside, os.W_OK) and beside.stat().st_dev == inside.stat().st_dev
    return beside if fits else inside


def _sweep(workshop: Path, older: float = 0.0) -> None:
    """Delete what killed installs left, where it is older than so many seconds."""
    for path in workshop.glob(f"{TEMPORARY}*"):
        with contextlib.suppress(OSError):
            if _OWN.fullmatch(path.name) and path.lstat().st_mtime <= time.time() - older:
                _delete(path)


def _write(fresh: Path, content: Mapping[str, bytes], settings: Mapping[str, Any]) -> None:
    """Write all files into a folder that is made once: where it is lost meanwhile, that fails."""
    files = {**content, SETTINGS: json.dumps(settings, indent=2, sort_keys=True).encode() + b"\n"}
    fresh.mkdir()
    for name, data in files.items():
        path = fresh / name
        for folder in reversed(path.relative_to(fresh).parents[:-1]):
            (fresh / folder).mkdir(exist_ok=True)
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if data.startswith(b"#!"):
            path.chmod(0o755)
    if not all((fresh / name).is_file() for name in files):
        raise InstallError(f"{fresh} was removed while it was written; install again")


def _set_later_times(fresh: Path, old: Path) -> None:
    """Give the files that an editor starts later times than the old ones', in whole seconds.

    GIMP queries a plug-in again only where that time has changed.
    """
    for name in _ENTRIES:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            before = int((old / name).stat().st_mtime)
            if before >= int((fresh / name).stat().st_mtime):
                later = max(before + 1, int(time.time()))
                os.utime(fresh / name, (later, later))


def _swap(fresh: Path, target: Path, old: Path) -> None:
    """Rename `target` to `old` and `fresh` to `target`; undo the first where the second fails."""
    try:
        if os.path.lexists(target):
            # Another install takes what is an hour old for abandoned.
            with contextlib.suppress(OSError, NotImplementedError):
                os.utime(target, follow_symlinks=False)
            target.rename(old)
        fresh.rename(target)
    except BaseException:
        if os.path.lexists(old) and not os.path.lexists(target):
            old.rename(target)
        raise


def _delete(path: Path) -> None:
    """Delete a folder, a file or a link, as far as the system allows."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _install_error(target: Path, error: OSError) -> InstallError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InstallError(
            f"{target} cannot be written, since the disk is full; free some and install again"
        )
    if isinstance(error, PermissionError) and os.name == "nt":
        return InstallError(f"{target} cannot be changed; close the editor and try again")
    return InstallError(f"{target} cannot be changed: {error.strerror or error}")
