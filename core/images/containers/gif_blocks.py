"""Walk over the blocks of a GIF file: its frames, and the extensions between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

SCREEN = 13
"""Bytes before the first palette."""
FRAME, EXTENSION = 0x2C, 0x21
COMMENT, APPLICATION = 0xFE, 0xFF
_MAX_BLOCKS = 100_000


def blocks(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield kind and label of each block, with the file at its content; frames have label 0.

    Parameters
    ----------
    file
        A seekable GIF file; its position is changed.
    """
    file.seek(0)
    screen = file.read(SCREEN)
    if len(screen) < SCREEN:
        return
    at = SCREEN + _palette(screen[10])
    for _ in range(_MAX_BLOCKS):
        file.seek(at)
        head = file.read(2)
        if head[:1] == bytes([FRAME]):
            file.seek(at + 1)
            yield FRAME, 0
            file.seek(at + 1)
            frame = file.read(9)
            if len(frame) < 9:
                return
            # Behind the palette comes the size of the first code.
            file.seek(at + 11 + _palette(frame[8]))
        elif head[:1] == bytes([EXTENSION]) and len(head) == 2:
            yield EXTENSION, head[1]
            file.seek(at + 2)
        else:
            return
        for _ in parts(file):
            pass
        at = file.tell()


def parts(file: BinaryIO) -> Iterator[bytes]:
    """Yield the parts of a block's content, each with its length before it, to their end mark."""
    while length := file.read(1):
        if length == b"\0":
            return
        yield length + file.read(length[0])


def _palette(flags: int) -> int:
    """Bytes of the palette that a screen or a frame has."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
