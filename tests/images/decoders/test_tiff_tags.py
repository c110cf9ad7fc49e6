"""Tags are read from classic and big TIFF files of both byte orders, within the file's bounds."""

from __future__ import annotations

import io
import struct

import pytest
from format_samples import tiff_of

from dreamlayer.core.images.containers.tiff_values import BadTiffError
from dreamlayer.core.images.decoders import tiff_tags as tags
from dreamlayer.core.images.decoders.tiff_tags import pages, sub_pages


@pytest.mark.parametrize("order", ["<", ">"])
def test_values(order: str) -> None:
    """Values that lie in the entry or elsewhere, and rationals, come in the file's byte order."""
    rationals = (tags.YCBCR_COEFFICIENTS, 5, [1, 2, 1, 4, 1, 0])
    data = tiff_of(bytes(12), (2, 2), tags=[rationals, (tags.EXTRA, 3, [1])], order=order)
    first = next(pages(io.BytesIO(data)))
    assert (first.one(tags.WIDTH), first.all(tags.BITS), first.one(tags.EXTRA)) == (2, (8, 8, 8), 1)
    assert first.all(tags.YCBCR_COEFFICIENTS) == (0.5, 0.25, 0.0)
    place, size = first.place(tags.EXTRA)
    assert data[place : place + size] == struct.pack(order + "H", 1)


def test_big_tiff() -> None:
    """Counts and offsets of 64 bits are read."""
    entry = struct.pack("<HHQQ", tags.WIDTH, 16, 1, 7)
    data = b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 1) + entry + bytes(8)
    assert next(pages(io.BytesIO(data))).one(tags.WIDTH) == 7


def test_loops_and_chains_end() -> None:
    """A directory that is its own successor, or its own child, is read once."""
    data = bytearray(tiff_of(bytes(12), (2, 2), tags=[(tags.SUB_DIRECTORIES, 4, [8] * 99)]))
    (count,) = struct.unpack_from("<H", data, 8)
    struct.pack_into("<I", data, 10 + 12 * count, 8)
    file = io.BytesIO(bytes(data))
    (only,) = pages(file)
    assert only.stored.following == 8
    assert len(list(sub_pages(file, only))) == 16


@pytest.mark.parametrize(
    "start", [struct.pack("<Q", at) for at in (0, 2**63, 2**64 - 1)] + [b"", b"\0\1"]
)
def test_pointers_outside_the_file(start: bytes) -> None:
    """A first directory beyond the file is an error of its own kind, not of Python's."""
    with pytest.raises(BadTiffError):
        list(pages(io.BytesIO(b"II+\0\x08\0\0\0" + start)))


def test_values_outside_the_file_are_absent() -> None:
    """A tag whose values lie beyond the file is left out."""
    entry = struct.pack("<HHQQ", tags.BITS, 3, 2**63, 2**63)
    data = b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 1) + entry + bytes(8)
    assert next(pages(io.BytesIO(data))).all(tags.BITS, (1,)) == (1,)


class CountingFile(io.BytesIO):
    """A file that knows how many bytes were read of it."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and count."""
        data = super().read(size)
        self.count += len(data)
        return data


def test_pages_that_share_their_values() -> None:
    """Thousands of directories that point to the same values cost no more than a few megabytes."""
    length, total = 1 << 20, 5000
    data = b"II*\0" + struct.pack("<I", 8 + length) + bytes(length)
    for number in range(1, total + 1):
        following = 8 + length + number * 18 if number < total else 0
        data += struct.pack("<HHHIII", 1, tags.PALETTE, 3, length // 2, 8, following)
    file = CountingFile(data)
    assert len(list(pages(file))) > 1
    assert file.count < 20 << 20
