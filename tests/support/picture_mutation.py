"""Seeded mutation of pictures: of their structure where that is known, and of their bytes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import block_mutation as blocks
import container_mutation as containers
from byte_mutation import changed_field, damaged, number, spliced
from picture_corpus import corpus, jpeg_segment, png_chunk
from tiff_bytes import parse

Chunk = tuple[bytes, bytes]
_MARK = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Mutant:
    """A mutated picture, the same for the same seed and number.

    Attributes
    ----------
    name : str
        A file name, with the ending of the picture that it was.
    data : bytes
        The file.
    """

    name: str
    data: bytes


def mutant(seed: int, number_: int) -> Mutant:
    """The picture of this number."""
    rng = Random(f"{seed}/{number_}")
    names = sorted(corpus())
    name = names[number_ % len(names)] if rng.random() < 0.7 else rng.choice(names)
    data = corpus()[name]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = _mutated(name, data, rng)
    return Mutant(f"{number_}-{name}", data)


def _mutated(name: str, data: bytes, rng: Random) -> bytes:
    how = rng.random()
    if how < 0.15:
        return damaged(data, rng)
    if how < 0.18:
        return spliced(data, corpus()[rng.choice(sorted(corpus()))], rng)
    ending = name.rpartition(".")[2]
    change = _BLOCKS.get(ending) if how < 0.4 else None
    change = change or _CHANGES[ending]
    try:
        return change(data, rng)
    except (struct.error, ValueError, IndexError, OverflowError):
        # What was damaged before has no structure any more.
        return damaged(data, rng)


def _png(data: bytes, rng: Random) -> bytes:
    chunks = _png_chunks(data)
    wrong_sum: int | None = None
    told: dict[int, int] = {}
    at = rng.randrange(len(chunks))
    kind, content = chunks[at]
    match rng.randrange(12):
        case 0:
            chunks[0] = (b"IHDR", _png_header(chunks[0][1], rng))
        case 1:
            chunks[at] = (kind, damaged(content, rng))
        case 2:
            wrong_sum = at
        case 3:
            told[at] = number(rng) % 2**32
        case 4:
            chunks.pop(at)
        case 5:
            chunks.insert(rng.randrange(1, len(chunks) + 1), chunks[at])
        case 6:
            chunks.insert(rng.randrange(len(chunks)), chunks.pop(at))
        case 7:
            chunks[at] = (rng.choice((b"IDAT", b"PLTE", b"tRNS", b"abcd", b"ABCD", kind)), content)
        case 8:
            chunks = [(k, _recompressed(c, rng)) if k == b"IDAT" else (k, c) for k, c in chunks]
        case _:
            place = rng.randrange(1, len(chunks))
            chunks.insert(place, _png_extra(rng))
    out = _MARK
    for i, (kind, content) in enumerate(chunks):
        whole = bytearray(png_chunk(kind, content))
        if i == wrong_sum:
            whole[-1] ^= 1
        if i in told:
            whole[:4] = struct.pack(">I", told[i])
        out += whole
    return out


def _png_chunks(data: bytes) -> list[Chunk]:
    at, chunks = 8, []
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        chunks.append((kind, data[at + 8 : at + 8 + size]))
        at += size + 12
    return chunks


def _png_header(header: bytes, rng: Random) -> bytes:
    place = rng.randrange(7)
    if place < 2:
        return changed_field(header, rng, ">I", 4 * place)
    odd = bytearray(header)
    odd[6 + place] = rng.choice((0, 1, 2, 3, 4, 6, 8, 16, 17, 255))
    return bytes(odd)


def _recompressed(packed: bytes, rng: Random) -> bytes:
    try:
        raw = zlib.decompress(packed)
    except zlib.error:
        return packed
    size = len(raw)
    raw = rng.choice((raw[: size // 2], raw * 2, b"", b"\x07" * size, raw + b"\0" * 5_000_000))
    return zlib.compress(raw)


def _png_extra(rng: Random) -> Chunk:
    value = struct.pack(">I", number(rng) % 2**32)
    return rng.choice(
        [
            blocks.text_chunk(rng),
            (b"eXIf", blocks.exif(rng)),
            (b"iCCP", b"name\0\0" + zlib.compress(blocks.icc(rng))),
            (b"iCCP", b"name\0\0" + blocks.bomb(20_000_000)),
            (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + blocks.xmp(rng)),
            (b"gAMA", value),
            (b"cHRM", value * 8),
            (b"pHYs", value * 2 + bytes((rng.choice((0, 1, 2, 255)),))),
            (b"sRGB", bytes((rng.randrange(256),))),
            (b"cICP", bytes(rng.choice((1, 9, 12, 13, 16, 255)) for _ in range(4))),
            (b"PLTE", rng.randbytes(rng.choice((0, 1, 3, 768, 771)))),
            (b"tRNS", rng.randbytes(rng.choice((0, 1, 6, 256)))),
            (b"sBIT", rng.randbytes(3)),
            (b"acTL", struct.pack(">II", number(rng) % 2**32, 0)),
            (b"tIME", rng.randbytes(7)),
            (b"oFFs", value * 2 + b"\0"),
            (b"vpAg", value),
            (b"\0\0\0\0", value),
        ]
    )


def _jpeg(data: bytes, rng: Random) -> bytes:
    segments, scan = _jpeg_segments(data)
    told: dict[int, int] = {}
    at = rng.randrange(len(segments))
    marker, content = segments[at]
    match rng.randrange(11):
        case 0:
            told[at] = number(rng) % 2**16
        case 1:
            segments[at] = (marker, damaged(content, rng))
        case 2:
            segments.pop(at)
        case 3:
            segments.insert(rng.randrange(len(segments) + 1), segments[at])
        case 4:
            segments.insert(rng.randrange(len(segments)), segments.pop(at))
        case 5:
            frames = [i for i, (m, _) in enumerate(segments) if m in (0xC0, 0xC1, 0xC2)]
            i = rng.choice(frames)
            segments[i] = (segments[i][0], _frame_header(segments[i][1], rng))
        case 6:
            scan = damaged(scan, rng)
        case 7:
            segments[at] = (rng.choice((0xC0, 0xC3, 0xC9, 0xDA, 0xDB, 0xDD, 0xE1, 0x01)), content)
        case _:
            segments.insert(rng.randrange(len(segments)), _jpeg_extra(rng))
    out = b"\xff\xd8"
    for i, (marker, content) in enumerate(segments):
        whole = bytearray(jpeg_segment(marker, content[:65533]))
        if i in told:
            whole[2:4] = struct.pack(">H", told[i])
        out += whole
    return out + scan


def _jpeg_segments(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    at, segments = 2, []
    while at + 4 <= len(data):
        marker, size = struct.unpack_from(">xBH", data, at)
        segments.append((marker, data[at + 4 : at + 2 + size]))
        at += 2 + size
        if marker == 0xDA:
            break
    return segments, data[at:]


def _frame_header(header: bytes, rng: Random) -> bytes:
    if rng.random() < 0.5:
        return changed_field(header, rng, ">H", rng.choice((1, 3)))
    odd = bytearray(header)
    odd[rng.randrange(len(odd))] = rng.choice((0, 1, 2, 4, 8, 12, 16, 0x11, 0x44, 255))
    return bytes(odd)


def _jpeg_extra(rng: Random) -> tuple[int, bytes]:
    part = bytes((rng.choice((0, 1, 2, 255)), rng.choice((0, 1, 2, 255))))
    extended = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32
    place = struct.pack(">II", number(rng) % 2**32, number(rng) % 2**32)
    return rng.choice(
        [
            (0xE1, b"Exif\0\0" + blocks.exif(rng)),
            (0xE1, b"Exif\0\0" + blocks.exif(rng)),
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + blocks.xmp(rng)),
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + blocks.xmp(rng)),
            (0xE1, extended + place + blocks.xmp(rng)[:9000]),
            (0xE2, b"ICC_PROFILE\0" + part + blocks.icc(rng)),
            (0xE2, b"ICC_PROFILE\0\x01\x01" + blocks.icc(rng)),
            (0xE2, b"MPF\0" + blocks.exif(rng)),
            (0xED, b"Photoshop 3.0\0" + blocks.photoshop(rng)),
            (0xEE, b"Adobe" + rng.randbytes(7)),
            (0xE0, b"JFIF\0\1\1" + rng.randbytes(7)),
            (0xFE, rng.choice((b"", b"\0", "gruß".encode("latin-1"), b"c" * 65_000, b"\x1b[31m"))),
            (0xDD, struct.pack(">H", number(rng) % 65536)),
        ]
    )


def _tiff(data: bytes, rng: Random) -> bytes:
    tiff = parse(data)
    if tiff is None:
        return damaged(data, rng)
    for _ in range(rng.choice((1, 1, 2))):
        if rng.random() < 0.15:
            tag, block = rng.choice(
                (
                    (700, blocks.xmp),
                    (34675, blocks.icc),
                    (34377, blocks.photoshop),
                    (33723, blocks.exif),
                )
            )
            entries = [one for one in tiff.directory.entries if one.tag != tag]
            entries.append(blocks.Entry(tag, 7, block(rng)))
            tiff.directory.entries = sorted(entries, key=lambda one: one.tag)
        else:
            blocks.mutate_tiff(tiff, rng)
    return tiff.encode()


def _png_block(data: bytes, rng: Random) -> bytes:
    """Sound but for one block of metadata, before or behind the pixels."""
    chunks = [(b"IHDR", _png_chunks(data)[0][1])]
    chunks += [one for one in _png_chunks(data) if one[0] in (b"PLTE", b"tRNS", b"IDAT", b"IEND")]
    extra = _png_extra(rng)
    chunks.insert(rng.choice((1, len(chunks) - 1)), extra)
    return _MARK + b"".join(png_chunk(*one) for one in chunks)


def _jpeg_block(data: bytes, rng: Random) -> bytes:
    segments, scan = _jpeg_segments(data)
    segments = [one for one in segments if not 0xE1 <= one[0] <= 0xED]
    segments.insert(0, _jpeg_extra(rng))
    return b"\xff\xd8" + b"".join(jpeg_segment(m, c[:65533]) for m, c in segments) + scan


_BLOCKS = {"png": _png_block, "jpg": _jpeg_block}
_CHANGES: dict[str, Callable[[bytes, Random], bytes]] = {
    "png": _png,
    "jpg": _jpeg,
    "tif": _tiff,
    "webp": containers.webp,
    "avif": containers.avif,
    "gif": containers.gif,
    "bmp": containers.bmp,
}
