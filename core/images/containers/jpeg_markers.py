"""Walk over the segments of a JPEG file before its pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

# Markers without a segment (ITU-T T.81 table B.1).
_ALONE = {0x01, *range(0xD0, 0xD8)}
_START_OF_SCAN, _END = 0xDA, 0xD9
_FILL = 0xFF
_MAX_SEGMENTS = 100_000


def segment_heads(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield marker and length of each segment's content, with the file at it.

    A length below 0 is a damaged one.

    Parameters
    ----------
    file
        A seekable JPEG file; its position is changed.
    """
    at = 2
    for _ in range(_MAX_SEGMENTS):
        file.seek(at)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF:
            return
        marker = head[1]
        if marker == _FILL:
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in (_START_OF_SCAN, _END):
            return
        else:
            length = int.from_bytes(head[2:4], "big") - 2
            yield marker, length
            at += 4 + max(length, 0)
