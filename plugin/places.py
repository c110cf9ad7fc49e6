"""Whether a folder can be written where the plug-in belongs, asked before anything is done to it.

Editors make their settings folder, and that of the plug-ins, when they first start, so all of that
may be missing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from dreamlayer.plugin.folder import NAME, is_ours
from dreamlayer.plugin.machine import Machine, Obstacle

_SPARE = 1 << 16
"""Bytes that folders and the ends of blocks take."""


def obstacle(machine: Machine, plugins: Path, needed: int = 0) -> Obstacle | None:
    """What keeps the plug-in from being written into the folder of an editor's plug-ins.

    Parameters
    ----------
    machine : Machine
        The machine.
    plugins : Path
        The folder; it need not exist.
    needed : int
        How many bytes will be written.

    Returns
    -------
    Obstacle or None
        What it is, None where nothing is in the way.
    """
    there = _nearest(plugins)
    target = plugins / NAME
    found = _in_the_way(machine, there) or _foreign(machine, target)
    if found:
        return found
    written = [there]
    if there == plugins and target.is_dir() and not target.is_symlink():
        # A folder that moves to another is written to, since its '..' changes.
        written.append(target)
    for folder in written:
        found = _not_writable(machine, folder)
        if found:
            return found
    return _full(there, needed)


def not_removable(machine: Machine, plugins: Path) -> Obstacle | None:
    """What keeps the plug-in from being removed from the folder of an editor's plug-ins."""
    for folder in (plugins, plugins / NAME):
        if folder.is_dir() and not folder.is_symlink():
            found = _not_writable(machine, folder)
            if found:
                return found
    return None


def aside(path: Path) -> Path:
    """A free name beside a path, for what is moved away."""
    return next(one for one in _names(path) if not os.path.lexists(one))


def _names(path: Path) -> Iterator[Path]:
    yield path.with_name(f"{path.name}.old")
    number = 1
    while True:
        number += 1
        yield path.with_name(f"{path.name}.old{number}")


def _nearest(path: Path) -> Path:
    """The path itself, or the nearest above it that exists, be it a link that leads nowhere."""
    while not os.path.lexists(path) and path != path.parent:
        path = path.parent
    return path


def _in_the_way(machine: Machine, there: Path) -> Obstacle | None:
    """Something that is not a folder where one is needed."""
    if there.is_dir():
        return None
    fix = machine.shown(machine.move(there, aside(there)))
    if there.is_symlink():
        return Obstacle(f"{there} is a link to {there.readlink()}, where there is no folder", fix)
    return Obstacle(f"{there} is a file, where a folder is needed", fix)


def _foreign(machine: Machine, target: Path) -> Obstacle | None:
    if not os.path.lexists(target) or is_ours(target):
        return None
    with contextlib.suppress(OSError):
        if target.is_dir() and not os.access(target, os.R_OK | os.X_OK):
            return _not_writable(machine, target)
    # Beside the folder of the plug-ins, since editors look into every folder that is in it.
    away = aside(target.parent.parent / target.name)
    return Obstacle(
        f"{target} is not Deep Dream's; move it away", machine.shown(machine.move(target, away))
    )


def _not_writable(machine: Machine, folder: Path) -> Obstacle | None:
    """Why the user may not change a folder, and the command that allows it."""
    if machine.windows or os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return None
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return Obstacle(
            f"{folder} is on a disk that is write-protected, so nothing can be changed there"
        )
    owner, user = _user(folder.stat().st_uid), _user(os.geteuid())
    if owner == user:
        return Obstacle(
            f"{folder} is write-protected", machine.shown(["chmod", "u+rwx", str(folder)])
        )
    sentence = f"{folder} belongs to {owner}, so the user {user} cannot change it"
    if machine.home in folder.parents:
        # As after an editor that was once started with sudo.
        return Obstacle(sentence, machine.shown(["sudo", "chown", "-R", user, str(folder)]))
    if folder == machine.home or folder in machine.home.parents:
        return Obstacle(f"{sentence}; set the variable HOME to a folder of your own")
    return Obstacle(f"{sentence}; name a folder of your own with --to")


def _user(number: int) -> str:
    """The name of a user, or the number of one who has none."""
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _full(there: Path, needed: int) -> Obstacle | None:
    """Whether there is too little room; what a disk does not tell is tried."""
    if not needed:
        return None
    with contextlib.suppress(OSError):
        disk = shutil.disk_usage(there)
        if disk.total and disk.free < needed + _SPARE:
            return Obstacle(
                f"the disk of {there} has {disk.free // 1000} kB free, but the filter needs "
                f"{(needed + _SPARE) // 1000} kB; free some and install again"
            )
    return None
