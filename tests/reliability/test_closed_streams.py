"""Streams that are closed or gone cost no picture, and nothing gets into a file by mistake."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ROOT
from image_samples import noise, png
from outcomes import unreadable
from PIL import Image

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX closes the streams")

QUICK = ["--network", "small.onnx", "--layer", "deep", "--octaves", "1", "--steps", "1"]
COMBINATIONS = [
    numbers for count in range(4) for numbers in itertools.combinations((0, 1, 2), count)
]


def closed(folder: Path, numbers: tuple[int, ...], words: list[str]) -> tuple[int, bytes, bytes]:
    """Run a command without these descriptors; what it wrote to the others."""
    shell = "".join(f" {number}{'<' if number == 0 else '>'}&-" for number in numbers)
    ran = subprocess.run(
        ["sh", "-c", f'exec "$@"{shell}', "sh", sys.executable, "-m", "dreamlayer", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr


@pytest.mark.parametrize("numbers", COMBINATIONS)
def test_a_dream_without_streams(folder: Path, numbers: tuple[int, ...]) -> None:
    """The files that are opened get the numbers of the streams, and no note gets into one."""
    (folder / "b.png").write_bytes(png(noise(14, 20, 3)))
    for more in ([], ["--json"]):
        for path in folder.glob("*-dream.png"):
            path.unlink()
        words = ["dream", "other.png", "b.png", *QUICK, *more]
        code, output, errors = closed(folder, numbers, words)
        assert code == 0, errors
        assert b"Traceback" not in errors
        assert output == b""
        for name in ("other-dream.png", "b-dream.png"):
            data = (folder / name).read_bytes()
            assert unreadable(data) == ""
            assert b"pixels, octaves" not in data
    assert (folder / "other.png").read_bytes() == png(noise(14, 20, 3))


@pytest.mark.parametrize("numbers", COMBINATIONS)
def test_errors_without_streams_have_their_code(folder: Path, numbers: tuple[int, ...]) -> None:
    """2, even where nobody can read the sentence."""
    for words in (
        ["dream", "none.png", *QUICK],
        ["dream", "other.png", "--steps", "x"],
        ["recipe", "--preset", "none"],
        ["dreem"],
    ):
        code, _, errors = closed(folder, numbers, words)
        assert code == 2, (words, errors)
        assert b"Traceback" not in errors
        assert bool(errors) == (2 not in numbers)


@pytest.mark.parametrize("numbers", COMBINATIONS)
def test_what_is_printed_needs_its_stream(folder: Path, numbers: tuple[int, ...]) -> None:
    """Lists and recipes without standard output: no traceback, and a code that says it."""
    for words in (["recipe"], ["presets"], ["layers", "--network", "small.onnx"], ["--version"]):
        code, output, errors = closed(folder, numbers, words)
        assert code in ((0, 2) if 1 in numbers else (0,)), (words, errors)
        assert b"Traceback" not in errors
        assert bool(output) == (1 not in numbers)


@pytest.mark.parametrize("numbers", [(1,), (1, 2), (0, 1), (0, 1, 2)])
def test_a_picture_for_a_closed_standard_output(folder: Path, numbers: tuple[int, ...]) -> None:
    """It cannot be done, which the exit code says."""
    code, _, errors = closed(folder, numbers, ["dream", "other.png", *QUICK, "-o", "-"])
    assert code == 2
    assert b"Traceback" not in errors


@pytest.mark.parametrize("numbers", [(0,), (0, 1), (0, 2), (0, 1, 2)])
def test_a_picture_from_a_closed_standard_input(folder: Path, numbers: tuple[int, ...]) -> None:
    """One sentence, where there is a stream for it."""
    code, _, errors = closed(folder, numbers, ["dream", "-", *QUICK, "-o", "out.png"])
    assert code == 2
    assert b"Traceback" not in errors
    assert not (folder / "out.png").exists()


def test_a_worker_without_streams_ends(folder: Path) -> None:
    """There is nobody to talk to."""
    for numbers in COMBINATIONS:
        code, _, errors = closed(folder, numbers, ["worker"])
        assert code in (0, 2), (numbers, errors)
        assert b"Traceback" not in errors


def test_the_reader_of_a_picture_goes_away(folder: Path) -> None:
    """`dream -o - | head -c 10`: no traceback, no success."""
    Image.fromarray(noise(600, 900, 3)).save(folder / "large.png", compress_level=1)
    process = subprocess.Popen(
        [sys.executable, "-m", "dreamlayer", "dream", "large.png", *QUICK[:-1], "0", "-o", "-"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait(60) != 0
    assert b"Traceback" not in errors
    process.stderr.close()
