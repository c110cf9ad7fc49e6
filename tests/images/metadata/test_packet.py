"""What stands beside the pixels is made before the work, and what does not fit is said."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_samples import COFFEE, EXTENSIONS, XMP, profile
from metadata_samples import exif_block, exif_with_thumbnail, png_with, with_maker_note, xmp
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.errors import OutputError
from dreamlayer.core.images.metadata.photoshop import resource
from dreamlayer.core.images.metadata.xmp_packet import MAX_BYTES, MAX_NODES

CAPTION = b"\x1c\x02\x78\0\x05hello"
LONG_ARTIST = exif_block("<", (0x13B, 2, 70_000, struct.pack("<I", 40)), tail=b"a" * 70_100)


def picture(**more: Any) -> images.Picture:
    return images.Picture(np.full((8, 8, 3), 0.5, np.float32), **more)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"xmp": xmp("", f"<dc:source>{'x' * 70_000}</dc:source>")}, "'source' of its XMP"),
        ({"exif": with_maker_note(bytes(66_000), 56)}, "maker note"),
        ({"exif": LONG_ARTIST}, "its Exif"),
        ({"iptc": resource(0x0404, CAPTION + bytes(70_000))}, "IPTC"),
        ({"exif": b"rubbish"}, "its Exif, which is damaged"),
        ({"xmp": b"rubbish"}, "its XMP, since it is damaged"),
        ({"profile": b"RGB " * 50}, "color profile"),
        ({"profile": profile()[:-5]}, "color profile"),
        ({"png_chunks": ((b"tEXt", b"Warning\0x"),)}, "'Warning'"),
    ],
)
def test_what_does_not_fit_into_a_jpeg(tmp_path: Path, more: dict[str, Any], says: str) -> None:
    """It is left out, and the check says beforehand what writing says; the recipe is there."""
    given = picture(**more)
    notes = images.check_target(tmp_path / "a.jpg", picture=given, recipe="x")
    if "profile" not in more or more["profile"][16:20] == b"RGB ":
        assert len(notes) == 1
        assert says in notes[0]
    assert images.write(given, tmp_path / "a.jpg", recipe="x") == notes
    assert images.read(tmp_path / "a.jpg").recipe == "x"


def test_long_recipe_is_refused_before_the_work(tmp_path: Path) -> None:
    """One that a JPEG cannot hold is an error of the check, for a source too."""
    with images.open(COFFEE) as source:
        for given in picture(), source:
            with pytest.raises(OutputError, match="the recipe has 70000 bytes, but JPEG allows"):
                images.check_target(tmp_path / "a.jpg", picture=given, recipe="x" * 70_000)
            images.check_target(tmp_path / "a.tif", picture=given, recipe="x" * 70_000)


@pytest.mark.parametrize("extension", EXTENSIONS.values())
def test_without_metadata(tmp_path: Path, extension: str) -> None:
    """Only what shows the pixels right is left: the profile and the resolution."""
    given = picture(
        profile=profile(),
        resolution=(300 / 25.4, 300 / 25.4),
        exif=exif_with_thumbnail("<"),
        xmp=XMP,
        iptc=resource(0x0404, CAPTION),
        comments=("SECRET",),
        png_chunks=((b"tEXt", b"Title\0SECRET"),),
        recipe="SECRET",
        notes=("SECRET",),
    )
    path = tmp_path / f"a{extension}"
    assert images.check_target(path, picture=given, recipe="SECRET", metadata=False) == ()
    assert images.write(given, path, recipe="SECRET", metadata=False) == ()
    written = path.read_bytes()
    for secret in b"SECRET", b"Anna", b"xmp", b"8BIM", b"hello", b"dreamlayer":
        assert secret not in written
    again = images.read(path)
    assert again.profile == profile()
    assert again.resolution == pytest.approx((300 / 25.4, 300 / 25.4), rel=1e-3)
    assert again.recipe is None


def test_texts_of_a_png_go_where_other_formats_have_them(tmp_path: Path) -> None:
    """Title, author, description and copyright become XMP, unless the picture says its own."""
    chunks = (
        (b"tEXt", b"Title\0caf\xe9"),
        (b"iTXt", b"Author\0\0\0\0\0" + "日本".encode()),
        (b"tEXt", b"Description\0a <flower>"),
        (b"tEXt", b"Copyright\0mine"),
    )
    given = picture(png_chunks=chunks, xmp=xmp("", "<dc:description>own</dc:description>"))
    for extension in ".jpg", ".tif", ".webp":
        (note,) = images.write(given, tmp_path / f"a{extension}")
        assert "'description'" in note
        packet = images.read(tmp_path / f"a{extension}").xmp or b""
        for text in "café", "日本", "mine", "own":
            assert text.encode() in packet
        assert b"flower" not in packet


def test_resolutions_beyond_reason(tmp_path: Path) -> None:
    """They are limited to what formats can hold, and libvips prints no warning."""
    code = (
        "import sys, numpy as np\nfrom dreamlayer.core import images\n"
        "for r in (1e9, 1e9), (1e-9, 3.0):\n"
        "    p = images.Picture(np.zeros((3, 3, 3), np.float32), resolution=r)\n"
        "    for e in 'png', 'jpg', 'tif', 'webp': images.write(p, sys.argv[1] + '/a.' + e)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, check=True
    )
    assert run.stderr == b""


def test_writing_twice_says_the_same(tmp_path: Path) -> None:
    """A file that we wrote is read without a note, and keeps its bytes when written again."""
    given = picture(
        exif=exif_with_thumbnail(">"), xmp=XMP, recipe="x", profile=profile(), resolution=(10, 20)
    )
    for extension in EXTENSIONS.values():
        first, second = tmp_path / f"a{extension}", tmp_path / f"b{extension}"
        images.write(given, first)
        again = images.read(io.BytesIO(first.read_bytes()))
        assert again.notes == ()
        assert images.write(again, second) == ()
        if extension != ".jpg":
            assert first.read_bytes() == second.read_bytes()
        with Image.open(first) as image:
            image.load()


def test_metadata_given_by_a_program_are_renewed_too(tmp_path: Path) -> None:
    """Exif and XMP that were not read by us lose what is false of upright pixels."""
    tiff = {"tiff": "http://ns.adobe.com/tiff/1.0/"}
    given = picture(exif=exif_with_thumbnail("<"), xmp=xmp('tiff:Orientation="6"', **tiff))
    for extension in EXTENSIONS.values():
        images.write(given, tmp_path / f"a{extension}")
        with Image.open(tmp_path / f"a{extension}") as image:
            assert image.getexif()[0x112] == 1
        assert b"tiff:Orientation" not in (tmp_path / f"a{extension}").read_bytes()


@pytest.mark.parametrize(("extension", "many"), [(".jpg", False), (".webp", True)])
def test_the_recipe_is_found_beside_the_longest_texts(
    tmp_path: Path, extension: str, many: bool
) -> None:
    """What is written is never more than what is read again."""
    packet = (
        xmp(" ".join(f'zz:a{at}=""' for at in range(MAX_NODES - 10)), zz="urn:z")
        if many
        else xmp("", f"<dc:source>{'x' * (MAX_BYTES - 1000)}</dc:source>")
    )
    text = ((b"tEXt", b"Description\0" + b"y" * 5_000_000),)
    given = picture(xmp=packet, png_chunks=text)
    images.write(given, tmp_path / f"a{extension}", recipe="x" * 5000)
    assert images.read(tmp_path / f"a{extension}").recipe == "x" * 5000


@pytest.mark.parametrize("extension", ["jpg", "tif", "webp"])
def test_texts_whose_place_is_taken_are_said(tmp_path: Path, extension: str) -> None:
    """A PNG's text that XMP has no room for is said, unless it says the same there."""
    body = (
        "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>A</rdf:li><rdf:li xml:lang='de'>"
        "B  b\n</rdf:li></rdf:Alt></dc:description><dc:source>S</dc:source>"
    )
    for text, said in ("A", False), ("B b", False), ("C", True):
        chunks = (
            (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp("", body)),
            (b"tEXt", b"Description\0" + text.encode()),
            (b"tEXt", b"Source\0S"),
            (b"tEXt", b"Author\0me"),
        )
        picture = images.read(io.BytesIO(png_with(chunks)))
        notes = images.write(picture, tmp_path / f"a.{extension}")
        assert ["'description'" in note for note in notes] == [True] * said
        assert b"me" in (images.read(tmp_path / f"a.{extension}").xmp or b"")
