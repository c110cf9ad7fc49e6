"""Find every Krita on a machine, each once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dreamlayer.plugin.editor import APPIMAGE, FLATPAK, FOLDER, NATIVE, SNAP, STORE, number
from dreamlayer.plugin.kritas.krita import APPLICATION, Krita, resources, settings, version_in
from dreamlayer.plugin.machine import Machine
from dreamlayer.plugin.programs import appimages, bundles, in_folders
from dreamlayer.plugin.sandboxes import in_flatpak, in_snap

_PROGRAM = re.compile(r"krita(\.exe)?", re.IGNORECASE)
_APPIMAGE = re.compile(r"krita.*\.appimage", re.IGNORECASE)
_BUNDLE = re.compile(r"krita.*\.app", re.IGNORECASE)
_SECONDS = 30.0


def find(machine: Machine) -> list[Krita]:
    """Every Krita, oldest first; several of one version and packaging count once.

    A folder of resources that none of them uses counts too: its Krita may be installed where nobody
    looks.
    """
    found: dict[tuple[object, ...], Krita] = {}
    for krita in [*_free(machine), *_sandboxed(machine)]:
        key = krita.kind, krita.version, krita.config
        if key not in found or (krita.command and not found[key].command):
            found[key] = krita
    data = resources(machine)
    if data.is_dir() and data not in {krita.config for krita in found.values()}:
        alone = Krita("", FOLDER, data, rc=settings(machine))
        found[alone.kind, alone.version, data] = alone
    return sorted(found.values(), key=lambda krita: (number(krita.version), krita.kind))


def _free(machine: Machine) -> Iterator[Krita]:
    """Every Krita that runs in no sandbox; all of them share the user's files."""
    data, rc = resources(machine), settings(machine)
    for program in in_folders(machine, _PROGRAM, "krita"):
        runner = program.with_name("kritarunner")
        # Elsewhere it would leave files of its own with those of the user.
        command = (str(runner),) if _linux(machine) and machine.executable(runner) else ()
        yield Krita(_said_version(machine, program), NATIVE, data, command, rc=rc)
    for _, said in bundles(machine, _BUNDLE):
        yield Krita(version_in(said), NATIVE, data, rc=rc)
    for file in appimages(machine, _APPIMAGE):
        yield Krita(version_in(file.name), APPIMAGE, data, rc=rc)


def _sandboxed(machine: Machine) -> Iterator[Krita]:
    """Every Krita in a sandbox, each with files of its own."""
    if machine.windows:
        local = machine.variable("LOCALAPPDATA") or machine.home / "AppData" / "Local"
        for package in sorted(local.glob("Packages/49800Krita*")):
            cache = package / "LocalCache"
            yield Krita("", STORE, cache / "Roaming" / "krita", rc=cache / "Local" / "kritarc")
    elif _linux(machine):
        own = machine.home / ".var" / "app" / APPLICATION
        for said in in_flatpak(machine, APPLICATION):
            data, rc = own / "data" / "krita", own / "config" / "kritarc"
            yield Krita(version_in(said), FLATPAK, data, rc=rc)
        snap = machine.home / "snap" / "krita" / "current"
        for said in in_snap(machine, "krita"):
            data, rc = snap / ".local" / "share" / "krita", snap / ".config" / "kritarc"
            yield Krita(version_in(said), SNAP, data, rc=rc)


def _said_version(machine: Machine, program: Path) -> str:
    """The version that a Krita tells without a window, '' where it tells none.

    Krita itself needs a display even to tell its version; a small program beside it does not.
    """
    teller = program.with_name(f"krita_version{program.suffix}")
    if not machine.executable(teller):
        return ""
    environment = {**machine.editor_environment(), "LC_ALL": "C"}
    return version_in(machine.run([str(teller)], environment, _SECONDS).out)


def _linux(machine: Machine) -> bool:
    return not machine.windows and machine.system != "Darwin"
