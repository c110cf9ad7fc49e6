"""Metadata of PNG files, before and behind their pixels, and the chunks of a new one's."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

from dreamlayer.core.images.containers.png_chunks import Chunk, chunk_headers
from dreamlayer.core.images.metadata.xmp_packet import MAX_BYTES as MAX_XMP
from dreamlayer.core.images.metadata.xmp_rules import CREDENTIALS, names_local_path
from dreamlayer.core.images.profiles.sound_profile import sound_profile
from dreamlayer.core.interruption import check

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
"""Longer texts, once inflated, other programs do not read either, Pillow for example."""

_TOO_MUCH = "some of its text and other chunks, of which 8 MiB and 900 are kept"
_TOO_LONG = "a compressed text, which is longer than 1 MiB"
_INFLATED = "a part of its compressed texts, which are longer than 16 MiB"
_LONG_XMP = "its XMP, since it is longer than 4 MiB"
_DAMAGED_XMP = "its XMP, since it is damaged"


@dataclass
class PngMetadata:
    """What a PNG file says of its picture; see `read_png`."""

    chunks: tuple[Chunk, ...] = ()
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    profile: bytes | None = None
    """As it is in the file; libpng takes some only."""
    lost: list[str] = field(default_factory=list)
    """What is not kept, each once and as it ends "written without ..."."""


class _Inflater:
    """Uncompresses the texts of one file, of which all together must not swell.

    Attributes
    ----------
    lost
        Why a text was not taken, once for each cause.
    """

    def __init__(self) -> None:
        self._left = _MAX_INFLATED
        self.lost: dict[str, None] = {}

    def take(self, packed: bytes, *, is_xmp: bool) -> bytes | None:
        """The text in `packed`, empty where it is damaged, or None: it is too long."""
        most = MAX_XMP if is_xmp else _MAX_TEXT
        # What is left bounds the work too: of each text no more is uncompressed.
        room = min(most, self._left)
        inflater = zlib.decompressobj()
        try:
            content = inflater.decompress(packed, room + 1)
        except zlib.error:
            self._left = max(self._left - len(packed), 0)
            return b""
        self._left = max(self._left - len(content), 0)
        if len(content) <= room:
            return content if inflater.eof else b""
        if len(content) <= most:
            self.lost[_INFLATED] = None
        else:
            self.lost[_LONG_XMP if is_xmp else _TOO_LONG] = None
        return None


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
    inflater = _Inflater()
    lost = inflater.lost
    chunks: list[Chunk] = []
    room, count = _MAX_BYTES, 0
    found.profile = _profile_of(file)
    has_profile = sound_profile(found.profile or b"") is not None
    behind = False
    for kind, length in chunk_headers(file, all=True):
        check()
        behind |= kind == b"IDAT"
        if kind == _CREDENTIALS:
            lost[CREDENTIALS] = None
        if not (_is_kept(kind) or kind == b"eXIf"):
            continue
        if kind in _COLOR and (behind or (has_profile and kind in _UNDER_A_PROFILE)):
            continue
        # What is not taken counts too: it has been read.
        count += 1
        if length > min(room, _MAX_CHUNK) or count > _MAX_KEPT:
            lost[_TOO_MUCH] = None
            continue
        data = file.read(length)
        room -= length
        if len(data) < length:
            break
        if kind == b"eXIf":
            found.exif = found.exif or data
        elif kind not in _TEXT or not _take(kind, data, found, inflater):
            chunks.append((kind, data))
    found.chunks = tuple(chunks)
    found.lost = list(lost)
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
    """Return IPTC fields, or Photoshop's resources, as ImageMagick and ExifTool store them."""
    name = b"8bim" if fields.startswith(b"8BIM") else b"iptc"
    digits = fields.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    text = f"\n{name.decode()}\n{len(fields):8d}\n{lines}\n"
    return b"zTXt", _RAW_PROFILE + name + b"\0\0" + zlib.compress(text.encode())


def _is_kept(kind: bytes) -> bool:
    """Whether a chunk is of text, color or time, or may be copied unread."""
    if kind in (*_TEXT, *_COLOR, b"tIME"):
        return True
    safe_to_copy = kind.isalpha() and kind[0:1].islower() and kind[3:4].islower()
    return safe_to_copy and kind not in _HELD_APART


def _packed(kind: bytes, data: bytes) -> bytes | None:
    """What is compressed of a text chunk; None if it is not."""
    _, _, rest = data.partition(b"\0")
    if kind == b"zTXt":
        return rest[1:]
    if kind == b"iTXt" and rest[:1] == b"\1":
        return rest[2:].split(b"\0", 2)[-1]
    return None


def _profile_of(file: BinaryIO) -> bytes | None:
    """The ICC profile of a PNG file."""
    for kind, length in chunk_headers(file):
        if kind == b"iCCP" and length <= _MAX_CHUNK:
            return _inflated(file.read(length).partition(b"\0")[2][1:]) or b""
    return None


def _take(kind: bytes, data: bytes, found: PngMetadata, inflater: _Inflater) -> bool:
    """Whether a text chunk is held apart or dropped; if so it is noted in `found`."""
    if data.startswith(_OF_THE_FILE):
        return True
    is_xmp = data.startswith(XMP_KEYWORD + b"\0")
    if is_xmp and found.xmp is not None:
        return True
    packed = _packed(kind, data)
    content = None if packed is None else inflater.take(packed, is_xmp=is_xmp)
    if packed is not None and content is None:
        return True
    if is_xmp:
        found.xmp = _uncompressed(data) if content is None else content
        if not found.xmp:
            found.xmp = None
            inflater.lost[_DAMAGED_XMP] = None
        return True
    field = text_field((kind, data))
    if field is None:
        return False
    if data.startswith(_RAW_PROFILE):
        _unpack(field[0].removeprefix(_RAW_PROFILE.decode()).lower(), field[1], found)
        return True
    return names_local_path(field[1])


def _uncompressed(data: bytes) -> bytes | None:
    """The text of an iTXt chunk that is not compressed; None where that is damaged."""
    fields = data.split(b"\0", 1)[1][2:].split(b"\0", 2)
    return fields[2] if len(fields) == 3 else None


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
