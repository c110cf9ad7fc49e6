"""GIMP outside sandboxes: on the PATH, in the folders of Windows and macOS, as an AppImage."""

from __future__ import annotations

import contextlib
import plistlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.parsers.expat import ExpatError

from dreamlayer.plugin.gimps.gimp import APPIMAGE, NATIVE, Gimp, ask, in_name, native_config
from dreamlayer.plugin.machine import Machine

_PROGRAM = re.compile(r"gimp(?P<console>-console)?(-\d+(\.\d+)?)?(\.exe)?", re.IGNORECASE)
_APPIMAGE = re.compile(r"gimp.*\.appimage", re.IGNORECASE)


def found(machine: Machine) -> Iterator[Gimp]:
    """Every GIMP that runs in no sandbox; one may be listed several times."""
    if machine.system == "Darwin":
        yield from _bundles(machine)
    folders = machine.path
    if machine.windows:
        # Its files are aliases of Microsoft Store programs.
        folders = [f for f in folders if f.name.lower() != "windowsapps"]
        folders += _windows_folders(machine)
    yield from _in_folders(machine, folders)
    if not machine.windows and machine.system != "Darwin":
        yield from _appimages(machine)


def _in_folders(machine: Machine, folders: Iterable[Path]) -> Iterator[Gimp]:
    """The GIMPs in folders of programs; those that need no window come first."""
    programs: dict[Path, Path] = {}
    for folder in folders:
        for file in _files(folder):
            if _PROGRAM.fullmatch(file.name) and machine.executable(file):
                real = file.resolve()
                # /snap/bin/gimp is a link to Snap itself.
                if real.name != "snap":
                    programs.setdefault(real, file)
    seen: set[str] = set()
    for file in sorted(programs.values(), key=lambda f: not _console(f)):
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


def _windows_folders(machine: Machine) -> list[Path]:
    """Where GIMP's installer (for all users or one) and Scoop put programs."""
    bases = [
        machine.variable(name) for name in ("ProgramFiles", "ProgramW6432", "ProgramFiles(x86)")
    ]
    local = machine.variable("LOCALAPPDATA") or machine.home / "AppData" / "Local"
    folders = [
        folder / "bin"
        for base in [*bases, local / "Programs"]
        if base
        for folder in _files(base)
        if folder.name.lower().startswith("gimp")
    ]
    return [*folders, machine.home / "scoop" / "apps" / "gimp" / "current" / "bin"]


def _bundles(machine: Machine) -> Iterator[Gimp]:
    """The applications of macOS."""
    for base in (machine.root / "Applications", machine.home / "Applications"):
        for bundle in _files(base):
            if not re.fullmatch(r"gimp.*\.app", bundle.name, re.IGNORECASE):
                continue
            programs = [
                file
                for file in _files(bundle / "Contents" / "MacOS")
                if _PROGRAM.fullmatch(file.name) and machine.executable(file)
            ]
            programs.sort(key=lambda file: not _console(file))
            command = (str(programs[0]),) if programs else ()
            version = _bundle_version(bundle) or (ask(machine, command) if command else None)
            if version:
                yield Gimp(version, NATIVE, native_config(machine, version), command)


def _bundle_version(bundle: Path) -> str | None:
    with contextlib.suppress(OSError, ExpatError, ValueError):
        listed = plistlib.loads((bundle / "Contents" / "Info.plist").read_bytes())
        return in_name(str(listed.get("CFBundleShortVersionString", "")))
    return None


def _appimages(machine: Machine) -> Iterator[Gimp]:
    """The AppImages where people put them; one that is not executable gets no command."""
    names = ("Applications", "Downloads", "Desktop", "bin", ".local/bin")
    folders = [*(machine.home / name for name in names), machine.root / "opt", *machine.path]
    for folder in dict.fromkeys(folders):
        for file in _files(folder):
            if _APPIMAGE.fullmatch(file.name) and file.is_file():
                command = (str(file),) if machine.executable(file) else ()
                version = in_name(file.name) or (ask(machine, command) if command else None)
                if version:
                    yield Gimp(version, APPIMAGE, native_config(machine, version), command)


def _files(folder: Path) -> list[Path]:
    """The contents of a folder, sorted; none where it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
