"""The words for a cancelled program are those that were set last, for people and for programs."""

from __future__ import annotations

import json

import pytest

from dreamlayer.core.cli.cancelling import NOTHING, Cancelling, if_cancelled
from dreamlayer.core.cli.program import Program


def cancelled(words: str | None, arguments: list[str], **facts: int) -> int:
    """The exit code of a program that is cancelled after it set these words."""

    class Toy:
        def configure(self, parser: object) -> None:
            parser.add_argument("--json", action="store_true")  # type: ignore[attr-defined]

        def run(self, _options: object) -> int:
            if words is not None:
                if_cancelled(words, **facts)
            raise KeyboardInterrupt

    toy = Program("toy", "A toy.", "", load=lambda _: Toy(), commands={}, json=True)
    return toy.main(arguments)


def test_words(capsys: pytest.CaptureFixture[str]) -> None:
    """At first nothing is written; each program begins so."""
    assert cancelled(None, []) == 130
    assert cancelled("2 of 5 pictures are finished", []) == 130
    assert cancelled(None, []) == 130
    first, second, third = capsys.readouterr().err.splitlines()
    assert first == third == f"toy: cancelled; {NOTHING}"
    assert second == "toy: cancelled; 2 of 5 pictures are finished"


def test_facts_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the words."""
    assert cancelled("2 of 5 pictures are finished", ["--json"], finished=2, of=5) == 130
    assert json.loads(capsys.readouterr().err) == {
        "event": "cancelled",
        "message": "cancelled; 2 of 5 pictures are finished",
        "finished": 2,
        "of": 5,
    }


def test_words_without_a_program() -> None:
    """Commands that are called from elsewhere set nothing."""
    if_cancelled("nobody listens")


def test_a_program_may_have_no_words(capsys: pytest.CaptureFixture[str]) -> None:
    """Then it is cancelled, and that is all."""
    with Cancelling("toy", "", json=False, forever=False) as cancelling:
        cancelling.say()
    assert capsys.readouterr().err == "toy: cancelled\n"
