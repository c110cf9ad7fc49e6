"""What comes from files is shown short, and cannot steer a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreamlayer.core.errors import bare, printable, shown

HOSTILE = {
    "color": "\x1b[31mred",
    "title": "\x1b]0;title\x07",
    "direction": "photo\u202egnp.exe",
    "line": "one\nline: two",
    "return": "safe\rOK",
    "c1": "\x9b2J",
    "null": "a\0b",
    "half": "\udcff",
}


@pytest.mark.parametrize("show", [shown, bare, printable])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_nothing_steers_the_terminal(show: object, text: str) -> None:
    """Escape sequences, line ends and marks of direction come out as their escapes."""
    assert callable(show)
    said = show(text)
    assert said.isprintable()
    said.encode()


def test_what_is_long_is_cut_in_the_middle() -> None:
    """The beginning and the end say what it was; a path may be longer, for its folders."""
    said = shown("head" + "x" * 2_000_000 + "tail")
    assert len(said) <= 82
    assert said.startswith("'head")
    assert said.endswith("tail'")
    path = Path("/folder") / ("x" * 100) / "photo.png"
    assert shown(path) == repr(str(path))
    assert len(shown(Path("y" * 5000))) <= 242
    assert len(printable("z" * 10_000)) == 2000


def test_values_of_any_type_are_shown() -> None:
    """JSON may hold lists that nest and numbers without end."""
    nested: list[object] = []
    for _ in range(500):
        nested = [nested]
    for value in (2**100_000, nested, {"a": "x" * 10_000}, 10**4000, None, 1.5, ["y"] * 1000):
        assert len(shown(value)) <= 82


def test_what_is_plain_stays() -> None:
    """Names in any alphabet are shown as they are."""
    assert bare("größe→日本") == "größe→日本"
    assert printable("photo.jpg: 3 × 2 pixels") == "photo.jpg: 3 × 2 pixels"
