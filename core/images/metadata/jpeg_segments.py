"""JPEG segments: the metadata of a file before its pixels, and those of a new one."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from dreamlayer.core.images.containers.jpeg_markers import segment_heads
from dreamlayer.core.images.metadata.photoshop import HEADER as PHOTOSHOP
from dreamlayer.core.images.metadata.xmp_rules import (
    CREDENTIALS,
    EXTENDED,
    GAIN_MAP,
    MOTION,
)

EXIF = b"Exif\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
MAX_SEGMENT = 65_533
"""Bytes that a segment holds, behind its length."""
MAX_EXIF = MAX_SEGMENT - len(EXIF)
MAX_XMP = MAX_SEGMENT - len(XMP)
MAX_PHOTOSHOP = MAX_SEGMENT - len(PHOTOSHOP)
MAX_PROFILE = 255 * (MAX_SEGMENT - 14)

SECOND_PICTURES = "the further pictures in it (previews, depth, stereo)"

_PROFILE = b"ICC_PROFILE\0"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1\0"
_FIRST_APP = 0xE0
_APP1, _APP2, _APP11, _APP13, _COMMENT = 0xE1, 0xE2, 0xEB, 0xED, 0xFE
# JFIF and its thumbnail, Flashpix, Photoshop's settings for the Web and color transform.
_OF_THE_FILE = (
    *(b"JFIF", b"JFXX", b"AVI1", b"FPXR", b"Ducky", b"Adobe", b"Photoshop", b"8BIM"),
    *(_PROFILE, b"Exif", b"http://ns.adobe.com/"),
)
_MAX_SEGMENTS = 4096
_TOO_MUCH = f"what stands behind {_MAX_SEGMENTS} segments or 24 MiB of them"
_TRAILER = 1 << 16
"""Bytes that are looked at behind the picture, and at the file's end."""
_MAX_BYTES = 24 << 20
MAX_COMMENTS = 100
TOO_MANY_COMMENTS = f"the comments beyond the first {MAX_COMMENTS}"


@dataclass
class JpegMetadata:
    """What a JPEG file says of its picture before the pixels; see `read_jpeg`."""

    exif: bytes | None = None
    xmp: bytes | None = None
    extended: bytes | None = None
    """XMP that did not fit into the first packet, if it is whole."""
    photoshop: bytes | None = None
    profile: bytes | None = None
    comments: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """What is not kept, each as it ends "written without ..."."""


def segments(file: BinaryIO, lost: dict[str, None] | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield marker and content of each segment, also behind a scan of pixels.

    Parameters
    ----------
    file
        A seekable JPEG file; its position is changed.
    lost
        Where it is noted that the file has more than is read, as `JpegMetadata.lost` has it.
    """
    room, count = _MAX_BYTES, 0
    for marker, length in segment_heads(file, all=True):
        if marker < _FIRST_APP:
            # Tables and frames are not of interest, and neither is what no decoder would read.
            continue
        count += 1
        if length > room or count > _MAX_SEGMENTS:
            if lost is not None:
                lost[_TOO_MUCH] = None
            return
        if length < 0:
            continue
        content = file.read(length)
        if len(content) < length:
            return
        room -= length
        yield marker, content


def read_jpeg(file: BinaryIO) -> JpegMetadata:
    """Read Exif, XMP, Photoshop's resources and comments, and note what else there is.

    Parameters
    ----------
    file
        A seekable JPEG file; its position is changed.
    """
    found = JpegMetadata()
    lost: dict[str, None] = {}
    unknown: dict[str, None] = {}
    photoshop, extension = b"", list[bytes]()
    profile: dict[int, bytes] = {}
    for marker, content in segments(file, lost):
        if marker == _APP1 and content.startswith(EXIF):
            found.exif = found.exif or content[len(EXIF) :]
        elif marker == _APP1 and content.startswith(XMP):
            found.xmp = found.xmp or content[len(XMP) :]
        elif marker == _APP1 and content.startswith(_EXTENSION):
            extension.append(content[len(_EXTENSION) :])
        elif marker == _APP2 and content.startswith(_GAIN_MAP):
            lost[GAIN_MAP] = None
        elif marker == _APP2 and content.startswith(_PROFILE) and len(content) > 14:
            profile.setdefault(content[12], content[14:])
        elif marker == _APP2 and content.startswith(b"MPF\0"):
            lost[SECOND_PICTURES] = None
        elif marker == _APP11 and content.startswith(b"JP") and b"jumb" in content[:64]:
            lost[CREDENTIALS] = None
        elif marker == _APP13 and content.startswith(PHOTOSHOP):
            photoshop += content[len(PHOTOSHOP) :]
        elif marker == _COMMENT and len(found.comments) >= MAX_COMMENTS:
            lost[TOO_MANY_COMMENTS] = None
        elif marker == _COMMENT:
            found.comments.append(comment_text(content))
        elif _is_unknown(marker, content):
            unknown[f"APP{marker - 0xE0}"] = None
    lost |= dict.fromkeys(_behind(file))
    if GAIN_MAP in lost:
        # The further picture is the gain map.
        lost.pop(SECOND_PICTURES, None)
    if unknown:
        lost[f"data of a kind unknown here ({', '.join(unknown)})"] = None
    found.extended = _joined(found.xmp or b"", extension)
    if extension and found.extended is None:
        lost[EXTENDED] = None
    found.photoshop = photoshop or None
    found.profile = b"".join(profile[number] for number in sorted(profile)) or None
    found.lost = list(lost)
    return found


def _behind(file: BinaryIO) -> Iterator[str]:
    """What lies behind the picture's end, if the file is there: a video, or further pictures."""
    file.seek(max(file.tell() - 2, 0))
    if file.read(2) != b"\xff\xd9":
        return
    start = file.tell()
    head = file.read(_TRAILER).lstrip(b"\0")
    file.seek(max(start, file.seek(0, io.SEEK_END) - _TRAILER))
    tail = file.read(_TRAILER)
    if b"MotionPhoto_Data" in tail or b"ftyp" in head[:16]:
        yield MOTION
    elif b"\xff\xd8\xff" in head:
        yield SECOND_PICTURES


def _is_unknown(marker: int, content: bytes) -> bool:
    """Whether a segment holds what somebody may miss: no thumbnail, profile or setting."""
    return 0xE0 <= marker <= 0xEF and len(content) > 8 and not content.startswith(_OF_THE_FILE)


def _joined(packet: bytes, parts: list[bytes]) -> bytes | None:
    """Extended XMP from its parts: identity, length, offset, and data (XMP part 3, 1.1.3.1)."""
    whole, reached = bytearray(), 0
    named = [part for part in parts if len(part) > 40 and part[:32] in packet]
    for part in sorted(named, key=lambda one: one[36:40]):
        length, offset = struct.unpack(">II", part[32:40])
        if offset != reached or length > _MAX_BYTES:
            return None
        whole += part[40:]
        reached = len(whole)
        if reached == length:
            return bytes(whole)
    return None


def comment_text(content: bytes) -> str:
    """Text of a comment, whose encoding the standard leaves open."""
    content = content.rstrip(b"\0")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def jfif(resolution: tuple[float, float] | None) -> bytes:
    """The segment that makes a JPEG file JFIF, with pixels per millimetre across and down.

    Without them it says that pixels are square.
    """
    if resolution is None:
        return _segment(0xE0, b"JFIF\0" + struct.pack(">HBHHBB", 0x0101, 0, 1, 1, 0, 0))
    across, down = (min(max(round(value * 25.4), 1), 65_535) for value in resolution)
    return _segment(0xE0, b"JFIF\0" + struct.pack(">HBHHBB", 0x0101, 1, across, down, 0, 0))


def metadata_segments(
    *,
    exif: bytes | None = None,
    xmp: bytes | None = None,
    profile: bytes | None = None,
    photoshop: bytes | None = None,
    comments: Iterable[str] = (),
) -> bytes:
    """Return metadata as segments, in the order that readers expect; each must fit."""
    result = b""
    if exif is not None:
        result += _segment(_APP1, EXIF + exif)
    if xmp is not None:
        result += _segment(_APP1, XMP + xmp)
    if profile is not None:
        step = MAX_SEGMENT - 14
        parts = [profile[at : at + step] for at in range(0, len(profile), step)]
        for number, part in enumerate(parts, 1):
            result += _segment(_APP2, _PROFILE + bytes([number, len(parts)]) + part)
    if photoshop is not None:
        result += _segment(_APP13, PHOTOSHOP + photoshop)
    for comment in comments:
        for part in _divided(comment.encode("utf-8", "replace")):
            result += _segment(_COMMENT, part)
    return result


def _divided(text: bytes) -> Iterator[bytes]:
    """UTF-8 in parts that each fit into a segment, cut between characters."""
    at = 0
    while len(text) - at > MAX_SEGMENT:
        end = at + MAX_SEGMENT
        while text[end] & 0xC0 == 0x80:
            end -= 1
        yield text[at:end]
        at = end
    yield text[at:]


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


class SegmentInserter:
    """A file-like object that inserts segments at the start of a JPEG written through it."""

    def __init__(self, file: BinaryIO, inserted: bytes) -> None:
        self._file = file
        self._inserted = inserted
        self._started = b""

    def write(self, data: Any) -> int:
        """Write some more bytes of the JPEG; return how many were taken."""
        if len(self._started) < 2:
            self._started += bytes(data)
            if len(self._started) >= 2:
                head, rest = self._started[:2], self._started[2:]
                self._file.write(head + self._inserted + rest)
        else:
            self._file.write(data)
        return len(data)
