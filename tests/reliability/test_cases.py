"""Each case of the list ends as it should: made, handled, or refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import CASES, Case
from desk import Desk
from forked_program import ForkedProgram


def test_the_list_is_long_and_has_each_case_once() -> None:
    """At least sixty cases, each with a sentence."""
    assert len({one.name for one in CASES}) == len(CASES) >= 60
    assert all(one.about.endswith(".") for one in CASES)


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.name)
def test_case(one: Case, program: ForkedProgram, tmp_path: Path) -> None:
    """What is tried ends as the case says."""
    if not one.here:
        pytest.skip(f"only on {one.only}")
    assert one.attempt(Desk(tmp_path, program)) in one.outcome.split("|")
