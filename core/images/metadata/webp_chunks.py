"""WebP chunks: put profile, Exif and XMP around the pixels that libvips has encoded."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

_HEADER_BYTES = 12
_MAX_CHUNKS = 1000
_PROFILE, _ALPHA, _EXIF, _XMP = 0x20, 0x10, 0x08, 0x04


class WebpExtender:
    """A file-like object that makes the simple WebP file written through it an extended one.

    The layout is that of the WebP Container Specification, "Extended File Format".

    Parameters
    ----------
    file
        A writable binary file, positioned where the WebP is to begin.
    size
        Width and height in pixels.
    has_alpha
        Whether there is an alpha channel.
    profile, exif, xmp
        What to add, or None; with none of them the file stays as it is written.
    """

    def __init__(
        self,
        file: BinaryIO,
        size: tuple[int, int],
        *,
        has_alpha: bool,
        profile: bytes | None = None,
        exif: bytes | None = None,
        xmp: bytes | None = None,
    ) -> None:
        self._file = file
        self._head = b""
        self._left = -1
        flags = _ALPHA if has_alpha else 0
        for flag, data in ((_PROFILE, profile), (_EXIF, exif), (_XMP, xmp)):
            flags |= flag if data is not None else 0
        width, height = (side - 1 for side in size)
        canvas = width.to_bytes(3, "little") + height.to_bytes(3, "little")
        self._before = _chunk(b"VP8X", bytes([flags, 0, 0, 0]) + canvas)
        self._before += b"" if profile is None else _chunk(b"ICCP", profile)
        self._behind = b"" if exif is None else _chunk(b"EXIF", exif)
        self._behind += b"" if xmp is None else _chunk(b"XMP ", xmp)
        self._added = profile is not None or bool(self._behind)

    def write(self, data: Any) -> int:
        """Write some more bytes of the WebP; return how many were taken."""
        view = memoryview(data)
        count = len(view)
        if not self._added:
            self._file.write(view)
            return count
        if self._left < 0:
            missing = _HEADER_BYTES - len(self._head)
            self._head, view = self._head + bytes(view[:missing]), view[missing:]
            if len(self._head) < _HEADER_BYTES:
                return count
            (length,) = struct.unpack("<I", self._head[4:8])
            self._left = length - 4
            total = length + len(self._before) + len(self._behind)
            self._file.write(b"RIFF" + struct.pack("<I", total) + b"WEBP" + self._before)
        self._file.write(view)
        self._left -= len(view)
        if self._left == 0:
            self._file.write(self._behind)
        return count


def has_credentials(file: BinaryIO) -> bool:
    """Whether a WebP file has content credentials (C2PA), which vouch for its pixels."""
    at = _HEADER_BYTES
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return False
        if head[:4] == b"C2PA":
            return True
        (length,) = struct.unpack("<I", head[4:])
        at += 8 + length + length % 2
    return False


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
