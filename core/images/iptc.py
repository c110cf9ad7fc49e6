"""The Photoshop block of a JPEG, with its IPTC caption and a thumbnail of the old picture."""

from __future__ import annotations

import struct

_MARK = b"Photoshop 3.0\0"
_THUMBNAILS = (0x0409, 0x040C)


def without_thumbnail(block: bytes) -> bytes:
    """Return the block less its thumbnails; one that is no such block, or damaged, as it is.

    The layout is that of Adobe's "Photoshop File Formats", image resource blocks.
    """
    if not block.startswith(_MARK):
        return block
    kept, at = _MARK, len(_MARK)
    while at + 12 <= len(block) and block[at : at + 4] == b"8BIM":
        (identity,) = struct.unpack_from(">H", block, at + 4)
        # The name has a length byte and is padded to an even whole, as the content is.
        size_at = at + 6 + (block[at + 6] + 2) // 2 * 2
        if size_at + 4 > len(block):
            return block
        (size,) = struct.unpack_from(">I", block, size_at)
        end = size_at + 4 + (size + 1) // 2 * 2
        if identity not in _THUMBNAILS:
            kept += block[at:end]
        at = end
    return kept if at >= len(block) else kept + block[at:]
