"""A signal that was noted is raised where nothing depends on it, never in a deferred block."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest

from dreamlayer.core import interruption
from dreamlayer.core.interruption import Interruption, check, deferred, requested, uninterrupted


@pytest.fixture
def noted() -> Iterator[Interruption]:
    """What a command line would have set."""
    one = Interruption()
    interruption.watch(one)
    yield one
    interruption.watch(None)


def test_in_other_programs_nothing_happens() -> None:
    """Without a command line, there is nothing to look at."""
    assert not requested()
    check()
    with deferred(writing=True):
        check()


def test_a_signal_is_raised_at_the_next_look(noted: Interruption) -> None:
    """Where a handler's own exception was lost."""
    check()
    noted.request(15)
    assert requested()
    with pytest.raises(KeyboardInterrupt):
        check()
    assert noted.raised


def test_the_first_signal_counts(noted: Interruption) -> None:
    """It decides on the exit code."""
    noted.request(15)
    noted.request(2)
    assert noted.number == 15


def test_a_deferred_block_ends_before_it_raises(noted: Interruption) -> None:
    """The outermost one, however many are nested."""
    reached = []

    def write() -> None:
        with deferred():
            with deferred(writing=True):
                assert noted.writing == 1
                noted.request(2)
                check()
                reached.append("inner")
            reached.append("outer")

    with pytest.raises(KeyboardInterrupt):
        write()
    assert reached == ["inner", "outer"]
    assert (noted.writing, noted.deferred) == (0, False)


def test_what_failed_because_of_the_signal_is_an_interruption(noted: Interruption) -> None:
    """Such as an encoder that was told to stop."""

    def encode() -> None:
        with deferred():
            raise ValueError("cannot encode")

    with pytest.raises(ValueError, match="cannot encode"):
        encode()
    noted.request(2)
    with pytest.raises(KeyboardInterrupt) as caught:
        encode()
    assert isinstance(caught.value.__context__, ValueError)


def test_other_threads_look_but_are_not_interrupted(noted: Interruption) -> None:
    """Handlers run in one thread, whose blocks alone count."""
    seen = []

    def work() -> None:
        with deferred():
            seen.append((requested(), noted.deferred))
        check()

    noted.request(2)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(True, False)]


def test_an_output_is_deferred_from_its_opening_to_its_end(noted: Interruption) -> None:
    """As a decorator of what opens it."""
    states = []

    @uninterrupted
    @contextlib.contextmanager
    def output() -> Iterator[str]:
        states.append(noted.writing)
        yield "file"
        states.append(noted.writing)

    with output() as opened:
        states.append(noted.deferred)
    assert (opened, states, noted.written) == ("file", [1, True, 1], 1)

    def broken() -> None:
        with output():
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        broken()
    assert noted.written == 1
