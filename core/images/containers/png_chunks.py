"""PNG chunks: a walk over those of a file, and their insertion into a new one."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterable, Iterator
from typing import Any, BinaryIO

_MAX_CHUNKS = 500_000
_MAX_BESIDE = 20_000
"""Chunks that hold no pixels; a file of more is read up to there."""

Chunk = tuple[bytes, bytes]
"""Type and content of a chunk."""


def chunk_headers(file: BinaryIO, *, all: bool = False) -> Iterator[tuple[bytes, int]]:
    """Yield type and length of each chunk, with the file at its content.

    Parameters
    ----------
    file
        A seekable PNG file.
    all
        Go on behind the pixels; else the chunks before them.
    """
    at, beside = 8, 0
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or head[4:] == b"IEND" or (head[4:] == b"IDAT" and not all):
            return
        beside += head[4:] != b"IDAT"
        if beside > _MAX_BESIDE:
            return
        (length,) = struct.unpack(">I", head[:4])
        yield head[4:], length
        at += length + 12


def is_animated(file: BinaryIO) -> bool:
    """Tell whether a PNG file is an animation; one of a single frame, its picture, is none.

    That frame is the picture where its control chunk stands before the pixels (PNG, third edition,
    13.2); else the picture is what programs without animation show instead.
    """
    frames, shows_picture = 0, False
    for kind, length in chunk_headers(file):
        if kind == b"acTL" and length >= 4:
            frames = int.from_bytes(file.read(4), "big")
        shows_picture |= kind == b"fcTL"
    return frames > 1 or (frames == 1 and not shows_picture)


class ChunkInserter:
    """A file-like object that inserts chunks after the header of a PNG written through it.

    Parameters
    ----------
    file
        A writable binary file, positioned where the PNG is to begin.
    chunks
        What to insert.
    dropped
        Types of chunks before the pixels that are left out of what is written.
    """

    def __init__(
        self, file: BinaryIO, chunks: Iterable[Chunk], dropped: Collection[bytes] = ()
    ) -> None:
        self._file = file
        self._dropped = dropped
        self._head = b""
        self._has_pixels = False
        self._inserted = b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )

    def write(self, data: Any) -> int:
        """Write some more bytes of the PNG; return how many were taken."""
        if self._has_pixels:
            self._file.write(data)
        else:
            self._head += bytes(data)
            self._write_head()
        return len(data)

    def _write_head(self) -> None:
        """Write what comes before the pixels, once they begin."""
        head, at = self._head, 8
        kept = head[:at]
        while len(head) >= at + 8:
            length, kind = struct.unpack_from(">I4s", head, at)
            if kind == b"IDAT":
                self._file.write(kept + head[at:])
                self._has_pixels, self._head = True, b""
                return
            end = at + length + 12
            if kind not in self._dropped:
                kept += head[at:end]
            if kind == b"IHDR":
                kept += self._inserted
            at = end
