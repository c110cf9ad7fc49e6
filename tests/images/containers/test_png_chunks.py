"""A PNG's chunks are walked over, and inserted behind its header."""

from __future__ import annotations

import io
import struct

from image_samples import noise, png
from metadata_samples import png_with

from dreamlayer.core.images.containers.png_chunks import ChunkInserter, chunk_headers, is_animated

CHUNKS = ((b"gAMA", struct.pack(">I", 100_000)), (b"tEXt", b"Title\0caf\xe9"))


def test_headers() -> None:
    """The chunks before the pixels, or all; an animation has one of its own."""
    file = io.BytesIO(png_with(((b"tEXt", b"a\0b"),)))
    assert list(chunk_headers(file)) == [(b"IHDR", 13), (b"tEXt", 3)]
    assert [kind for kind, _ in chunk_headers(file, all=True)][-1] == b"IDAT"
    assert not is_animated(file)
    assert is_animated(io.BytesIO(png_with(((b"acTL", bytes(8)),))))


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
