"""Arguments: options anywhere among the others, and what is wrong with them in one sentence."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from dreamlayer.core.cli.standard_streams import as_json, note
from dreamlayer.core.errors import DreamlayerError, printable, shown

_NUMBER = re.compile(r"-[\d.]")
_LONGEST = 300

FAILED = 2
"""Exit code after an error."""


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
            raise argparse.ArgumentTypeError(f"{shown(text)} is not {what}") from error

    return convert


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether `--json`, or a beginning of it, is among the options, even if others are wrong."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return any(len(one) > len("--") and "--json".startswith(one) for one in options)


def say_error(
    program: str, sentence: str, *, json: bool, event: str = "error", **facts: Any
) -> None:
    """Say on standard error why a program ends: a sentence, or the event for programs."""
    if json:
        message = {"event": event, "message": sentence, **facts}
        note(as_json(message, sys.stderr) + "\n")
    else:
        note(f"{program}: {printable(sentence)}\n")


class _Plain(str):
    """An argument behind ``--``, which is no option whatever it looks like."""

    __slots__ = ()


class Parser(argparse.ArgumentParser):
    """Takes options anywhere, and says what is wrong in one sentence, without the whole usage.

    Parameters
    ----------
    whole : bool
        Show every option in the help, as `--help-all` asks for.
    json : bool
        Whether errors are JSON.
    """

    def __init__(self, *, whole: bool = False, json: bool = False, **settings: Any) -> None:
        super().__init__(**settings)
        self.whole, self.json = whole, json
        self._mixing = False
        self.register("type", int, typed(int, "a whole number"))
        self.register("type", float, typed(float, "a number"))

    def error(self, message: str) -> NoReturn:
        """Exit with code 2."""
        if len(message) > _LONGEST:
            message = f"{message[:_LONGEST]}..."
        say_error(self.prog, f"{message}; see {self.prog} --help", json=self.json)
        self.exit(FAILED)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse options that stand before, between or behind the other arguments."""
        if self._mixing or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        arguments = list(sys.argv[1:] if args is None else args)
        if "--" in arguments:
            at = arguments.index("--")
            arguments[at:] = map(_Plain, arguments[at + 1 :])
        self._mixing = True
        try:
            return self.parse_known_intermixed_args(arguments, namespace)
        finally:
            self._mixing = False

    def _parse_optional(self, arg_string: str) -> Any:
        return None if isinstance(arg_string, _Plain) else super()._parse_optional(arg_string)

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


def joined(arguments: Sequence[str]) -> list[str]:
    """Join ``--jitter -9..9`` to ``--jitter=-9..9``: argparse takes ``-9..9`` for an option."""
    result: list[str] = []
    for number, argument in enumerate(arguments):
        if argument == "--":
            return [*result, *arguments[number:]]
        if result and _NUMBER.match(argument) and re.fullmatch("--[a-z-]+", result[-1]):
            result[-1] += f"={argument}"
        else:
            result.append(argument)
    return result
