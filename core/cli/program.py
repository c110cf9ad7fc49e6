"""The command line: `dreamlayer COMMAND ...`, also `python -m core COMMAND ...`."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import NoReturn

from dreamlayer.core.cli.arguments import joined
from dreamlayer.core.errors import DreamlayerError
from dreamlayer.core.version import VERSION

_COMMANDS = {
    "dream": "dream on pictures",
    "style": "give a picture the style of another, or of several",
    "layers": "list the layers of a network",
    "features": "draw what a layer sees in a picture",
    "gallery": "draw what each layer or channel dreams of, to choose from",
    "presets": "list the presets",
    "recipe": "print or save a recipe, also the one that a picture was made with",
    "worker": "dream for another program, over standard input and output",
    "doctor": "show versions, providers that really load, and networks found",
}
"""Each command's module is `core.cli.NAME`, loaded only when it is called."""

_SIGNED = ("--jitter", "--max-loss")
"""Options whose value may begin with a minus."""

CANCELLED = 130
"""Exit code after Ctrl-C, as shells have it."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence, without the whole usage."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(argv: Sequence[str] | None = None, program: str = "dreamlayer") -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments, those of the process by default.
    program : str
        What the program is called in messages.

    Returns
    -------
    int
        0 done, 2 bad input (one sentence says what), 130 cancelled.
    """
    arguments = joined(sys.argv[1:] if argv is None else argv, _SIGNED)
    if threading.current_thread() is threading.main_thread():
        # Ends like Ctrl-C, so that a half-written temporary file is taken away.
        signal.signal(signal.SIGTERM, _terminated)
    try:
        parser = build_parser(
            program,
            arguments,
            description="DeepDream on ONNX Runtime alone.",
            example="dream photo.jpg -o dream.png",
            commands=_COMMANDS,
            package="dreamlayer.core.cli",
        )
        options = parser.parse_args(arguments)
        if options.command is None:
            parser.print_help()
            return 0
        code: int = options.run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
    except DreamlayerError as error:
        return _say(program, str(error))
    except MemoryError:
        return _say(program, "memory ran out; use a smaller --tile or scale the picture down")
    except KeyboardInterrupt:
        _say(program, "cancelled; nothing was written")
        return CANCELLED
    except BrokenPipeError:
        # The reader has gone; what is still buffered has no place to go to.
        _give_up_output()
        return 0
    except OSError as error:
        _give_up_output()
        return _say(program, f"{error.strerror or error}; check the disk and the output's place")
    return code


def _give_up_output() -> None:
    """Let what is still buffered for standard output go nowhere, so that closing it cannot fail."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminated(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


def _say(program: str, sentence: str) -> int:
    print(f"{program}: {sentence}", file=sys.stderr)
    return 2


def build_parser(
    program: str,
    arguments: Sequence[str],
    *,
    description: str,
    example: str,
    commands: Mapping[str, str],
    package: str,
) -> Parser:
    """All commands by name; the options only of the one that is called, to start fast.

    Parameters
    ----------
    program : str
        What the program is called in messages.
    arguments : sequence of str
        Those that are to be parsed.
    description, example : str
        For the help.
    commands : mapping
        Names of the commands with what each does.
    package : str
        The package with a module for each command, which has `configure` and `run`.
    """
    parser = Parser(prog=program, description=description, epilog=f"example: {program} {example}")
    parser.add_argument("--version", action="version", version=f"dreamlayer {VERSION}")
    listed = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    called = next((a for a in arguments if not a.startswith("-")), None)
    for name, purpose in commands.items():
        command = listed.add_parser(
            name, help=purpose, description=purpose[0].upper() + purpose[1:] + "."
        )
        if name == called:
            module = importlib.import_module(f"{package}.{name}")
            module.configure(command)
            command.set_defaults(run=module.run)
    return parser
