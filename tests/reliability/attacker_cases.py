"""What an attacker sends: bombs, lies, links, loops, words that are not what they seem."""

from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path

from block_mutation import bomb
from desk import HANDLED, IDLE, MADE, QUICK, REFUSED, RGB, Desk, case
from image_samples import encoded, png
from picture_corpus import corpus, jpeg_segment, packet, png_chunk, tiff_file
from PIL import Image
from tiff_bytes import Directory, Entry, Tiff, parse

OUT = ("-o", "out.png")
MEMORY = 500_000_000
"""The most memory in bytes that a small file may cost."""


def _cheap(desk: Desk, name: str, *more: object) -> str:
    """A picture or one sentence, at little cost."""
    (desk.folder / "out.png").unlink(missing_ok=True)
    ran = desk.run("dream", name, *IDLE, *OUT, *more)
    assert ran.peak < MEMORY, f"{ran.peak >> 20} MiB"
    assert ran.processor < 5, f"{ran.processor} s"
    return desk.either(ran)


def _png_of_size(width: int, height: int, bits: int = 1) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    body = png_chunk(b"IDAT", bomb(1_000_000)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + body


@case(REFUSED)
def sizes_that_lie(desk: Desk) -> str:
    """Headers of hundreds of gigapixels, in each format, are refused before any memory is taken."""
    jpeg = bytearray(corpus()["plain.jpg"])
    at = jpeg.find(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = b"\xff\xdc\xff\xdc"
    webp = bytearray(corpus()["lossless.webp"])
    if webp[12:16] == b"VP8X":
        webp[24:30] = b"\xff\x3f\0\xff\x3f\0"
    gif = bytearray(corpus()["still.gif"])
    gif[6:10] = b"\xff" * 4
    bmp = bytearray(corpus()["small.bmp"])
    bmp[18:26] = struct.pack("<ii", 2**31 - 1, -(2**31) + 1)
    made = parse(tiff_file(RGB))
    assert made is not None
    for entry in made.directory.entries:
        if entry.tag in (256, 257):
            entry.type, entry.data = 4, struct.pack("<I", 2**31 - 1)
    files = {
        "a.png": _png_of_size(2**31 - 1, 2**31 - 1),
        "b.png": _png_of_size(30_000, 30_000),
        "a.jpg": bytes(jpeg),
        "a.webp": bytes(webp),
        "a.gif": bytes(gif),
        "a.bmp": bytes(bmp),
        "a.tif": made.encode(),
    }
    if "photo.avif" in corpus():
        avif = bytearray(corpus()["photo.avif"])
        at = avif.find(b"ispe")
        avif[at + 8 : at + 16] = b"\x7f\xff\xff\xff" * 2
        files["a.avif"] = bytes(avif)
    for name, data in files.items():
        desk.put(name, data)
        assert _cheap(desk, name) == REFUSED, name
    return REFUSED


@case(REFUSED)
def no_size_at_all(desk: Desk) -> str:
    """0 × 0, 0 × n and n × 0."""
    for width, height in ((0, 0), (0, 5), (5, 0)):
        desk.put("a.png", _png_of_size(width, height))
        _cheap(desk, "a.png")
        made = _changed(tiff_file(RGB), {256: width, 257: height})
        desk.put("a.tif", made)
        assert _cheap(desk, "a.tif") == REFUSED
    return REFUSED


def _changed(data: bytes, values: dict[int, int]) -> bytes:
    """A TIFF whose entries have other numbers."""
    made = parse(data)
    assert made is not None
    for entry in made.directory.entries:
        if entry.tag in values:
            entry.type, entry.data = 4, struct.pack("<I", values[entry.tag])
    return made.encode()


@case(MADE)
def bombs_in_the_metadata(desk: Desk) -> str:
    """100 MB of zeros in a text, a profile and an XMP, each a hundred kilobytes long."""
    packed = bomb(100_000_000)
    for kind, data in (
        (b"zTXt", b"Comment\0\0" + packed),
        (b"iTXt", b"Comment\0\1\0\0\0" + packed),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed),
        (b"iCCP", b"name\0\0" + packed),
    ):
        desk.put("a.png", png(RGB, ((kind, data),)))
        assert _cheap(desk, "a.png") == MADE, (kind, data[:20])
    return MADE


@case(MADE)
def thousands_of_chunks(desk: Desk) -> str:
    """50,000 texts before the pixels."""
    desk.put("a.png", png(RGB, ((b"tEXt", b"Comment\0x"),) * 50_000))
    return _cheap(desk, "a.png")


@case(f"{MADE}|{REFUSED}")
def directories_in_a_loop(desk: Desk) -> str:
    """A TIFF whose second directory is its first; sub-directories that hold themselves."""
    made = parse(tiff_file(RGB))
    assert made is not None
    first = struct.unpack_from("<I", made.encode(), 4)[0]
    made.directory.following = first
    desk.put("a.tif", made.encode())
    _cheap(desk, "a.tif")
    for tag in (330, 34665, 34853, 40965):
        looped = parse(tiff_file(RGB))
        assert looped is not None
        kept = [one for one in looped.directory.entries if one.tag != tag]
        looped.directory.entries = sorted(
            [*kept, Entry(tag, 4, struct.pack("<I", first))], key=lambda one: one.tag
        )
        desk.put("a.tif", looped.encode())
        outcome = _cheap(desk, "a.tif")
    return outcome


@case(MADE)
def entities_in_xmp(desk: Desk) -> str:
    """A billion laughs, and a file of mine named as an entity: neither gets into the result."""
    desk.put("secret.txt", b"my secret")
    for inside in (
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>',
        f'<!DOCTYPE x [<!ENTITY f SYSTEM "file://{desk.folder}/secret.txt">]>',
        f'<!DOCTYPE x SYSTEM "file://{desk.folder}/secret.txt">',
    ):
        content = inside.encode() + packet("", "<dc:title>&b;&f;</dc:title>")
        desk.put("a.png", png(RGB, ((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + content),)))
        assert _cheap(desk, "a.png") == MADE
        assert b"my secret" not in (desk.folder / "out.png").read_bytes()
    return MADE


@case(REFUSED)
def other_things_called_png(desk: Desk) -> str:
    """SVG that fetches, PostScript, ZIP, HTML, ELF, MP4, a script: none is run, each is refused."""
    for data in (
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://localhost/x"/></svg>',
        b"%!PS-Adobe-3.0\n(secret) run\n",
        b"PK\3\4" + bytes(100),
        b"<!doctype html><script>alert(1)</script>",
        b"\x7fELF" + bytes(100),
        b"\0\0\0\x20ftypisom" + bytes(100),
        b"#!/bin/sh\necho hacked > hacked\n",
        b"push graphic-context\nfill 'url(https://localhost/x)'\n",
        b"P7\nWIDTH 99999\nHEIGHT 99999\nDEPTH 3\nMAXVAL 255\nENDHDR\n",
        b"# vips 9 9 3 0 0 0 1.0 1.0 0 0\n",
        b"\xb6\xa6\xf2\x08" + bytes(60),
    ):
        desk.put("a.png", data)
        assert _cheap(desk, "a.png") == REFUSED
    assert not (desk.folder / "hacked").exists()
    return REFUSED


@case(REFUSED, "linux")
def devices_as_pictures(desk: Desk) -> str:
    """/dev/zero never ends, /dev/null is empty, memory is no picture."""
    for name in ("/dev/zero", "/dev/null", "/dev/urandom", "/proc/self/mem", "/proc/self/environ"):
        assert _cheap(desk, name) == REFUSED
        desk.link("a.png", name)
        assert _cheap(desk, "a.png") == REFUSED
        (desk.folder / "a.png").unlink()
    return REFUSED


@case(REFUSED, "linux")
def devices_in_other_roles(desk: Desk) -> str:
    """A recipe, a mask, a guide or a network that is a link to /dev/zero, or to nothing."""
    for target in ("/dev/zero", "/dev/null", "nowhere", "r.json"):
        for option, name in (
            ("--recipe", "r.json"),
            ("--recipe", "r.toml"),
            ("--recipe", "r.png"),
            ("--mask", "m.png"),
            ("--network", "n.onnx"),
        ):
            desk.link(name, target)
            ran = desk.run("dream", "other.png", *QUICK[2:], option, name, *OUT)
            desk.refused(ran)
            assert ran.peak < MEMORY
            (desk.folder / name).unlink()
    return REFUSED


@case(REFUSED, "posix")
def holes_of_ten_gigabytes(desk: Desk) -> str:
    """Sparse files that take no room on the disk, in each role, are refused at once."""
    for option, name in (
        (None, "a.png"),
        (None, "a.tif"),
        ("--recipe", "r.json"),
        ("--recipe", "r.toml"),
        ("--mask", "m.png"),
    ):
        with (desk.folder / name).open("wb") as file:
            file.truncate(10 * 2**30)
            if name == "a.tif":
                file.seek(0)
                file.write(b"II*\0" + struct.pack("<I", 2**31))
        words = (name,) if option is None else ("other.png", option, name)
        ran = desk.run("dream", *words, *QUICK, *OUT)
        desk.refused(ran)
        assert ran.peak < MEMORY, (name, ran.peak)
        (desk.folder / name).unlink()
    return REFUSED


@case(REFUSED, "posix")
def links_in_circles(desk: Desk) -> str:
    """A picture, a target, a folder that are links to themselves."""
    desk.link("a.png", "b.png")
    desk.link("b.png", "a.png")
    desk.refused(desk.run("dream", "a.png", *QUICK, *OUT))
    desk.refused(desk.run("dream", "other.png", *QUICK, "-o", "a.png"))
    desk.link("loop", "loop")
    return desk.refused(desk.run("dream", "other.png", *QUICK, "-o", "loop/x.png"))


@case(MADE, "posix")
def a_target_that_is_a_link(desk: Desk) -> str:
    """The link stays, what it leads to is replaced; other names of the old file keep it."""
    real = desk.put("deep/real.png", png(RGB[::-1]))
    old = real.read_bytes()
    os.link(real, desk.folder / "other-name.png")
    desk.link("out.png", "deep/real.png")
    outcome = desk.made(desk.run("dream", "other.png", *QUICK, *OUT))
    assert (desk.folder / "out.png").is_symlink()
    assert real.read_bytes() != old
    assert (desk.folder / "other-name.png").read_bytes() == old
    return outcome


@case(f"{MADE}|{REFUSED}", "posix")
def a_link_to_nowhere(desk: Desk) -> str:
    """A target that is a link to what does not exist yet: made there, or refused."""
    desk.link("out.png", "new.png")
    ran = desk.run("dream", "other.png", *QUICK, *OUT)
    if ran.code == 0:
        return desk.made(ran)
    return desk.refused(ran, lost="new.png")


@case(MADE, "posix")
def a_folder_that_holds_itself(desk: Desk) -> str:
    """`--recursive` over a folder with a link to itself ends."""
    desk.put("in/a.png")
    desk.link("in/again", ".")
    ran = desk.run("dream", "in", "--recursive", *QUICK, "-o", "out/")
    assert ran.code == 0, ran.errors
    assert [path.name for path in (desk.folder / "out").rglob("*.png")] == ["a.png"]
    return MADE


@case(HANDLED)
def recipes_that_want_too_much(desk: Desk) -> str:
    """Numbers without end, sizes of gigabytes: one sentence each, at once."""
    for extra in (
        {"steps": 10**400},
        {"octaves": 10**12},
        {"canvas": 10**9, "start": "noise"},
        {"tile": 10**9},
        {"max_side": 10**12},
        {"seed": -(10**30)},
        {"strength": 1e308},
        {"layers": [{"layer": "deep", "weight": 1e308}] * 3},
        {"layers": [{"layer": "deep", "border": 10**9}]},
        {"network": "x" * 10**6},
        {"guide": "x" * 10**6},
        {"command": "x" * 10**6},
        {"x" * 10**6: 1},
        {"layers": "deep," * 10**5},
    ):
        base = {"network": "small.onnx", "layers": ["deep"], "steps": 1, "octaves": 1}
        desk.put("r.json", json.dumps({**base, **extra}).encode())
        ran = desk.run("dream", "other.png", "--recipe", "r.json", "--quiet", *OUT)
        assert ran.peak < 1_500_000_000, extra
        outcome = desk.either(ran)
        assert outcome in (MADE, REFUSED)
        (desk.folder / "out.png").unlink(missing_ok=True)
    return HANDLED


@case(MADE)
def comments_that_steer_terminals(desk: Desk) -> str:
    """Escape sequences in a comment, a title and a maker are copied, and never printed."""
    evil = b"\x1b]0;owned\x07\x1b[2J"
    plain = encoded(Image.fromarray(RGB), "jpeg")
    exif = Image.Exif()
    exif[0x10F] = evil.decode()
    plain = encoded(Image.fromarray(RGB), "jpeg", exif=exif)
    desk.put("a.jpg", plain[:2] + jpeg_segment(0xFE, evil) + plain[2:])
    ran = desk.run("dream", "a.jpg", *QUICK[:-1], *OUT)
    assert ran.code == 0
    assert b"\x1b" not in ran.errors + ran.output
    return MADE


@case(REFUSED)
def a_network_of_nothing(desk: Desk) -> str:
    """Empty, junk, text, another picture, half a network: one sentence each."""
    whole = (desk.folder / "small.onnx").read_bytes()
    for data in (b"\0", b"junk" * 50, b"<html>", png(RGB), whole[: len(whole) // 2], whole * 2):
        desk.put("n.onnx", data)
        ran = desk.run("dream", "other.png", "--network", "n.onnx", *QUICK[2:], *OUT)
        assert b"Traceback" not in ran.errors
        assert ran.code in (0, 2)
        (desk.folder / "out.png").unlink(missing_ok=True)
    return REFUSED


@case(HANDLED, "linux")
def a_file_that_changes_while_it_is_read(desk: Desk) -> str:
    """Cut while the program looks at it: a picture or one sentence."""
    large = encoded(Image.effect_noise((900, 600), 60).convert("RGB"), "png", compress_level=1)
    path = desk.put("a.png", large)
    process = desk.start("dream", "a.png", *IDLE, *OUT)
    while process.poll() is None:
        with path.open("r+b") as file:
            file.truncate(len(large) // 3)
            file.seek(len(large) // 3)
            file.write(large[len(large) // 3 :])
    _, errors = process.communicate()
    assert process.returncode in (0, 2)
    assert b"Traceback" not in errors
    assert zlib.crc32(Path(path).read_bytes()) == zlib.crc32(large)
    return HANDLED


@case(MADE)
def sixteen_megabytes_of_profile(desk: Desk) -> str:
    """A profile, an Exif block and a comment of many megabytes cost no picture."""
    block = Tiff(Directory([Entry(0x9286, 7, bytes(3_000_000))])).encode()
    desk.put("a.png", png(RGB, ((b"eXIf", block), (b"tEXt", b"Comment\0" + b"x" * 3_000_000))))
    for target in ("o.png", "o.tif", "o.webp", "o.jpg"):
        ran = desk.run("dream", "a.png", *IDLE, "-o", target)
        outcome = desk.either(ran, target)
    return outcome
