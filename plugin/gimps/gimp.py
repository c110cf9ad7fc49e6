"""A GIMP as the installer sees it: its version, packaging, settings folder and command.

The rules for the folder are GIMP's own (`gimp_directory` in libgimpbase/gimpenv.c): `GIMP/X.Y` in
the user's settings, or what `GIMP3_DIRECTORY` (`GIMP2_DIRECTORY` for 2.10) names.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from dreamlayer.plugin.editor import Editor, number, offer
from dreamlayer.plugin.machine import Machine

_SAID = re.compile(r"(?:\bversion|\bGIMP)\s+v?(\d+\.\d+)", re.IGNORECASE)
_VERSION = re.compile(r"\d+\.\d+")
_ASK_SECONDS = 30.0


@dataclass(frozen=True)
class Gimp(Editor):
    """One GIMP; `config` is its settings folder."""

    label: ClassVar[str] = "GIMP"

    @property
    def plugins(self) -> Path:
        """Where it looks for the user's plug-ins."""
        return self.config / "plug-ins"


def settings(folder: Path, kind: str) -> Iterable[Gimp]:
    """A GIMP for every settings folder `X.Y` in `folder`."""
    with contextlib.suppress(OSError):
        for config in sorted(folder.iterdir()):
            if _VERSION.fullmatch(config.name) and known(config.name) and config.is_dir():
                yield Gimp(config.name, kind, config)


def known(version: str) -> bool:
    """Whether the plug-in supports this version: 2.10, or 3.0 and later."""
    return version == "2.10" or number(version) >= (3, 0)


def in_text(text: str) -> str | None:
    """The version in what `--version` printed, warnings around it included."""
    return next((v for v in _SAID.findall(text) if known(v)), None)


def in_name(name: str) -> str | None:
    """The version in the name of a file, such as `GIMP-3.0.4-x86_64.AppImage`."""
    return next((v for v in _VERSION.findall(name) if known(v)), None)


def ask(machine: Machine, command: tuple[str, ...]) -> str | None:
    """The version of the GIMP that a command starts, None where it prints none."""
    environment = {**machine.editor_environment(), "LC_ALL": "C"}
    answer = machine.run([*command, "--version"], environment, _ASK_SECONDS)
    return in_text(f"{answer.out}\n{answer.err}")


def native_config(machine: Machine, version: str) -> Path:
    """The settings folder of a GIMP that runs in no sandbox."""
    return chosen_config(machine, version) or machine.config_home / "GIMP" / version


def chosen_config(machine: Machine, version: str) -> Path | None:
    """The settings folder that the environment names, None where it names none."""
    chosen = machine.variable(folder_variable(version))
    return machine.home / chosen if chosen else None


def folder_variable(version: str) -> str:
    """The environment variable that names the settings folder of a GIMP."""
    return f"GIMP{number(version)[0]}_DIRECTORY"


def how_to_get(machine: Machine, *, distribution: bool = True) -> str:
    """The command, or the page, to install a GIMP in which the plug-in works.

    Parameters
    ----------
    machine : Machine
        The machine.
    distribution : bool
        Whether a Linux distribution's own package will do.
    """
    offers = {
        "Windows": {"winget": "winget install GIMP.GIMP.3"},
        "Darwin": {"brew": "brew install --cask gimp"},
    }
    linux = {"flatpak": "flatpak install flathub org.gimp.GIMP"}
    if distribution:
        linux |= {
            # The two modules exist for GIMP 3 only: a distribution with an older one refuses this.
            "apt-get": "sudo apt-get install gimp python3-gi gir1.2-gimp-3.0",
            "dnf": "sudo dnf install gimp",
            "zypper": "sudo zypper install gimp",
            "pacman": "sudo pacman -S gimp",
        }
    return offer(machine, offers.get(machine.system, linux), "https://www.gimp.org/downloads/")
