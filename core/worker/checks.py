"""What the values of a request's keys must be."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from dreamlayer.core.errors import RequestError, shown

_MAX_ID_LENGTH = 1000
_MAX_INT = 2**31 - 1

VALUE_BYTES = {"float32": 4, "uint8": 1, "uint16": 2}
"""Types that pixels and mask may have in a message."""

MIN_SIDE, MAX_SIDE, THUMBNAIL_SIDE = 16, 512, 96
"""Sides of thumbnails, and the default."""

Check = Callable[[str, Any], None]
"""Raises `RequestError` where the value of a key, named first, is not what it must be."""


def _check(holds: Callable[[Any], bool], what: str) -> Check:
    """Make a check of a value, whose error says what it must be."""

    def check(name: str, value: Any) -> None:
        if not holds(value):
            raise RequestError(f"{name!r} must be {what}, but is {shown(value)}")

    return check


def _is_whole(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MAX_INT


def is_id(value: Any) -> bool:
    """Whether a value may be an id, or absent."""
    if isinstance(value, str):
        return len(value) <= _MAX_ID_LENGTH
    return value is None or type(value) is int


ANYTHING = _check(lambda _: True, "anything")
ID = _check(is_id, f"text of at most {_MAX_ID_LENGTH} characters or a whole number")
TEXT = _check(lambda value: isinstance(value, str), "text")
SIZE = _check(lambda value: _is_whole(value) and value > 0, f"a whole number from 1 to {_MAX_INT}")
WHOLE = _check(_is_whole, f"a whole number from 0 to {_MAX_INT}")
FLAG = _check(lambda value: isinstance(value, bool), "true or false")
PIXELS = _check(
    lambda value: isinstance(value, str) and value in VALUE_BYTES,
    f"one of {', '.join(VALUE_BYTES)}",
)
TABLE = _check(lambda value: isinstance(value, dict), "an object")
LIST = _check(lambda value: isinstance(value, list), "a list")
NUMBER = _check(
    lambda value: type(value) in (int, float) and math.isfinite(value), "a finite number"
)
WEIGHT = _check(
    lambda value: type(value) in (int, float) and 0 <= value <= 1e9 and math.isfinite(value),
    "a number from 0 to 1e9",
)
SIDE = _check(
    lambda value: type(value) is int and MIN_SIDE <= value <= MAX_SIDE,
    f"a whole number from {MIN_SIDE} to {MAX_SIDE}",
)
CHANNELS = _check(
    lambda value: (
        isinstance(value, str) or (isinstance(value, list) and all(map(_is_whole, value)))
    ),
    "a list of whole numbers, or text such as 0-31+40",
)
