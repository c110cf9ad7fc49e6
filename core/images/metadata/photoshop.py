"""Photoshop's image resources, which hold a JPEG's and a TIFF's IPTC fields.

The layout is that of Adobe's "Photoshop File Formats", image resource blocks.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator

from dreamlayer.core.images.metadata.xmp_rules import names_local_path

HEADER = b"Photoshop 3.0\0"
"""Begins such a segment in a JPEG."""

_IPTC, _DIGEST = 0x0404, 0x0425
_RIGHTS = (0x040A, 0x040B)
"""Copyright flag, and address of the copyright holder."""
_KEPT = (
    _IPTC,
    _DIGEST,  # digest of the IPTC fields
    *_RIGHTS,
)
"""All others are of the old picture: thumbnails, resolution, profile, Exif, XMP, paths, layers."""


def resources(block: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of each resource; ends where the block is damaged."""
    at = 0
    while at + 12 <= len(block) and block[at : at + 4] == b"8BIM":
        (identity,) = struct.unpack_from(">H", block, at + 4)
        # The name has a length byte and is padded to an even whole, as the content is.
        size_at = at + 6 + (block[at + 6] + 2) // 2 * 2
        if size_at + 4 > len(block):
            return
        (size,) = struct.unpack_from(">I", block, size_at)
        if size_at + 4 + size > len(block):
            return
        yield identity, block[size_at + 4 : size_at + 4 + size]
        at = size_at + 4 + (size + 1) // 2 * 2


def renewed_resources(block: bytes) -> bytes | None:
    """Return the resources that describe the subject, or None where there are none.

    Parameters
    ----------
    block
        Image resources, with or without `HEADER`, or IPTC fields alone.
    """
    block = block.removeprefix(HEADER)
    if block[:1] == b"\x1c":
        fields = _without_paths(_fields(block))
        return resource(_IPTC, fields) if fields else None
    kept = [(number, data) for number, data in resources(block) if number in _KEPT and data]
    fields = next((data for number, data in kept if number == _IPTC), b"")
    renewed = _without_paths(fields)
    if renewed != fields:
        # The digest is that of the fields; one that does not agree makes programs distrust them.
        digest = hashlib.md5(renewed, usedforsecurity=False).digest()
        new = {_IPTC: renewed, _DIGEST: digest if renewed else b""}
        kept = [(number, new.get(number, data)) for number, data in kept]
    return b"".join(resource(number, data) for number, data in kept if data) or None


def _without_paths(fields: bytes) -> bytes:
    """IPTC fields without those that are nothing but the name of a local file (IIM 4, 1.5)."""
    kept, at = bytearray(), 0
    while at + 5 <= len(fields) and fields[at] == 0x1C:
        start, size = at + 5, int.from_bytes(fields[at + 3 : at + 5], "big")
        if size & 0x8000:
            start += size & 0x7FFF
            size = int.from_bytes(fields[at + 5 : start], "big")
        if start + size > len(fields):
            break
        data = fields[start : start + size]
        local = any(names_local_path(_text(data, kind)) for kind in ("utf-8", "latin-1"))
        kept += b"" if local else fields[at : start + size]
        at = start + size
    return bytes(kept) + fields[at:]


def _text(data: bytes, encoding: str) -> str:
    return data[: 4 * 4096].decode(encoding, "replace")


def iptc_fields(block: bytes) -> bytes | None:
    """The IPTC fields among image resources, or None."""
    return next((data for number, data in resources(block) if number == _IPTC), None)


def holds_rights(block: bytes) -> bool:
    """Whether image resources hold flag or address of the copyright, beside the fields."""
    return any(number in _RIGHTS for number, _ in resources(block))


def resource(number: int, data: bytes) -> bytes:
    """One image resource without a name."""
    head = b"8BIM" + struct.pack(">HHI", number, 0, len(data))
    return head + data + bytes(len(data) % 2)


def _fields(block: bytes) -> bytes:
    """IPTC fields without what pads them to whole words."""
    return block.rstrip(b"\0") if block.endswith(b"\0\0\0") else block
