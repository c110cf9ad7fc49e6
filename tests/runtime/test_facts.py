"""Cached values of the wrong type are refused, so that they are computed again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dreamlayer.core.runtime.facts import finite_number, optional, string, strings, truth, whole


@pytest.mark.parametrize(
    ("read", "right", "wrong"),
    [
        (string, ["", "a"], [None, 1, ["a"], {}]),
        (strings, [[], ["a", "b"]], [None, "ab", [1], {"a": 1}, [["a"]]]),
        (whole, [0, 7], [None, -1, 1.0, "1", True, []]),
        (truth, [True, False], [None, 0, 1, "true"]),
        (finite_number, [0, 1.5], [None, "1", True, float("nan"), float("inf"), [1]]),
    ],
)
def test_types(read: Callable[[Any], Any], right: list[Any], wrong: list[Any]) -> None:
    """What is right comes back as it is; null only where it is allowed."""
    assert [read(value) for value in right] == right
    for value in wrong:
        with pytest.raises(ValueError, match=" is n"):
            read(value)
    assert optional(None, read) is None
    assert optional(right[1], read) == right[1]
