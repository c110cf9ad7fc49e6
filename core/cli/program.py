"""The front door of every program: arguments, signals, exit codes, and one sentence an error.

Whatever is imported before `Program.main` keeps to the syntax of Python 3.8, so that an old Python
is told what it needs.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from dreamlayer.core.errors import DreamlayerError, install_command
from dreamlayer.core.version import VERSION

_OLDEST = (3, 11)
_ESSENTIAL = "numpy"
"""Where even this package is missing, nothing was installed."""

_OWN = ("dreamlayer", "core", "export", "plugin", "bench")
_NUMBER = re.compile(r"-[\d.]")

FAILED = 2
"""Exit code after an error."""

CANCELLED = 130
"""Exit code after Ctrl-C, as shells have it."""


def typed(read: Callable[[str], Any], what: str = "what it should be") -> Callable[[str], Any]:
    """A type for argparse whose errors are sentences.

    Parameters
    ----------
    read : callable
        Reads a value; raises ValueError, or a DreamlayerError whose sentence is shown as it is.
    what : str
        What the text has to be, such as ``a whole number``.
    """

    def convert(text: str) -> Any:
        try:
            return read(text)
        except DreamlayerError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from error

    return convert


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence, without the whole usage.

    Parameters
    ----------
    whole : bool
        Show every option in the help, as `--help-all` asks for.
    """

    def __init__(self, *, whole: bool = False, **settings: Any) -> None:
        super().__init__(**settings)
        self.whole = whole
        self.register("type", int, typed(int, "a whole number"))
        self.register("type", float, typed(float, "a number"))

    def error(self, message: str) -> NoReturn:
        """Exit with code 2."""
        self.exit(FAILED, f"{self.prog}: {message}; see {self.prog} --help\n")

    def _get_option_tuples(self, option_string: str) -> list[Any]:
        """What an abbreviation may stand for; names of one option, former ones too, count once."""
        found: list[Any] = super()._get_option_tuples(option_string)
        return list({one[0].dest: one for one in reversed(found)}.values())

    def shorten(self, arguments: str) -> None:
        """Add `--help-all`, and summarize the usage as these arguments."""
        self.usage = f"%(prog)s {arguments} [OPTION ...]"
        self.add_argument("--help-all", action="help", help="show all options")

    def rare(self, text: str) -> str:
        """The help of an option that only `--help-all` shows."""
        return text if self.whole else argparse.SUPPRESS


@dataclass(frozen=True)
class Program:
    """One program: what it is called, its commands, and what its errors say.

    Attributes
    ----------
    name : str
        What it is called in messages.
    description, example : str
        For its help; the example without the name.
    load : callable
        Gives a command by its name, loaded only when it is called: any object with
        `configure(parser)` and `run(options)`, which returns the exit code.
    commands : mapping
        Names of the commands with what each does; none where the program is one command, which is
        loaded by the empty name.
    extras : str
        What to install with dreamlayer, such as ``cpu``.
    cancelled : str
        What is said after Ctrl-C.
    out_of_memory : str
        What to do where memory runs out.
    also : callable
        Gets the arguments and the sentence of each error, before it is printed.
    """

    name: str
    description: str
    example: str
    load: Callable[[str], Any]
    commands: Mapping[str, str]
    extras: str = "cpu"
    cancelled: str = "cancelled; nothing was written"
    out_of_memory: str = "close other programs"
    also: Callable[[Sequence[str], str], None] = lambda _arguments, _sentence: None

    def main(self, argv: Sequence[str] | None = None) -> int:
        """Run one command.

        Parameters
        ----------
        argv : sequence of str, optional
            The arguments, those of the process by default.

        Returns
        -------
        int
            0 done, 2 not done (one sentence says why), 130 cancelled.
        """
        if sys.version_info[:2] < _OLDEST:
            running, wanted = (".".join(map(str, v)) for v in (sys.version_info[:2], _OLDEST))
            return self._fail(f"this is Python {running}; use Python {wanted} or later")
        from dreamlayer.core.runtime.installed import silence

        # The process is this program's, down to what ONNX Runtime writes to its streams.
        silence()
        arguments = joined(sys.argv[1:] if argv is None else argv)
        if threading.current_thread() is threading.main_thread():
            # Ends like Ctrl-C, so that half-written temporary files are removed.
            signal.signal(signal.SIGTERM, _terminated)
        # Files have names that the terminal may not be able to show; what is printed to be read
        # by programs is escaped, never changed.
        for stream, errors in ((sys.stdout, "backslashreplace"), (sys.stderr, "replace")):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors=errors)
        try:
            code = self._run(arguments)
            if sys.stdout is not None:
                sys.stdout.flush()
        except DreamlayerError as error:
            self.also(arguments, str(error))
            return self._fail(str(error))
        except ModuleNotFoundError as error:
            if not error.name or error.name.partition(".")[0] in _OWN:
                raise
            return self._not_installed(error.name)
        except MemoryError:
            return self._fail(f"memory ran out; {self.out_of_memory}")
        except KeyboardInterrupt:
            self._fail(self.cancelled)
            return CANCELLED
        except BrokenPipeError:
            # The reader has gone.
            _discard_output()
            return 0
        except OSError as error:
            _discard_output()
            where = f" ({error.filename})" if error.filename else "; check the disk and the output"
            return self._fail(f"{error.strerror or error}{where}")
        return code

    def _run(self, arguments: Sequence[str]) -> int:
        parser = self._parser(arguments)
        options = parser.parse_args(arguments)
        if self.commands and options.command is None:
            if importlib.util.find_spec(_ESSENTIAL) is None:
                return self._not_installed(_ESSENTIAL)
            parser.print_help()
            return 0
        code: int = options.run(options)
        return code

    def _parser(self, arguments: Sequence[str]) -> Parser:
        """All commands by name; the options only of the one that is called, to start fast."""
        whole = "--help-all" in arguments
        parser = Parser(
            whole=whole,
            prog=self.name,
            description=self.description,
            epilog=f"example: {self.name} {self.example}",
        )
        parser.add_argument("--version", action="version", version=f"dreamlayer {VERSION}")
        if not self.commands:
            self._configure(parser, "")
            return parser
        listed = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
        called = next((a for a in arguments if not a.startswith("-")), None)
        for name, purpose in self.commands.items():
            sentence = f"{purpose[0].upper()}{purpose[1:]}."
            command = listed.add_parser(name, help=purpose, description=sentence, whole=whole)
            if name == called:
                self._configure(command, name)
        return parser

    def _configure(self, parser: Parser, name: str) -> None:
        command = self.load(name)
        command.configure(parser)
        parser.set_defaults(run=command.run)

    def _not_installed(self, package: str) -> int:
        return self._fail(
            f"the package {package.partition('.')[0]!r} is not installed for {sys.executable}; "
            f"run: {install_command(self.extras)}"
        )

    def _fail(self, sentence: str) -> int:
        print(f"{self.name}: {sentence}", file=sys.stderr)
        return FAILED


def joined(arguments: Sequence[str]) -> list[str]:
    """Join ``--jitter -9..9`` to ``--jitter=-9..9``: argparse takes ``-9..9`` for an option."""
    result: list[str] = []
    for argument in arguments:
        if result and _NUMBER.match(argument) and re.fullmatch("--[a-z-]+", result[-1]):
            result[-1] += f"={argument}"
        else:
            result.append(argument)
    return result


def _discard_output() -> None:
    """Let what is still buffered for standard output go nowhere, so that closing it cannot fail."""
    if sys.stdout is not None:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminated(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


def _command(name: str) -> Any:
    from dreamlayer.core.runtime.address_space import prepare

    # Before numpy is imported.
    prepare()
    return importlib.import_module(f"dreamlayer.core.cli.{name}")


def main(argv: Sequence[str] | None = None, program: str = "dreamlayer") -> int:
    """Run one command of dreamlayer's own program; see `Program.main`.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments, those of the process by default.
    program : str
        What the program is called in messages.
    """
    return Program(
        program,
        description="DeepDream on ONNX Runtime alone.",
        example="dream photo.jpg -o dream.png",
        load=_command,
        commands={
            "dream": "dream on pictures",
            "style": "give a picture the style of another, or of several",
            "layers": "list the layers of a network",
            "features": "draw what a layer sees in a picture",
            "gallery": "draw what each layer or channel dreams of, to choose from",
            "presets": "list the presets",
            "recipe": "print or save a recipe, also the one that made a picture",
            "worker": "dream for another program, over standard input and output",
            "doctor": "show versions, networks, and the providers that really load",
        },
        out_of_memory="use a smaller --tile or picture",
    ).main(argv)
