"""Hostile metadata: Exif, XMP, ICC and IPTC blocks as no camera writes them."""

from __future__ import annotations

import functools
import struct
import zlib
from random import Random

from byte_mutation import cut, damaged, number
from image_samples import grey_profile, profile
from picture_corpus import RDF, RECIPE, exif_tiff, full_packet, iptc, packet, photoshop_block
from tiff_bytes import SUB_DIRECTORIES, Directory, Entry, Tiff

TAGS = [
    *(254, 256, 257, 258, 259, 262, 266, 270, 273, 274, 277, 278, 279, 282, 283, 284, 296, 297),
    *(301, 305, 306, 317, 318, 320, 322, 323, 324, 325, 330, 338, 339, 340, 347, 513, 514, 529),
    *(530, 531, 532, 700, 33723, 34377, 34665, 34675, 34853, 40965, 37500, 37510, 50706, 65535),
]


def mutate_tiff(tiff: Tiff, rng: Random) -> None:
    """Change one thing of a TIFF's structure in place."""
    directory = tiff.directory
    below = [one.directory for one in directory.entries if one.directory is not None]
    if below and rng.random() < 0.4:
        directory = rng.choice(below)
    entries = directory.entries
    what = rng.randrange(14)
    entry = rng.choice(entries) if entries else Entry(256, 3, b"\1\0")
    if what == 0:
        entry.count = number(rng)
    elif what == 1:
        entry.offset = number(rng)
    elif what == 2:
        entry.type = rng.choice((0, *range(1, 14), 16, 17, 18, 19, 255, 65535))
    elif what == 3:
        entry.tag = rng.choice(TAGS)
    elif what in (4, 5):
        entry.data = damaged(entry.data, rng)
    elif what == 6 and entries:
        entries.remove(entry)
    elif what == 7:
        entries.insert(rng.randrange(len(entries) + 1), entry)
    elif what == 8:
        rng.shuffle(entries)
    elif what == 9:
        directory.following = rng.choice((8, 16, number(rng)))
    elif what == 10:
        directory.entries_told = number(rng)
    elif what == 11:
        tiff.first = rng.choice((0, 4, 7, number(rng)))
    elif what == 12:
        # A directory within itself: where it is, is known only once it is written.
        nested = Directory([Entry(rng.choice(SUB_DIRECTORIES), 4, directory=Directory([]))])
        entries.append(Entry(rng.choice(SUB_DIRECTORIES), 4, directory=nested))
    else:
        values = [number(rng) % 2**32 for _ in range(rng.choice((1, 1, 2, 3, 300)))]
        type_ = rng.choice((1, 3, 4, 5, 7, 12, 13, 16))
        data = tiff.pack(type_, [v % 65536 for v in values])
        entries.append(Entry(rng.choice(TAGS), type_, data))


def exif(rng: Random) -> bytes:
    """An Exif block, often BigTIFF, with up to three odd things in it, or cut or damaged."""
    tiff = exif_tiff(rng.choice("<>"), big=rng.random() < 0.5)
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        mutate_tiff(tiff, rng)
    block = tiff.encode()
    if rng.random() < 0.1:
        block = _looped(tiff)
    if rng.random() < 0.05:
        block += b"\0" * 70_000
    return damaged(block, rng) if rng.random() < 0.3 else block


def _looped(tiff: Tiff) -> bytes:
    """The sub-directory is the first directory itself."""
    tiff.directory.entries = [
        Entry(0x10F, 2, b"Maker\0"),
        Entry(0x8769, 4, tiff.pack(13, [16 if tiff.big else 8])),
    ]
    return tiff.encode()


def nested(depth: int, name: str = "x:x") -> bytes:
    """A packet whose elements are nested so deep."""
    inner = f'<{name} xmlns:x="urn:x">' * depth + f"</{name}>" * depth
    return packet("", inner)


def xmp(rng: Random) -> bytes:
    """A packet that is deep, wide, recursive, in another encoding, half there, or lies."""
    return rng.choice(_PACKETS)(rng)


def _recipe(text: str) -> bytes:
    return packet("", f"<dreamlayer:recipe>{text}</dreamlayer:recipe>")


def _wide(rng: Random) -> bytes:
    each = "".join(f"<rdf:li>{i}</rdf:li>" for i in range(rng.choice((10, 2000))))
    return packet("", f"<dc:subject><rdf:Bag>{each}</rdf:Bag></dc:subject>")


def _encoded(rng: Random) -> bytes:
    text = full_packet().decode()
    return text.encode(rng.choice(("utf-16", "utf-32", "utf-16-be", "utf-16-le", "utf-8-sig")))


_BOMB = (
    "<!DOCTYPE x ["
    + '<!ENTITY a0 "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    + f'<!ENTITY file SYSTEM "file:///etc/passwd">]><rdf:RDF xmlns:rdf="{RDF}">&a9;&file;</rdf:RDF>'
)
_BARE_RDF = f'<rdf:RDF xmlns:rdf="{RDF}"/>'
_PACKETS = [
    lambda rng: damaged(full_packet(), rng),
    lambda rng: cut(full_packet(), rng),
    lambda rng: nested(rng.choice((50, 99, 150, 1000, 5000))),
    lambda rng: nested(rng.choice((150, 1000)), "rdf:Description"),
    lambda rng: nested(rng.choice((150, 1000)), "rdf:li"),
    lambda rng: _recipe(f"<dreamlayer:recipe>{RECIPE}</dreamlayer:recipe>" * rng.choice((1, 500))),
    lambda rng: _recipe(_BARE_RDF),
    lambda rng: _recipe(rng.choice(("", " ", "{", "[]", "null", "x" * 10_000, "&#x1b;[31m"))),
    lambda rng: _recipe("[" * 20_000),
    lambda rng: packet('dreamlayer:recipe="{}"', "<dreamlayer:recipe>{}</dreamlayer:recipe>"),
    lambda rng: packet(f'tiff:Orientation="{rng.choice((0, 6, 9, -1, "x", "6 6"))}"'),
    lambda rng: packet('xmp:Rating="4" xmp:Rating="5"'),
    _wide,
    _encoded,
    lambda rng: _BOMB.encode(),
    lambda rng: full_packet() * 2,
    lambda rng: b"\0" * rng.choice((0, 1, 1000)),
    lambda rng: rng.randbytes(200),
    lambda rng: _BARE_RDF.encode(),
    lambda rng: b"<?xml version='1.0' encoding='no-such'?>" + _BARE_RDF.encode(),
    lambda rng: packet("", "<dc:title>" + "t" * rng.choice((60_000, 300_000)) + "</dc:title>"),
    lambda rng: packet("", "<dc:title><![CDATA[]]]]><![CDATA[>]]></dc:title><!-- -- ? -->"),
]


def icc(rng: Random) -> bytes:
    """A profile with wrong sizes, signatures, counts or bytes."""
    block = bytearray(rng.choice((profile(), grey_profile(), grey_profile(0.01))))
    what = rng.randrange(7)
    if what == 0:
        block[0:4] = struct.pack(">I", number(rng) % 2**32)
    elif what == 1:
        block[12:24] = rng.choice((b"mntrCMYKLab ", b"linkRGB RGB ", b"spacGRAYXYZ ", b"\0" * 12))
    elif what == 2:
        block[128:132] = struct.pack(">I", number(rng) % 2**32)
    elif what == 3:
        at = 132 + 12 * rng.randrange(3) + 4 * rng.randrange(1, 3)
        block[at : at + 4] = struct.pack(">I", number(rng) % 2**32)
    elif what == 4:
        block += b"\0" * rng.choice((1, 2, 3, 70_000))
        block[0:4] = struct.pack(">I", len(block))
    elif what == 5:
        block = block[: rng.choice((0, 1, 60, 127, 128, 131, 140))]
    else:
        block = bytearray(damaged(bytes(block), rng))
    return bytes(block)


def photoshop(rng: Random) -> bytes:
    """Photoshop's block with lengths that lie, or too long."""
    block = rng.choice((photoshop_block(), photoshop_block() * 40, iptc()))
    return damaged(block, rng)


@functools.cache
def bomb(size: int) -> bytes:
    """So many zeros, compressed by zlib."""
    return zlib.compress(b"\0" * size)


def text_chunk(rng: Random) -> tuple[bytes, bytes]:
    """A text chunk of PNG: no end of the keyword, a bomb, other languages, a long text."""
    packed = bomb(rng.choice((10, 3_000_000)))
    return rng.choice(
        [
            (b"tEXt", b"no end"),
            (b"tEXt", b"\0"),
            (b"tEXt", b"k" * 90 + b"\0text"),
            (b"tEXt", b"Author\0" + bytes(range(1, 256))),
            (b"tEXt", b"Comment\0" + b"x" * 200_000),
            (b"zTXt", b"Comment\0\0" + packed),
            (b"zTXt", b"Comment\0\x07" + packed),
            (b"zTXt", b"Comment\0\0" + cut(packed, rng)),
            (b"iTXt", b"Comment\0\1\0en\0Kommentar\0" + packed),
            (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(rng)),
            (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp(rng))),
            (b"iTXt", b"XML:com.adobe.xmp\0"),
            (b"iTXt", b"\xff\xfe\0\0\0\0\0\xff"),
            (b"tEXt", b"Raw profile type exif\0\nexif\n      12\n457869660000\n"),
        ]
    )
