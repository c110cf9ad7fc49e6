"""What a command does is told as it does it, on standard error alone, in whole lines."""

from __future__ import annotations

import re
import threading

import pytest

from dreamlayer.plugin.steps import Steps


def test_a_step_tells_what_it_is_and_what_came_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The beginning is there while the work is done; the end is its result, or `done`."""
    steps = Steps()
    with steps.step("Looking for GIMP") as result:
        assert capsys.readouterr().err == "Looking for GIMP ... "
        result("none")
    with steps.step("Copying"):
        pass
    told = capsys.readouterr()
    assert told.err == "none\nCopying ... done\n"
    assert told.out == ""


def test_a_step_that_fails_ends_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What is said of the error begins on a line of its own."""
    with pytest.raises(KeyboardInterrupt), Steps().step("Copying"):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == "Copying ... not done\n"


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """Where it is to be quiet, no step is told."""
    with Steps(quiet=True).step("Copying") as result:
        result("x")
    assert capsys.readouterr() == ("", "")


def test_a_long_step_says_that_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also without a terminal the seconds are told, until the step is done."""
    said: list[str] = []
    twice = threading.Event()

    def note(text: str) -> None:
        said.append(text)
        if len(said) == 3:
            twice.set()

    monkeypatch.setattr("dreamlayer.plugin.steps.note", note)
    with Steps(every=0.001).step("Asking"):
        assert twice.wait(60)
    assert said[0] == "Asking ... "
    assert all(re.fullmatch(r"\d+ s \.\.\. ", text) for text in said[1:-1])
    assert said[-1].startswith("done")
