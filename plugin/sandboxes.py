"""What the package tools of sandboxes say of an application: Flatpak and Snap.

Programs outside Flatpak's sandbox can be started from it only with permission to talk to
org.freedesktop.Flatpak.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from dataclasses import dataclass, field

from dreamlayer.plugin.machine import Machine, Obstacle

_HOST = "org.freedesktop.Flatpak"
_SECONDS = 30.0


@dataclass(frozen=True)
class Permissions:
    """What Flatpak permits an application.

    Attributes
    ----------
    folders : dict
        The folders that it may use, each with how.
    host : bool
        Whether it may start programs outside.
    """

    folders: dict[str, str] = field(default_factory=dict)
    host: bool = False


def permissions(machine: Machine, application: str) -> Permissions:
    """What Flatpak permits an application."""
    said = _answer(machine, "flatpak", "info", "--show-permissions", application)
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(said[max(said.find("["), 0) :])
    except configparser.Error:
        return Permissions()
    listed = parser.get("Context", "filesystems", fallback="") or ""
    folders = dict(entry.partition(":")[::2] for entry in listed.split(";") if entry)
    policy = parser.get("Session Bus Policy", _HOST, fallback="")
    return Permissions(folders, policy in ("talk", "own"))


def not_permitted(machine: Machine, application: str) -> Obstacle | None:
    """Why an application in Flatpak may not start the worker; None where it may."""
    if permissions(machine, application).host:
        return None
    return Obstacle(
        "Flatpak does not let it start the worker outside the sandbox",
        f"flatpak override --user --talk-name={_HOST} {application}",
    )


def in_flatpak(machine: Machine, application: str) -> Iterator[str]:
    """What Flatpak lists as the version of an application, for each time that it has it."""
    listed = _answer(machine, "flatpak", "list", "--app", "--columns=application,version")
    for line in listed.splitlines():
        name, _, version = line.partition("\t")
        if name.strip() == application:
            yield version


def in_snap(machine: Machine, package: str) -> Iterator[str]:
    """What Snap lists beside the name of a package, its version first, where it has it."""
    for line in _answer(machine, "snap", "list", package).splitlines():
        name, _, rest = line.partition(" ")
        if name == package:
            yield rest


def _answer(machine: Machine, program: str, *arguments: str) -> str:
    """What a package tool prints, nothing where it is missing or fails."""
    path = machine.which(program)
    if path is None:
        return ""
    environment = {**machine.environment, "LC_ALL": "C"}
    answer = machine.run([str(path), *arguments], environment, _SECONDS)
    return answer.out if answer.code == 0 else ""
