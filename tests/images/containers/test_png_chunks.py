"""A PNG's chunks are walked over, and inserted behind its header."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from image_samples import noise, png
from metadata_samples import PIXELS, png_with

from dreamlayer.core import images
from dreamlayer.core.images.containers.png_chunks import (
    Chunk,
    ChunkInserter,
    chunk_headers,
    is_animated,
)

# Of the size of the whole picture, which is blended over nothing.
FRAME = (b"fcTL", struct.pack(">5I2H2B", 0, *PIXELS.shape[1::-1], 0, 0, 1, 10, 0, 0))

CHUNKS = ((b"gAMA", struct.pack(">I", 100_000)), (b"tEXt", b"Title\0caf\xe9"))


def test_headers() -> None:
    """The chunks before the pixels, or all."""
    file = io.BytesIO(png_with(((b"tEXt", b"a\0b"),)))
    assert list(chunk_headers(file)) == [(b"IHDR", 13), (b"tEXt", 3)]
    assert [kind for kind, _ in chunk_headers(file, all=True)][-1] == b"IDAT"


@pytest.mark.parametrize(
    ("chunks", "animated"),
    [
        ((), False),
        (((b"acTL", struct.pack(">II", 2, 0)), FRAME), True),
        (((b"acTL", struct.pack(">II", 1, 0)),), True),
        (((b"acTL", struct.pack(">II", 1, 0)), FRAME), False),
        ((FRAME, (b"acTL", struct.pack(">II", 1, 0))), False),
        (((b"acTL", bytes(8)), FRAME), False),
        (((b"acTL", b""), FRAME), False),
    ],
)
def test_animation(chunks: tuple[Chunk, ...], animated: bool) -> None:
    """It has more than one picture; a single frame that is the picture is none, nor is none."""
    data = png_with(chunks)
    assert is_animated(io.BytesIO(data)) is animated
    if not animated:
        np.testing.assert_array_equal(images.read(io.BytesIO(data)).pixels * 255, PIXELS)


def test_lengths_that_lie() -> None:
    """A chunk longer than the file ends the walk."""
    data = png(noise(2, 2, 3))
    file = io.BytesIO(data[:8] + struct.pack(">I", 2**32 - 1) + data[12:])
    assert len(list(chunk_headers(file))) == 1


def test_inserter_takes_any_pieces() -> None:
    """Chunks land behind the header however the PNG is cut into writes."""
    data = png(noise(5, 4, 3))
    for size in 1, 7, 32, 33, 34, 1000:
        file = io.BytesIO()
        inserter = ChunkInserter(file, CHUNKS)
        for at in range(0, len(data), size):
            inserter.write(data[at : at + size])
        assert file.getvalue() == png(noise(5, 4, 3), CHUNKS)


def test_many_chunks() -> None:
    """A walk over chunks without pixels ends before it takes long; pixels may have many."""
    with io.BytesIO(bytes(8) + 30_000 * (bytes(4) + b"tIME" + bytes(4))) as file:
        assert len(list(chunk_headers(file))) == 20_000
    with io.BytesIO(bytes(8) + 30_000 * (bytes(4) + b"IDAT" + bytes(4))) as file:
        assert len(list(chunk_headers(file, all=True))) == 30_000


def test_inserter_leaves_out() -> None:
    """Chunks of some types before the pixels, however they are cut into writes."""
    old = ((b"pHYs", bytes(9)), (b"tEXt", b"Title\0a"), (b"pHYs", bytes(9)))
    data = png(noise(5, 4, 3), old)
    for size in 1, 7, 41, 1000:
        file = io.BytesIO()
        inserter = ChunkInserter(file, CHUNKS, (b"pHYs",))
        for at in range(0, len(data), size):
            inserter.write(data[at : at + size])
        assert file.getvalue() == png(noise(5, 4, 3), (*CHUNKS, old[1]))
