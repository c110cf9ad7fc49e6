"""Sound pictures with one thing in them that is not: a chunk, a segment, an entry."""

from __future__ import annotations

from image_samples import encoded, noise
from picture_corpus import jpeg_segment, png_file, rows
from PIL import Image
from tiff_bytes import Entry, parse

RGB = noise(14, 20, 3)
HEADER = (20, 14, 8, 2, 0, 0, 0)
"""What a PNG's first chunk says of them."""


def png_with(*chunks: tuple[bytes, bytes], late: bool = False) -> bytes:
    """A sound PNG with these chunks before its pixels, or behind them."""
    place = {"after": chunks} if late else {"before": chunks}
    return png_file(HEADER, rows(RGB), **place)


def xmp_chunk(content: bytes) -> tuple[bytes, bytes]:
    """XMP as PNG holds it."""
    return b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + content


def jpeg_with(*segments: tuple[int, bytes]) -> bytes:
    """A sound JPEG with these segments."""
    plain = encoded(Image.fromarray(RGB), "jpeg", quality=95)
    return plain[:2] + b"".join(jpeg_segment(*one) for one in segments) + plain[2:]


def with_entries(data: bytes, *entries: Entry) -> bytes:
    """A TIFF with entries in place of those of the same tags."""
    made = parse(data)
    assert made is not None
    tags = {entry.tag for entry in entries}
    kept = [one for one in made.directory.entries if one.tag not in tags]
    made.directory.entries = sorted([*kept, *entries], key=lambda one: one.tag)
    return made.encode()
