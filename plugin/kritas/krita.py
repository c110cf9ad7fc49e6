"""A Krita as the installer sees it, and where the user's files of one in no sandbox are.

The rules are Qt's: Krita's resources are what Qt calls an application's data, and `kritarc` is in
the user's configuration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from dreamlayer.plugin.editor import Editor, offer
from dreamlayer.plugin.machine import Machine

APPLICATION = "org.kde.krita"
"""What Krita is called in Flatpak."""

_VERSION = re.compile(r"(?<![\d.])(\d+\.\d+)")


@dataclass(frozen=True)
class Krita(Editor):
    """One Krita; `config` is its folder of resources.

    Attributes
    ----------
    rc : Path
        Its settings, which say what plug-ins are enabled; the file need not exist yet.
    """

    label: ClassVar[str] = "Krita"
    rc: Path = field(kw_only=True)

    @property
    def plugins(self) -> Path:
        """Where it looks for the user's plug-ins."""
        return self.config / "pykrita"


def version_in(text: str) -> str:
    """Major and minor version in a text or the name of a file, '' where it has none.

    Examples
    --------
    >>> version_in("krita-5.2.9-x86_64.AppImage"), version_in("krita 5.3.0 (git 1a2b)")
    ('5.2', '5.3')
    """
    match = _VERSION.search(text)
    return match[1] if match else ""


def resources(machine: Machine) -> Path:
    """The folder of resources of a Krita that runs in no sandbox."""
    if machine.windows or machine.system == "Darwin":
        return machine.config_home / "krita"
    return machine.desktop_folder("data") / "krita"


def settings(machine: Machine) -> Path:
    """The settings of a Krita that runs in no sandbox."""
    if machine.windows:
        local = machine.variable("LOCALAPPDATA") or machine.home / "AppData" / "Local"
        return local / "kritarc"
    if machine.system == "Darwin":
        return machine.home / "Library" / "Preferences" / "kritarc"
    return machine.config_home / "kritarc"


def how_to_get(machine: Machine, *, distribution: bool = True) -> str:
    """The command, or the page, to install a Krita in which the plug-in works.

    Parameters
    ----------
    machine : Machine
        The machine.
    distribution : bool
        Whether a Linux distribution's own package will do.
    """
    offers = {
        "Windows": {"winget": "winget install KDE.Krita"},
        "Darwin": {"brew": "brew install --cask krita"},
    }
    linux = {"flatpak": f"flatpak install flathub {APPLICATION}"}
    if distribution:
        linux = {
            # Debian's Krita only recommends PyQt, without which it loads no plug-in in Python.
            "apt-get": "sudo apt-get install krita python3-pyqt5",
            "dnf": "sudo dnf install krita",
            "zypper": "sudo zypper install krita",
            "pacman": "sudo pacman -S krita python-pyqt5",
            **linux,
        }
    return offer(machine, offers.get(machine.system, linux), "https://krita.org/download/")
