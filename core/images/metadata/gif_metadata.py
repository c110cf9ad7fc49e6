"""Metadata of GIF files: comments and XMP, before and behind the frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

from dreamlayer.core.images.containers.gif_blocks import APPLICATION, COMMENT, blocks, parts
from dreamlayer.core.images.metadata.jpeg_segments import (
    MAX_COMMENTS,
    TOO_MANY_COMMENTS,
    comment_text,
)
from dreamlayer.core.images.metadata.xmp_packet import MAX_BYTES

_XMP = b"\x0bXMP DataXMP"
_PROFILE = b"\x0bICCRGBG1"
# XMP is not divided into parts. To programs that do not know it, each of its letters is the length
# of a part, and from wherever they come to these numbers, they are led to the end (XMP part 3).
_TRAILER = bytes([1, *range(255, -1, -1)])
_LONG_XMP = f"its XMP, since it is longer than {MAX_BYTES >> 20} MiB"
_LONG_COMMENT = "a part of its comments, which are longer than 1 MiB"
_COLORS = "its color profile, which is not read from GIF"
_MAX_COMMENT = 1 << 20


@dataclass
class GifMetadata:
    """What a GIF file says of its picture; see `read_gif`."""

    comments: list[str] = field(default_factory=list)
    xmp: bytes | None = None
    lost: list[str] = field(default_factory=list)
    """What is not kept, each as it ends "written without ..."."""


def read_gif(file: BinaryIO) -> GifMetadata:
    """Read comments and XMP of a GIF file, also behind its frames.

    Parameters
    ----------
    file
        A seekable GIF file; its position is changed.
    """
    found = GifMetadata()
    lost: dict[str, None] = {}
    room = _MAX_COMMENT
    for _, label in blocks(file):
        if label == COMMENT:
            if len(found.comments) >= MAX_COMMENTS:
                lost[TOO_MANY_COMMENTS] = None
                continue
            content = _taken((part[1:] for part in parts(file)), room)
            if content is None:
                lost[_LONG_COMMENT] = None
            elif content:
                found.comments.append(comment_text(content))
                room -= len(content)
        elif label == APPLICATION:
            head = file.read(12)
            if head.startswith(_PROFILE):
                lost[_COLORS] = None
            elif head == _XMP and found.xmp is None:
                content = _taken(parts(file), MAX_BYTES + len(_TRAILER))
                if content is None:
                    lost[_LONG_XMP] = None
                else:
                    found.xmp = _packet(content)
    found.lost = list(lost)
    return found


def _taken(some: Iterable[bytes], most: int) -> bytes | None:
    """The parts joined, None where they are longer than `most` bytes."""
    content = bytearray()
    for part in some:
        content += part
        if len(content) > most:
            return None
    return bytes(content)


def _packet(content: bytes) -> bytes:
    """XMP from the parts of its block; some programs divide it as other blocks are divided."""
    # The last number is the end mark.
    packet, mark, _ = content.rpartition(_TRAILER[:-1])
    if mark:
        return packet
    result, at = bytearray(), 0
    while at < len(content):
        result += content[at + 1 : at + 1 + content[at]]
        at += 1 + content[at]
    return bytes(result)
