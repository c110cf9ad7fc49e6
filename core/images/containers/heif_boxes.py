"""Read the boxes of a HEIF file (HEIC, AVIF) that say what its primary picture is.

ISO/IEC 14496-12 (boxes) and 23008-12 (items and their properties).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

HEIF = "a HEIC, AVIF or other HEIF file"
"""What a file is called whose codec cannot be told."""

STILL_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"avif", b"mif1", b"mif2", b"miaf", b"MiHA"}
SEQUENCE_BRANDS = {b"hevc", b"hevx", b"hevm", b"hevs", b"avis", b"msf1", b"miha"}

_MAX_META = 64 << 20
_MAX_TOP_BOXES = 1000
_TONE_MAP = b"tmap"
_DERIVED = {b"grid", b"iovl", b"iden", _TONE_MAP}
_MAX_DERIVATIONS = 8
_PICTURES = {b"hvc1", b"hev1", b"av01", b"avc1", b"vvc1", b"lhv1", b"j2k1", b"jpeg", b"unci"}
_ALPHA = ("urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", "urn:mpeg:hevc:2015:auxid:1")
_DEPTH = "urn:mpeg:hevc:2015:auxid:2"
_CREDENTIALS = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


class BadHeifError(Exception):
    """Boxes that are damaged, or that hold no picture."""


@dataclass(frozen=True)
class HeifHeader:
    """The primary picture of a HEIF file.

    Parameters
    ----------
    codec
        Type of the item that holds its pixels, or of its first tile: b"av01", b"hvc1", ...
    width, height
        Size in pixels, before it is cropped and turned.
    code_points
        Color primaries and transfer characteristics (ITU-T H.273); None if the file has none.
    premultiplied
        Whether its colors are multiplied by its alpha.
    has_gain_map, has_depth, has_others
        Whether there are a gain map, a depth map, and pictures that are neither these nor parts,
        transparency or thumbnails of the primary one.
    """

    codec: bytes
    width: int
    height: int
    code_points: tuple[int, int] | None
    premultiplied: bool
    has_gain_map: bool = False
    has_depth: bool = False
    has_others: bool = False


def brands(head: bytes) -> tuple[bytes, ...]:
    """The brands of a file's first box, the major one first; empty if it has none."""
    if head[4:8] != b"ftyp":
        return ()
    size = max(16, min(int.from_bytes(head[:4], "big"), len(head)))
    return (head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4)))


def read_header(file: BinaryIO) -> HeifHeader:
    """Read the header of a HEIF file's primary picture.

    Parameters
    ----------
    file
        A seekable file; its position is changed.

    Raises
    ------
    BadHeifError
        Its boxes are damaged, or it holds no picture.
    """
    meta = _meta(file)
    try:
        return _Items(meta).header()
    except (struct.error, IndexError) as failure:
        raise BadHeifError("its boxes are damaged") from failure


def has_credentials(file: BinaryIO) -> bool:
    """Whether a HEIF file has content credentials (C2PA), which vouch for its pixels."""
    return any(
        kind == b"jumb" or (kind == b"uuid" and file.read(16) == _CREDENTIALS)
        for kind, _ in _top_boxes(file)
    )


def _top_boxes(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Kind of each box that lies in no other, and its content's length, with the file at it."""
    end = file.seek(0, os.SEEK_END)
    at = 0
    for _ in range(_MAX_TOP_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        size, kind = struct.unpack_from(">I4s", head)
        start = 8
        if size == 1 and len(head) == 16:
            (size,) = struct.unpack_from(">Q", head, 8)
            start = 16
        elif size == 0:
            size = end - at
        if size < start:
            return
        file.seek(at + start)
        yield kind, size - start
        at += size
        if at > end:
            return


def _meta(file: BinaryIO) -> bytes:
    """Content of the box that describes the items."""
    for kind, size in _top_boxes(file):
        if kind == b"meta":
            content = b"" if size > _MAX_META else file.read(size)
            if len(content) < size:
                raise BadHeifError("its description is cut off")
            return content
    raise BadHeifError("it holds no picture")


def _boxes(data: bytes, at: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of the boxes in `data` from `at` on."""
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size == 0:
            size = len(data) - at
        if size < 8 or at + size > len(data):
            raise BadHeifError("its boxes are damaged")
        yield kind, data[at + 8 : at + size]
        at += size


class _Items:
    """The items that a `meta` box describes."""

    def __init__(self, meta: bytes) -> None:
        boxes: dict[bytes, bytes] = {}
        for kind, data in _boxes(meta, 4):
            boxes.setdefault(kind, data)
        self._primary = _primary(boxes.get(b"pitm"))
        self._kinds = dict(_kinds(boxes.get(b"iinf", b"")))
        self._references = list(_references(boxes.get(b"iref", b"")))
        self._properties = _properties(boxes.get(b"iprp", b""))

    def header(self) -> HeifHeader:
        properties = self._properties.get(self._primary, [])
        sizes = [data for kind, data in properties if kind == b"ispe"]
        if not sizes:
            raise BadHeifError("its picture has no size")
        width, height = struct.unpack_from(">II", sizes[0], 4)
        points = None
        for kind, data in properties:
            if kind == b"colr" and data[:4] == b"nclx":
                points = struct.unpack_from(">HH", data, 4)
        if any(kind == b"colr" and data[:4] in (b"prof", b"rICC") for kind, data in properties):
            points = None
        multiplied = any(
            kind == b"prem" and start == self._primary for kind, start, _ in self._references
        )
        return HeifHeader(self._codec(), width, height, points, multiplied, *self._beside())

    def _beside(self) -> tuple[bool, bool, bool]:
        """Whether there are a gain map, a depth map, and other pictures."""
        auxiliary = {start for kind, start, _ in self._references if kind == b"auxl"}
        names = [self._auxiliary_name(item) for item in auxiliary]
        gains = ["gainmap" in name.lower() for name in names]
        depths = [name == _DEPTH or "depth" in name or "disparity" in name for name in names]
        others = [
            name not in _ALPHA and not gain and not depth
            for name, gain, depth in zip(names, gains, depths, strict=True)
        ]
        used = {self._primary, *auxiliary}
        for kind, start, ends in self._references:
            used |= set(ends) if kind == b"dimg" else {start} if kind == b"thmb" else set()
        alone = (
            kind in _PICTURES or (kind in _DERIVED and kind != _TONE_MAP)
            for item, kind in self._kinds.items()
            if item not in used
        )
        has_gain_map = any(gains) or _TONE_MAP in self._kinds.values()
        return has_gain_map, any(depths), any(others) or any(alone)

    def _auxiliary_name(self, item: int) -> str:
        """What an auxiliary picture is for; empty if it does not say."""
        for kind, data in self._properties.get(item, []):
            if kind == b"auxC":
                return data[4:].split(b"\0")[0].decode("ascii", "replace")
        return ""

    def _codec(self) -> bytes:
        item = self._primary
        for _ in range(_MAX_DERIVATIONS):
            kind = self._kinds.get(item)
            if kind is None:
                raise BadHeifError("its picture is missing")
            if kind not in _DERIVED:
                return kind
            parts = [to for k, start, to in self._references if k == b"dimg" and start == item]
            if not parts or not parts[0]:
                raise BadHeifError("the parts of its picture are missing")
            item = parts[0][0]
        raise BadHeifError("its picture is derived from itself")


def _primary(data: bytes | None) -> int:
    if data is None:
        raise BadHeifError("it has no primary picture")
    (number,) = struct.unpack_from(">I" if data[0] else ">H", data, 4)
    return int(number)


def _kinds(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and type of each item."""
    if not data:
        return
    for kind, entry in _boxes(data, 8 if data[0] else 6):
        if kind == b"infe" and entry[0] in (2, 3):
            letter = "H" if entry[0] == 2 else "I"
            number, _, item_type = struct.unpack_from(f">{letter}H4s", entry, 4)
            yield number, item_type


def _references(data: bytes) -> Iterator[tuple[bytes, int, tuple[int, ...]]]:
    """Kind, start and ends of each reference between items."""
    if not data:
        return
    letter = "I" if data[0] else "H"
    for kind, entry in _boxes(data, 4):
        start, count = struct.unpack_from(f">{letter}H", entry)
        at = struct.calcsize(f">{letter}H")
        yield kind, start, struct.unpack_from(f">{count}{letter}", entry, at)


def _properties(data: bytes) -> dict[int, list[tuple[bytes, bytes]]]:
    """Kind and content of each item's properties, in order."""
    all_of: list[tuple[bytes, bytes]] = []
    found: dict[int, list[tuple[bytes, bytes]]] = {}
    for kind, content in _boxes(data):
        if kind == b"ipco":
            all_of = list(_boxes(content))
        elif kind == b"ipma":
            for item, indices in _associations(content):
                here = found.setdefault(item, [])
                here += [all_of[i - 1] for i in indices if 0 < i <= len(all_of)]
    return found


def _associations(data: bytes) -> Iterator[tuple[int, list[int]]]:
    """Each item's number, and the indices of its properties from 1."""
    wide = bool(data[3] & 1)
    item_letter = "I" if data[0] else "H"
    (count,) = struct.unpack_from(">I", data, 4)
    at = 8
    for _ in range(count):
        item, length = struct.unpack_from(f">{item_letter}B", data, at)
        at += struct.calcsize(f">{item_letter}B")
        indices = struct.unpack_from(f">{length}{'H' if wide else 'B'}", data, at)
        at += length * (2 if wide else 1)
        yield item, [i & (0x7FFF if wide else 0x7F) for i in indices]
