"""How GIMPs are found and handled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from dreamlayer.plugin.editor import Family, Registration
from dreamlayer.plugin.gimps import sandboxes
from dreamlayer.plugin.gimps.ask import registered, start_once
from dreamlayer.plugin.gimps.content import plugin_files
from dreamlayer.plugin.gimps.copies import second_copy
from dreamlayer.plugin.gimps.find import find, why_none
from dreamlayer.plugin.gimps.gimp import Gimp, chosen_config, folder_variable, how_to_get
from dreamlayer.plugin.machine import Machine, Obstacle
from dreamlayer.plugin.steps import Steps

_PROCEDURES = ("plug-in-deep-dream", "plug-in-style-transfer")
"""GIMP names what it remembers of a filter's dialog after these."""


class Gimps(Family[Gimp]):
    """GIMP 2.10 and GIMP 3."""

    label: ClassVar[str] = "GIMP"
    option: ClassVar[str] = "gimp"
    menu: ClassVar[str] = "Filters > Artistic"
    process: ClassVar[re.Pattern[str]] = re.compile(
        r"gimp(-\d+(\.\d+)*)?(\.exe)?|gimp-bin", re.IGNORECASE
    )

    def find(self, machine: Machine) -> list[Gimp]:
        """Every GIMP from 2.10 on, oldest first."""
        return find(machine)

    def why_none(self, machine: Machine) -> str:
        """That there is none, or one that is too old."""
        return why_none(machine)

    def how_to_get(self, machine: Machine) -> str:
        """The command, or the page, to install one."""
        return how_to_get(machine)

    def content(self, version: str) -> dict[str, bytes]:
        """What is installed: the two generations differ."""
        return plugin_files(version)

    def likely_version(self, plugins: Path) -> str:
        """GIMP 2.10 keeps its own in `gimp/2.0`, its users' in `GIMP/2.10`."""
        return "" if {"2.10", "2.0"}.isdisjoint(plugins.parts) else "2.10"

    def versions(self) -> list[str]:
        """The two generations."""
        return ["3.0", "2.10"]

    def unsupported(self, machine: Machine, editor: Gimp) -> Obstacle | None:
        """Sandboxes that nothing opens."""
        return sandboxes.unsupported(machine, editor)

    def not_permitted(self, machine: Machine, editor: Gimp) -> Obstacle | None:
        """A sandbox that the user can open."""
        return sandboxes.not_permitted(machine, editor)

    def start_once(self, machine: Machine, editor: Gimp, steps: Steps) -> None:
        """If another program made its settings folder, it would not import an older version's."""
        if editor.command and not editor.config.is_dir():
            work = f"Starting {editor.name} without a window, which makes its settings folder"
            with steps.step(f"{work} (up to a minute)") as result:
                if not start_once(machine, editor):
                    result("it made none")

    def ask(self, machine: Machine, editor: Gimp, steps: Steps) -> Registration:
        """Whether the filter's procedure is registered."""
        if not editor.command:
            return registered(machine, editor)
        with steps.step(f"Asking {editor.name} whether it knows the filter") as result:
            answer = registered(machine, editor)
            result({True: "yes", False: "no", None: "no answer"}[answer.known])
        return answer

    def second_copy(self, machine: Machine, editor: Gimp) -> Obstacle | None:
        """A copy of which GIMP may take this one or that."""
        return second_copy(machine, editor)

    def hint(self, machine: Machine, editors: Sequence[Gimp]) -> str:
        """The variables that name a settings folder must do so when GIMP is started, too."""
        versions = [editor.version for editor in editors]
        named = sorted({folder_variable(v) for v in versions if chosen_config(machine, v)})
        if not named:
            return ""
        return f"Start it with {' and '.join(named)} set as now, or it looks in another folder."

    def remembered(self, editors: Sequence[Gimp]) -> dict[Path, list[Path]]:
        """The last values of the filters' dialogs."""
        folders = dict.fromkeys(gimp.config / "plug-in-settings" for gimp in editors)
        return {
            folder: sorted(
                path for path in folder.glob("*") if any(n in path.name for n in _PROCEDURES)
            )
            for folder in folders
        }


GIMP = Gimps()
