"""GIMP in a sandbox: Flatpak, Snap, Microsoft Store; what each forbids, and what to do about it.

Flatpak gives GIMP the user's own settings folder (`--filesystem=xdg-config/GIMP:create`), older
packages only where that folder exists; without that permission GIMP uses the application's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dreamlayer.plugin import sandboxes
from dreamlayer.plugin.editor import FLATPAK, SNAP, STORE
from dreamlayer.plugin.gimps.gimp import (
    Gimp,
    ask,
    chosen_config,
    how_to_get,
    in_name,
    settings,
)
from dreamlayer.plugin.machine import Machine, Obstacle

APPLICATION = "org.gimp.GIMP"


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
    return sandboxes.not_permitted(machine, APPLICATION) if gimp.kind == FLATPAK else None


def _flatpak(machine: Machine) -> Iterator[Gimp]:
    for said in sandboxes.in_flatpak(machine, APPLICATION):
        version = in_name(said) or ask(machine, ("flatpak", "run", APPLICATION))
        if version:
            command = ("flatpak", "run", f"--command=gimp-console-{version}", APPLICATION)
            yield Gimp(version, FLATPAK, _flatpak_config(machine, version), command)


def _flatpak_config(machine: Machine, version: str) -> Path:
    chosen = chosen_config(machine, version)
    if chosen:
        return chosen
    shared = machine.config_home / "GIMP"
    folders = sandboxes.permissions(machine, APPLICATION).folders
    mode = folders.get("xdg-config/GIMP")
    if mode == "create" or (mode is not None and shared.is_dir()):
        return shared / version
    return machine.home / ".var" / "app" / APPLICATION / "config" / "GIMP" / version


def _snap(machine: Machine) -> Iterator[Gimp]:
    for said in sandboxes.in_snap(machine, "gimp"):
        version = in_name(said)
        if version:
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
