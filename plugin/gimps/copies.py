"""Other copies of the plug-in that a GIMP finds: it keeps one of them, and no rule says which."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from dreamlayer.plugin import places
from dreamlayer.plugin.editor import NATIVE
from dreamlayer.plugin.folder import NAME
from dreamlayer.plugin.gimps.gimp import Gimp
from dreamlayer.plugin.interpreter import SETTINGS
from dreamlayer.plugin.machine import Machine, Obstacle

_MARK = b"the file that GIMP starts (plug-in-deep-dream)"
"""What no file has but our entry: scripts that call the filter have its procedure's name too."""

_DEFINITION = re.compile(r'^\(plug-in-def "((?:[^"\\]|\\.)*)"', re.MULTILINE)
_SETTINGS = "${gimp_dir}"
_SYSTEM = ("usr/lib", "usr/lib64", "usr/lib/*", "usr/local/lib", "usr/local/lib/*")
"""Where Linux has the plug-ins of all users, below `gimp/3.0` for every GIMP 3."""


def second_copy(machine: Machine, gimp: Gimp) -> Obstacle | None:
    """Another copy of the plug-in that this GIMP finds, and the command that takes it away."""
    for entry in _entries(machine, gimp):
        folder = entry.parent if entry.parent.name == entry.stem else entry
        if (folder / SETTINGS).is_file() and not folder.is_symlink():
            command = machine.remove(folder)
        else:
            # Without what our installer writes, it may have more of the user's own.
            command = machine.move(folder, places.aside(gimp.config / folder.name))
        if not machine.windows and not os.access(folder.parent, os.W_OK):
            command = ["sudo", *command]
        return Obstacle(
            f"GIMP also finds a copy of the filter in {folder}",
            machine.shown(command),
        )
    return None


def _entries(machine: Machine, gimp: Gimp) -> Iterator[Path]:
    """The files of other copies that GIMP starts: in its folder, and wherever else it looks."""
    own = gimp.plugins / NAME
    loose = gimp.version == "2.10"
    found = [*_in_folder(gimp.plugins, loose=loose), *_remembered(gimp.config)]
    if gimp.kind == NATIVE:
        library = "2.0" if loose else "3.0"
        for folder in _SYSTEM:
            for plugins in sorted(machine.root.glob(f"{folder}/gimp/{library}/plug-ins")):
                found += _in_folder(plugins, loose=loose)
    for entry in found:
        if _holds(entry) and not _same(entry.parent, own):
            yield entry


def _in_folder(plugins: Path, *, loose: bool) -> list[Path]:
    """`NAME/NAME.py` of each plug-in; GIMP 2.10 starts files beside them, too."""
    with contextlib.suppress(OSError):
        children = sorted(plugins.iterdir())
        entries = [child / f"{child.name}.py" for child in children if child.is_dir()]
        return [*entries, *(child for child in children if loose and child.suffix == ".py")]
    return []


def _remembered(config: Path) -> list[Path]:
    """The Python plug-ins that GIMP found when it last started, in all of its folders."""
    try:
        text = (config / "pluginrc").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    named = (path.replace(_SETTINGS, str(config)) for path in _DEFINITION.findall(text))
    return [Path(path) for path in named if path.endswith(".py")]


def _holds(entry: Path) -> bool:
    """Whether a file is the start of our plug-in."""
    with contextlib.suppress(OSError):
        return entry.is_file() and _MARK in entry.read_bytes()
    return False


def _same(one: Path, other: Path) -> bool:
    with contextlib.suppress(OSError):
        return one.samefile(other)
    return one == other
