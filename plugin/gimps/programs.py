"""GIMP outside sandboxes: on the PATH, in the folders of Windows and macOS, as an AppImage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dreamlayer.plugin.editor import APPIMAGE, NATIVE
from dreamlayer.plugin.gimps.gimp import Gimp, ask, in_name, native_config
from dreamlayer.plugin.machine import Machine
from dreamlayer.plugin.programs import appimages, bundles, in_folders, listed

_PROGRAM = re.compile(r"gimp(?P<console>-console)?(-\d+(\.\d+)?)?(\.exe)?", re.IGNORECASE)
_APPIMAGE = re.compile(r"gimp.*\.appimage", re.IGNORECASE)
_BUNDLE = re.compile(r"gimp.*\.app", re.IGNORECASE)


def found(machine: Machine) -> Iterator[Gimp]:
    """Every GIMP that runs in no sandbox; one may be listed several times."""
    yield from _bundles(machine)
    yield from _in_folders(machine)
    yield from _appimages(machine)


def _in_folders(machine: Machine) -> Iterator[Gimp]:
    """The GIMPs in folders of programs; those that need no window come first."""
    programs = in_folders(machine, _PROGRAM, "gimp")
    seen: set[str] = set()
    for file in sorted(programs, key=lambda f: not _console(f)):
        if not _console(file) and in_name(file.name) in seen:
            continue
        # On Windows, the GIMP with a window prints nothing and waits for a key.
        silent = machine.windows and not _console(file)
        command = () if silent else (str(file),)
        version = (ask(machine, command) if command else None) or in_name(file.name)
        if version:
            seen.add(version)
            yield Gimp(version, NATIVE, native_config(machine, version), command)


def _console(file: Path) -> bool:
    match = _PROGRAM.fullmatch(file.name)
    return bool(match and match["console"])


def _bundles(machine: Machine) -> Iterator[Gimp]:
    """The applications of macOS."""
    for bundle, said in bundles(machine, _BUNDLE):
        programs = [
            file
            for file in listed(bundle / "Contents" / "MacOS")
            if _PROGRAM.fullmatch(file.name) and machine.executable(file)
        ]
        programs.sort(key=lambda file: not _console(file))
        command = (str(programs[0]),) if programs else ()
        version = in_name(said) or (ask(machine, command) if command else None)
        if version:
            yield Gimp(version, NATIVE, native_config(machine, version), command)


def _appimages(machine: Machine) -> Iterator[Gimp]:
    """The AppImages; one that is not executable gets no command."""
    for file in appimages(machine, _APPIMAGE):
        command = (str(file),) if machine.executable(file) else ()
        version = in_name(file.name) or (ask(machine, command) if command else None)
        if version:
            yield Gimp(version, APPIMAGE, native_config(machine, version), command)
