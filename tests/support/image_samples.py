"""Small picture files made without the code under test: by Pillow, or byte by byte."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms

COFFEE = Path(__file__).parents[1] / "data" / "coffee.jpg"

XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
).encode()

EXTENSIONS = {"png": ".png", "jpeg": ".jpg", "tiff": ".tif", "webp": ".webp"}


def noise(height: int, width: int, channels: int, kind: Any = np.uint8) -> np.ndarray:
    """Return random integers over the whole range of `kind`, `[height, width, channels]`."""
    top = np.iinfo(kind).max
    return np.random.default_rng(7).integers(0, top, (height, width, channels), kind, endpoint=True)


@functools.cache
def profile() -> bytes:
    """Return an RGB profile, the same at each call although it holds the second of its making."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def grey_profile(gamma: float = 1.0) -> bytes:
    """Return a grey ICC profile with a pure power curve, made byte by byte (ICC.1:2001-04)."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78 + 1)
    blocks = [(b"desc", text.ljust(96, b"\0")), (b"wtpt", white), (b"kTRC", curve)]
    table, data = struct.pack(">I", 3), b""
    for name, block in blocks:
        table += struct.pack(">4sII", name, 132 + 36 + len(data), len(block))
        data += block
    head = bytearray(128)
    head[0:4] = struct.pack(">I", 132 + 36 + len(data))
    head[8:12] = b"\x02\x10\0\0"
    head[12:24] = b"mntrGRAYXYZ "
    head[36:40] = b"acsp"
    head[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    return bytes(head) + table + data


def png(array: np.ndarray, chunks: tuple[tuple[bytes, bytes], ...] = ()) -> bytes:
    """Encode uint8 or uint16 `[height, width, 1..4]` as PNG, extra chunks before the pixels."""
    height, width, channels = array.shape
    color_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    bits = array.itemsize * 8
    rows = array.astype(array.dtype.newbyteorder(">")).reshape(height, -1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0)
    body = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(raw, 1)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in body
    )


def png_values(data: bytes) -> np.ndarray:
    """Decode a PNG of 8 or 16 bits, not interlaced, without any library but zlib."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IHDR":
            width, height, bits, color_type, *_ = struct.unpack_from(">IIBBBBB", data, at + 8)
        if kind == b"IDAT":
            packed += data[at + 8 : at + 8 + length]
        at += length + 12
    channels = {0: 1, 4: 2, 2: 3, 6: 4}[color_type]
    step = channels * bits // 8
    raw = zlib.decompress(packed)
    stride = width * step
    above = bytearray(stride)
    out = bytearray()
    for row in range(height):
        start = row * (stride + 1)
        line = bytearray(raw[start + 1 : start + 1 + stride])
        for i in range(stride):
            left = line[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            match raw[start]:
                case 1:
                    line[i] = (line[i] + left) & 255
                case 2:
                    line[i] = (line[i] + above[i]) & 255
                case 3:
                    line[i] = (line[i] + (left + above[i]) // 2) & 255
                case 4:
                    guess = left + above[i] - corner
                    near = min((left, above[i], corner), key=lambda v: abs(guess - v))
                    line[i] = (line[i] + near) & 255
        out += line
        above = line
    return np.frombuffer(bytes(out), f">u{bits // 8}").reshape(height, width, channels)


def tiff(array: np.ndarray, photometric: int | None = None, tags: Any = ()) -> bytes:
    """Encode `[height, width, channels]` of any type as TIFF: one strip, no compression.

    `tags` are more entries `(tag, type, count, value)` whose value fits into four bytes.
    """
    height, width, channels = array.shape
    kind = {"u": 1, "i": 2, "f": 3}[array.dtype.kind]
    if photometric is None:
        photometric = 2 if channels >= 3 else 1
    colors = {1: 1, 2: 3, 5: 4}[photometric]
    pixels = array.astype(array.dtype.newbyteorder("<")).tobytes()
    bits = struct.pack(f"<{channels}H", *[array.itemsize * 8] * channels)
    kinds = struct.pack(f"<{channels}H", *[kind] * channels)

    at_bits = 8 + len(pixels)
    at_kinds = at_bits + len(bits)
    start = at_kinds + len(kinds)

    def shorts(data: bytes, at: int) -> int:
        return int.from_bytes(data, "little") if len(data) <= 4 else at

    entries = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, channels, shorts(bits, at_bits)),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, 8),
        (277, 3, 1, channels),
        (278, 4, 1, height),
        (279, 4, 1, len(pixels)),
        (339, 3, channels, shorts(kinds, at_kinds)),
        *tags,
    ]
    if channels > colors:
        entries.append((338, 3, 1, 2))
    directory = struct.pack("<H", len(entries))
    for entry in sorted(entries):
        directory += struct.pack("<HHII", *entry)
    return b"II*\0" + struct.pack("<I", start) + pixels + bits + kinds + directory + bytes(4)


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    """Encode with Pillow."""
    file = io.BytesIO()
    image.save(file, format.upper(), **options)
    return file.getvalue()


def names(folder: Path) -> list[str]:
    """Return what lies in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())
