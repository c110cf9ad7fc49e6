"""PNG chunks that libvips drops or writes incorrectly: text, XMP and color tags."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

XMP_KEYWORD = b"XML:com.adobe.xmp"

_TEXT = (b"tEXt", b"zTXt", b"iTXt")
_COLOR = (b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI")
_MAX_BYTES = 8 << 20
_HEADER_BYTES = 8 + 25

Chunk = tuple[bytes, bytes]
"""Type and content of a chunk."""


def chunk_headers(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield type and length of each chunk before the pixels, with the file at its content.

    Parameters
    ----------
    file
        A seekable PNG file.
    """
    at = 8
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or head[4:] in (b"IDAT", b"IEND"):
            return
        (length,) = struct.unpack(">I", head[:4])
        yield head[4:], length
        at += length + 12


def is_animated(file: BinaryIO) -> bool:
    """Tell whether a PNG file has the animation control chunk."""
    return any(kind == b"acTL" for kind, _ in chunk_headers(file))


def read_chunks(file: BinaryIO) -> tuple[Chunk, ...]:
    """Return the text chunks except XMP, and the color chunks if no profile overrides them.

    Parameters
    ----------
    file
        A seekable PNG file; chunks after the pixels are ignored.
    """
    kinds = _TEXT if any(k == b"iCCP" for k, _ in chunk_headers(file)) else _TEXT + _COLOR
    found: list[Chunk] = []
    room = _MAX_BYTES
    for kind, length in chunk_headers(file):
        if kind in kinds and length <= room:
            data = file.read(length)
            room -= length
            if not data.startswith(XMP_KEYWORD + b"\0"):
                found.append((kind, data))
    return tuple(found)


def xmp_chunk(packet: bytes) -> Chunk:
    """Return XMP as the standard requires: an uncompressed iTXt chunk (XMP part 3, 1.1.5)."""
    return b"iTXt", XMP_KEYWORD + b"\0\0\0\0\0" + packet


class ChunkInserter:
    """A file-like object that inserts chunks after the header of a PNG written through it.

    Parameters
    ----------
    file
        A writable binary file, positioned where the PNG is to begin.
    chunks
        What to insert.
    """

    def __init__(self, file: BinaryIO, chunks: Iterable[Chunk]) -> None:
        self._file = file
        self._head = b""
        self._inserted = b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )

    def write(self, data: Any) -> int:
        """Write some more bytes of the PNG; return how many were taken."""
        if len(self._head) < _HEADER_BYTES:
            self._head += bytes(data)
            if len(self._head) >= _HEADER_BYTES:
                head, rest = self._head[:_HEADER_BYTES], self._head[_HEADER_BYTES:]
                self._file.write(head + self._inserted + rest)
        else:
            self._file.write(data)
        return len(data)
