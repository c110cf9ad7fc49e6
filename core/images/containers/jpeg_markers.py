"""Walk over the segments of a JPEG file, before its pixels and among them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from dreamlayer.core.interruption import check

# Markers without a segment (ITU-T T.81 table B.1).
_ALONE = {0x01, *range(0xD0, 0xD8)}
_START_OF_SCAN, _END = 0xDA, 0xD9
_MAX_SEGMENTS = 100_000
_BLOCK = 1 << 16
_MAX_SKIPPED = 1 << 20
"""Bytes between segments that are skipped, as decoders do with a warning."""
# Of fill bytes only the last is looked at, or a run of them would be searched again from each.
_MARKER = re.compile(rb"\xff([^\0\xff])", re.DOTALL)
_MARKER_IN_SCAN = re.compile(rb"\xff([^\0\xff\xd0-\xd7])", re.DOTALL)


def segment_heads(file: BinaryIO, *, all: bool = False) -> Iterator[tuple[int, int]]:
    """Yield marker and length of each segment's content, with the file at it.

    A length below 0 is a damaged one.

    Parameters
    ----------
    file
        A seekable JPEG file; its position is changed.
    all
        Go on behind the first scan, to the picture's end; else the segments before it.
    """
    at = 2
    in_scan = False
    for _ in range(_MAX_SEGMENTS):
        found = _next_marker(file, at, in_scan=in_scan)
        if found is None:
            return
        marker, at = found
        if marker in _ALONE:
            continue
        if marker == _END or (marker == _START_OF_SCAN and not all):
            return
        in_scan = in_scan or marker == _START_OF_SCAN
        head = file.read(2)
        if len(head) < 2:
            return
        length = int.from_bytes(head, "big") - 2
        if marker != _START_OF_SCAN:
            yield marker, length
        at += 2 + max(length, 0)


def _next_marker(file: BinaryIO, at: int, *, in_scan: bool) -> tuple[int, int] | None:
    """The next marker from `at` on and where it ends, with the file there; None for no more."""
    pattern = _MARKER_IN_SCAN if in_scan else _MARKER
    # Mostly a marker comes at once.
    start, size = at, 256 if in_scan else 2
    file.seek(at)
    while in_scan or at - start < _MAX_SKIPPED:
        block = file.read(size)
        if len(block) < 2:
            return None
        if found := pattern.search(block):
            at += found.end()
            file.seek(at)
            return found[1][0], at
        # The last byte may begin a marker.
        at += len(block) - 1
        file.seek(at)
        size = min(size * 16, _BLOCK)
        check()
    return None
