"""The editors that the plug-in is for, and the options that choose among them."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreamlayer.plugin.editor import Editor, Family
from dreamlayer.plugin.gimps.family import GIMP
from dreamlayer.plugin.kritas.family import KRITA
from dreamlayer.plugin.machine import InstallError, Machine
from dreamlayer.plugin.steps import Steps

FAMILIES: tuple[Family[Any], ...] = (GIMP, KRITA)
"""All that are known, in the order in which they are told of."""

_KRITAS_FOLDER = "pykrita"


@dataclass(frozen=True)
class Choice:
    """The editors of a make that a command is for.

    Attributes
    ----------
    family : Family
        The make.
    version : str
        The only version that counts, '' for each.
    asked : bool
        Whether the user asked for this make.
    """

    family: Family[Any]
    version: str = ""
    asked: bool = False

    @property
    def options(self) -> list[str]:
        """The options that choose so again."""
        return [f"--{self.family.option}", *filter(None, [self.version])] if self.asked else []


def add_options(parser: argparse.ArgumentParser, folder: str) -> None:
    """Declare the options that all commands share; `folder` is the help of `--to`."""
    for family, such_as in ((GIMP, "3.2"), (KRITA, "5.2")):
        parser.add_argument(
            f"--{family.option}",
            nargs="?",
            const="",
            metavar="X.Y",
            help=f"only {family.label}, of this version, such as {such_as}, where one is named "
            "(default: each editor)",
        )
    parser.add_argument("--to", type=Path, metavar="FOLDER", help=folder)
    parser.add_argument(
        "--json", action="store_true", help="print the result as JSON, for another program"
    )
    add_quiet(parser)


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Declare the option that leaves the steps out."""
    parser.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        help="print the result alone, without the steps that lead to it",
    )


def choices(options: argparse.Namespace) -> list[Choice]:
    """The makes that the options choose: those that are named, or all."""
    named = [(family, getattr(options, family.option)) for family in FAMILIES]
    asked = [Choice(family, version, True) for family, version in named if version is not None]
    return asked or [Choice(family) for family in FAMILIES]


def everything(options: argparse.Namespace) -> bool:
    """Whether the options choose no make and no folder, so that all that is installed is meant."""
    return options.to is None and not any(choice.asked for choice in choices(options))


def of_folder(options: argparse.Namespace) -> Choice:
    """The make that the folder of `--to` belongs to: the one named, or the one it is called after.

    Raises
    ------
    InstallError
        Two are named.
    """
    asked = [choice for choice in choices(options) if choice.asked]
    if len(asked) > 1:
        names = " and ".join(choice.family.label for choice in asked)
        raise InstallError(f"a folder belongs to one editor, not to {names}; name one")
    if asked:
        return asked[0]
    return Choice(KRITA if options.to.name == _KRITAS_FOLDER else GIMP)


def find(machine: Machine, chosen: Sequence[Choice], steps: Steps) -> list[tuple[Choice, Editor]]:
    """Every editor of the chosen makes, telling of each search.

    Raises
    ------
    InstallError
        There are editors of a make, but none of the version that is asked for.
    """
    found: list[tuple[Choice, Editor]] = []
    for choice in chosen:
        with steps.step(f"Looking for {choice.family.label}") as result:
            editors = choice.family.chosen(machine, choice.version)
            result(", ".join(editor.name for editor in editors) or "none")
        found += [(choice, editor) for editor in editors]
    return found


def why_none(machine: Machine, chosen: Sequence[Choice]) -> str:
    """Why there is no editor of the chosen makes, as the beginning of a sentence."""
    return " and ".join(choice.family.why_none(machine) for choice in chosen)


def by_list(entries: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    """Entries by where JSON lists them; every make has its list."""
    lists: dict[str, list[Any]] = {family.listed: [] for family in FAMILIES}
    for listed, entry in entries:
        lists[listed].append(entry)
    return lists
