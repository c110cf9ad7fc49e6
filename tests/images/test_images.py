"""A picture read and written again keeps all that its file carried, in every format."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from image_samples import COFFEE, EXTENSIONS, XMP, encoded, noise, png, png_values, profile, tiff
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from dreamlayer.core import images

RECIPE = '{"network": "größer.onnx", "layers": ["日本", "<&>\'"],\n "seed": 7}' + " " * 5000


def sample(format: str) -> bytes:
    """Return a picture with everything a file can carry."""
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    exif[0x0112] = 6
    exif[0x013B] = "An artist"
    camera = {0x9003: "2020:01:02 03:04:05", 0x829A: 0.008, 0x927C: b"maker's note"}
    exif[0x8769], exif[0x8825] = camera, {1: "N"}
    image = Image.fromarray(noise(20, 30, 3))
    options = {"dpi": (300, 300), "exif": exif.tobytes(), "icc_profile": profile(), "xmp": XMP}
    if format == "png":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        info.add_text("Author", "someone")
        del options["xmp"]
        options["pnginfo"] = info
    if format == "tiff":
        tags = ImageFileDirectory_v2()
        for tag, value in {**exif, 270: "a description", 700: options.pop("xmp")}.items():
            tags[tag] = value
        tags[0x8769] = camera
        tags[0x8825] = {1: "N"}
        del options["exif"]
        options["tiffinfo"] = tags
    data = encoded(image, format, **options)
    if format == "jpeg" and b"xpacket" not in data:
        # Pillow before 11 does not write it.
        segment = b"http://ns.adobe.com/xap/1.0/\0" + XMP
        data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]
    return data


def xmp_of(path: Path) -> bytes:
    """Return the XMP packet, which all formats hold as plain bytes, found without our code."""
    if path.suffix == ".tif":
        with Image.open(path) as image:
            return image.tag_v2[700]
    data = path.read_bytes()
    end = b'<?xpacket end="w"?>'
    assert data.count(end) == 1
    return data[data.index(b"<?xpacket begin") : data.index(end) + len(end)]


def test_import_is_cheap() -> None:
    """Importing the module does not import libvips."""
    code = "import dreamlayer.core.images, sys; sys.exit('pyvips' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("extension", [".png", ".tif"])
def test_lossless(tmp_path: Path, kind: type, channels: int, extension: str) -> None:
    """Pixels and alpha of 8 and 16 bits come back bit for bit from PNG and TIFF."""
    values = noise(300, 5, channels, kind)
    picture = images.read(io.BytesIO(png(values)))
    assert picture.depth == values.itemsize * 8
    images.write(picture, tmp_path / f"a{extension}")
    again = images.read(tmp_path / f"a{extension}")
    images.write(again, tmp_path / "b.png")
    np.testing.assert_array_equal(png_values((tmp_path / "b.png").read_bytes()), values)
    if channels == 4:
        assert again.alpha is not None
        assert again.alpha.dtype == kind
        np.testing.assert_array_equal(again.alpha, values[..., 3])


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_every_value_survives(tmp_path: Path, kind: type) -> None:
    """Each single value of a channel survives the way through float32."""
    values = np.arange(np.iinfo(kind).max + 1, dtype=kind)
    grid = np.repeat(values.reshape(16, -1, 1), 3, axis=2)
    images.write(images.read(io.BytesIO(png(grid))), tmp_path / "a.png")
    np.testing.assert_array_equal(png_values((tmp_path / "a.png").read_bytes()), grid)


def test_webp_is_lossless_under_transparency(tmp_path: Path) -> None:
    """WebP keeps every pixel, also where alpha is zero."""
    values = noise(9, 7, 4)
    values[..., 3] = np.where(values[..., 3] < 128, 0, values[..., 3])
    images.write(images.read(io.BytesIO(png(values))), tmp_path / "a.webp")
    with Image.open(tmp_path / "a.webp") as image:
        np.testing.assert_array_equal(np.asarray(image), values)


def test_float_tiff(tmp_path: Path) -> None:
    """A float TIFF keeps its values bit for bit, also beyond 0..1, and its alpha."""
    values = np.random.default_rng(1).normal(0.5, 1, (6, 5, 4)).astype(np.float32)
    picture = images.read(io.BytesIO(tiff(values)))
    images.write(picture, tmp_path / "a.tif")
    again = images.read(tmp_path / "a.tif")
    assert (picture.depth, again.depth) == (32, 32)
    for one in picture, again:
        np.testing.assert_array_equal(one.pixels, values[..., :3])
        np.testing.assert_array_equal(one.alpha, values[..., 3])


@pytest.mark.parametrize("target", EXTENSIONS)
@pytest.mark.parametrize("source", EXTENSIONS)
def test_metadata_survives(tmp_path: Path, source: str, target: str) -> None:
    """Profile, resolution, camera tags, XMP and recipe go from any format to any other."""
    path = tmp_path / f"a{EXTENSIONS[target]}"
    images.write(images.read(io.BytesIO(sample(source))), path, recipe=RECIPE)
    again = images.read(path)
    assert again.recipe == RECIPE
    with Image.open(path) as image:
        assert image.info["icc_profile"] == profile()
        exif = image.getexif()
        assert exif[0x010F] == "A maker"
        assert exif[0x013B] == "An artist"
        assert exif[0x0112] == 1
        assert exif.get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
        assert exif.get_ifd(0x8769)[0x829A] == pytest.approx(0.008)
        assert exif.get_ifd(0x8769)[0x927C] == b"maker's note"
        assert exif.get_ifd(0x8825)[1] == "N"
        if "webp" not in (source, target):
            assert image.info["dpi"] == pytest.approx((300, 300), rel=1e-4)
    assert b'xmp:Rating="4"' in xmp_of(path)
    assert "größer.onnx".encode() in xmp_of(path)
    if source != "webp":
        assert again.resolution == pytest.approx((300 / 25.4, 300 / 25.4), rel=1e-4)
    if source == target == "png":
        with Image.open(path) as image:
            assert image.info["Author"] == "someone"
    if source == target == "tiff":
        with Image.open(path) as image:
            assert image.getexif()[270] == "a description"


@pytest.mark.parametrize("format", EXTENSIONS)
def test_recipe_is_replaced(tmp_path: Path, format: str) -> None:
    """A second dream's recipe takes the place of the first; none given leaves it."""
    path = tmp_path / f"a{EXTENSIONS[format]}"
    images.write(images.read(COFFEE), path, recipe="first")
    images.write(images.read(path), path, recipe="second")
    images.write(images.read(path), path)
    assert images.read(path).recipe == "second"
    assert b"first" not in path.read_bytes()


@pytest.mark.parametrize("format", EXTENSIONS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(tmp_path: Path, format: str, orientation: int) -> None:
    """All eight orientations are turned upright, and the written file is marked upright."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"jpeg": {"quality": 95}, "webp": {"lossless": True}}.get(format, {})
    image = Image.fromarray(noise(8, 16, 3)).resize((48, 24), Image.Resampling.BICUBIC)
    data = encoded(image, format, exif=exif, **options)
    with Image.open(io.BytesIO(data)) as stored:
        upright = np.asarray(ImageOps.exif_transpose(stored).convert("RGB")) / np.float32(255)
    with images.open(io.BytesIO(data)) as source:
        assert (source.height, source.width) == upright.shape[:2]
        picture = source.load()
    assert picture.pixels.flags.c_contiguous
    # Two JPEG decoders may differ by a step or so.
    np.testing.assert_allclose(picture.pixels, upright, atol=0.02 if format == "jpeg" else 0)
    path = tmp_path / f"a{EXTENSIONS[format]}"
    images.write(picture, path)
    with Image.open(path) as written:
        assert written.getexif().get(0x0112, 1) == 1
        assert written.size == upright.shape[1::-1]
    np.testing.assert_allclose(
        images.read(path).pixels, upright, atol=0.1 if format == "jpeg" else 0
    )


def test_photo(tmp_path: Path) -> None:
    """A real photo goes through JPEG with little change and through PNG with none."""
    picture = images.read(COFFEE)
    with Image.open(COFFEE) as image:
        expected = np.asarray(image) / np.float32(255)
    assert picture.pixels.shape == expected.shape
    assert abs(picture.pixels - expected).max() < 0.02
    images.write(picture, tmp_path / "a.jpg")
    images.write(picture, tmp_path / "a.png")
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.layer[1][1:3] == (1, 1)
        assert abs(np.asarray(image) / 255 - picture.pixels).mean() < 0.01
    np.testing.assert_array_equal(images.read(tmp_path / "a.png").pixels, picture.pixels)


@pytest.mark.skipif(
    sys.platform == "win32", reason="peak memory is read from the Unix resource module"
)
def test_memory(tmp_path: Path) -> None:
    """24 megapixels of 16 bits need one float copy and little more, to read and to write."""
    code = """if True:
        import resource, sys
        import numpy as np
        from dreamlayer.core import images
        width, height = 6000, 4000
        path = sys.argv[1]
        images.write(images.Picture(np.zeros((8, 8, 3), np.float32)), path + "/warm.tif")
        images.read(path + "/warm.tif")
        unit = 1024 if sys.platform == "linux" else 1
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
        before = peak()
        picture = images.Picture(np.zeros((height, width, 3), np.float32), depth=16)
        picture.pixels[:, ::3] = 0.5
        images.write(picture, path + "/big.tif")
        written = peak()
        del picture
        again = images.read(path + "/big.tif")
        assert again.pixels[5, 3, 1] > 0.49
        print(written - before, peak() - before)
    """
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True
    )
    float_copy = 6000 * 4000 * 12 / 1e6
    written, whole = map(float, run.stdout.split())
    assert written < 1.6 * float_copy
    assert whole < 1.6 * float_copy
