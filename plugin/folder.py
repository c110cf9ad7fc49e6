"""The installed folder `plug-ins/dreamlayer`: put in place whole, told from others', taken away.

GIMP starts `plug-ins/NAME/NAME.py` and looks into every folder of `plug-ins`, so all that is under
way lies beside `plug-ins` and comes in, or goes out, by renaming.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dreamlayer.plugin.errors import InstallError
from dreamlayer.plugin.interpreter import SETTINGS

NAME = "dreamlayer"
ENTRY = f"{NAME}.py"
PROCEDURE = "plug-in-deep-dream"

_SOURCE = Path(__file__).parent / NAME
UNDER_WAY = f".{NAME}-"
_PYTHON_3 = b"#!/usr/bin/env python3"
_PYTHON_2 = b"#!/usr/bin/env python"


def files(version: str, source: Path = _SOURCE) -> dict[str, bytes]:
    """What is installed for a GIMP of this version: names under the folder, with contents.

    GIMP 2.10 knows its Python 2.7 by the name `python` alone (its file `pygimp.interp`), and by
    what the first line of a plug-in says; GIMP 3 goes by `python3`.

    Raises
    ------
    InstallError
        This copy of dreamlayer came without the plug-in's files.
    """
    found = {
        path.relative_to(source).as_posix(): path.read_bytes()
        for path in sorted(source.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }
    if ENTRY not in found:
        raise InstallError(f"{source} lacks {ENTRY}; install dreamlayer anew")
    if version == "2.10":
        found[ENTRY] = found[ENTRY].replace(_PYTHON_3, _PYTHON_2, 1)
    return found


def place(plugins: Path, content: Mapping[str, bytes], settings: Mapping[str, Any]) -> Path:
    """Put the plug-in into a `plug-ins` folder, in the place of an older one.

    Whatever ends this early, the folder holds the older plug-in or the new one, never half.

    Parameters
    ----------
    plugins : Path
        The folder; made where it is missing.
    content : mapping
        What `files` gave.
    settings : mapping
        What goes into `worker.json`.

    Returns
    -------
    Path
        The installed folder.

    Raises
    ------
    InstallError
        What stands there is not ours, or the system refuses.
    """
    target = plugins / NAME
    refuse_others(target)
    try:
        plugins.mkdir(parents=True, exist_ok=True)
        beside = _beside(plugins)
        _sweep(beside)
        fresh, old = (beside / f"{UNDER_WAY}{secrets.token_hex(4)}" for _ in range(2))
        try:
            _write(fresh, content, settings)
            _renew_time(fresh / ENTRY, target / ENTRY)
            _swap(fresh, target, old)
        finally:
            _delete(fresh)
            if os.path.lexists(target):
                _delete(old)
    except OSError as error:
        raise _install_error(target, error) from error
    return target


def remove(plugins: Path) -> bool:
    """Take the plug-in away; whether there was one of ours.

    Raises
    ------
    InstallError
        The system refuses.
    """
    target = plugins / NAME
    if not ours(target):
        return False
    try:
        old = _beside(plugins) / f"{UNDER_WAY}{secrets.token_hex(4)}"
        target.rename(old)
        _delete(old)
    except OSError as error:
        raise _install_error(target, error) from error
    return True


def refuse_others(target: Path) -> None:
    """Raise `InstallError` where something stands at `target` that this program did not put."""
    if os.path.lexists(target) and not ours(target):
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


def ours(target: Path) -> bool:
    """Whether this is a folder that this program installed, a damaged one included, or empty."""
    try:
        names = {path.name for path in target.iterdir()}
        if not names or {SETTINGS, ENTRY} <= names:
            return True
        return any(PROCEDURE.encode() in path.read_bytes() for path in target.glob("*.py"))
    except OSError:
        return False


def _beside(plugins: Path) -> Path:
    """The folder for what is under way: beside `plug-ins`, unless only inside it is possible."""
    inside = plugins.resolve()
    beside = inside.parent
    possible = os.access(beside, os.W_OK) and beside.stat().st_dev == inside.stat().st_dev
    return beside if possible else inside


def _sweep(beside: Path) -> None:
    """Take away what an install that was killed has left."""
    for path in beside.glob(f"{UNDER_WAY}*"):
        _delete(path)


def _write(fresh: Path, content: Mapping[str, bytes], settings: Mapping[str, Any]) -> None:
    written = json.dumps(settings, indent=2, sort_keys=True).encode() + b"\n"
    for name, data in {**content, SETTINGS: written}.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    (fresh / ENTRY).chmod(0o755)


def _renew_time(fresh: Path, old: Path) -> None:
    """Give the new file another second than the old one's.

    GIMP asks a plug-in anew what it registers only where that time, in whole seconds, has changed.
    """
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        before = int(old.stat().st_mtime)
        if before >= int(fresh.stat().st_mtime):
            later = max(before + 1, int(time.time()))
            os.utime(fresh, (later, later))


def _swap(fresh: Path, target: Path, old: Path) -> None:
    """Let `fresh` take the place of `target`, which is moved to `old` and back if that fails."""
    try:
        if os.path.lexists(target):
            target.rename(old)
        fresh.rename(target)
    except BaseException:
        if os.path.lexists(old) and not os.path.lexists(target):
            old.rename(target)
        raise


def _delete(path: Path) -> None:
    """Delete a folder, a file, or a link, as far as the system lets."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _install_error(target: Path, error: OSError) -> InstallError:
    if isinstance(error, PermissionError) and os.name == "nt":
        return InstallError(f"{target} cannot be changed; close GIMP and try again")
    return InstallError(f"{target} cannot be changed: {error.strerror or error}")
