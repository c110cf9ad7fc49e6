"""What work on a file may take, and the words for how a process ended."""

from __future__ import annotations

import re
import signal

import pytest

from dreamlayer.core.errors import OptionError
from dreamlayer.core.isolation.budget import Budget, ended_by, too_large, too_long


def test_a_large_file_may_take_longer() -> None:
    """A network of 300 MB has minutes, a hostile one of a few bytes has seconds."""
    small, large = Budget.for_file(1000), Budget.for_file(300_000_000)
    assert small.processor < 13
    assert small.standstill < 13
    assert large.processor > 200
    assert large.memory > 4 << 30


@pytest.mark.parametrize(
    ("size", "needed"), [(5_200_000, 3.0), (26_500_000, 5.4), (115_000_000, 24.5)]
)
def test_the_slowest_networks_have_four_times_what_they_need(size: int, needed: float) -> None:
    """Measured of MobileViT-XXS, GoogLeNet and Swin-T while they were adopted."""
    assert Budget.for_file(size).processor > 4 * needed


def test_a_crowded_machine_makes_no_difference() -> None:
    """All processor time that is granted passes also where a program gets a tenth of it."""
    for size in (0, 5_000_000, 500_000_000):
        budget = Budget.for_file(size)
        assert budget.wall > 10 * budget.processor


def test_a_user_may_allow_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable, and a number that is higher than the last."""
    usual = Budget.for_file(1000)
    assert "with DREAMLAYER_LIMITS=4" in too_long(usual).advice
    monkeypatch.setenv("DREAMLAYER_LIMITS", "4")
    more = Budget.for_file(1000)
    assert (more.processor, more.memory) == (4 * usual.processor, 4 * usual.memory)
    assert "with DREAMLAYER_LIMITS=16" in too_large(more).advice
    assert "LIMITS" not in ended_by(3, "", more).advice


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "many", "1e9"])
def test_other_limits_are_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What came, and what is allowed."""
    monkeypatch.setenv("DREAMLAYER_LIMITS", text)
    with pytest.raises(OptionError, match=f"is '{text}'; set it to a number from 1 to 1000"):
        Budget.for_file(0)


@pytest.mark.skipif(not hasattr(signal, "SIGXCPU"), reason="signals are POSIX's")
@pytest.mark.parametrize(
    ("code", "errors", "words"),
    [
        (-signal.SIGFPE, "", r"ended the program that looked at it \(signal SIGFPE\)"),
        (-signal.SIGXCPU, "", "took more than 10 s of processor time"),
        (-signal.SIGKILL, "", "SIGKILL, as the system sends it where memory runs out"),
        (-signal.SIGABRT, "what(): std::bad_alloc", "needs more than 1024 MiB"),
        (3, "", "exit code 3"),
        (0xC0000005, "", "exit code 0xc0000005"),
    ],
)
def test_each_end_has_its_words(code: int, errors: str, words: str) -> None:
    """They go on a sentence that begins with the network."""
    assert re.search(words, ended_by(code, errors, Budget.for_file(0)).reason)
