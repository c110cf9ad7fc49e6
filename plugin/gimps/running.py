"""Whether a GIMP with a window runs, which must be started again before it sees a new plug-in."""

from __future__ import annotations

import contextlib
import os
import re

from dreamlayer.plugin.machine import Machine

_GIMP = re.compile(r"gimp(-\d+(\.\d+)*)?(\.exe)?|gimp-bin", re.IGNORECASE)
_SECONDS = 20.0


def running(machine: Machine) -> bool | None:
    """Whether this user has a GIMP open; None where the system does not say."""
    if machine.windows:
        return _listed(machine, "tasklist", "/FO", "CSV", "/NH")
    if machine.system == "Darwin":
        return _listed(machine, "/bin/ps", "-xco", "command")
    processes = machine.root / "proc"
    if not (processes / "self").exists():
        return None
    for process in processes.glob("[0-9]*"):
        # A process may end at any moment, and those of others may be hidden.
        with contextlib.suppress(OSError):
            name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
            if _GIMP.fullmatch(name) and process.stat().st_uid == os.geteuid():
                return True
    return False


def _listed(machine: Machine, *command: str) -> bool | None:
    """Whether GIMP is the first word of a line that a program prints."""
    answer = machine.run(command, machine.environment, _SECONDS)
    if answer.code != 0:
        return None
    names = (line.split(",")[0].strip().strip('"') for line in answer.out.splitlines())
    return any(_GIMP.fullmatch(name) for name in names)
