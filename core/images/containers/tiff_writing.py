"""Write TIFF directories: as an Exif block of their own, or at the end of a TIFF file."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

from dreamlayer.core.images.containers.tiff_values import Directory, Layout, Value, long, swapped


def block_of(tags: Directory, order: str = "<", fixed: tuple[int, bytes] | None = None) -> bytes:
    """Write directories as a classic TIFF structure without pixels.

    Parameters
    ----------
    tags
        The first directory; directories within it are pointed to.
    order
        "<" or ">": the byte order.
    fixed
        Offset and bytes of a value that must lie there, or None. A maker note may point into
        itself by offsets from the start of the structure.
    """
    block = _Block(Layout(order, big=False), fixed)
    start = block.put_directory(tags)
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", start)
    return head + bytes(block.data[8:])


class _Block:
    """A structure that grows, around a value that has its place."""

    def __init__(self, layout: Layout, fixed: tuple[int, bytes] | None) -> None:
        self.layout = layout
        self.data = bytearray(8)
        self._end = 8
        self._fixed = fixed
        if fixed is not None:
            at, value = fixed
            self.data.extend(bytes(at + len(value) - 8))
            self.data[at : at + len(value)] = value

    def _reserve(self, length: int) -> int:
        at = self._end + self._end % 2
        if self._fixed is not None:
            begin, end = self._fixed[0], self._fixed[0] + len(self._fixed[1])
            if at < end and at + length > begin:
                at = end + end % 2
        self._end = at + length
        if len(self.data) < self._end:
            self.data.extend(bytes(self._end - len(self.data)))
        return at

    def _put(self, value: Value) -> int:
        if self._fixed is not None and value.data is self._fixed[1]:
            return self._fixed[0]
        at = self._reserve(len(value.data))
        self.data[at : at + len(value.data)] = swapped(value.data, value.kind, self.layout.order)
        return at

    def put_directory(self, tags: Directory) -> int:
        layout = self.layout
        size = struct.calcsize(layout.count) + len(tags) * 12 + 4
        start = self._reserve(size)
        table = struct.pack(layout.count, len(tags))
        for tag, value in sorted(tags.items()):
            if isinstance(value, dict):
                value = long(self.put_directory(value))
            data = swapped(value.data, value.kind, layout.order)
            if len(data) > 4:
                data = struct.pack(layout.offset, self._put(value))
            table += struct.pack(layout.entry, tag, value.kind, value.count) + data.ljust(4, b"\0")
        self.data[start : start + size] = table + bytes(4)
        return start


def append(file: BinaryIO, tags: Directory, layout: Layout) -> None:
    """Write `tags` at the end of a TIFF file and make them its first directory."""
    start = _append_directory(file, tags, layout)
    file.seek(8 if layout.big else 4)
    file.write(struct.pack(layout.offset, start))


def _append_directory(file: BinaryIO, tags: Directory, layout: Layout) -> int:
    table = struct.pack(layout.count, len(tags))
    for tag, value in sorted(tags.items()):
        if isinstance(value, dict):
            at = _append_directory(file, value, layout)
            value = Value(16 if layout.big else 4, 1, at.to_bytes(layout.room, "little"))
        data = swapped(value.data, value.kind, layout.order)
        if len(data) > layout.room:
            data = struct.pack(layout.offset, _write_aligned(file, data))
        table += struct.pack(layout.entry, tag, value.kind, value.count)
        table += data.ljust(layout.room, b"\0")
    return _write_aligned(file, table + struct.pack(layout.offset, 0))


def _write_aligned(file: BinaryIO, data: bytes) -> int:
    """Write at the end of `file`, on an even offset as TIFF demands, and return that offset."""
    at = file.seek(0, io.SEEK_END)
    if at % 2:
        file.write(b"\0")
        at += 1
    file.write(data)
    return at
