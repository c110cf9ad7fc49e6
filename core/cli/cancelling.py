"""What is said when a program is cancelled: how much is finished, and that nothing is half-made."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

from dreamlayer.core.cli.parser import say_error
from dreamlayer.core.cli.signals import Signals
from dreamlayer.core.cli.standard_streams import as_json

NOTHING = "nothing was written"
"""What became of the work, as long as no output was finished."""

_current: Cancelling | None = None


class Cancelling:
    """Signals as long as a program runs, and the words for its end.

    Parameters
    ----------
    program : str
        What the program is called.
    words : str
        What became of the work so far, such as ``nothing was written``.
    json : bool
        Whether the words are JSON.
    forever : bool
        As for `Signals`.
    """

    def __init__(self, program: str, words: str, *, json: bool, forever: bool) -> None:
        self._program, self._json = program, json
        self._words = words
        self._facts: dict[str, Any] = {}
        self._signals = Signals(self._last_line, forever=forever)

    @property
    def code(self) -> int:
        """The exit code by the signal that came."""
        return self._signals.code

    def __enter__(self) -> Cancelling:
        global _current
        self._outer, _current = _current, self
        self._signals.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        global _current
        self._signals.__exit__(kind, error, traceback)
        _current = self._outer

    def listen_during(self, work: Callable[[], int]) -> int:
        """Do the work of the program; KeyboardInterrupt is raised within it, and only there."""
        try:
            self._signals.listen()
            return work()
        finally:
            self._signals.settle()

    def set(self, words: str, facts: dict[str, Any]) -> None:
        """What will be said from now on."""
        self._words, self._facts = words, facts

    def say(self) -> None:
        """Say that the program was cancelled."""
        sentence = self._sentence("cancelled")
        say_error(self._program, sentence, json=self._json, event="cancelled", **self._facts)

    def release(self) -> None:
        """Handle signals no longer, and as before."""
        self._signals.release(forever=False)

    def _sentence(self, what: str) -> str:
        words = self._words
        if words == NOTHING and self._signals.written:
            words = "what was written is whole"
        return f"{what}; {words}" if words else what

    def _last_line(self) -> str:
        """The same for a process that is ended at once."""
        sentence = self._sentence("cancelled at once")
        if self._json:
            event = {"event": "cancelled", "message": sentence, **self._facts}
            return as_json(event, sys.stderr) + "\n"
        return f"\n{self._program}: {sentence}\n"


def if_cancelled(words: str, **facts: Any) -> None:
    """Set what is said if the program is cancelled from now on.

    Parameters
    ----------
    words : str
        What became of the work so far.
    facts
        The same for programs, such as the number of finished pictures.
    """
    if _current is not None:
        _current.set(words, facts)


def release_signals() -> None:
    """Leave signals to the command, which has its own way with them."""
    if _current is not None:
        _current.release()
