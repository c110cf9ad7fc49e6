"""What an archivist has: forty years of TIFFs, JPEGs from cards that failed, scanners' habits."""

from __future__ import annotations

import io
import re

import numpy as np
from desk import IDLE, MADE, QUICK, REFUSED, RGB, Desk, case
from image_samples import encoded, noise, png
from odd_pictures import with_entries
from picture_corpus import full_packet, jpeg_file, packet, png_chunk, rows, tiff_file
from PIL import Image, ImageOps
from tiff_bytes import Directory, Entry, Tiff

OUT = ("-o", "out.png")
PHOTO = Image.fromarray(RGB)


def _shows(desk: Desk, data: bytes, expected: np.ndarray, name: str = "a.tif") -> str:
    """Whether a picture is read as it looks."""
    desk.put(name, data)
    outcome = desk.made(desk.run("dream", name, *IDLE, *OUT))
    gap = np.abs(desk.pixels().astype(float) - expected.astype(float))
    assert gap.max() <= 1, (name, gap.max())
    return outcome


@case(MADE)
def every_way_up_of_a_scan(desk: Desk) -> str:
    """Orientations 1 to 8 of a TIFF and of a JPEG's Exif."""
    for way in range(1, 9):
        made = with_entries(tiff_file(RGB), Tiff(Directory([])).entry(274, 3, way))
        exif = Image.Exif()
        exif[0x112] = way
        turned = Image.fromarray(RGB)
        turned.getexif()[0x112] = way
        expected = np.asarray(ImageOps.exif_transpose(turned))
        _shows(desk, made, expected)
    return MADE


@case(MADE)
def compressions_of_forty_years(desk: Desk) -> str:
    """PackBits, LZW, deflate, each with and without a predictor."""
    for compression in ("packbits", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate"):
        _shows(desk, encoded(PHOTO, "tiff", compression=compression), RGB)
        predicted = encoded(PHOTO, "tiff", compression=compression, tiffinfo={317: 2})
        if compression != "packbits":
            _shows(desk, predicted, RGB)
    return MADE


@case(MADE)
def black_and_white_either_way(desk: Desk) -> str:
    """1 bit, where 0 is black and where 0 is white; by fax codes too."""
    plain = PHOTO.convert("1")
    expected = np.asarray(plain.convert("RGB"))
    for compression in ("raw", "group3", "group4", "packbits"):
        _shows(desk, encoded(plain, "tiff", compression=compression), expected)
    inverted = tiff_file(RGB[..., :1], photometric=0)
    return _shows(desk, inverted, 255 - np.repeat(RGB[..., :1], 3, 2))


@case(MADE)
def one_row_in_a_strip(desk: Desk) -> str:
    """Old scanners wrote each row as a strip of its own."""
    return _shows(desk, encoded(PHOTO, "tiff", compression="tiff_lzw", strip_size=60), RGB)


@case(MADE)
def planes_one_after_another(desk: Desk) -> str:
    """Planar configuration 2: all reds, all greens, all blues."""
    made = Tiff(Directory([]), pixels=np.ascontiguousarray(RGB.transpose(2, 0, 1)).tobytes())
    size = 14 * 20
    made.directory.entries = [
        made.entry(256, 3, 20),
        made.entry(257, 3, 14),
        made.entry(258, 3, 8, 8, 8),
        made.entry(259, 3, 1),
        made.entry(262, 3, 2),
        made.entry(273, 4, 8, 8 + size, 8 + 2 * size),
        made.entry(277, 3, 3),
        made.entry(278, 3, 14),
        made.entry(279, 4, size, size, size),
        made.entry(284, 3, 2),
    ]
    return _shows(desk, made.encode(), RGB)


@case(MADE)
def tiles_of_a_map(desk: Desk) -> str:
    """A TIFF of tiles, larger than the picture."""
    padded = np.zeros((32, 32, 3), np.uint8)
    padded[:14, :20] = RGB
    tiles = [padded[y : y + 16, x : x + 16] for y in (0,) for x in (0, 16)]
    made = Tiff(Directory([]), pixels=b"".join(tile.tobytes() for tile in tiles))
    made.directory.entries = [
        made.entry(256, 3, 20),
        made.entry(257, 3, 14),
        made.entry(258, 3, 8, 8, 8),
        made.entry(259, 3, 1),
        made.entry(262, 3, 2),
        made.entry(277, 3, 3),
        made.entry(322, 3, 16),
        made.entry(323, 3, 16),
        made.entry(324, 4, 8, 8 + 768),
        made.entry(325, 4, 768, 768),
    ]
    return _shows(desk, made.encode(), RGB)


@case(REFUSED)
def several_pages(desk: Desk) -> str:
    """A fax of three pages is not dreamt on as its first."""
    pages = [PHOTO, PHOTO.rotate(90), PHOTO]
    desk.put("a.tif", encoded(pages[0], "tiff", save_all=True, append_images=pages[1:]))
    return desk.refused(desk.run("dream", "a.tif", *IDLE, *OUT), "3 pages")


@case(MADE)
def resolution_stays(desk: Desk) -> str:
    """300 dots an inch stay 300, in each format that holds them."""
    desk.put("a.tif", PHOTO, dpi=(300, 300))
    for name in ("o.png", "o.jpg", "o.tif"):
        desk.made(desk.run("dream", "a.tif", *IDLE, "-o", name), name)
        with Image.open(desk.folder / name) as image:
            assert abs(float(image.info["dpi"][0]) - 300) < 0.5, name
    return MADE


@case(f"{MADE}|{REFUSED}")
def absurd_resolutions(desk: Desk) -> str:
    """0/0, 1/0, negative and enormous resolutions cost no picture and no library's warning."""
    outcomes = []
    for number, values in enumerate(((0, 0), (1, 0), (0, 1), (2**32 - 1, 1), (1, 2**32 - 1))):
        pair = Tiff(Directory([])).pack(4, values)
        made = with_entries(tiff_file(RGB), Entry(282, 5, pair), Entry(283, 5, pair))
        desk.put("a.tif", made)
        target = ("o.png", "o.jpg", "o.tif", "o.webp")[number % 4]
        outcomes.append(desk.made(desk.run("dream", "a.tif", *IDLE, "-o", target), target))
    return outcomes[-1]


@case(MADE)
def cmyk_for_print(desk: Desk) -> str:
    """A JPEG of four inks, as Photoshop writes it, looks as in Pillow."""
    data = encoded(Image.new("CMYK", (20, 14), (30, 160, 10, 20)), "jpeg", quality=95)
    desk.put("a.jpg", data)
    outcome = desk.made(desk.run("dream", "a.jpg", *IDLE, *OUT))
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(image.convert("RGB")).astype(float)
    assert np.abs(desk.pixels() - expected).mean() < 60
    assert desk.pixels()[0, 0].argmax() != 1
    return outcome


@case(REFUSED)
def half_a_jpeg(desk: Desk) -> str:
    """From a card that failed: the rest would be gray."""
    large = encoded(Image.fromarray(noise(120, 160, 3)), "jpeg")
    desk.put("a.jpg", large[: len(large) // 2])
    return desk.refused(desk.run("dream", "a.jpg", *IDLE, *OUT), "damaged|truncated")


@case(MADE)
def something_behind_the_end(desk: Desk) -> str:
    """A JPEG, a PNG and a TIFF with another file behind their end are whole."""
    for name, data in (
        ("a.jpg", jpeg_file(PHOTO)),
        ("b.png", png(RGB)),
        ("c.tif", tiff_file(RGB)),
    ):
        desk.put(name, data + b"PK\3\4" + bytes(5000))
        desk.made(desk.run("dream", name, *IDLE, *OUT))
    return MADE


@case(MADE)
def few_bits_and_palettes(desk: Desk) -> str:
    """1, 2 and 4 bits, gray and palette, in PNG."""
    for mode, bits in (("L", 1), ("L", 2), ("L", 4), ("P", 1), ("P", 2), ("P", 4)):
        image = PHOTO.quantize(2**bits) if mode == "P" else PHOTO.convert("L")
        data = encoded(image, "png", bits=bits)
        with Image.open(io.BytesIO(data)) as stored:
            expected = np.asarray(stored.convert("RGB"))
        _shows(desk, data, expected, "a.png")
    return MADE


@case(MADE)
def a_hundred_chunks_of_pixels(desk: Desk) -> str:
    """A PNG whose pixels come byte by byte, with empty chunks between."""
    import struct
    import zlib

    packed = zlib.compress(rows(RGB))
    parts = [packed[i : i + 1] for i in range(len(packed))]
    body = b"".join(png_chunk(b"IDAT", part) + png_chunk(b"IDAT", b"") for part in parts[:100])
    body += png_chunk(b"IDAT", b"".join(parts[100:]))
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 20, 14, 8, 2, 0, 0, 0))
    return _shows(desk, b"\x89PNG\r\n\x1a\n" + head + body + png_chunk(b"IEND", b""), RGB, "a.png")


@case(REFUSED)
def moving_pictures(desk: Desk) -> str:
    """Animations in GIF and WebP are named as such."""
    frames = [PHOTO, Image.fromarray(RGB[::-1].copy())]
    for name in ("a.gif", "a.webp"):
        more = {"save_all": True, "append_images": frames[1:]}
        desk.put(name, encoded(frames[0], name[2:], **more))
        desk.refused(desk.run("dream", name, *IDLE, *OUT), "(?i)animat|frames")
    return REFUSED


@case(MADE)
def what_the_author_wrote_stays(desk: Desk) -> str:
    """Title, author and rights live through four formats in turn."""
    content = packet(
        'xmp:Rating="5"',
        "<dc:creator><rdf:Seq><rdf:li>Zoë Müller</rdf:li></rdf:Seq></dc:creator>"
        '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© me</rdf:li></rdf:Alt></dc:rights>',
    )
    name = "a.png"
    desk.put(name, png(RGB, ((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + content),)))
    for following in ("b.jpg", "c.tif", "d.webp", "e.png"):
        desk.made(desk.run("dream", name, *IDLE, "-o", following), following)
        name = following
    text = (desk.folder / name).read_bytes().decode(errors="replace")
    assert "Zoë Müller" in text
    assert "© me" in text
    assert re.search('Rating(="|>)5', text)
    return MADE


@case(MADE)
def a_recipe_of_version_0_1(desk: Desk) -> str:
    """A picture that version 0.1 made still says how."""
    old = (
        '{"network": "default", "layers": [{"layer": "mixed4", "weight": 1.0, "channels": []}], '
        '"roll": "any", "normalise": "mean", "floor": 1e-07, "smallest": 0, "steps": 4}'
    )
    content = packet("", f"<dreamlayer:recipe>{old}</dreamlayer:recipe>")
    desk.put("a.png", png(RGB, ((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + content),)))
    ran = desk.run("recipe", "--recipe", "a.png", "-o", "r.toml")
    assert ran.code == 0, ran.errors
    assert 'jitter = "any"' in (desk.folder / "r.toml").read_text()
    return MADE


@case(MADE)
def a_scan_with_everything(desk: Desk) -> str:
    """All kinds of metadata at once, into each format, with one step of a dream."""
    desk.put("a.tif", tiff_file(RGB, ">", big=True))
    desk.put("b.jpg", jpeg_file(PHOTO))
    assert full_packet() in (desk.folder / "b.jpg").read_bytes()
    for name in ("a.tif", "b.jpg"):
        for target in ("o.png", "o.jpg", "o.tif", "o.webp"):
            desk.made(desk.run("dream", name, *QUICK, "-o", target), target)
    return MADE


@case(f"{MADE}|{REFUSED}")
def a_jpeg_in_a_tiff_of_the_nineties(desk: Desk) -> str:
    """Compression 6, which the standard gave up, is read or named, not called damaged."""
    entry = Tiff(Directory([])).entry(259, 3, 6)
    desk.put("a.tif", with_entries(encoded(PHOTO, "tiff", compression="jpeg"), entry))
    return desk.either(desk.run("dream", "a.tif", *IDLE, *OUT))
