"""`python -m dreamlayer.plugin.file_managers FILE...`: what the menu entries start.

It dreams on the pictures among the files, shows progress in a window, and tells in a notification
what came of it: nobody sees a terminal.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from dreamlayer.core.cli.program import OUT_OF_MEMORY, sentence_of
from dreamlayer.core.cli.standard_streams import note
from dreamlayer.plugin.file_managers.dreams import Outcome, dream
from dreamlayer.plugin.file_managers.notification import notify
from dreamlayer.plugin.file_managers.selection import select
from dreamlayer.plugin.file_managers.summary import nothing_selected, summary
from dreamlayer.plugin.file_managers.window import NoWindow, open_window
from dreamlayer.plugin.interpreter import checkout
from dreamlayer.plugin.machine import Machine

_CANCELLED = 130


def main(argv: Sequence[str] | None = None, machine: Machine | None = None) -> int:
    """Dream on files, and tell of it.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments, those of the process by default.
    machine : Machine, optional
        Where to work, this machine by default.

    Returns
    -------
    int
        0 where all pictures are finished, 130 where it was cancelled, else 2.
    """
    parser = argparse.ArgumentParser(prog="python -m dreamlayer.plugin.file_managers")
    parser.add_argument("--preset", default="default", metavar="NAME", help="the preset")
    parser.add_argument("files", nargs="*", metavar="FILE", help="a selected file")
    options = parser.parse_args(argv)
    here = machine or Machine.this()
    try:
        code, text = _work(here, options.preset, options.files)
    except Exception as error:
        code, text = 2, f"Nothing was dreamed: {sentence_of(error, OUT_OF_MEMORY)}"
    note(f"{text}\n")
    notify(here, text, urgent=code == 2)
    return code


def _work(machine: Machine, preset: str, files: Sequence[str]) -> tuple[int, str]:
    """The exit code, and what is told."""
    selection = select(files)
    if not selection.pictures:
        return 2, nothing_selected(selection.others)
    window = open_window(machine)
    begun = threading.Thread(target=_tell_begun, args=(machine, len(selection.pictures)))
    if isinstance(window, NoWindow):
        begun.start()
    try:
        command = [_python(machine), "-P", "-m", "dreamlayer", "dream", "--json"]
        # Nobody is asked whether a file may go, such as a result that was retouched.
        command.append("--keep-existing")
        words = [*command, "--preset", preset, "--", *selection.pictures]
        with _listening() as ended:
            outcome = dream(words, _environment(machine), window, ended)
    finally:
        window.close()
        if begun.ident is not None:
            # What it says would be wrong after the end.
            begun.join()
    text = summary(outcome, selection.others, len(selection.pictures))
    return _code(outcome), text


def _tell_begun(machine: Machine, count: int) -> None:
    """Say that there is work; this keeps nothing waiting."""
    pictures = "picture" if count == 1 else "pictures"
    notify(machine, f"Dreaming on {count} {pictures} ...", brief=True)


@contextlib.contextmanager
def _listening() -> Iterator[threading.Event]:
    """An event that signals set, such as at the end of the session, so that the work ends too."""
    ended = threading.Event()
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    old = {name: signal.getsignal(getattr(signal, name)) for name in names}
    for name in names:
        signal.signal(getattr(signal, name), lambda *_: ended.set())
    try:
        yield ended
    finally:
        for name, handler in old.items():
            signal.signal(getattr(signal, name), handler)


def _code(outcome: Outcome) -> int:
    if outcome.cancelled:
        return _CANCELLED
    return 2 if outcome.error or outcome.failed else 0


def _python(machine: Machine) -> str:
    """This Python, where it has a console, which is then not shown: the other writes nothing."""
    path = Path(machine.python)
    console = path.with_name("python.exe")
    return str(console if path.name.lower() == "pythonw.exe" and console.is_file() else path)


def _environment(machine: Machine) -> dict[str, str]:
    """The environment of the work, with the checkout in its path where this is one."""
    root = checkout()
    return machine.python_environment({"PYTHONPATH": str(root)} if root else {})


if __name__ == "__main__":
    if sys.stderr is None:
        # Windows starts programs without a console so.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.exit(main())
