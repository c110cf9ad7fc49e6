"""A walk over a JPEG's segments passes what has none, and ends before the pixels."""

from __future__ import annotations

import io

import pytest

from dreamlayer.core.images.containers.jpeg_markers import segment_heads


def found(data: bytes) -> list[tuple[int, int, bytes]]:
    """Marker, length and content of each segment."""
    file = io.BytesIO(b"\xff\xd8" + data)
    return [(marker, length, file.read(max(length, 0))) for marker, length in segment_heads(file)]


def test_segments() -> None:
    """Fill bytes and markers that stand alone are passed; a scan and the file's end end it."""
    data = b"\xff\xff\xfe\0\4hi\xff\x01\xff\xd0\xff\xe0\0\2"
    expected = [(0xFE, 2, b"hi"), (0xE0, 0, b"")]
    for end in b"", b"\xff\xda\0\2\xff\xfe\0\4no", b"\xff\xd9", b"no segment":
        assert found(data + end) == expected


@pytest.mark.parametrize("length", [b"\0\0", b"\0\1"])
def test_a_damaged_length(length: bytes) -> None:
    """It is below 0, and the walk goes on behind it."""
    damaged, sound = found(b"\xff\xe1" + length + b"\xff\xfe\0\4hi")
    assert damaged[1] < 0
    assert sound == (0xFE, 2, b"hi")


@pytest.mark.parametrize("garbage", [b"a", b"abc", b"\0" * 70_000, b"\xff\0" * 5, b"\xff\0\0\xff"])
def test_bytes_between_segments(garbage: bytes) -> None:
    """They are passed, as decoders pass them; only where they do not end, the walk ends."""
    sound = b"\xff\xfe\0\4hi"
    assert found(garbage + sound + garbage + sound) == [(0xFE, 2, b"hi")] * 2
    assert found(sound + bytes(3 << 20) + sound) == [(0xFE, 2, b"hi")]


def test_behind_a_scan() -> None:
    """Segments among and behind scans are found if asked for, and none behind the picture's end."""
    scan = b"\xff\xda\0\3a" + b"bc\xff\0\xff\xd0d" * 70_000
    data = b"\xff\xd8" + scan + b"\xff\xfe\0\4hi" + scan + b"\xff\xfe\0\4ho\xff\xd9\xff\xfe\0\4no"
    file = io.BytesIO(data)
    assert [file.read(length) for _, length in segment_heads(file, all=True)] == [b"hi", b"ho"]
    assert list(segment_heads(file)) == []


def test_fill_bytes_without_end() -> None:
    """Runs of fill bytes are passed in linear time; in quadratic time this would take minutes."""
    for run in b"\xff" * (1 << 23), b"\xff" * 60_000 + bytes(3_000_000), b"\xff\0" * (1 << 22):
        scan = b"\xff\xd8\xff\xda\0\3a" + run + b"\xff\xfe\0\4hi\xff\xd9"
        assert [length for _, length in segment_heads(io.BytesIO(scan), all=True)] == [2]
    assert found(b"\xff" * 900_000 + b"\xfe\0\4hi") == [(0xFE, 2, b"hi")]
