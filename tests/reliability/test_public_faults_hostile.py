"""Each fault of version 0.1 found from outside stays mended: hostile files."""

from __future__ import annotations

import json
import shutil
import zlib
from pathlib import Path

import pytest
from block_mutation import nested
from forked_program import ForkedProgram
from odd_pictures import RGB, jpeg_with, png_with, with_entries, xmp_chunk
from outcomes import done, faults, sentence
from picture_corpus import (
    exif_tiff,
    packet,
    tiff_file,
)
from tiff_bytes import Entry

from dreamlayer import read

IDLE = ["--steps", "0", "--octaves", "1", "--quiet"]


def huge_exif() -> list[bytes]:
    """Exif in BigTIFF form whose counts and offsets no file can have."""
    made = []
    for value in (2**63, 2**64 - 1, 2**62):
        for place in ("count", "offset", "first"):
            block = exif_tiff(big=True)
            if place == "first":
                block.first = value
            else:
                setattr(block.directory.entries[0], place, value)
                block.directory.entries[6].offset = value
            made.append(block.encode())
    return made


def test_f1_exif_that_no_file_can_hold(program: ForkedProgram, folder: Path) -> None:
    """OverflowError for 64-bit counts and offsets; metadata never costs the picture."""
    for number, block in enumerate(huge_exif()):
        (folder / "a.png").write_bytes(png_with((b"eXIf", block)))
        (folder / "a.jpg").write_bytes(jpeg_with((0xE1, b"Exif\0\0" + block)))
        for name in ("a.png", "a.jpg"):
            target = ("o.png", "o.jpg", "o.tif", "o.webp")[number % 4]
            ran = program.run("dream", name, *IDLE, "-o", target, cwd=folder)
            assert faults(ran) == []
            assert ran.code == 0


@pytest.mark.parametrize("value", [2**63, 2**64 - 1, 2**40])
@pytest.mark.parametrize("tag", [34665, 34853, 700, 34675, 33723])
def test_f1_pointers_in_a_big_tiff(
    program: ForkedProgram, folder: Path, tag: int, value: int
) -> None:
    """BigTIFF pointers of 2^63 and more were tracebacks."""
    plain = tiff_file(RGB, big=True)
    entry = Entry(tag, 18 if tag in (34665, 34853) else 7, b"\0" * 8, count=1, offset=value)
    if tag not in (34665, 34853):
        entry.count = 1000
    (folder / "a.tif").write_bytes(with_entries(plain, entry))
    ran = program.run("dream", "a.tif", *IDLE, "-o", "o.tif", cwd=folder)
    assert faults(ran) == []


@pytest.mark.parametrize("depth", [150, 1000, 20_000])
@pytest.mark.parametrize("name", ["x:x", "rdf:Description", "rdf:li"])
def test_f1_nested_xmp(program: ForkedProgram, folder: Path, depth: int, name: str) -> None:
    """XMP nested 1000 deep was a RecursionError, and ended a batch."""
    (folder / "a.png").write_bytes(png_with(xmp_chunk(nested(depth, name))))
    (folder / "dreams").mkdir()
    ran = program.run("dream", "a.png", "other.png", *IDLE, "-o", "dreams/", cwd=folder)
    assert faults(ran) == []
    assert ran.code == 0


@pytest.mark.parametrize(
    "inside",
    [
        "<dreamlayer:recipe>{}</dreamlayer:recipe>",
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
        "<rdf:Description><dreamlayer:recipe/></rdf:Description>",
        "<!-- a comment --><![CDATA[{]]>",
    ],
)
def test_f1_what_is_inside_a_recipe(program: ForkedProgram, folder: Path, inside: str) -> None:
    """A recipe inside a recipe, or RDF inside it, was a traceback after the dream."""
    content = packet("", f"<dreamlayer:recipe>{inside}</dreamlayer:recipe>")
    (folder / "a.png").write_bytes(png_with(xmp_chunk(content)))
    for target in ("o.png", "o.jpg"):
        ran = program.run("dream", "a.png", *IDLE, "-o", target, cwd=folder)
        assert faults(ran) == []
        assert ran.code == 0
        assert read(folder / target).recipe


def test_f1_much_xmp_is_quick(program: ForkedProgram, folder: Path) -> None:
    """5 MB of XMP took twelve seconds."""
    each = "".join(f"<rdf:li>{number}</rdf:li>" for number in range(300_000))
    content = packet("", f"<dc:subject><rdf:Bag>{each}</rdf:Bag></dc:subject>")
    assert len(content) > 5_000_000
    chunk = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(content)
    (folder / "a.png").write_bytes(png_with((b"iTXt", chunk)))
    (folder / "a.tif").write_bytes(with_entries(tiff_file(RGB), Entry(700, 1, content)))
    for name in ("a.png", "a.tif"):
        ran = program.run("dream", name, *IDLE, "-o", "o.png", cwd=folder)
        assert faults(ran) == []
        assert ran.processor < 4


@pytest.mark.parametrize("what", ["channels", "layers", "ranges"])
def test_f2_recipes_have_limits(program: ForkedProgram, folder: Path, what: str) -> None:
    """100,000 channels or layers in a picture's recipe took minutes and gigabytes."""
    layer: dict[str, object] = {"layer": "deep"}
    layers: object = [layer] * 100_000
    if what == "channels":
        layers = [{**layer, "channels": [0] * 100_000}]
    elif what == "ranges":
        layers = "deep:1:" + "+".join(["0-7"] * 40_000)
    text = json.dumps({"network": "small.onnx", "layers": layers, "steps": 1, "octaves": 1})
    content = packet("", f"<dreamlayer:recipe>{text.replace('<', '')}</dreamlayer:recipe>")
    chunk = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(content)
    (folder / "a.png").write_bytes(png_with((b"iTXt", chunk)))
    (folder / "a.json").write_text(text)
    for name in ("a.png", "a.json"):
        words = ["dream", "other.png", "--recipe", name, "-o", "o.png", "--quiet"]
        assert faults(program.run(*words, cwd=folder)) == []


@pytest.mark.parametrize("key", ["network", "guide"])
@pytest.mark.parametrize("way", ["absolute", "upward", "unc"])
def test_f2_a_pictures_recipe_names_no_file_elsewhere(
    program: ForkedProgram, folder: Path, key: str, way: str
) -> None:
    """A recipe from a picture could make the program open any file, or another machine's."""
    elsewhere, inner = folder / "elsewhere", folder / "here"
    elsewhere.mkdir()
    inner.mkdir()
    secret = elsewhere / ("secret.onnx" if key == "network" else "secret.png")
    shutil.copy(folder / ("small.onnx" if key == "network" else "other.png"), secret)
    shutil.copy(folder / "other.png", inner / "other.png")
    shutil.copy(folder / "small.onnx", inner / "small.onnx")
    named = {
        "absolute": str(secret),
        "upward": f"../elsewhere/{secret.name}",
        "unc": f"//localhost{secret}",
    }[way]
    layers = [{"layer": "deep", "kind": "direction"}]
    recipe = {"network": "small.onnx", "guide": "other.png", "layers": layers, "steps": 1}
    text = json.dumps({**recipe, "octaves": 1, key: named})
    content = packet("", f"<dreamlayer:recipe>{text}</dreamlayer:recipe>")
    (inner / "a.png").write_bytes(png_with(xmp_chunk(content)))
    words = ["dream", "other.png", "--recipe", "a.png", "-o", "o.png"]
    said = sentence(program.run(*words, cwd=inner))
    assert secret.name in said or key in said
    # What the user types is the user's choice.
    if way == "absolute":
        done(program.run(*words, f"--{key}", str(secret), cwd=inner))
