"""Small files of formats that are read only, and TIFF files of any tags, made byte by byte."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable

# 8 × 8 pixels of 10 bits, lossless: levels 1023, but 512 in the first four rows and 0 at 0, 0.
# No code points of color.
AVIF_10_BITS = base64.b64decode(
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAA"
    "AAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAATQAAAChpaW5mAAAAAAABAAAA"
    "GmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAACAAAAAgAAAAQcGl4aQAA"
    "AAADCgoKAAAADGF2MUOBIEAAAAAAE2NvbHJuY2x4AAIAAgAAgAAAABdpcG1hAAAAAAAAAAEAAQQBAoMEAAAAVW1kYXQS"
    "AAoIOAi/5wICAJAyPxAAAPYAxxMO////AcDoRaOKeDoA6AOgkopKIOfinpKIOgDoA6CShzrVGJHNUUZMGF8H9oAuzIte"
    "NMaZkSpmRg=="
)

Tag = tuple[int, int, list[int]]
"""Number, type (3 SHORT, 4 LONG, 5 RATIONAL as pairs) and values of a TIFF tag."""

_LETTERS = {3: "H", 4: "I", 5: "I"}


def tiff_of(
    data: bytes,
    size: tuple[int, int],
    *,
    samples: int = 3,
    bits: int = 8,
    photometric: int = 2,
    form: int = 1,
    compression: int = 1,
    tags: Iterable[Tag] = (),
    order: str = "<",
) -> bytes:
    """A TIFF of one strip, whose data are as they are to lie in the file.

    `size` is (width, height), `form` the sample format; `tags` replace those made here.
    """
    width, height = size
    own: list[Tag] = [
        (256, 4, [width]),
        (257, 4, [height]),
        (258, 3, [bits] * samples),
        (259, 3, [compression]),
        (262, 3, [photometric]),
        (273, 4, [0]),
        (277, 3, [samples]),
        (278, 4, [height]),
        (279, 4, [len(data)]),
        (339, 3, [form] * samples),
    ]
    entries = {tag: (kind, values) for tag, kind, values in [*own, *tags]}
    outside = 8 + 2 + 12 * len(entries) + 4
    table, blob = b"", b""
    packed = {}
    for tag, (kind, values) in sorted(entries.items()):
        packed[tag] = struct.pack(f"{order}{len(values)}{_LETTERS[kind]}", *values)
    start = outside + sum(len(one) + len(one) % 2 for one in packed.values() if len(one) > 4)
    if 273 not in {tag for tag, _, _ in tags}:
        packed[273] = struct.pack(order + "I", start)
    for tag, one in packed.items():
        kind, values = entries[tag]
        count = len(values) // (2 if kind == 5 else 1)
        place = one.ljust(4, b"\0")
        if len(one) > 4:
            place = struct.pack(order + "I", outside + len(blob))
            blob += one + b"\0" * (len(one) % 2)
        table += struct.pack(order + "HHI", tag, kind, count) + place
    mark = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return mark + struct.pack(order + "H", len(entries)) + table + bytes(4) + blob + data


def bmp_of(
    data: bytes,
    size: tuple[int, int],
    bits: int,
    *,
    compression: int = 0,
    masks: tuple[int, ...] = (),
    header: int = 40,
    palette: bytes = b"",
) -> bytes:
    """A BMP whose rows lie as they are to lie in the file; a negative height is top-down."""
    width, height = size
    head = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(data), 2835,
                       5669, len(palette) // 4, 0)  # fmt: skip
    head += struct.pack(f"<{len(masks)}I", *masks)
    head = head.ljust(max(header, len(head)), b"\0") + palette
    at = 14 + len(head)
    return b"BM" + struct.pack("<IHHI", at + len(data), 0, 0, at) + head + data


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of the ISO base media format."""
    data = b"".join(parts)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def heif_of(
    items: Iterable[tuple[int, bytes]],
    *,
    references: Iterable[tuple[bytes, int, int]] = (),
    properties: Iterable[bytes] = (),
    brand: bytes = b"avif",
) -> bytes:
    """The header of a HEIF file without pixels; item 1 is primary and has all the properties.

    `items` are numbers and types, `references` are kinds, starts and ends.
    """
    entries = [
        box(b"infe", b"\2\0\0\0", struct.pack(">HH4s", number, 0, kind), b"\0")
        for number, kind in items
    ]
    links = [box(kind, struct.pack(">HHH", start, 1, end)) for kind, start, end in references]
    own = list(properties)
    indices = bytes(range(1, len(own) + 1))
    return box(b"ftyp", brand, bytes(4), brand, b"mif1") + box(
        b"meta",
        bytes(4),
        box(b"pitm", bytes(4), b"\0\1"),
        box(b"iinf", bytes(4), struct.pack(">H", len(entries)), *entries),
        box(b"iref", bytes(4), *links),
        box(
            b"iprp",
            box(b"ipco", *own),
            box(
                b"ipma",
                bytes(4),
                struct.pack(">IHB", 1, 1, len(own)),
                indices,
            ),
        ),
    )


def image_size(width: int, height: int) -> bytes:
    """The property of a HEIF item that is its size."""
    return box(b"ispe", bytes(4), struct.pack(">II", width, height))


def code_points(primaries: int, transfer: int) -> bytes:
    """The property of a HEIF item that is its color space, by code points."""
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, 0, 128))
