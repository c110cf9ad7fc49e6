"""What the installer needs of an editor, whichever it is: `Editor` tells of one that is installed,
`Family` knows how those of a make, such as GIMP, are found and handled."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from dreamlayer.plugin.machine import InstallError, Machine, Obstacle

if TYPE_CHECKING:
    from dreamlayer.plugin.steps import Steps

E = TypeVar("E", bound="Editor")

NATIVE = "native"
FLATPAK = "Flatpak"
SNAP = "Snap"
APPIMAGE = "AppImage"
STORE = "Microsoft Store"
FOLDER = "settings folder only"


@dataclass(frozen=True)
class Registration:
    """Whether an editor knows the plug-in.

    Attributes
    ----------
    known : bool or None
        Whether it does; None where it could not be asked.
    why : str
        Why it does not, or why it could not be asked.
    fix : str or None
        The command that helps, if any.
    """

    known: bool | None
    why: str = ""
    fix: str | None = None


@dataclass(frozen=True)
class Editor(ABC):
    """One installed editor.

    Attributes
    ----------
    version : str
        Major and minor version, such as `3.2`; empty where it is unknown.
    kind : str
        How it is packaged: `NATIVE`, `FLATPAK`, `SNAP`, `APPIMAGE`, `STORE`, or `FOLDER` where
        only its settings were found.
    config : Path
        The user's folder for it, which holds that of the plug-ins; it need not exist yet.
    command : tuple of str
        What starts it without a window, empty where nothing does.
    """

    version: str
    kind: str
    config: Path
    command: tuple[str, ...] = ()

    label: ClassVar[str]
    """What its make is called."""

    @property
    def name(self) -> str:
        """Its name for the user, such as `GIMP 3.2 (Flatpak)`."""
        return " ".join(filter(None, [self.label, self.version, f"({self.kind})"]))

    @property
    @abstractmethod
    def plugins(self) -> Path:
        """Where it looks for the user's plug-ins."""


class Family(ABC, Generic[E]):
    """All editors of a make, and how each of them is handled.

    Attributes
    ----------
    label : str
        What the make is called.
    option : str
        What the option that takes them alone is called; with an `s`, where JSON lists them.
    menu : str
        Where the plug-in is found in the editor.
    process : re.Pattern
        What its processes are called that have a window.
    """

    label: ClassVar[str]
    option: ClassVar[str]
    menu: ClassVar[str]
    process: ClassVar[re.Pattern[str]]

    @abstractmethod
    def find(self, machine: Machine) -> list[E]:
        """Every one on the machine, oldest first, each once."""

    @abstractmethod
    def why_none(self, machine: Machine) -> str:
        """Why `find` finds none, as the beginning of a sentence."""

    @abstractmethod
    def how_to_get(self, machine: Machine) -> str:
        """The command, or the page, to install one in which the plug-in works."""

    @abstractmethod
    def content(self, version: str) -> dict[str, bytes]:
        """What is installed for a version: names under the plug-in's folder, with contents."""

    @abstractmethod
    def unsupported(self, machine: Machine, editor: E) -> Obstacle | None:
        """Why the plug-in cannot work in it, whatever the user permits; None where it can."""

    @abstractmethod
    def not_permitted(self, machine: Machine, editor: E) -> Obstacle | None:
        """Why it may not start the worker until the user permits it; None where it may."""

    @abstractmethod
    def ask(self, machine: Machine, editor: E, steps: Steps) -> Registration:
        """Whether it knows the plug-in; it is started without a window where that tells."""

    def likely_version(self, plugins: Path) -> str:
        """The version that a folder belongs to which the user names; '' for what is usual."""
        return ""

    def versions(self) -> list[str]:
        """The versions whose contents differ, as `content` knows them, the usual one first."""
        return [""]

    @property
    def beside(self) -> dict[str, bytes]:
        """The files that must lie beside the plug-in's folder."""
        return {}

    def start_once(self, machine: Machine, editor: E, steps: Steps) -> None:
        """Let one that was never started make its settings, where only it can."""

    def enable(self, machine: Machine, editor: E) -> None:
        """Switch the plug-in on, where the editor asks for that.

        Raises
        ------
        InstallError
            Its settings cannot be changed.
        """

    def disable(self, machine: Machine, editor: E) -> None:
        """Leave no trace of the plug-in in the editor's settings.

        Raises
        ------
        InstallError
            They cannot be changed.
        """

    def switched_on(self, machine: Machine, editor: E) -> tuple[bool, str] | None:
        """Whether the plug-in is switched on, and what is said of it; None where none need be."""
        return None

    @property
    def enable_by_hand(self) -> str:
        """What the user does to switch the plug-in on, as a clause, or ''."""
        return ""

    def second_copy(self, machine: Machine, editor: E) -> Obstacle | None:
        """Another copy of the plug-in that it finds, and the command that takes it away."""
        return None

    def hint(self, machine: Machine, editors: Sequence[E]) -> str:
        """What must be known before those that have the plug-in now are started, as a sentence."""
        return ""

    def after_removal(self, machine: Machine) -> str:
        """What must be known once the plug-in is removed, as a clause, or ''."""
        return ""

    def remembered(self, editors: Sequence[E]) -> dict[Path, list[Path]]:
        """The files, by folder, in which they keep what the user last set in the plug-in."""
        return {}

    def chosen(self, machine: Machine, version: str = "") -> list[E]:
        """As `find`, but of one version only where it is named; a machine without any gives [].

        Raises
        ------
        InstallError
            There are some, but not of this version.
        """
        found = self.find(machine)
        fitting = [editor for editor in found if version in ("", editor.version)]
        if found and not fitting:
            raise InstallError(
                f"no {self.label} {version} was found; "
                f"there are: {', '.join(editor.name for editor in found)}"
            )
        return fitting

    @property
    def listed(self) -> str:
        """Where JSON lists what was done for them."""
        return f"{self.option}s"


def number(version: str) -> tuple[int, ...]:
    """A version as numbers, for comparison; an unknown one is the oldest."""
    return tuple(int(part) for part in version.split(".")) if version else ()


def offer(machine: Machine, commands: Mapping[str, str], page: str) -> str:
    """The command of the first package tool that the machine has, else the page.

    Parameters
    ----------
    machine : Machine
        The machine.
    commands : mapping
        The tools, the best first, each with its command.
    page : str
        What is told where there is none of them.
    """
    found = (command for tool, command in commands.items() if machine.which(tool))
    return next(found, f"see {page}")
