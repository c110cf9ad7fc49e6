"""A tile that cannot be decoded is an error, though libvips makes it black and goes on."""

from __future__ import annotations

import io
import threading
import zlib

import numpy as np
import pytest
from format_samples import Tag, tiff_of
from image_samples import noise

from dreamlayer.core import images
from dreamlayer.core.errors import PictureError
from dreamlayer.core.images.decoders.tile_errors import watched
from dreamlayer.core.images.streams import library

SIZE = (32, 32)


def tiled(tiles: list[bytes], compression: int = 8) -> bytes:
    """A TIFF of four tiles."""
    lengths = [len(tile) for tile in tiles]
    tags: list[Tag] = [(322, 3, [16]), (323, 3, [16]), (325, 4, lengths)]
    start = len(tiff_of(b"", SIZE, compression=compression, tags=[*tags, (324, 4, [0] * 4)]))
    starts = [start + sum(lengths[:i]) for i in range(4)]
    return tiff_of(b"".join(tiles), SIZE, compression=compression, tags=[*tags, (324, 4, starts)])


def read(data: bytes) -> images.Picture:
    return images.read(io.BytesIO(data))


def sound() -> tuple[np.ndarray, list[bytes]]:
    values = noise(32, 32, 3)
    parts = [values[y : y + 16, x : x + 16] for y in (0, 16) for x in (0, 16)]
    return values, [zlib.compress(part.tobytes()) for part in parts]


def test_sound_tiles() -> None:
    """Tiles are read right, whatever failed before."""
    values, tiles = sound()
    with pytest.raises(PictureError):
        read(tiled(tiles)[:-9])
    np.testing.assert_array_equal(np.rint(read(tiled(tiles)).pixels * 255), values)


@pytest.mark.parametrize("which", range(4))
def test_damaged_tile(which: int) -> None:
    """One damaged tile anywhere is damage."""
    _, tiles = sound()
    tiles[which] = b"\xff" * len(tiles[which])
    with pytest.raises(PictureError, match="damaged or truncated"):
        read(tiled(tiles))


@pytest.mark.parametrize("compression", [6, 34925, 50000, 33003, 34712, 50002])
def test_unsupported_compression(compression: int) -> None:
    """A compression that is not read is named, as in strips."""
    _, tiles = sound()
    with pytest.raises(PictureError, match="of a kind that the installed libvips cannot read"):
        read(tiled(tiles, compression))


def test_many_threads() -> None:
    """Sound tiled pictures can be read in several threads at once."""
    values, tiles = sound()
    data, found = tiled(tiles), []

    def work() -> None:
        for _ in range(5):
            found.append(bool((np.rint(read(data).pixels * 255) == values).all()))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 20


def test_what_was_noted_before_does_not_count() -> None:
    """Only what libvips notes while it is watched is raised, once."""
    with pytest.raises(library().Error):
        library().Image.new_from_buffer(b"junk", "")
    with watched() as check:
        check()
