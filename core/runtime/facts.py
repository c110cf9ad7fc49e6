"""Readers of cached JSON values, which raise `ValueError` for what is not of the wanted type."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

Value = TypeVar("Value")


def string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def strings(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is no list")
    return [string(one) for one in value]


def whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value


def truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def finite_number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return float(value)


def optional(value: Any, read: Callable[[Any], Value]) -> Value | None:
    return None if value is None else read(value)
