"""Metadata of PNG files, before and behind their pixels, and the chunks of a new one's."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from dreamlayer.core.images.containers.png_chunks import Chunk, chunk_headers
from dreamlayer.core.images.metadata.xmp_rules import names_local_path
from dreamlayer.core.images.profiles.sound_profile import sound_profile

XMP_KEYWORD = b"XML:com.adobe.xmp"

_TEXT = (b"tEXt", b"zTXt", b"iTXt")
_COLOR = (b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI")
_UNDER_A_PROFILE = (b"gAMA", b"cHRM", b"sRGB")
_HELD_APART = (b"pHYs", b"eXIf")
_CREDENTIALS = b"caBX"
_RAW_PROFILE = b"Raw profile type "
# What ImageMagick and thumbnailers note of the old file.
_OF_THE_FILE = (b"Thumb::", b"date:", b"exif:", b"png:", b"jpeg:", b"tiff:", b"icc:", b"signature")
_MAX_BYTES = 8 << 20
# By default libpng reads no longer chunk, and no more chunks that it does not know.
_MAX_CHUNK = 7_900_000
_MAX_KEPT = 900
_MAX_INFLATED = 16 << 20
_MAX_TEXT = 1 << 20


@dataclass
class PngMetadata:
    """What a PNG file says of its picture; see `read_png`."""

    chunks: tuple[Chunk, ...] = ()
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    profile: bytes | None = None
    """As it is in the file; libpng takes some only."""
    has_credentials: bool = False
    skipped: bool = False
    """Whether text was too long or too much."""


def read_png(file: BinaryIO) -> PngMetadata:
    """Read what a PNG file says of its picture, also behind the pixels.

    Its chunks are those of text and color, the time, and others that editors may copy unread (PNG,
    section 14: ancillary and safe to copy). Exif, XMP and IPTC are held apart, also where
    ImageMagick wrote them as text; color is what a profile does not override.

    Parameters
    ----------
    file
        A seekable PNG file; its position is changed.
    """
    found = PngMetadata()
    chunks: list[Chunk] = []
    room = _MAX_BYTES
    found.profile = _profile_of(file)
    has_profile = sound_profile(found.profile or b"") is not None
    behind = False
    for kind, length in chunk_headers(file, all=True):
        behind |= kind == b"IDAT"
        found.has_credentials |= kind == _CREDENTIALS
        if not (_is_kept(kind) or kind == b"eXIf"):
            continue
        if kind in _COLOR and (behind or (has_profile and kind in _UNDER_A_PROFILE)):
            continue
        if length > min(room, _MAX_CHUNK) or len(chunks) >= _MAX_KEPT:
            found.skipped = True
            continue
        data = file.read(length)
        room -= length
        if len(data) < length:
            break
        if kind in _TEXT and _is_bomb(kind, data):
            found.skipped = True
        elif kind == b"eXIf":
            found.exif = found.exif or data
        elif kind not in _TEXT or not _take(kind, data, found):
            chunks.append((kind, data))
    found.chunks = tuple(chunks)
    return found


def color_chunks(chunks: Iterable[Chunk]) -> dict[bytes, bytes]:
    """The chunks that say what the colors mean, by type."""
    return {kind: data for kind, data in chunks if kind in _COLOR}


def text_field(chunk: Chunk) -> tuple[str, str] | None:
    """Keyword and text of a text chunk; None for others, and for damaged ones."""
    kind, data = chunk
    keyword, mark, rest = data.partition(b"\0")
    if kind not in _TEXT or not mark:
        return None
    if kind == b"tEXt":
        return keyword.decode("latin-1"), rest.decode("latin-1")
    if kind == b"zTXt":
        inflated = _inflated(rest[1:])
        return None if inflated is None else (keyword.decode("latin-1"), inflated.decode("latin-1"))
    packed, text = rest[:1] == b"\1", rest[2:].split(b"\0", 2)
    if len(text) != 3:
        return None
    content = _inflated(text[2]) if packed else text[2]
    if content is None:
        return None
    return keyword.decode("latin-1"), content.decode("utf-8", "replace")


def text_chunk(keyword: str, text: str) -> Chunk:
    """Return text as a chunk: in Latin-1 where that can hold it, else in UTF-8."""
    text = text.replace("\r\n", "\n").replace("\0", "")
    try:
        return b"tEXt", keyword.encode("latin-1") + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        return b"iTXt", keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8", "replace")


def xmp_chunk(packet: bytes) -> Chunk:
    """Return XMP as the standard requires: an uncompressed iTXt chunk (XMP part 3, 1.1.5)."""
    return b"iTXt", XMP_KEYWORD + b"\0\0\0\0\0" + packet


def profile_chunk(profile: bytes) -> Chunk:
    """Return an ICC profile as a chunk."""
    return b"iCCP", b"ICC profile\0\0" + zlib.compress(profile)


def iptc_chunk(fields: bytes) -> Chunk:
    """Return IPTC fields as ImageMagick and ExifTool store and read them."""
    digits = fields.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    text = f"\niptc\n{len(fields):8d}\n{lines}\n"
    return b"zTXt", _RAW_PROFILE + b"iptc\0\0" + zlib.compress(text.encode())


def _is_kept(kind: bytes) -> bool:
    """Whether a chunk is of text, color or time, or may be copied unread."""
    if kind in (*_TEXT, *_COLOR, b"tIME"):
        return True
    safe_to_copy = kind.isalpha() and kind[0:1].islower() and kind[3:4].islower()
    return safe_to_copy and kind not in _HELD_APART


def _is_bomb(kind: bytes, data: bytes) -> bool:
    """Whether a compressed text is longer than other programs read, Pillow for example."""
    _, _, rest = data.partition(b"\0")
    if kind == b"zTXt":
        packed = rest[1:]
    elif kind == b"iTXt" and rest[:1] == b"\1":
        packed = rest[2:].split(b"\0", 2)[-1]
    else:
        return False
    try:
        return len(zlib.decompressobj().decompress(packed, _MAX_TEXT + 1)) > _MAX_TEXT
    except zlib.error:
        return False


def _profile_of(file: BinaryIO) -> bytes | None:
    """The ICC profile of a PNG file."""
    for kind, length in chunk_headers(file):
        if kind == b"iCCP" and length <= _MAX_CHUNK:
            return _inflated(file.read(length).partition(b"\0")[2][1:]) or b""
    return None


def _take(kind: bytes, data: bytes, found: PngMetadata) -> bool:
    """Whether a text chunk is held apart or dropped; if so it is noted in `found`."""
    if data.startswith(XMP_KEYWORD + b"\0"):
        found.xmp = found.xmp or _international(data)
        return True
    if data.startswith(_OF_THE_FILE):
        return True
    if data.startswith(_RAW_PROFILE):
        field = text_field((kind, data))
        if field is not None:
            _unpack(field[0].removeprefix(_RAW_PROFILE.decode()).lower(), field[1], found)
        return True
    if len(data) > 8192:
        return False
    field = text_field((kind, data))
    return field is not None and names_local_path(field[1])


def _international(data: bytes) -> bytes | None:
    """The text of an iTXt chunk in bytes."""
    packed, parts = data[len(XMP_KEYWORD) + 1 :][:1] == b"\1", data.split(b"\0", 1)[1][2:]
    fields = parts.split(b"\0", 2)
    if len(fields) != 3:
        return None
    return _inflated(fields[2]) if packed else fields[2]


def _unpack(name: str, text: str, found: PngMetadata) -> None:
    """Read a block that ImageMagick wrote as text in hexadecimal digits."""
    lines = text.strip("\n").split("\n", 2)
    try:
        block = bytes.fromhex(lines[2])
    except (IndexError, ValueError):
        return
    if name in ("exif", "app1") and not block.startswith(b"http"):
        found.exif = found.exif or block
    elif name == "xmp" or block.startswith(b"http"):
        found.xmp = found.xmp or block.removeprefix(b"http://ns.adobe.com/xap/1.0/\0")
    elif name in ("iptc", "8bim"):
        found.iptc = found.iptc or block


def _inflated(data: bytes) -> bytes | None:
    """Uncompressed data, None where it is damaged or too long."""
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(data, _MAX_INFLATED)
    except zlib.error:
        return None
    return content if inflater.eof else None
