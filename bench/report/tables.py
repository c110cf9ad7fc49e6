"""Tables and counts in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NOTHING = "not measured"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table whose first column is text and whose others are numbers."""
    ruler = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ruler, *rows))


def counted(count: int, noun: str) -> str:
    """Write `1 core`, `2 cores`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def milliseconds(seconds: float) -> str:
    """Write seconds as milliseconds with three digits, whole ones from 100 on."""
    value = seconds * 1000
    return f"{value:.0f}" if value >= 99.95 else f"{value:.3g}"
