"""Where programs lie: on the PATH, in the folders of Windows and macOS, as AppImages."""

from __future__ import annotations

import contextlib
import plistlib
import re
from collections.abc import Iterator
from pathlib import Path
from xml.parsers.expat import ExpatError

from dreamlayer.plugin.machine import Machine


def listed(folder: Path) -> list[Path]:
    """The contents of a folder, sorted; none where it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def in_folders(machine: Machine, pattern: re.Pattern[str], name: str) -> list[Path]:
    """The programs whose file's name fits, each once, by its first path.

    Parameters
    ----------
    machine : Machine
        The machine.
    pattern : re.Pattern
        What the file is called.
    name : str
        What the program's folder is called on Windows, or begins with.
    """
    folders = machine.path
    if machine.windows:
        # Its files are aliases of Microsoft Store programs.
        folders = [f for f in folders if f.name.lower() != "windowsapps"]
        folders += _windows_folders(machine, name)
    programs: dict[Path, Path] = {}
    for folder in folders:
        for file in listed(folder):
            if pattern.fullmatch(file.name) and machine.executable(file):
                real = file.resolve()
                # /snap/bin/NAME is a link to Snap itself.
                if real.name != "snap":
                    programs.setdefault(real, file)
    return list(programs.values())


def _windows_folders(machine: Machine, name: str) -> list[Path]:
    """Where installers (for all users or one) and Scoop put programs."""
    bases = [
        machine.variable(name) for name in ("ProgramFiles", "ProgramW6432", "ProgramFiles(x86)")
    ]
    local = machine.variable("LOCALAPPDATA") or machine.home / "AppData" / "Local"
    folders = [
        folder / "bin"
        for base in [*bases, local / "Programs"]
        if base
        for folder in listed(base)
        if folder.name.lower().startswith(name)
    ]
    return [*folders, machine.home / "scoop" / "apps" / name / "current" / "bin"]


def bundles(machine: Machine, pattern: re.Pattern[str]) -> Iterator[tuple[Path, str]]:
    """The applications of macOS whose name fits, each with the version it says it has, or ''."""
    if machine.system != "Darwin":
        return
    for base in (machine.root / "Applications", machine.home / "Applications"):
        for bundle in listed(base):
            if pattern.fullmatch(bundle.name):
                yield bundle, _bundle_version(bundle)


def _bundle_version(bundle: Path) -> str:
    with contextlib.suppress(OSError, ExpatError, ValueError):
        described = plistlib.loads((bundle / "Contents" / "Info.plist").read_bytes())
        return str(described.get("CFBundleShortVersionString", ""))
    return ""


def appimages(machine: Machine, pattern: re.Pattern[str]) -> Iterator[Path]:
    """The AppImages whose name fits, where people put them; not all may be executable."""
    if machine.windows or machine.system == "Darwin":
        return
    names = ("Applications", "Downloads", "Desktop", "bin", ".local/bin")
    folders = [*(machine.home / name for name in names), machine.root / "opt", *machine.path]
    for folder in dict.fromkeys(folders):
        for file in listed(folder):
            if pattern.fullmatch(file.name) and file.is_file():
                yield file
