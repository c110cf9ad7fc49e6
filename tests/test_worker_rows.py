"""Pixels as the worker protocol carries them."""

from __future__ import annotations

import io

import numpy as np
import pytest

from core.worker import rows
from core.worker.rows import Raster, rgba_rows


def bits(seed: int, *shape: int) -> np.ndarray:
    """Float32 of random bits: NaN of every kind, infinities, denormals, negative zeros."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2**32, shape, dtype=np.uint32).view(np.float32)


@pytest.mark.parametrize("at_once", [1, 7, 2**18])
def test_every_bit_survives_there_and_back(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the bits mean, and however many pieces they come in."""
    monkeypatch.setattr(rows, "_PIXELS_AT_ONCE", at_once)
    rgba, mask = bits(0, 5, 9, 4), bits(1, 5, 9)
    raster = Raster.empty(9, 5, mask=True)
    stream = io.BytesIO(rgba.astype("<f4").tobytes() + mask.astype("<f4").tobytes() + b"next")
    raster.read(stream)
    assert stream.read() == b"next"
    assert raster.rgb.tobytes() == rgba[:, :, :3].tobytes()
    assert raster.alpha.tobytes() == rgba[:, :, 3].tobytes()
    assert raster.mask is not None
    assert raster.mask.tobytes() == mask.tobytes()
    written = b"".join(bytes(piece) for piece in rgba_rows(raster.rgb, raster.alpha))
    assert written == rgba.tobytes()


def test_picture_cut_off_is_the_end_of_the_input() -> None:
    """A byte less, in the pixels or in the mask."""
    for mask, size in ((False, 3 * 2 * 16), (True, 3 * 2 * 20)):
        with pytest.raises(EOFError):
            Raster.empty(3, 2, mask).read(io.BytesIO(bytes(size - 1)))


def test_room_is_what_travels() -> None:
    """In memory a picture takes what it takes on the way: 16 bytes a pixel, 4 for the mask."""
    for mask, size in ((False, 16), (True, 20)):
        raster = Raster.empty(30, 20, mask)
        arrays = [raster.rgb, raster.alpha, *([] if raster.mask is None else [raster.mask])]
        assert sum(a.nbytes for a in arrays) == 30 * 20 * size
