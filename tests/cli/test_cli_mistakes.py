"""Every mistake on the command line gets one sentence, exit code 2, and loses nothing."""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import onnx
import pytest
from command_line import ROOT, command, refused, run
from PIL import Image

FLOAT = onnx.TensorProto.FLOAT


def png_that_claims(width: int, height: int) -> bytes:
    """A few bytes that unpack to a huge picture, as their header says."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(width + 1)))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def bad_inputs(folder: Path) -> dict[str, tuple[list[object], str]]:
    """Each mistake with the arguments that make it and what the sentence must say."""
    photo, jpeg = folder / "photo.png", folder / "cut.jpg"
    buffer = io.BytesIO()
    with Image.open(ROOT / "tests" / "data" / "coffee.jpg") as coffee:
        coffee.save(buffer, "JPEG")
    jpeg.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    (folder / "text.png").write_text("this is text")
    (folder / "empty.png").write_bytes(b"")
    (folder / "bad.onnx").write_text("no network")
    (folder / "bomb.png").write_bytes(png_that_claims(30_000, 30_000))
    Image.new("L", (60, 20), 255).save(folder / "wide.png")
    Image.new("L", (56, 40), 255).save(folder / "same.png")
    (folder / "sub").mkdir(exist_ok=True)
    (folder / "sub" / photo.name).write_bytes(photo.read_bytes())
    # What the dream of photo.png is called by default.
    beside = folder / "photo-dream.png"
    beside.write_bytes(photo.read_bytes())
    out = folder / "out.png"
    return {
        "missing file": ([folder / "none.png", "-o", out], "none.png"),
        "truncated JPEG": ([jpeg, "-o", out], r"cut\.jpg.*(truncated|damaged|incomplete|cut)"),
        "text named .png": ([folder / "text.png", "-o", out], r"text\.png.*PNG, JPEG, TIFF"),
        "zero bytes": ([folder / "empty.png", "-o", out], r"empty\.png.*empty"),
        "decompression bomb": (
            [folder / "bomb.png", "-o", out],
            r"30000 × 30000.*--max-megapixels",
        ),
        "unknown layer": ([photo, "-o", out, "--layer", "mixed33"], "did you mean mixed3"),
        "unreadable layer": ([photo, "-o", out, "--layer", "mixed3:x"], "write NAME"),
        "channel out of range": (
            [photo, "-o", out, "--layer", "mixed3:1:768"],
            "no channel 768; channels 0 to 767",
        ),
        "unknown preset": ([photo, "-o", out, "--preset", "defult"], "did you mean default"),
        "unknown network": ([photo, "-o", out, "--network", "nowhere"], "no network is called"),
        "no ONNX": ([photo, "-o", out, "--network", folder / "bad.onnx"], "is not an ONNX file"),
        "folder missing": (
            [photo, "-o", folder / "no" / "out.png"],
            r"(folder|no).*does not exist",
        ),
        "unknown ending": ([photo, "-o", folder / "out.xyz"], r"\.png"),
        "unknown provider": ([photo, "-o", out, "--provider", "cudda"], "did you mean"),
        "bad number": ([photo, "-o", out, "--steps", "many"], "--steps.*many"),
        "out of range": ([photo, "-o", out, "--octaves", "33"], "between 0 and 32, but is 33"),
        "several into one file": (
            [photo, beside, "-o", out],
            "is not a folder; several pictures need one",
        ),
        "folder of the picture": ([photo, "-o", folder], "is the picture itself"),
        "over another picture": ([photo, beside], "is another of the pictures"),
        "two pictures of one name": (
            [photo, folder / "sub" / photo.name, "-o", f"{folder / 'dreams'}/"],
            "two pictures would both be written to",
        ),
        "several into the name of a file": (
            [photo, folder / "same.png", "-o", folder / "dreams.png"],
            r"is the name of one file, and not a folder.*dreams/'",
        ),
        "over the guide": ([photo, "--guide", beside], "is the guide"),
        "output without a name": ([photo, "-o", ""], "the output has no name"),
        "preset and recipe": (
            [photo, "-o", out, "--preset", "eyes", "--recipe", "r.toml"],
            "not allowed with",
        ),
        "huge channel range": (
            [photo, "-o", out, "--layer", "mixed3:1:0-99999999999"],
            "cannot be read",
        ),
        "limit is no number": ([photo, "-o", out, "--max-megapixels", "nan"], "number above 0"),
        "too many threads": ([photo, "-o", out, "--threads", "99999"], "99999 threads"),
        "unknown option": ([photo, "-o", out, "--stepz", "1"], "--stepz"),
        "picture without recipe": ([photo, "-o", out, "--recipe", photo], "contains no recipe"),
        "recipe missing": ([photo, "-o", out, "--recipe", "none.toml"], r"none\.toml"),
        "mask of other proportions": (
            [photo, "-o", out, "--mask", folder / "wide.png"],
            "is 60 × 20 pixels, but the picture",
        ),
        "mask missing": ([photo, "-o", out, "--mask", "none.png"], "none.png"),
        "mask and picture from a pipe": (["-", "-o", out, "--mask", "-"], "the mask as a file"),
        "plot over the mask": (
            [photo, "-o", out, "--mask", folder / "same.png", "--plot", folder / "same.png"],
            "would be written over",
        ),
        "over the mask": ([photo, "-o", out, "--mask", out], "is the mask"),
    }


MISTAKES = [
    *("missing file", "truncated JPEG", "text named .png", "zero bytes", "decompression bomb"),
    *("unknown layer", "unreadable layer", "channel out of range", "unknown preset"),
    *("unknown network", "no ONNX", "folder missing", "unknown ending", "unknown provider"),
    *("bad number", "out of range", "unknown option", "picture without recipe"),
    *("recipe missing", "several into one file", "limit is no number"),
    *("too many threads", "folder of the picture", "output without a name", "preset and recipe"),
    *("huge channel range", "over another picture", "over the guide"),
    *(
        "two pictures of one name",
        "several into the name of a file",
        "mask of other proportions",
        "mask missing",
    ),
    *("mask and picture from a pipe", "over the mask"),
    "plot over the mask",
]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_bad_input(mistake: str, photo: Path) -> None:
    """One sentence, exit code 2, and an output that stood there stays as it was."""
    out = photo.with_name("out.png")
    out.write_bytes(b"precious")
    cases = bad_inputs(photo.parent)
    arguments, pattern = cases[mistake]
    before = set(photo.parent.iterdir())
    refused(run("dream", "--quiet", *arguments), pattern)
    assert out.read_bytes() == b"precious"
    assert set(photo.parent.iterdir()) == before
    assert set(cases) == set(MISTAKES)


def test_picture_with_the_recipe_is_kept(photo: Path, quick: Sequence[str]) -> None:
    """What a recipe is taken from is not written over."""
    made = photo.with_name("made.png")
    assert run("dream", photo, "-o", made, "--quiet", *quick).returncode == 0
    before = made.read_bytes()
    refused(run("dream", "--quiet", photo, "--recipe", made, "-o", made, *quick), "is the recipe")
    assert made.read_bytes() == before


def test_network_without_layers(tmp_path: Path) -> None:
    """A network that has only vectors says so, whatever pattern is asked for."""
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Flatten", ["image"], ["flat"])],
        "vectors",
        [onnx.helper.make_tensor_value_info("image", FLOAT, [1, 3, "height", "width"])],
        [onnx.helper.make_tensor_value_info("flat", FLOAT, [1, "values"])],
    )
    opsets = [onnx.helper.make_opsetid("", 18)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets), tmp_path / "vectors.onnx")
    for pattern in ("*", "flat*"):
        listed = run("layers", pattern, "--network", tmp_path / "vectors.onnx")
        refused(listed, "network vectors has no layer to dream with, since none gives a feature")


def test_unwritable_folder(photo: Path, quick: Sequence[str], tmp_path: Path) -> None:
    """A folder without permission is found out before the work."""
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("root may write everywhere; run the tests as another user")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    refused(run("dream", photo, "-o", locked / "out.png", *quick), "locked")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this system has no /proc")
def test_folder_that_takes_no_files(photo: Path, quick: Sequence[str]) -> None:
    """Where not even root may write, the sentence comes as well."""
    refused(run("dream", photo, "-o", "/proc/out.png", "--quiet", *quick), r"/proc.*give another")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_full_disk_on_standard_output(photo: Path, quick: Sequence[str]) -> None:
    """A picture that does not fit is an error, not a half file."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command("dream", photo, "-o", "-", "--quiet", *quick),
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            check=False,
        )
    assert done.returncode == 2
    error = done.stderr.decode()
    assert re.search("no space|full", error, re.IGNORECASE)
    assert len(error.strip().splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [["recipe"], ["presets"], ["layers"]])
def test_full_disk_on_printed_text(arguments: Sequence[str]) -> None:
    """Text that cannot be written is one sentence too."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*arguments), stdout=full, stderr=subprocess.PIPE, cwd=ROOT, check=False
        )
    assert done.returncode == 2
    assert re.fullmatch(r"python -m core: No space left on device; .*\n", done.stderr.decode())


@pytest.mark.skipif(sys.platform == "win32", reason="closed streams of this kind are POSIX's")
def test_closed_output_is_no_traceback() -> None:
    """Without a standard output there is nobody to tell, and nothing fails."""
    line = f'"{sys.executable}" -m core presets >&-'
    done = subprocess.run(line, shell=True, capture_output=True, cwd=ROOT, check=False)
    assert b"Traceback" not in done.stderr
