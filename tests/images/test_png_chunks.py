"""Text and colour chunks of a PNG survive byte for byte."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from image_samples import noise, png, png_values
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.images.png_chunks import ChunkInserter, read_chunks

CHUNKS = (
    (b"gAMA", struct.pack(">I", 100_000)),
    (b"cICP", bytes([9, 16, 0, 1])),
    (b"tEXt", b"Title\0caf\xe9"),
    (b"iTXt", b"Author\0\0\0\0\0" + "日本".encode()),
)


def test_chunks_survive(tmp_path: Path) -> None:
    """Latin-1 and international text, gamma and HDR colour tags go from PNG to PNG."""
    values = noise(5, 4, 3)
    picture = images.read(io.BytesIO(png(values, CHUNKS)))
    assert picture.png_chunks == CHUNKS
    for path in tmp_path / "a.png", tmp_path / "b.png":
        images.write(picture, path)
        picture = images.read(path)
    with path.open("rb") as file:
        assert read_chunks(file) == CHUNKS
    np.testing.assert_array_equal(png_values(path.read_bytes()), values)
    with Image.open(path) as image:
        assert (image.info["Title"], image.info["Author"]) == ("café", "日本")


def test_inserter_takes_any_pieces() -> None:
    """Chunks land behind the header however the PNG is cut into writes."""
    data = png(noise(5, 4, 3))
    for size in 1, 7, 32, 33, 34, 1000:
        file = io.BytesIO()
        inserter = ChunkInserter(file, CHUNKS)
        for at in range(0, len(data), size):
            inserter.write(data[at : at + size])
        assert file.getvalue() == png(noise(5, 4, 3), CHUNKS)
