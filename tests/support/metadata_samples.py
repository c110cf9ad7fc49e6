"""Metadata made by hand, and put byte by byte into small files of each format."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from image_samples import encoded, noise, png, tiff
from PIL import Image

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
PIXELS = noise(12, 20, 3)
WIDTH, HEIGHT = 20, 12

Chunks = tuple[tuple[bytes, bytes], ...]


def xmp(attributes: str = "", body: str = "", **namespaces: str) -> bytes:
    """Return XMP of one description, without the marks of a packet."""
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in namespaces.items())
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"><rdf:Description '
        f'rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" {declared} {attributes}>'
        f"{body}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def segment(marker: int, content: bytes) -> bytes:
    """Return a JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def jpeg_with(*segments: bytes) -> bytes:
    """Return a JPEG file with segments before all others."""
    data = encoded(Image.fromarray(PIXELS), "jpeg", quality=90)
    return data[:2] + b"".join(segments) + data[2:]


def png_with(before: Chunks = (), behind: Chunks = ()) -> bytes:
    """Return a PNG file with chunks before and behind its pixels."""
    data = png(PIXELS, before)
    end = data.index(b"IEND") - 4
    late = b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in behind
    )
    return data[:end] + late + data[end:]


def webp_with(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return an extended WebP file with chunks of profile, Exif and XMP."""
    simple = encoded(Image.fromarray(PIXELS), "webp", lossless=True)[12:]
    flags = sum({b"ICCP": 32, b"EXIF": 8, b"XMP ": 4}[kind] for kind, _ in chunks)
    canvas = (WIDTH - 1).to_bytes(3, "little") + (HEIGHT - 1).to_bytes(3, "little")
    parts = [
        riff(b"VP8X", bytes([flags, 0, 0, 0]) + canvas),
        *(riff(kind, data) for kind, data in chunks if kind == b"ICCP"),
        simple,
        *(riff(kind, data) for kind, data in chunks if kind != b"ICCP"),
    ]
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def riff(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a RIFF file."""
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def tiff_with(*fields: tuple[int, int, bytes]) -> bytes:
    """Return a TIFF file with further fields: tag, type of one byte a value, content."""
    base = tiff(np.ascontiguousarray(PIXELS))
    (start,) = struct.unpack_from("<I", base, 4)
    (count,) = struct.unpack_from("<H", base, start)
    entries = [base[start + 2 + 12 * at : start + 14 + 12 * at] for at in range(count)]
    data = base + bytes(len(base) % 2)
    for tag, kind, content in fields:
        place = content.ljust(4, b"\0") if len(content) <= 4 else struct.pack("<I", len(data))
        entries.append(struct.pack("<HHI", tag, kind, len(content)) + place)
        data += content + bytes(len(content) % 2)
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry)[0])
    at = len(data)
    data += struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return data[:4] + struct.pack("<I", at) + data[8:]


def holding_xmp(packet: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a file of each format with an XMP packet; a PNG also with one behind the pixels."""
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + packet
    if len(packet) < 65_000:
        yield "jpeg", jpeg_with(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet))
    yield "png", png_with(((b"iTXt", text),))
    yield "late png", png_with(behind=((b"iTXt", text),))
    yield "webp", webp_with((b"XMP ", packet))
    if packet:
        yield "tiff", tiff_with((700, 1, packet))


def holding_exif(block: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a file of each format but TIFF with an Exif block, as above."""
    yield "jpeg", jpeg_with(segment(0xE1, b"Exif\0\0" + block))
    yield "png", png_with(((b"eXIf", block),))
    yield "late png", png_with(behind=((b"eXIf", block),))
    yield "webp", webp_with((b"EXIF", block))


def directory(order: str, *entries: tuple[int, int, int, bytes], following: int = 0) -> bytes:
    """Return a classic TIFF directory: tag, type, count, and four bytes of value or offset."""
    table = b"".join(struct.pack(order + "HHI", *one[:3]) + one[3] for one in entries)
    return struct.pack(order + "H", len(entries)) + table + struct.pack(order + "I", following)


def exif_block(order: str, *entries: tuple[int, int, int, bytes], tail: bytes = b"") -> bytes:
    """Return an Exif block of one directory, which lies at offset 8, and what follows it."""
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    return mark + struct.pack(order + "I", 8) + directory(order, *entries) + tail


def big_exif(order: str, *entries: tuple[int, int, int, int]) -> bytes:
    """Return an Exif block in the form of BigTIFF: tag, type, count, value or offset."""
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HHHQ", 43, 8, 0, 16)
    table = b"".join(struct.pack(order + "HHQQ", *one) for one in entries)
    return head + struct.pack(order + "Q", len(entries)) + table + bytes(8)


def exif_with_thumbnail(order: str) -> bytes:
    """Return an Exif block made by hand: artist, exposure, and a thumbnail."""
    thumbnail = encoded(Image.new("RGB", (16, 16), "red"), "jpeg")
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)
    first = struct.pack(order + "H", 4)
    first += struct.pack(order + "HHIHH", 0x0112, 3, 1, 6, 0)
    first += struct.pack(order + "HHII", 0x011A, 5, 1, 200)
    first += struct.pack(order + "HHII", 0x013B, 2, 5, 208)
    first += struct.pack(order + "HHII", 0x8769, 4, 1, 62)
    first += struct.pack(order + "I", 100)
    inner = struct.pack(order + "HHHIII", 1, 0x829A, 5, 1, 214, 0)
    second = struct.pack(order + "H", 3)
    second += struct.pack(order + "HHIHH", 0x0103, 3, 1, 6, 0)
    second += struct.pack(order + "HHII", 0x0201, 4, 1, 222)
    second += struct.pack(order + "HHII", 0x0202, 4, 1, len(thumbnail))
    second += bytes(4)
    data = (mark + first).ljust(62, b"\0") + inner
    data = (data.ljust(100, b"\0") + second).ljust(200, b"\0")
    data += struct.pack(order + "II", 300, 1) + b"Anna\0\0" + struct.pack(order + "II", 1, 125)
    return data + thumbnail


def with_maker_note(note: bytes, at: int) -> bytes:
    """An Exif block with a maker note at an offset."""
    inner = directory("<", (0x927C, 7, len(note), struct.pack("<I", at)))
    head = exif_block("<", (0x13B, 2, 4, b"Ann\0"), (0x8769, 4, 1, struct.pack("<I", 38)))
    return (head + inner).ljust(at, b"?") + note
