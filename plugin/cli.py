"""The command line of the installer: `dreamlayer-plugin COMMAND`, `python -m plugin COMMAND`."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import NoReturn

from dreamlayer.core.cli.program import build_parser
from dreamlayer.core.errors import DreamlayerError
from dreamlayer.plugin.machine import Machine

_COMMANDS = {
    "install": "put the Deep Dream filter into every GIMP on this machine",
    "uninstall": "take it out again",
    "doctor": "say in order what is wrong in each GIMP, and the command that mends it",
}
"""Each command's module is `plugin.NAME`, loaded only when it is called."""


def main(
    argv: Sequence[str] | None = None,
    program: str = "dreamlayer-plugin",
    machine: Machine | None = None,
) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments, those of the process by default.
    program : str
        What the program is called in messages.
    machine : Machine, optional
        Where to work, this machine by default.

    Returns
    -------
    int
        0 all is well, 2 something is not (a sentence says what), 130 cancelled.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if threading.current_thread() is threading.main_thread():
        # Ends like Ctrl-C, so that nothing half done is left.
        signal.signal(signal.SIGTERM, _terminated)
    for stream in (sys.stdout, sys.stderr):
        # Folders have names that the terminal may not be able to show.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        parser = build_parser(
            program,
            arguments,
            description="Put the Deep Dream filter into GIMP 2.10 and GIMP 3.",
            example="install",
            commands=_COMMANDS,
            package="dreamlayer.plugin",
        )
        options = parser.parse_args(arguments)
        if options.command is None:
            parser.print_help()
            return 0
        code: int = options.run(options, machine or Machine.this())
        sys.stdout.flush()
    except DreamlayerError as error:
        if "--json" in arguments:
            print(json.dumps({"ok": False, "gimps": [], "error": str(error)}, indent=2))
        return _say(program, str(error))
    except KeyboardInterrupt:
        _say(program, "cancelled; what was done before stays")
        return 130
    except BrokenPipeError:
        # The reader has gone; what is still buffered has no place to go to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _say(program, f"{error.strerror or error} ({error.filename})")
    return code


def _terminated(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


def _say(program: str, sentence: str) -> int:
    print(f"{program}: {sentence}", file=sys.stderr)
    return 2
