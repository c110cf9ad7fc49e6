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
