"""What work on a file may take, and the words for how a process ended."""

from __future__ import annotations

import re
import signal

import pytest

from dreamlayer.core.isolation.budget import Budget, ended_by


def test_a_large_file_may_take_longer() -> None:
    """A network of 300 MB has minutes, a hostile one of a few bytes has seconds."""
    small, large = Budget.for_file(1000), Budget.for_file(300_000_000)
    assert small.processor < 10
    assert small.wall < 16
    assert large.processor > 100
    assert large.memory > 4 << 30


@pytest.mark.skipif(not hasattr(signal, "SIGXCPU"), reason="signals are POSIX's")
@pytest.mark.parametrize(
    ("code", "errors", "words"),
    [
        (-signal.SIGFPE, "", r"ended the program that looked at it \(signal SIGFPE\)"),
        (-signal.SIGXCPU, "", "took more than 6 s of processor time"),
        (-signal.SIGKILL, "", "SIGKILL, as the system sends it where memory runs out"),
        (-signal.SIGABRT, "what(): std::bad_alloc", "needs more than 1024 MiB"),
        (3, "", "exit code 3"),
        (0xC0000005, "", "exit code 0xc0000005"),
    ],
)
def test_each_end_has_its_words(code: int, errors: str, words: str) -> None:
    """They go on a sentence that begins with the network."""
    assert re.search(words, ended_by(code, errors, Budget.for_file(0)).reason)
