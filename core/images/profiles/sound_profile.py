"""Check ICC profiles before they are written, and repair what is harmless.

The checks are those by which libpng refuses a profile (png_icc_check_header and _tag_table), since
readers of every format use such.
"""

from __future__ import annotations

import struct

_HEADER = 132
_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")
_SPACES = (b"XYZ ", b"Lab ")

_TABLES = ((b"A2B0",), (b"D2B0",))
# Tags without which a profile says nothing of colors.
_NEEDED: dict[bytes, tuple[tuple[bytes, ...], ...]] = {
    b"RGB ": ((b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"), *_TABLES),
    b"GRAY": ((b"kTRC",), *_TABLES),
    b"CMYK": _TABLES,
}


def sound_profile(profile: bytes, space: bytes = b"RGB ") -> bytes | None:
    """Return an ICC profile that every format and reader takes, or None.

    What is harmless is repaired: padding behind the profile is cut off, an odd length is padded.

    Parameters
    ----------
    profile
        An ICC profile of any origin.
    space
        Color space that it must be for: RGB, GRAY or CMYK, of four letters.
    """
    if len(profile) < _HEADER:
        return None
    (size, tags) = struct.unpack_from(">I", profile)[0], struct.unpack_from(">I", profile, 128)[0]
    if not _HEADER <= size <= len(profile) or tags > (size - _HEADER) // 12:
        return None
    if profile[36:40] != b"acsp" or profile[16:20] != space or profile[12:16] not in _CLASSES:
        return None
    if profile[20:24] not in _SPACES or struct.unpack_from(">I", profile, 64)[0] > 0xFFFF:
        return None
    names = set()
    for at in range(_HEADER, _HEADER + 12 * tags, 12):
        name, start, length = struct.unpack_from(">4sII", profile, at)
        if start > size or length > size - start:
            return None
        names.add(name)
    if not any(names.issuperset(needed) for needed in _NEEDED.get(space, ())):
        return None
    whole = profile[:size] + bytes(-size % 4)
    return struct.pack(">I", len(whole)) + whole[4:]
