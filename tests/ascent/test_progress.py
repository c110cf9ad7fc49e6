"""The time left, estimated by the speed so far, and the question whether to stop."""

from __future__ import annotations

import pytest

from dreamlayer.core.ascent import progress
from dreamlayer.core.ascent.progress import Timer, check_cancelled
from dreamlayer.core.errors import CancelledError


def test_time_left_is_by_the_speed_since_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work done before the first call does not count, and nothing is said before any is timed."""
    now = iter([100.0, 101.0, 104.0, 120.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    timer = Timer(10)
    assert timer.seconds_left(2) is None
    assert timer.seconds_left(2) is None
    assert timer.seconds_left(4) == 4 / 2 * 6
    assert timer.seconds_left(10) == 0


def test_cancelled_work_says_what_it_was() -> None:
    """No function, or one that says no, lets the work go on."""
    check_cancelled(None, "dream")
    check_cancelled(lambda: False, "dream")
    with pytest.raises(CancelledError, match="the gallery was cancelled"):
        check_cancelled(lambda: True, "gallery")
