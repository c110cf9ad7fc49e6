"""The command that installs the plug-in again, such that it works: with a Python that can run the
worker, into a folder that can be written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dreamlayer.plugin import places
from dreamlayer.plugin.interpreter import INSTALL, PythonProbe, best_probe
from dreamlayer.plugin.machine import Machine, chain


@dataclass(frozen=True)
class Advice:
    """What to run.

    Attributes
    ----------
    fix : str or None
        The command, None where no command helps.
    but : str
        What must be known with it, such as what keeps the folder from being written; or ''.
    """

    fix: str | None
    but: str = ""


class Reinstall:
    """Finds the command; tries the present Python at most once.

    Parameters
    ----------
    machine : Machine
        The machine.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._present: PythonProbe | None = None

    def advice(
        self, plugins: Path, options: Sequence[str], recorded: Callable[[], PythonProbe | None]
    ) -> Advice:
        """The command for the folder of an editor's plug-ins.

        Parameters
        ----------
        plugins : Path
            The folder.
        options : sequence of str
            The options that the command needs to find it.
        recorded : callable
            What the Python can do that the plug-in is installed with, if it is.
        """
        where = list(options)
        kept = recorded()
        other = kept if kept is not None and kept.path != self._machine.python else None
        if other is not None and other.obstacle(self._machine) is None:
            # Whoever chose another Python than this one wants it still.
            where += ["--python", other.path]
        blocked = places.obstacle(self._machine, plugins)
        if blocked and not blocked.fix:
            return Advice(None, blocked.sentence)
        command = chain(blocked.fix if blocked else None, self._command(where))
        return Advice(command, blocked.sentence if blocked else "")

    def _command(self, where: list[str]) -> str | None:
        """The command alone, after what makes the present Python fit."""
        machine = self._machine
        if self._present is None:
            self._present = best_probe(machine, machine.python)
        present = self._present
        root = present.environment.get("PYTHONPATH")
        words = [machine.python, *INSTALL, *where]
        before: str | None = None
        if root:
            # A checkout that is not installed is found from within its folder alone.
            before = machine.shown(["cd", *(["/d"] * machine.windows), root])
        if "--python" not in where:
            obstacle = present.obstacle(machine)
            if obstacle and not obstacle.fix:
                return None
            if obstacle and obstacle.python:
                words[0], before = obstacle.python, obstacle.fix
            elif obstacle:
                before = chain(obstacle.fix, before)
        return chain(before, machine.shown(words))
