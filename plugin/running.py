"""Whether an editor with a window runs, which must be restarted before it sees a new plug-in."""

from __future__ import annotations

import contextlib
import os
import re

from dreamlayer.plugin.machine import Machine

_SECONDS = 20.0


def running(machine: Machine, name: re.Pattern[str]) -> bool | None:
    """Whether this user has a program of that name open; None where the system does not say."""
    if machine.windows:
        return _listed(machine, name, "tasklist", "/FO", "CSV", "/NH")
    if machine.system == "Darwin":
        return _listed(machine, name, "/bin/ps", "-xco", "command")
    processes = machine.root / "proc"
    if not (processes / "self").exists():
        return None
    for process in processes.glob("[0-9]*"):
        # A process may end at any moment, and those of others may be hidden.
        with contextlib.suppress(OSError):
            said = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
            if name.fullmatch(said) and process.stat().st_uid == os.geteuid():
                return True
    return False


def _listed(machine: Machine, name: re.Pattern[str], *command: str) -> bool | None:
    """Whether the program is the first word of a line that another prints."""
    answer = machine.run(command, machine.environment, _SECONDS)
    if answer.code != 0:
        return None
    names = (line.split(",")[0].strip().strip('"') for line in answer.out.splitlines())
    return any(name.fullmatch(one) for one in names)
