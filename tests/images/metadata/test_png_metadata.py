"""Text and colour chunks of a PNG survive byte for byte."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from image_samples import noise, png, png_values
from metadata_samples import png_with
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.images.metadata.png_metadata import (
    iptc_chunk,
    read_png,
    text_chunk,
    text_field,
)
from dreamlayer.core.images.metadata.xmp_writing import write_recipe

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
        assert read_png(file).chunks == CHUNKS
    np.testing.assert_array_equal(png_values(path.read_bytes()), values)
    with Image.open(path) as image:
        assert (image.info["Title"], image.info["Author"]) == ("café", "日本")


def test_chunks_behind_the_pixels(tmp_path: Path) -> None:
    """Text, time and recipe behind the pixels are found; what editors must not copy is dropped."""
    late = (
        (b"tEXt", b"Comment\0late"),
        (b"tIME", bytes((7, 230, 1, 2, 3, 4, 5))),
        (b"zTXt", b"Copyright\0\0" + zlib.compress(b"mine")),
        (b"vpAg", b"may be copied"),
    )
    dropped = ((b"sBIT", b"\5\6\5"), (b"prVW", b"preview"), (b"gAMA", bytes(4)))
    recipe = (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + write_recipe(None, "old"))
    picture = images.read(io.BytesIO(png_with(behind=(*late, *dropped, recipe))))
    assert picture.png_chunks == late
    assert picture.recipe == "old"
    images.write(picture, tmp_path / "a.png", recipe="new")
    assert (tmp_path / "a.png").read_bytes().count(b"tEXtComment\0late") == 1
    assert images.read(tmp_path / "a.png").recipe == "new"


def test_texts_of_the_old_file_go() -> None:
    """What thumbnailers and ImageMagick note of a file, and names of files, are not kept."""
    old = ((b"tEXt", b"Thumb::URI\0file:///x"), (b"tEXt", b"date:modify\0now"))
    places = ((b"tEXt", b"Source\0/home/ann/a.png"), (b"iTXt", b"Doc\0\0\0\0\0C:\\a\\b.png"))
    kept = ((b"tEXt", b"Source\0a camera"), (b"tEXt", b"Title\0from /home/ann to you"))
    assert images.read(io.BytesIO(png_with(old + kept + places))).png_chunks == kept


def test_compressed_xmp_and_bombs() -> None:
    """Compressed XMP is read; what would swell without end is not."""
    packet = write_recipe(None, "x")
    head = b"XML:com.adobe.xmp\0\1\0\0\0"
    picture = images.read(io.BytesIO(png_with(((b"iTXt", head + zlib.compress(packet)),))))
    assert picture.recipe == "x"
    bomb = zlib.compress(bytes(64 << 20), 9)
    chunks = ((b"iTXt", head + bomb), (b"zTXt", b"Raw profile type exif\0\0" + bomb))
    with io.BytesIO(png_with(chunks)) as file:
        found = read_png(file)
    assert (found.xmp, found.exif, found.chunks) == (None, None, ())


XMP_HEAD = b"XML:com.adobe.xmp\0\1\0\0\0"


def test_long_compressed_xmp() -> None:
    """XMP is read up to its own limit, compressed or not; beyond it, it is what the note names."""
    for size, recipe, said in (3 << 20, "x", None), (5 << 20, None, "XMP"), (64 << 20, None, "XMP"):
        packet = zlib.compress(
            write_recipe(None, "x").replace(b"<rdf:RDF", b" " * size + b"<rdf:RDF")
        )
        picture = images.read(io.BytesIO(png_with(((b"iTXt", XMP_HEAD + packet),))))
        assert picture.recipe == recipe
        assert len(picture.notes) == (said is not None)
        assert all(said in note and "4 MiB" in note for note in picture.notes)
    damaged = png_with(((b"iTXt", XMP_HEAD + packet[:90]),))
    assert "XMP" in images.read(io.BytesIO(damaged)).notes[0]


def test_many_bombs() -> None:
    """All texts of a file together are uncompressed to one limit, and each cause is said."""
    bomb = zlib.compress(bytes((1 << 20) + 9), 9)
    bombs = tuple((b"zTXt", b"Comment\0\0" + bomb) for _ in range(7_500))
    with io.BytesIO(png_with(bombs)) as file:
        found = read_png(file)
    assert found.chunks == ()
    assert ["longer than 1 MiB" in found.lost[0], "16 MiB" in found.lost[1]] == [True, True]
    assert "900" in found.lost[2]
    long = zlib.compress(bytes(1 << 20), 9)
    texts = tuple((b"zTXt", b"Comment\0\0" + long) for _ in range(20))
    with io.BytesIO(png_with(texts)) as file:
        found = read_png(file)
    assert found.chunks == texts[:16]
    assert ["16 MiB" in one for one in found.lost] == [True]


def test_text_fields() -> None:
    """Text of each kind of chunk is read, and written as Latin-1 where that can hold it."""
    for keyword, text in ("Title", "café\nau lait"), ("Author", "日本"):
        assert text_field(text_chunk(keyword, text)) == (keyword, text)
    assert text_chunk("Title", "é") == (b"tEXt", b"Title\0\xe9")
    assert text_field((b"zTXt", b"A\0\0" + zlib.compress(b"\xe9"))) == ("A", "é")
    for damaged in (b"tEXt", b"A"), (b"zTXt", b"A\0\0x"), (b"iTXt", b"A\0\0\0"), (b"vpAg", b"a\0"):
        assert text_field(damaged) is None


def test_iptc_as_image_magick_writes_it() -> None:
    """IPTC fields in a chunk of hexadecimal digits come back."""
    with io.BytesIO(png_with((iptc_chunk(b"\x1c\2\x78\0\5hello"),))) as file:
        assert read_png(file).iptc == b"\x1c\2\x78\0\5hello"


def test_too_much_text_is_said(tmp_path: Path) -> None:
    """Readers refuse a PNG of a thousand texts, so no more are kept than they take."""
    chunks = ((b"tEXt", b"A\0b"),) * 1200
    with images.open(io.BytesIO(png_with(chunks))) as source:
        (note,) = images.check_target(tmp_path / "a.png", picture=source)
        picture = source.load()
    assert "900" in note
    assert picture.png_chunks == chunks[:900]
    assert images.write(picture, tmp_path / "a.png") == (note,)
    assert images.read(tmp_path / "a.png").notes == ()
