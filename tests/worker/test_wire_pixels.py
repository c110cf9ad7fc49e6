"""Pixels as the worker protocol carries them."""

from __future__ import annotations

import io

import numpy as np
import pytest

from dreamlayer.core.worker import wire_pixels
from dreamlayer.core.worker.wire_pixels import Raster, rgba_chunks

WHOLE = pytest.mark.parametrize("pixels", ["uint8", "uint16"])


def bits(seed: int, *shape: int) -> np.ndarray:
    """Float32 of random bits: NaN of every kind, infinities, denormals, negative zeros."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2**32, shape, dtype=np.uint32).view(np.float32)


@pytest.mark.parametrize("at_once", [1, 7, 2**18])
def test_every_bit_survives_there_and_back(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the bits mean, and however many pieces they come in."""
    monkeypatch.setattr(wire_pixels, "_CHUNK_PIXELS", at_once)
    rgba, mask = bits(0, 5, 9, 4), bits(1, 5, 9)
    raster = Raster.empty(9, 5, mask=True)
    stream = io.BytesIO(rgba.astype("<f4").tobytes() + mask.astype("<f4").tobytes() + b"next")
    raster.read(stream)
    assert stream.read() == b"next"
    assert raster.rgb.tobytes() == rgba[:, :, :3].tobytes()
    assert raster.alpha.tobytes() == rgba[:, :, 3].tobytes()
    assert raster.mask is not None
    assert raster.mask.tobytes() == mask.tobytes()
    written = b"".join(bytes(piece) for piece in rgba_chunks(raster.rgb, raster.alpha))
    assert written == rgba.tobytes()


@WHOLE
@pytest.mark.parametrize("at_once", [1, 7, 2**18])
def test_every_whole_number_survives_there_and_back(
    pixels: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In channels, alpha and mask, wherever chunks begin."""
    monkeypatch.setattr(wire_pixels, "_CHUNK_PIXELS", at_once)
    top = np.iinfo(pixels).max
    # For pieces of a pixel a few numbers will do; otherwise all of them.
    values = np.arange(0, top + 1, 1 if at_once > 7 else max(1, top // 255)).astype(pixels)
    channels = [np.roll(values, shift) for shift in (0, 1, 5, 9)]
    sent = np.stack(channels, axis=1).astype(np.dtype(pixels).newbyteorder("<")).tobytes()
    mask = values[::-1].astype(np.dtype(pixels).newbyteorder("<")).tobytes()
    raster = Raster.empty(4, len(values) // 4, mask=True, pixels=pixels)
    stream = io.BytesIO(sent + mask + b"next")
    raster.read(stream)
    assert stream.read() == b"next"
    share = np.float32(top)
    for channel, held in zip(channels, raster.rgb.reshape(-1, 3).T, strict=False):
        np.testing.assert_array_equal(held, channel.astype(np.float32) / share)
    assert raster.alpha.dtype == pixels
    np.testing.assert_array_equal(raster.alpha.reshape(-1), channels[3])
    assert raster.mask is not None
    assert raster.mask.dtype == np.float32
    np.testing.assert_array_equal(raster.mask.reshape(-1), values[::-1].astype(np.float32) / share)
    assert b"".join(bytes(piece) for piece in rgba_chunks(raster.rgb, raster.alpha)) == sent


@WHOLE
def test_unchanged_values_come_back_in_float32_alone(pixels: str) -> None:
    """v / max, times max, plus a half floors to v, for every v, though no step is exact."""
    top = np.float32(np.iinfo(pixels).max)
    values = np.arange(np.iinfo(pixels).max + 1).astype(np.float32)
    np.testing.assert_array_equal(np.floor(values / top * top + np.float32(0.5)), values)


def rounded(values: np.ndarray, pixels: str) -> np.ndarray:
    """What `rgba_chunks` makes of values for all three channels."""
    rgb = np.repeat(values.astype(np.float32)[None, :, None], 3, axis=2)
    wire = b"".join(bytes(piece) for piece in rgba_chunks(rgb, np.zeros(rgb.shape[:2], pixels)))
    rgba = np.frombuffer(wire, np.dtype(pixels).newbyteorder("<")).reshape(-1, 4)
    assert (rgba[:, :3] == rgba[:, :1]).all()
    return rgba[:, 0]


@WHOLE
def test_floats_are_rounded_half_up(pixels: str) -> None:
    """By the formula of docs/worker.md, to the nearest number, of two the greater."""
    top = np.iinfo(pixels).max
    values = np.random.default_rng(0).uniform(-0.1, 1.1, 100_000).astype(np.float32)
    expected = np.floor(np.clip(values, 0, 1).astype(np.float64) * top + 0.5)
    np.testing.assert_array_equal(rounded(values, pixels), expected)
    # Both maxima are odd, so that a half of the whole lies between two numbers.
    middle = np.array([0.5, np.nextafter(np.float32(0.5), np.float32(0))])
    np.testing.assert_array_equal(rounded(middle, pixels), [top // 2 + 1, top // 2])


@WHOLE
@pytest.mark.filterwarnings("error")
def test_floats_beyond_black_and_white_are_clipped(pixels: str) -> None:
    """Infinities too; what is no number becomes black, and nothing warns."""
    odd = np.array([-np.inf, -3e38, -0.0, 1e-42, 1.0001, 3e38, np.inf, np.nan])
    top = np.iinfo(pixels).max
    np.testing.assert_array_equal(rounded(odd, pixels), [0, 0, 0, 0, top, top, top, 0])


@pytest.mark.parametrize(("pixels", "size"), [("float32", 4), ("uint8", 1), ("uint16", 2)])
def test_picture_cut_off_is_the_end_of_the_input(pixels: str, size: int) -> None:
    """A byte less, in the pixels or in the mask."""
    for mask, values in ((False, 4), (True, 5)):
        stream = io.BytesIO(bytes(3 * 2 * values * size - 1))
        with pytest.raises(EOFError):
            Raster.empty(3, 2, mask, pixels).read(stream)


@pytest.mark.parametrize(("pixels", "alpha"), [("float32", 4), ("uint8", 1), ("uint16", 2)])
def test_room_is_for_floats_and_alpha_as_it_came(pixels: str, alpha: int) -> None:
    """12 bytes a pixel and 4 for the mask, whatever travels, and alpha in its own type."""
    for mask, size in ((False, 12 + alpha), (True, 16 + alpha)):
        raster = Raster.empty(30, 20, mask, pixels)
        held = [a for a in (raster.rgb, raster.alpha, raster.mask) if a is not None]
        assert sum(array.nbytes for array in held) == 30 * 20 * size
