"""A TIFF's tags decide what its channels are; what would be read wrongly is refused by its name."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from format_samples import Tag, tiff_of
from image_samples import encoded, noise
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.errors import OutputError, PictureError
from dreamlayer.core.images.decoders.tiff_tags import EXTRA, pages

SIZE = (16, 16)
PALETTE: Tag = (320, 3, [i * 7919 % 65536 for i in range(768)])


def read(data: bytes) -> images.Picture:
    return images.read(io.BytesIO(data))


def extra(*kinds: int) -> Tag:
    return (338, 3, list(kinds))


def levels(picture: images.Picture) -> np.ndarray:
    return np.rint(picture.pixels * (255 if picture.depth == 8 else 65535))


def channels(count: int, kind: Any = np.uint8) -> np.ndarray:
    return noise(16, 16, count, kind)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("colors", "kinds", "alpha", "extras"),
    [
        (3, (0,), None, [3]),
        (3, (2,), 3, []),
        (3, (2, 0, 0), 3, [4, 5]),
        (3, (0, 2, 0), 4, [3, 5]),
        (3, (2, 2), 3, [4]),
        (3, (999,), None, [3]),
        (1, (0,), None, [1]),
        (1, (2,), 1, []),
        (1, (0, 2), 2, [1]),
        (1, (0, 0), None, [1, 2]),
        (1, (0, 0, 0, 0), None, [1, 2, 3, 4]),
    ],
)
def test_channels_by_their_tags(
    tmp_path: Path,
    order: str,
    kind: Any,
    colors: int,
    kinds: tuple[int, ...],
    alpha: int | None,
    extras: list[int],
) -> None:
    """Only ExtraSamples 1 and 2 are transparency; the rest is kept bit for bit, as unspecified."""
    values = channels(colors + len(kinds), kind)
    stored = values.astype(values.dtype.newbyteorder(order)).tobytes()
    data = tiff_of(stored, SIZE, samples=values.shape[2], bits=values.itemsize * 8,
                   photometric=2 if colors == 3 else 1, tags=[extra(*kinds)],
                   order=order)  # fmt: skip
    path = tmp_path / "a.tif"
    path.write_bytes(data)
    with images.open(path) as source:
        assert (source.has_alpha, source.extra_channels) == (alpha is not None, len(extras))
    for _ in range(2):
        picture = images.read(path)
        np.testing.assert_array_equal(
            levels(picture), values[..., [0] * 3 if colors == 1 else [0, 1, 2]]
        )
        for index, found in ((alpha, picture.alpha), (extras, picture.extras)):
            if index is None or index == []:
                assert found is None
            else:
                np.testing.assert_array_equal(found, values[..., index])
        images.write(picture, path)
    kept = (2,) * (alpha is not None) + (0,) * len(extras)
    assert next(pages(io.BytesIO(path.read_bytes()))).all(EXTRA) == kept


def test_a_missing_tag_is_no_transparency() -> None:
    """A fourth channel that the tags do not speak of is kept, but hides nothing."""
    values = channels(4)
    picture = read(tiff_of(values.tobytes(), SIZE, samples=4))
    assert picture.alpha is None
    assert picture.extras is not None
    np.testing.assert_array_equal(picture.extras, values[..., 3:])


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_formats_that_cannot_hold_extra_channels(tmp_path: Path, format: str) -> None:
    """Nothing is dropped silently: other formats are refused, before the work."""
    data = io.BytesIO(tiff_of(channels(4).tobytes(), SIZE, samples=4, tags=[extra(0)]))
    with (
        images.open(data) as source,
        pytest.raises(OutputError, match=r"a channel .* cannot store; choose \.tif"),
    ):
        images.check_target(tmp_path / "a", format, source)


def test_extra_channels_turn_with_the_picture() -> None:
    """The Exif orientation turns them as it turns the pixels."""
    values = noise(16, 8, 4)
    data = tiff_of(values.tobytes(), (8, 16), samples=4, tags=[extra(0), (274, 3, [6])])
    picture = read(data)
    assert picture.extras is not None
    np.testing.assert_array_equal(picture.extras[..., 0], np.rot90(values[..., 3], -1))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("colors", [1, 3])
def test_associated_alpha(kind: Any, colors: int) -> None:
    """Colors are divided by alpha, to the nearest level, and hidden ones become black."""
    top = 1 if kind is np.float32 else np.iinfo(kind).max
    alpha = np.linspace(0, 1, 256).reshape(16, 16)
    colored = np.random.default_rng(1).random((16, 16, colors)) * alpha[..., None]
    values = np.concatenate([colored, alpha[..., None]], 2) * top
    values = values.astype(kind) if top == 1 else np.rint(values).astype(kind)
    form, photometric = 3 if top == 1 else 1, 2 if colors == 3 else 1
    data = tiff_of(values.tobytes(), SIZE, samples=colors + 1, bits=values.itemsize * 8, form=form,
                   photometric=photometric, tags=[extra(1)])  # fmt: skip
    picture = read(data)
    wide = values.astype(np.float64)
    divided = np.divide(wide[..., :-1], wide[..., -1:], out=np.zeros_like(wide[..., :-1]),
                        where=wide[..., -1:] > 0)  # fmt: skip
    expected = divided if top == 1 else np.rint(np.minimum(divided, 1) * top) / top
    np.testing.assert_allclose(picture.pixels, np.broadcast_to(expected, (16, 16, 3)), atol=1e-6)
    np.testing.assert_array_equal(picture.alpha, values[..., -1])


def test_extra_channels_of_cmyk() -> None:
    """CMYK with a spot color: four inks become RGB as without it, and the spot color is kept."""
    values = channels(6)
    plain = read(tiff_of(values[..., :4].tobytes(), SIZE, samples=4, photometric=5))
    picture = read(tiff_of(values.tobytes(), SIZE, samples=6, photometric=5, tags=[extra(0, 2)]))
    np.testing.assert_array_equal(picture.pixels, plain.pixels)
    np.testing.assert_array_equal(picture.alpha, values[..., 5])
    np.testing.assert_array_equal(picture.extras, values[..., 4:5])


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes(bits: int) -> None:
    """Palettes of every depth become RGB of 8 bits."""
    palette = PALETTE[2][: 3 << bits]
    data = bytes(range(256))[: 16 * 16 * bits // 8]
    picture = read(
        tiff_of(data, SIZE, samples=1, bits=bits, photometric=3, tags=[(320, 3, palette)])
    )
    packed = np.frombuffer(data, np.uint8)[:, None] >> np.arange(8 - bits, -1, -bits)
    indices = (packed & ((1 << bits) - 1)).reshape(16, 16)
    expected = (np.array(palette).reshape(3, -1).T >> 8)[indices]
    np.testing.assert_array_equal(levels(picture), expected)


@pytest.mark.parametrize(("kind", "alpha"), [(2, True), (0, False)])
def test_palette_with_another_channel(kind: int, alpha: bool) -> None:
    """Beside a palette, too, the tags say whether a channel is transparency."""
    values = channels(2)
    picture = read(
        tiff_of(values.tobytes(), SIZE, samples=2, photometric=3, tags=[PALETTE, extra(kind)])
    )
    expected = (np.array(PALETTE[2]).reshape(3, -1).T >> 8)[values[..., 0]]
    np.testing.assert_array_equal(levels(picture), expected)
    found = picture.alpha if alpha else picture.extras
    assert found is not None
    np.testing.assert_array_equal(found.reshape(16, 16), values[..., 1])


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_white_is_zero(kind: Any) -> None:
    """Grey that counts from white is inverted, its alpha is not."""
    values = channels(2, kind)
    data = tiff_of(values.tobytes(), SIZE, samples=2, bits=values.itemsize * 8, photometric=0,
                   tags=[extra(2)])  # fmt: skip
    picture = read(data)
    np.testing.assert_array_equal(levels(picture)[..., 0], np.iinfo(kind).max - values[..., 0])
    np.testing.assert_array_equal(picture.alpha, values[..., 1])


def test_separate_planes() -> None:
    """Planar storage gives the same channels, extra ones too."""
    values = channels(5)
    planes = np.moveaxis(values, 2, 0).tobytes()
    lengths: list[Tag] = [(279, 4, [256] * 5), (284, 3, [2]), extra(0, 2)]
    probe = tiff_of(planes, SIZE, samples=5, tags=[*lengths, (273, 4, [0] * 5)])
    start = len(probe) - len(planes)
    starts: Tag = (273, 4, [start + 256 * i for i in range(5)])
    picture = read(tiff_of(planes, SIZE, samples=5, tags=[*lengths, starts]))
    np.testing.assert_array_equal(levels(picture), values[..., :3])
    np.testing.assert_array_equal(picture.extras, values[..., 3:4])
    np.testing.assert_array_equal(picture.alpha, values[..., 4])


def test_half_floats() -> None:
    """Floats of 16 bits become floats of 32."""
    values = np.linspace(0, 2, 768).astype(np.float16).reshape(16, 16, 3)
    picture = read(tiff_of(values.tobytes(), SIZE, bits=16, form=3))
    assert picture.depth == 32
    np.testing.assert_array_equal(picture.pixels, values.astype(np.float32))


def test_preview_pages_are_left_out() -> None:
    """A smaller version on a second page is no second picture, and a loop of pages is one page."""
    data = bytearray(encoded(Image.fromarray(channels(3)), "tiff", save_all=True,
                             append_images=[Image.new("RGB", (8, 8))]))  # fmt: skip
    with pytest.raises(PictureError, match="2 pages"):
        read(bytes(data))
    single = bytearray(tiff_of(channels(3).tobytes(), SIZE))
    count = single[8]
    single[10 + 12 * count : 14 + 12 * count] = (8).to_bytes(4, "little")
    assert read(bytes(single)).width == 16
    second = tiff_of(b"", SIZE, tags=[(254, 4, [1])])[8:]
    single[10 + 12 * count : 14 + 12 * count] = len(single).to_bytes(4, "little")
    assert read(bytes(single) + second).width == 16


def test_camera_raw() -> None:
    """Files of cameras are TIFF inside, with a preview first; none is read as its preview."""
    pixels = channels(3).tobytes()
    plain = tiff_of(pixels, SIZE)
    canon = b"II*\0\x10\0\0\0CR\2\0" + bytes(4) + plain[8:]
    preview: Tag = (254, 4, [1])
    sensor = tiff_of(b"", SIZE, samples=1, photometric=32803)
    probe = tiff_of(pixels, SIZE, tags=[(330, 4, [0])])
    nikon = tiff_of(pixels, SIZE, tags=[preview, (330, 4, [8])])
    inside = tiff_of(pixels, SIZE, tags=[(330, 4, [len(probe)])]) + sensor[8:]
    for data in canon, nikon, inside:
        with pytest.raises(PictureError, match=r"raw .*only developed pictures"):
            read(data)
    assert read(tiff_of(pixels, SIZE, tags=[preview])).width == 16


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_unknown_orientation_is_upright(orientation: int) -> None:
    """Scanners write orientation 0; the picture is read as it is stored."""
    values = channels(3)
    picture = read(tiff_of(values.tobytes(), SIZE, tags=[(274, 3, [orientation])]))
    np.testing.assert_array_equal(levels(picture), values)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"bits": 12}, "12 bits"),
        ({"bits": 4}, "4 bits"),
        ({"bits": 32}, "32 bits"),
        ({"bits": 64}, "64 bits"),
        ({"form": 2}, "signed integers of 8 bits"),
        ({"form": 2, "bits": 16}, "signed integers of 16 bits"),
        ({"form": 3, "bits": 64}, "floats of 64 bits"),
        ({"form": 3, "bits": 24}, "floats of 24 bits"),
        ({"form": 6, "bits": 64}, "complex"),
        ({"form": 3, "bits": 32, "samples": 1, "photometric": 0}, "count from white"),
        ({"samples": 1, "photometric": 1, "bits": 12}, "12 bits"),
        ({"photometric": 9, "bits": 16}, "ICC Lab of 16 bits"),
        ({"photometric": 10}, "ITU"),
        ({"photometric": 4, "samples": 1, "bits": 1}, "transparency mask"),
        ({"photometric": 32845, "bits": 16}, "LogLuv"),
        ({"photometric": 32803, "samples": 1}, "camera raw"),
        ({"photometric": 34892, "bits": 16}, "camera raw"),
        ({"photometric": 777}, "colors of unknown kind 777"),
        ({"tags": [(50706, 4, [1])]}, "camera raw"),
        ({"photometric": 5, "samples": 4, "tags": [(332, 3, [2])]}, "other inks than CMYK"),
        ({"tags": [(258, 3, [8, 16, 8])]}, "differ in depth"),
        ({"tags": [(284, 3, [2]), (322, 3, [16])]}, "tiles with separate channels"),
        ({"samples": 57}, "57 channels"),
        ({"compression": 34925}, "LZMA"),
        ({"compression": 50000}, "ZSTD"),
        ({"compression": 33003}, "33003"),
        ({"compression": 6}, "JPEG"),
        ({"compression": 99}, "99"),
        ({"photometric": 8, "samples": 4, "tags": [(338, 3, [1])]}, "multiplied by alpha"),
    ],
)
def test_unsupported_is_not_damaged(options: dict[str, Any], says: str) -> None:
    """A sound file of an unsupported kind is named for what it is, with what to do."""
    data = tiff_of(bytes(1 << 14), SIZE, **options)
    with pytest.raises(PictureError, match=says) as caught:
        read(data)
    assert "damaged" not in str(caught.value)
    assert "export it as" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"photometric": 3, "samples": 1}, "palette"),
        ({"photometric": 3, "samples": 1, "tags": [(320, 3, [5] * 300)]}, "palette"),
        ({"samples": 2}, "2 channels for 3 colors"),
        ({"tags": [(256, 4, [0])]}, "0 × 16"),
        ({"tags": [(278, 4, [0])]}, "damaged"),
        ({"tags": [(256, 4, [20_000]), (257, 4, [20_000])]}, "cannot hold"),
        ({"compression": 4, "bits": 1, "samples": 1, "photometric": 0,
          "tags": [(256, 4, [9000]), (257, 4, [50_000])]}, "cannot hold"),
        ({"tags": [(322, 3, [0]), (323, 3, [0]), (324, 4, [8]), (325, 4, [768])]}, "damaged"),
    ],
)  # fmt: skip
def test_damaged(options: dict[str, Any], says: str) -> None:
    """Tags that contradict each other, or the file's length, are damage."""
    with pytest.raises(PictureError, match=says) as caught:
        read(tiff_of(bytes(768), SIZE, **options))
    assert "damaged or truncated" in str(caught.value)
