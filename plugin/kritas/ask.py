"""Ask a real Krita, without a window, whether it can load the plug-in.

`kritarunner`, which comes with Krita, calls a function in Krita's own Python. It looks for plug-ins
in a folder of its own, and makes its resources there; so it is shown those of Krita by a variable,
and a temporary folder as the place for all that it writes.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from dreamlayer.plugin.editor import Registration, offer
from dreamlayer.plugin.folder import NAME, TEMPORARY
from dreamlayer.plugin.kritas.krita import Krita
from dreamlayer.plugin.machine import Answer, Machine

_SECONDS = 180.0
"""Each start makes all of Krita's resources."""

_MODULE = "dreamlayer_question"
_ANSWER = "DREAMLAYER_ANSWER"
_QUESTION = f"""
import io
import json
import os
import sys


def ask(*_):
    from krita import Krita

    said, sys.stderr = {{"error": ""}}, io.StringIO()
    try:
        import {NAME}
    except BaseException as error:
        said["error"] = "%s: %s" % (type(error).__name__, error)
    # A plug-in that fails may say so, and let Krita start without it.
    said["error"] = said["error"] or sys.stderr.getvalue().strip().rpartition("\\n")[2]
    modules = [type(extension).__module__ for extension in Krita.instance().extensions()]
    said["known"] = any(module.partition(".")[0] == "{NAME}" for module in modules)
    with open(os.environ["{_ANSWER}"], "w", encoding="utf-8") as file:
        json.dump(said, file)
"""

_IN_WINDOW = (
    "this Krita tells it only in its window, in Settings > Configure Krita > Python Plugin Manager"
)


def registered(machine: Machine, krita: Krita) -> Registration:
    """Whether a Krita, which has the plug-in, can load it."""
    if not krita.command:
        return Registration(None, _IN_WINDOW)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / f"{_MODULE}.py").write_text(_QUESTION, encoding="utf-8")
        command = [*krita.command, "-s", _MODULE, "-f", "ask"]
        answer = machine.run(command, _environment(machine, krita, folder), _SECONDS)
        try:
            said: dict[str, Any] = json.loads((folder / "answer").read_bytes())
            known, error = bool(said["known"]), str(said["error"])
        except (OSError, ValueError, KeyError, TypeError):
            # It may crash when it ends, but then it has answered.
            return _why_no_answer(machine, answer)
    if known:
        return Registration(True)
    return Registration(False, f"the plug-in says: {error}" if error else "it says no reason")


def _environment(machine: Machine, krita: Krita, folder: Path) -> dict[str, str]:
    kept = machine.editor_environment()
    for display in ("DISPLAY", "WAYLAND_DISPLAY"):
        kept.pop(display, None)
    return {
        **kept,
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": f"{krita.plugins}:{folder}",
        "PYTHONDONTWRITEBYTECODE": "1",
        _ANSWER: str(folder / "answer"),
        **{f"XDG_{kind}_HOME": str(folder / kind) for kind in ("DATA", "CONFIG", "CACHE")},
    }


def _why_no_answer(machine: Machine, answer: Answer) -> Registration:
    """Krita loads no plug-in without PyQt, which some distributions pack apart from it."""
    said = f"{answer.out}\n{answer.err}"
    if "Could not import krita" in said or "No module named 'PyQt" in said:
        number = "6" if "PyQt6" in said else "5"
        tools = {
            "apt-get": f"sudo apt-get install python3-pyqt{number}",
            "dnf": "sudo dnf install " + {"5": "python3-qt5", "6": "python3-pyqt6"}[number],
            "pacman": f"sudo pacman -S python-pyqt{number}",
        }
        page = "https://docs.krita.org/en/user_manual/python_scripting.html"
        why = f"this Krita finds no PyQt{number}, without which it loads no plug-in in Python"
        return Registration(False, why, offer(machine, tools, page))
    why = answer.last_line or f"exit code {answer.code}"
    return Registration(None, f"it did not answer: {why}")
