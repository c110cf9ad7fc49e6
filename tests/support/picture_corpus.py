"""Small sound pictures of all formats, with the metadata that real ones carry."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from typing import Any

import numpy as np
from image_samples import encoded, grey_profile, noise, profile
from PIL import Image, features
from tiff_bytes import Directory, Entry, Tiff

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
FILE_MARKS = {
    "png": b"\x89PNG\r\n\x1a\n",
    "jpeg": b"\xff\xd8\xff\xe0",
    "little tiff": b"II*\0\x08\0\0\0",
    "big tiff": b"MM\0+\0\x08\0\0\0\0\0\0\0\0\0\x10",
    "webp": b"RIFF\xff\0\0\0WEBPVP8 ",
    "gif": b"GIF89a",
    "bmp": b"BM",
    "avif": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf",
}
"""How files of each format begin."""

RECIPE = '{"network": "default", "layers": [{"layer": "mixed4", "weight": 1.0}], "steps": 3}'


def packet(attributes: str = "", content: str = "") -> bytes:
    """An XMP packet with one description."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
        f'xmlns:dreamlayer="urn:dreamlayer:1.0" {attributes}>{content}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def full_packet() -> bytes:
    """A packet with a rating, an author, keywords, the way up, and a recipe."""
    return packet(
        'xmp:Rating="4" tiff:Orientation="1"',
        "<dc:creator><rdf:Seq><rdf:li>Zoë</rdf:li></rdf:Seq></dc:creator>"
        "<dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>sky</rdf:li></rdf:Bag></dc:subject>"
        f"<dreamlayer:recipe>{RECIPE}</dreamlayer:recipe>",
    )


def exif_tiff(order: str = "<", big: bool = False) -> Tiff:
    """An Exif block: maker, orientation, a sub-directory, a place, and a thumbnail's entries."""
    tiff = Tiff(Directory([]), order, big)
    fine = [
        Entry(0x9000, 7, b"0232"),
        tiff.entry(0x829A, 5, 0.01),
        tiff.entry(0x8827, 3, 400),
        Entry(0x9286, 7, b"ASCII\0\0\0a comment"),
        tiff.entry(0xA002, 4, 20),
        tiff.entry(0xA003, 4, 14),
    ]
    place = [Entry(1, 2, b"N\0"), tiff.entry(2, 5, 47, 30, 12.5)]
    tiff.directory.entries = [
        Entry(0x10F, 2, b"A camera maker\0"),
        tiff.entry(0x112, 3, 1),
        tiff.entry(0x11A, 5, 72),
        tiff.entry(0x11B, 5, 72),
        tiff.entry(0x128, 3, 2),
        Entry(0x132, 2, b"2020:01:02 03:04:05\0"),
        Entry(0x8769, 18 if big else 4, directory=Directory(fine)),
        Entry(0x8825, 18 if big else 4, directory=Directory(place)),
    ]
    return tiff


def exif_block(order: str = "<", big: bool = False) -> bytes:
    """The block of `exif_tiff`, without the word Exif before it."""
    return exif_tiff(order, big).encode()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk with the right check sum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_file(
    header: tuple[int, ...], raw: bytes, before: Any = (), after: Any = (), mark: bool = True
) -> bytes:
    """A PNG of these header values and rows with their filters."""
    return (
        (b"\x89PNG\r\n\x1a\n" if mark else b"")
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", *header))
        + b"".join(png_chunk(*one) for one in before)
        + png_chunk(b"IDAT", zlib.compress(raw, 1))
        + b"".join(png_chunk(*one) for one in after)
        + png_chunk(b"IEND", b"")
    )


def rows(values: np.ndarray) -> bytes:
    """Rows of big-endian samples, each with the filter 0."""
    whole = values.astype(values.dtype.newbyteorder(">"))
    return b"".join(b"\0" + row.tobytes() for row in whole)


def interlaced_rows(values: np.ndarray) -> bytes:
    """The seven passes of Adam7 (PNG, section 8.2)."""
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4)]
    passes += [(2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    return b"".join(rows(values[y::down, x::right]) for y, x, down, right in passes)


def png_metadata() -> list[tuple[bytes, bytes]]:
    """Chunks that stand before the pixels."""
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + full_packet()
    return [
        (b"gAMA", struct.pack(">I", 45455)),
        (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
        (b"pHYs", struct.pack(">IIB", 2835, 2835, 1)),
        (b"tEXt", b"Title\0A title"),
        (b"zTXt", b"Comment\0\0" + zlib.compress(b"a longer comment")),
        (b"iTXt", text),
        (b"eXIf", exif_block(">")),
        (b"tIME", struct.pack(">HBBBBB", 2020, 1, 2, 3, 4, 5)),
    ]


def tiff_file(
    values: np.ndarray, order: str = "<", big: bool = False, photometric: int = 2, **extra: Any
) -> bytes:
    """A TIFF of one strip with all its metadata; `extra` are entries by `t` and their tag."""
    height, width, channels = values.shape
    whole = values.astype(values.dtype.newbyteorder(order))
    tiff = Tiff(Directory([]), order, big, whole.tobytes())
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    bits = values.itemsize * 8
    entries = [
        tiff.entry(256, 3, width),
        tiff.entry(257, 3, height),
        tiff.entry(258, 3, *[bits] * channels),
        tiff.entry(259, 3, 1),
        tiff.entry(262, 3, photometric),
        Entry(273, 16 if big else 4),
        tiff.entry(274, 3, 1),
        tiff.entry(277, 3, channels),
        tiff.entry(278, 3, height),
        tiff.entry(279, 4, whole.nbytes),
        tiff.entry(282, 5, 300),
        tiff.entry(283, 5, 300),
        tiff.entry(296, 3, 2),
        Entry(305, 2, b"A scanner\0"),
        tiff.entry(339, 3, *[kind] * channels),
        Entry(700, 1, full_packet()),
        Entry(33723, 7, iptc()),
    ]
    fine = Directory([Entry(0x9000, 7, b"0232"), tiff.entry(0x8827, 3, 9)])
    entries.append(Entry(34665, 18 if big else 4, directory=fine))
    colors = {1: 1, 2: 3}.get(photometric, channels)
    if channels > colors:
        entries.append(tiff.entry(338, 3, *[2] * (channels - colors)))
    entries += extra.values()
    tiff.directory.entries = sorted(entries, key=lambda entry: entry.tag)
    return tiff.encode()


def iptc() -> bytes:
    """IPTC records: a version and a caption."""
    return b"\x1c\x02\x00\x00\x02\x00\x04" + b"\x1c\x02\x78\x00\x09A caption"


def photoshop_block() -> bytes:
    """A Photoshop resource block that holds IPTC."""
    data = iptc()
    return b"8BIM\x04\x04\0\0" + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)


def jpeg_segment(marker: int, data: bytes) -> bytes:
    """One segment; its length counts itself."""
    return bytes((0xFF, marker)) + struct.pack(">H", (len(data) + 2) & 0xFFFF) + data


def jpeg_file(image: Image.Image, **options: Any) -> bytes:
    """A JPEG with Exif, XMP, a profile, Photoshop's block and a comment."""
    plain = encoded(image, "jpeg", quality=85, **options)
    segments = [
        jpeg_segment(0xE1, b"Exif\0\0" + exif_block()),
        jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + full_packet()),
        jpeg_segment(0xED, b"Photoshop 3.0\0" + photoshop_block()),
        jpeg_segment(0xFE, b"a comment"),
    ]
    if image.mode == "RGB":
        segments.append(jpeg_segment(0xE2, b"ICC_PROFILE\0\x01\x01" + profile()))
    return plain[:2] + b"".join(segments) + plain[2:]


@functools.cache
def corpus() -> dict[str, bytes]:
    """Sound pictures by name, the ending of each included; the largest has 3 kB."""
    rgb, deep = noise(14, 20, 3), noise(14, 20, 4, np.uint16)
    photo = Image.fromarray(rgb)
    clear = Image.fromarray(noise(14, 20, 4))
    gray = Image.fromarray(rgb[..., 0])
    indexed = photo.quantize(16)
    names = {
        "rgb.png": png_file((20, 14, 8, 2, 0, 0, 0), rows(rgb), png_metadata()),
        "late.png": png_file((20, 14, 8, 2, 0, 0, 0), rows(rgb), after=png_metadata()[3:]),
        "deep.png": png_file((20, 14, 16, 6, 0, 0, 0), rows(deep), png_metadata()[2:5]),
        "interlaced.png": png_file((20, 14, 8, 2, 0, 0, 1), interlaced_rows(rgb)),
        "profile.png": encoded(photo, "png", icc_profile=profile()),
        "gray.png": encoded(gray, "png", icc_profile=grey_profile(2.2)),
        "indexed.png": encoded(indexed, "png", transparency=3),
        "photo.jpg": jpeg_file(photo),
        "progressive.jpg": jpeg_file(photo, progressive=True),
        "gray.jpg": jpeg_file(gray),
        "cmyk.jpg": jpeg_file(photo.convert("CMYK")),
        "plain.jpg": encoded(photo, "jpeg"),
        "little.tif": tiff_file(rgb),
        "motorola.tif": tiff_file(rgb, ">"),
        "big.tif": tiff_file(rgb, "<", big=True),
        "big-motorola.tif": tiff_file(rgb, ">", big=True),
        "deep.tif": tiff_file(deep, ">"),
        "float.tif": tiff_file(noise(14, 20, 3).astype(np.float32) / 255),
        "gray.tif": tiff_file(rgb[..., :1], photometric=1),
        "lzw.tif": encoded(photo, "tiff", compression="tiff_lzw"),
        "deflate.tif": encoded(clear, "tiff", compression="tiff_adobe_deflate"),
        "jpeg.tif": encoded(photo, "tiff", compression="jpeg"),
        "indexed.tif": encoded(indexed, "tiff"),
        "fax.tif": encoded(gray.convert("1"), "tiff", compression="group4"),
        "lossy.webp": encoded(photo, "webp", exif=exif_block(), xmp=full_packet()),
        "lossless.webp": encoded(clear, "webp", lossless=True, icc_profile=profile()),
        "plain.webp": encoded(photo, "webp"),
        "still.gif": encoded(indexed, "gif", comment=b"a comment", transparency=2),
        "small.bmp": encoded(photo, "bmp"),
        "indexed.bmp": encoded(indexed, "bmp"),
        "one-bit.bmp": encoded(gray.convert("1"), "bmp"),
        "clear.bmp": encoded(clear, "bmp"),
    }
    if features.check("avif"):
        names["photo.avif"] = encoded(photo, "avif", exif=exif_block(), xmp=full_packet())
        names["clear.avif"] = encoded(clear, "avif")
    return names


def load(data: bytes) -> Image.Image:
    """Decode with Pillow."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image
