"""The front door of every program: arguments, signals, exit codes, and one sentence an error.

Whatever is imported before `Program.main` keeps to the syntax of Python 3.8, so that an old Python
is told what it needs.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import importlib.util
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from dreamlayer.core.cli import standard_streams
from dreamlayer.core.cli.cancelling import NOTHING, Cancelling
from dreamlayer.core.cli.parser import FAILED, Parser, joined, say_error, wants_json
from dreamlayer.core.cli.parser import typed as typed
from dreamlayer.core.errors import DreamlayerError, bare
from dreamlayer.core.installation import install_command
from dreamlayer.core.interruption import check
from dreamlayer.core.version import VERSION

_OLDEST = (3, 11)
_ESSENTIAL = "numpy"
"""Where even this package is missing, nothing was installed."""

_OWN = ("dreamlayer", "core", "export", "plugin", "bench")

OUT_OF_MEMORY = "use a smaller --tile or picture"

TRACEBACK = "DREAMLAYER_TRACEBACK"
"""The variable of the environment that shows where an error comes from."""


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
    json : bool
        Whether with `--json` errors are JSON on standard error too.
    cancelled : str
        What is said after Ctrl-C, unless the command knows better.
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
    json: bool = False
    cancelled: str = NOTHING
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
            0 done; 2 not done, or not all of it (one sentence says why); 130, 143 or 129 ended by
            Ctrl-C, by SIGTERM, or because the terminal was closed.
        """
        standard_streams.repair()
        arguments = joined(sys.argv[1:] if argv is None else argv)
        as_json = self.json and wants_json(arguments)
        if sys.version_info[:2] < _OLDEST:
            running, wanted = (".".join(map(str, v)) for v in (sys.version_info[:2], _OLDEST))
            sentence = f"this is Python {running}; use Python {wanted} or later"
            return self._fail(sentence, as_json=as_json)
        from dreamlayer.core.runtime.installed import silence

        # The process is this program's, down to what ONNX Runtime writes to its streams.
        silence()
        if argv is None and not sys.warnoptions:
            # What libraries warn of is for programmers.
            warnings.simplefilter("ignore")
        own = argv is None
        with Cancelling(self.name, self.cancelled, json=as_json, forever=own) as cancelling:
            try:
                code = cancelling.listen_during(lambda: self._guarded(arguments, as_json=as_json))
                cancelled = False
            except KeyboardInterrupt:
                cancelling.say()
                code, cancelled = cancelling.code, True
            except SystemExit:
                standard_streams.finish_output()
                raise
            lost = standard_streams.finish_output()
            if cancelled and own:
                _leave(code)
        if lost is None or code or isinstance(lost, BrokenPipeError):
            # The reader of what is printed may stop when it has enough.
            return code
        return self._fail(_system_sentence(lost), as_json=as_json)

    def _guarded(self, arguments: Sequence[str], *, as_json: bool) -> int:
        """The command's exit code; every error is a sentence."""
        try:
            return self._run(arguments, as_json=as_json)
        except BrokenPipeError:
            # The reader of what was printed has gone.
            standard_streams.discard_output()
            return 0
        except Exception as error:
            # What a signal has cut short fails in many ways, such as an import.
            check()
            show_traceback()
            sentence = self._sentence(error)
            if isinstance(error, DreamlayerError):
                self.also(arguments, sentence)
            if isinstance(error, OSError):
                standard_streams.discard_output()
            return self._fail(sentence, as_json=as_json)

    def _sentence(self, error: Exception) -> str:
        """What is said of an error."""
        if isinstance(error, ModuleNotFoundError) and error.name:
            package = error.name.partition(".")[0]
            if package not in _OWN:
                return self._not_installed(package)
        return sentence_of(error, self.out_of_memory)

    def _run(self, arguments: Sequence[str], *, as_json: bool) -> int:
        parser = self._parser(arguments, as_json=as_json)
        options = parser.parse_args(arguments)
        if self.commands and options.command is None:
            if importlib.util.find_spec(_ESSENTIAL) is None:
                return self._fail(self._not_installed(_ESSENTIAL), as_json=as_json)
            parser.print_help()
            return 0
        code: int = options.run(options)
        return code

    def _parser(self, arguments: Sequence[str], *, as_json: bool) -> Parser:
        """All commands by name; the options only of the one that is called, to start fast."""
        whole = "--help-all" in arguments
        parser = Parser(
            whole=whole,
            json=as_json,
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
            command = listed.add_parser(
                name, help=purpose, description=sentence, whole=whole, json=as_json
            )
            if name == called:
                self._configure(command, name)
        return parser

    def _configure(self, parser: Parser, name: str) -> None:
        command = self.load(name)
        command.configure(parser)
        parser.set_defaults(run=command.run)

    def _not_installed(self, package: str) -> str:
        return (
            f"the package {package!r} is not installed for {sys.executable}; "
            f"run: {install_command(self.extras)}"
        )

    def _fail(self, sentence: str, *, as_json: bool) -> int:
        say_error(self.name, sentence, json=as_json)
        return FAILED


def sentence_of(error: Exception, out_of_memory: str) -> str:
    """What is said of an error; `out_of_memory` is what to do where memory runs out."""
    if isinstance(error, DreamlayerError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"memory ran out; {out_of_memory}"
    if isinstance(error, OSError):
        return _system_sentence(error)
    text = next(iter(str(error).strip().splitlines()), "")
    what = f"{type(error).__name__}: {bare(text)}" if text else type(error).__name__
    return (
        f"something went wrong inside dreamlayer ({what}); please report this mistake in the "
        f"program, with what it shows if {TRACEBACK}=1 is set in the environment"
    )


def _system_sentence(error: OSError) -> str:
    where = f" ({bare(os.fsdecode(error.filename))})" if _is_name(error.filename) else ""
    return f"{error.strerror or error}{where or '; check the disk and the output'}"


def _is_name(name: object) -> bool:
    return isinstance(name, (str, bytes, os.PathLike)) and bool(name)


def _leave(code: int) -> NoReturn:
    """End the process after it was cancelled, with the code that is meant.

    Python would end it by SIGINT instead, whatever the code, if KeyboardInterrupt came up in code
    that is made from text (as namedtuple does it), even though it was caught. And what was half
    imported may crash as it is taken down.
    """
    with contextlib.suppress(Exception):
        atexit._run_exitfuncs()
    os._exit(code)


def show_traceback() -> None:
    """Print where the present error comes from, if the environment asks for it."""
    if os.environ.get(TRACEBACK, "0") not in ("", "0"):
        import traceback

        standard_streams.note(traceback.format_exc())


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
            "presets": "list the presets, or save one of your own",
            "recipe": "print or save a recipe, also the one that made a picture",
            "worker": "dream for another program, over standard input and output",
            "doctor": "show versions, networks, and the providers that really load",
        },
        json=True,
        out_of_memory=OUT_OF_MEMORY,
    ).main(argv)
