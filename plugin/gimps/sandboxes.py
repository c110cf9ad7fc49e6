"""GIMP in a sandbox: Flatpak, Snap, Microsoft Store; what each forbids, and what to do about it.

Flatpak gives GIMP the user's own settings folder (`--filesystem=xdg-config/GIMP:create`), older
packages only where that folder exists; without that permission GIMP uses the application's own.
Programs outside can be started only with permission to talk to org.freedesktop.Flatpak.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dreamlayer.plugin.gimps.gimp import (
    FLATPAK,
    SNAP,
    STORE,
    Gimp,
    ask,
    chosen_config,
    how_to_get,
    in_name,
    settings,
)
from dreamlayer.plugin.machine import Machine, Obstacle

APPLICATION = "org.gimp.GIMP"
_HOST = "org.freedesktop.Flatpak"
_SECONDS = 30.0


def found(machine: Machine) -> Iterator[Gimp]:
    """Every GIMP in a sandbox; one may be listed several times."""
    if machine.windows:
        yield from _store(machine)
    elif machine.system != "Darwin":
        yield from _flatpak(machine)
        yield from _snap(machine)


def unsupported(machine: Machine, gimp: Gimp) -> Obstacle | None:
    """Why the plug-in cannot work in a GIMP, whatever its user permits; None where it can."""
    if gimp.kind == SNAP:
        return Obstacle(
            "Snap does not let GIMP start programs of the system, so Deep Dream cannot work in it",
            how_to_get(machine, distribution=False),
        )
    if gimp.kind == STORE:
        return Obstacle(
            "the Microsoft Store's package does not let GIMP start other programs, so Deep Dream "
            "cannot work in it",
            how_to_get(machine),
        )
    return None


def not_permitted(machine: Machine, gimp: Gimp) -> Obstacle | None:
    """Why a GIMP may not start the worker until its user permits it; None where it may."""
    if gimp.kind != FLATPAK or _permissions(machine).host:
        return None
    return Obstacle(
        "Flatpak does not let it start the worker outside the sandbox",
        f"flatpak override --user --talk-name={_HOST} {APPLICATION}",
    )


@dataclass(frozen=True)
class _Permissions:
    """What Flatpak permits GIMP: its folders, with their modes, and to start programs outside."""

    folders: dict[str, str] = field(default_factory=dict)
    host: bool = False


def _permissions(machine: Machine) -> _Permissions:
    said = _answer(machine, "flatpak", "info", "--show-permissions", APPLICATION)
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(said[max(said.find("["), 0) :])
    except configparser.Error:
        return _Permissions()
    listed = parser.get("Context", "filesystems", fallback="") or ""
    folders = dict(entry.partition(":")[::2] for entry in listed.split(";") if entry)
    policy = parser.get("Session Bus Policy", _HOST, fallback="")
    return _Permissions(folders, policy in ("talk", "own"))


def _flatpak(machine: Machine) -> Iterator[Gimp]:
    listed = _answer(machine, "flatpak", "list", "--app", "--columns=application,version")
    for line in listed.splitlines():
        application, _, text = line.partition("\t")
        if application.strip() != APPLICATION:
            continue
        version = in_name(text) or ask(machine, ("flatpak", "run", APPLICATION))
        if version:
            command = ("flatpak", "run", f"--command=gimp-console-{version}", APPLICATION)
            yield Gimp(version, FLATPAK, _flatpak_config(machine, version), command)


def _flatpak_config(machine: Machine, version: str) -> Path:
    chosen = chosen_config(machine, version)
    if chosen:
        return chosen
    shared = machine.config_home / "GIMP"
    folders = _permissions(machine).folders
    mode = folders.get("xdg-config/GIMP")
    if mode == "create" or (mode is not None and shared.is_dir()):
        return shared / version
    return machine.home / ".var" / "app" / APPLICATION / "config" / "GIMP" / version


def _snap(machine: Machine) -> Iterator[Gimp]:
    for line in _answer(machine, "snap", "list", "gimp").splitlines():
        name, _, rest = line.partition(" ")
        version = in_name(rest)
        if name == "gimp" and version:
            folder = machine.home / "snap" / "gimp" / "current" / ".config" / "GIMP"
            yield Gimp(version, SNAP, folder / version)


def _store(machine: Machine) -> Iterator[Gimp]:
    """The Store's package has settings of its own; its programs are aliases in one folder."""
    local = machine.variable("LOCALAPPDATA") or machine.home / "AppData" / "Local"
    packages = sorted(local.glob("Packages/GIMP.GIMP*"))
    for package in packages:
        folder = package / "LocalCache" / "Roaming" / "GIMP"
        yield from settings(folder, STORE)
        for alias in sorted(local.glob("Microsoft/WindowsApps/gimp-*.exe")):
            match = re.fullmatch(r"gimp-(\d+\.\d+)\.exe", alias.name)
            version = in_name(match[1]) if match else None
            if version:
                yield Gimp(version, STORE, folder / version)


def _answer(machine: Machine, program: str, *arguments: str) -> str:
    """What a package tool prints, nothing where it is missing or fails."""
    path = machine.which(program)
    if path is None:
        return ""
    environment = {**machine.environment, "LC_ALL": "C"}
    answer = machine.run([str(path), *arguments], environment, _SECONDS)
    return answer.out if answer.code == 0 else ""
