"""Options stand anywhere, and what is wrong with arguments is one sentence or one event."""

from __future__ import annotations

import json

import pytest

from dreamlayer.core.cli.parser import Parser, joined, wants_json
from dreamlayer.core.cli.program import main


@pytest.fixture
def parser() -> Parser:
    """With one picture, more pictures, and options."""
    made = Parser(prog="toy")
    made.add_argument("first")
    made.add_argument("more", nargs="*")
    made.add_argument("-o", "--output")
    made.add_argument("--steps", type=int)
    return made


@pytest.mark.parametrize(
    ("typed", "first", "more"),
    [
        ("a -o x b --steps 3 c", "a", ["b", "c"]),
        ("-o x a b c --steps 3", "a", ["b", "c"]),
        ("--steps=3 -o x a", "a", []),
        ("a -o x --steps 3 -- -b --steps", "a", ["-b", "--steps"]),
        ("-o x --steps 3 -- -a -", "-a", ["-"]),
        ("- -o x - --steps 3", "-", ["-"]),
    ],
)
def test_options_stand_anywhere(parser: Parser, typed: str, first: str, more: list[str]) -> None:
    """Before, between and behind pictures; behind -- all are pictures."""
    found = parser.parse_args(joined(typed.split()))
    assert (found.first, found.more) == (first, more)
    assert (found.output, found.steps) == ("x", 3)


def test_values_behind_two_dashes_are_not_joined() -> None:
    """There is no option any more."""
    assert joined(["--", "--jitter", "-9"]) == ["--", "--jitter", "-9"]


def test_json_is_seen_in_wrong_arguments() -> None:
    """Abbreviated too, but not where it is no option."""
    assert wants_json(["dream", "--json", "--nonsense"])
    assert wants_json(["dream", "--js"])
    assert not wants_json(["dream", "--", "--json"])
    assert not wants_json(["dream", "-o", "-", "--"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["dream", "a.png", "--steps", "many", "--json"],
        ["dream", "--json", "--nonsense"],
        ["nothing", "--json"],
        ["style", "--json"],
        ["features", "a.png", "--json"],
    ],
    ids=" ".join,
)
def test_bad_arguments_are_an_event_for_programs(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """One object, exit code 2."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    event = json.loads(capsys.readouterr().err)
    assert event["event"] == "error"
    assert "--help" in event["message"]


def test_a_long_value_is_cut(parser: Parser, capsys: pytest.CaptureFixture[str]) -> None:
    """And cannot steer the terminal."""
    with pytest.raises(SystemExit):
        parser.parse_args(["a", "--steps", "\x1b[31m" + "9x" * 100_000])
    said = capsys.readouterr().err
    assert len(said) < 400
    assert "\x1b" not in said
