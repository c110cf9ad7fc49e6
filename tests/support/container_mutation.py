"""Seeded mutation of WebP, AVIF, GIF and BMP: chunks, boxes, blocks and headers."""

from __future__ import annotations

import struct
from random import Random

import block_mutation as blocks
from byte_mutation import changed_field, damaged, number

Chunk = tuple[bytes, bytes]


def webp(data: bytes, rng: Random) -> bytes:
    chunks = _riff_chunks(data)
    told: dict[int, int] = {}
    at = rng.randrange(len(chunks))
    kind, content = chunks[at]
    size: int | None = None
    match rng.randrange(9):
        case 0:
            told[at] = number(rng) % 2**32
        case 1:
            chunks[at] = (kind, damaged(content, rng))
        case 2:
            chunks.pop(at)
        case 3:
            chunks.insert(rng.randrange(len(chunks) + 1), chunks[at])
        case 4:
            chunks.insert(rng.randrange(len(chunks)), chunks.pop(at))
        case 5:
            size = number(rng) % 2**32
        case 6:
            kinds = (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP")
            chunks[at] = (rng.choice(kinds), content)
        case _:
            extra = ((b"EXIF", blocks.exif), (b"XMP ", blocks.xmp), (b"ICCP", blocks.icc))
            kind, block = rng.choice(extra)
            chunks = [one for one in chunks if one[0] != kind]
            chunks.insert(rng.randrange(1, len(chunks) + 1), (kind, block(rng)))
            if chunks[0][0] == b"VP8X":
                chunks[0] = (b"VP8X", bytes((0x2C,)) + chunks[0][1][1:])
    body = b"WEBP"
    for i, (kind, content) in enumerate(chunks):
        length = told.get(i, len(content))
        body += kind + struct.pack("<I", length) + content + b"\0" * (len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def _riff_chunks(data: bytes) -> list[Chunk]:
    at, chunks = 12, []
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        chunks.append((kind, data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return chunks


_NESTING = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"dinf": 0, b"iinf": 6}
"""Boxes of ISO/IEC 14496-12 that hold boxes, and how many bytes stand before those."""


def avif(data: bytes, rng: Random) -> bytes:
    return _boxes(data, rng, 0)


def _boxes(data: bytes, rng: Random, depth: int) -> bytes:
    boxes = []
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        size = size if 8 <= size <= len(data) - at else len(data) - at
        boxes.append((kind, data[at + 8 : at + size]))
        at += size
    i = rng.randrange(len(boxes))
    kind, content = boxes[i]
    told: dict[int, int] = {}
    if kind in _NESTING and rng.random() < 0.9 and depth < 4:
        skipped = _NESTING[kind]
        boxes[i] = (kind, content[:skipped] + _boxes(content[skipped:], rng, depth + 1))
    else:
        match rng.randrange(7):
            case 0:
                told[i] = number(rng) % 2**32
            case 1 | 2 | 3:
                boxes[i] = (kind, damaged(content, rng))
            case 4:
                boxes.pop(i)
            case 5:
                boxes.insert(rng.randrange(len(boxes) + 1), boxes[i])
            case _:
                kinds = (b"ispe", b"irot", b"imir", b"clap", b"colr", b"pixi", b"free", b"grid")
                boxes[i] = (rng.choice(kinds), content)
    out = b""
    for n, (kind, content) in enumerate(boxes):
        out += struct.pack(">I", told.get(n, len(content) + 8)) + kind + content
    return out


def gif(data: bytes, rng: Random) -> bytes:
    """The screen's size, the flags, or a block's length are others, or a block is there twice."""
    if rng.random() < 0.4:
        return changed_field(data, rng, "<H", rng.choice((6, 8)))
    place = data.find(rng.choice((b"\x2c", b"\x21")), 13)
    if place < 0 or rng.random() < 0.3:
        return changed_field(data, rng, "<B", 10)
    if rng.random() < 0.5:
        return data[:place] + data[place : place + 40] * rng.choice((1, 3)) + data[place + 40 :]
    return changed_field(data, rng, "<B", min(place + rng.randrange(1, 10), len(data) - 1))


def bmp(data: bytes, rng: Random) -> bytes:
    """A field of the header is another."""
    longs = (2, 10, 14, 18, 22, 30, 34, 46, 50)
    return rng.choice(
        (
            lambda: changed_field(data, rng, "<I", rng.choice(longs)),
            lambda: changed_field(data, rng, "<H", rng.choice((26, 28))),
        )
    )()
