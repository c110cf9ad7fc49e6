"""How Kritas are found and handled."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import ClassVar

from dreamlayer.plugin import sandboxes
from dreamlayer.plugin.editor import FLATPAK, SNAP, Family, Registration
from dreamlayer.plugin.kritas import kritarc
from dreamlayer.plugin.kritas.ask import registered
from dreamlayer.plugin.kritas.content import desktop_file, plugin_files
from dreamlayer.plugin.kritas.find import find
from dreamlayer.plugin.kritas.krita import APPLICATION, Krita, how_to_get
from dreamlayer.plugin.machine import InstallError, Machine, Obstacle
from dreamlayer.plugin.running import running
from dreamlayer.plugin.steps import Steps


class Kritas(Family[Krita]):
    """Krita 5 and later."""

    label: ClassVar[str] = "Krita"
    option: ClassVar[str] = "krita"
    menu: ClassVar[str] = "Tools > Scripts"
    process: ClassVar[re.Pattern[str]] = re.compile(r"krita(-\d.*)?(\.exe|\.com)?", re.IGNORECASE)

    def find(self, machine: Machine) -> list[Krita]:
        """Every Krita, oldest first."""
        return find(machine)

    def why_none(self, machine: Machine) -> str:
        """That there is none."""
        return "no Krita was found"

    def how_to_get(self, machine: Machine) -> str:
        """The command, or the page, to install one."""
        return how_to_get(machine)

    def content(self, version: str) -> dict[str, bytes]:
        """What is installed, the same in every version."""
        return plugin_files()

    @property
    def beside(self) -> dict[str, bytes]:
        """What Krita finds the plug-in by."""
        return desktop_file()

    def unsupported(self, machine: Machine, editor: Krita) -> Obstacle | None:
        """A sandbox that nothing opens."""
        if editor.kind != SNAP:
            return None
        return Obstacle(
            "Snap does not let Krita start programs of the system, so Deep Dream cannot work in it",
            how_to_get(machine, distribution=False),
        )

    def not_permitted(self, machine: Machine, editor: Krita) -> Obstacle | None:
        """A sandbox that the user can open."""
        return sandboxes.not_permitted(machine, APPLICATION) if editor.kind == FLATPAK else None

    def enable(self, machine: Machine, editor: Krita) -> None:
        """Write the line that enables it."""
        kritarc.enable(editor.rc)

    def disable(self, machine: Machine, editor: Krita) -> None:
        """Take the line out, and folders that are empty now, as after Krita never ran."""
        kritarc.disable(editor.rc)
        for folder in (editor.plugins, editor.config):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def switched_on(self, machine: Machine, editor: Krita) -> tuple[bool, str]:
        """What its settings say."""
        try:
            on = kritarc.enabled(editor.rc)
        except InstallError as error:
            return False, str(error)
        return on, f"{'' if on else 'it is not enabled '}in {editor.rc}"

    def hint(self, machine: Machine, editors: Sequence[Krita]) -> str:
        """What one that is open may do to the line when it quits."""
        if not running(machine, self.process):
            return ""
        return (
            "If it is missing there, install again: Krita writes its settings when it quits, and "
            "may have switched it off."
        )

    def after_removal(self, machine: Machine) -> str:
        """That one which is open may write what it knows of the plug-in again."""
        if not running(machine, self.process):
            return ""
        return (
            "Krita is open and writes its settings when it quits: close it, then uninstall again, "
            "so that they do not name Deep Dream"
        )

    @property
    def enable_by_hand(self) -> str:
        """Where the user finds the switch."""
        return "enable it in Settings > Configure Krita > Python Plugin Manager"

    def ask(self, machine: Machine, editor: Krita, steps: Steps) -> Registration:
        """Whether it can load the plug-in."""
        if not editor.command:
            return registered(machine, editor)
        work = f"Asking {editor.name} without a window whether it can load Deep Dream"
        with steps.step(f"{work} (up to a minute)") as result:
            answer = registered(machine, editor)
            result({True: "yes", False: "no", None: "no answer"}[answer.known])
        return answer


KRITA = Kritas()
