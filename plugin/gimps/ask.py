"""Ask a real GIMP, without a window, whether it knows the plug-in's procedure.

GIMP ends with exit code 0 whether a plug-in registered or not, and what it prints depends on the
plug-ins. So a line of Script-Fu, where every procedure is a defined name, writes the answer to a
file.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
from pathlib import Path

from dreamlayer.plugin.editor import FLATPAK, Registration, number
from dreamlayer.plugin.folder import NAME, TEMPORARY
from dreamlayer.plugin.gimps.content import PROCEDURE
from dreamlayer.plugin.gimps.gimp import Gimp, how_to_get
from dreamlayer.plugin.machine import Answer, Machine

_SECONDS = 180.0
"""The first start of a GIMP reads every font and asks every plug-in."""

_SCHEME = (
    "(let ((port (open-output-file {file}))) "
    "(write (list (defined? '{procedure}) (defined? 'python-fu-eval)) port) "
    "(close-output-port port))"
)
_PYTHON = (
    "known = [Gimp.get_pdb().lookup_procedure(p) for p in ({procedure!r}, 'python-fu-eval')]; "
    "open({file}, 'w').write('(%s)' % ' '.join('#t' if p else '#f' for p in known))"
)

_ERROR = re.compile(r"\w*(Error|Exception)(: .+)?")


def start_once(machine: Machine, gimp: Gimp) -> bool:
    """Start a GIMP that was never started, to make its settings folder; whether that exists now.

    If another program makes the folder, GIMP does not import the settings of an older version.
    """
    if gimp.command and not gimp.config.is_dir():
        _run(machine, gimp, [])
    return gimp.config.is_dir()


def registered(machine: Machine, gimp: Gimp) -> Registration:
    """Whether a GIMP, whose settings folder exists, knows the plug-in's procedure."""
    if not gimp.command:
        return Registration(None, "no program was found that starts it without a window")
    # GIMP can write to its settings folder in every sandbox, and nobody else looks there.
    file = gimp.config / f"{TEMPORARY}{secrets.token_hex(4)}"
    answers, said = [], ""
    try:
        for batch in _batches(gimp, file):
            answers.append(_run(machine, gimp, batch))
            with contextlib.suppress(OSError):
                said = file.read_text("utf-8", "replace")
            if said or answers[-1].code is None:
                break
    finally:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)
    found = re.fullmatch(r"\(#([tf]) #([tf])\)\s*", said)
    if found is None:
        return Registration(None, _why_no_answer(answers[0]))
    if found[1] == "t":
        return Registration(True)
    output = "\n".join(f"{answer.out}\n{answer.err}" for answer in answers)
    return _why_missing(machine, gimp, python=found[2] == "t", output=output)


def _batches(gimp: Gimp, file: Path) -> list[list[str]]:
    """The arguments to try one after the other, those that most GIMPs understand first."""
    path = json.dumps(file.as_posix(), ensure_ascii=False)
    scheme = _SCHEME.format(file=path, procedure=PROCEDURE)
    if number(gimp.version)[0] == 2:
        return [["-b", scheme]]
    python = _PYTHON.format(file=path, procedure=PROCEDURE)
    return [
        ["--batch-interpreter", "plug-in-script-fu-eval", "-b", scheme],
        ["--batch-interpreter", "python-fu-eval", "-b", python],
    ]


def _run(machine: Machine, gimp: Gimp, batch: list[str]) -> Answer:
    """Start GIMP without a window, run the batch commands, and quit."""
    if number(gimp.version)[0] == 2:
        arguments = ["-i", *batch, "-b", "(gimp-quit 0)"]
    else:
        arguments = ["-i", "--quit", *batch]
    return machine.run([*gimp.command, *arguments], machine.editor_environment(), _SECONDS)


def _why_no_answer(answer: Answer) -> str:
    if "cannot open display" in answer.err:
        return "it needs a display to start"
    return f"it did not answer: {answer.last_line or f'exit code {answer.code}'}"


def _why_missing(machine: Machine, gimp: Gimp, *, python: bool, output: str) -> Registration:
    """Why the procedure is not registered, as far as GIMP's output shows."""
    why = _plugin_error(output)
    if "'gi'" in why or "Namespace Gimp" in why:
        python = False
    if python or gimp.kind == FLATPAK:
        look = (
            "it shows no error; check that Preferences > Folders > Plug-ins lists "
            f"{gimp.plugins}, and that programs on that disk may be run"
        )
        return Registration(False, why or look)
    if number(gimp.version)[0] == 2:
        why = "this GIMP was built without Python, which the plug-in needs; get GIMP 3"
        return Registration(False, why, how_to_get(machine, distribution=False))
    why = "this GIMP finds no Python with the modules it needs; add them, then install again"
    apt = "sudo apt-get install python3-gi gir1.2-gimp-3.0"
    return Registration(False, why, apt if machine.which("apt-get") else None)


def _plugin_error(output: str) -> str:
    """The error that ended the plug-in, where GIMP has just started it and shows its traceback."""
    lines = [line.strip() for line in output.splitlines()]
    ours = [i for i, line in enumerate(lines) if f"{NAME}/" in line or f"{NAME}\\" in line]
    errors = [line for line in lines[ours[-1] :] if _ERROR.fullmatch(line)] if ours else []
    return f"the plug-in ended with {errors[0]}" if errors else ""
