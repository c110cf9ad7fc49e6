"""`features`, as a user meets it."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import onnx
import pytest
from command_line import refused, run
from PIL import Image
from small_network import small_model


@pytest.fixture
def small(small_network: Path) -> list[str]:
    """Options that make it quick."""
    return ["--network", str(small_network), "--layer", "deep"]


def test_a_sheet_is_written(photo: Path, small: Sequence[str]) -> None:
    """It says what it looked at and what it shows, and the file says so too."""
    target = photo.with_name("sheet.png")
    result = run("features", photo, "-o", target, "--most", 3, *small)
    assert result.returncode == 0, result.stderr
    first, last = result.stderr.decode().splitlines()
    assert "56 × 40 pixels" in first
    assert "3 most active of 8 channels, 56 x 40 each, done in" in last
    with Image.open(target) as sheet:
        sheet.load()
        assert "deep of network small; 3 most active of 8 channels" in sheet.info["Description"]
        assert "photo.png" in sheet.info["Description"]


def test_a_large_picture_is_said_to_be_reduced(photo: Path, small: Sequence[str]) -> None:
    """The size that was looked at is told, to programs as well."""
    target = photo.with_name("sheet.png")
    result = run("features", photo, "-o", target, "--max-side", 28, "--json", *small)
    start, done = (json.loads(line) for line in result.stderr.decode().splitlines())
    assert (start["used_width"], start["used_height"]) == (28, 20)
    assert sorted(done["channels"]) == list(range(8))


def test_in_a_pipe(photo: Path, small: Sequence[str]) -> None:
    """A picture in, nothing but a sheet out."""
    result = run(
        *("features", "-", "-o", "-", "--format", "webp", "--channels", "2-4", "--scale", "all"),
        *small,
        stdin=photo.read_bytes(),
    )
    assert result.returncode == 0, result.stderr
    with Image.open(io.BytesIO(result.stdout)) as sheet:
        assert sheet.format == "WEBP"


def test_maps_are_laid_over_the_picture(photo: Path, small: Sequence[str]) -> None:
    """In larger cells than maps alone have."""
    sheets = []
    for options in ((), ("--overlay",)):
        target = photo.with_name("sheet.png")
        result = run("features", photo, "-o", target, "--most", 3, "--quiet", *options, *small)
        assert result.returncode == 0, result.stderr
        with Image.open(target) as sheet:
            sheets.append(sheet.size)
    assert sheets[0] < sheets[1]


def test_a_layer_without_maps_has_none_to_lay_over(photo: Path, tmp_path: Path) -> None:
    """One sentence, nothing written."""
    model = small_model()
    pooled = onnx.helper.make_node("GlobalAveragePool", ["deep"], ["pooled"])
    model.graph.node.extend([pooled, onnx.helper.make_node("Flatten", ["pooled"], ["scores"])])
    onnx.save(model, tmp_path / "classifier.onnx")
    target = tmp_path / "sheet.png"
    options = ("--network", tmp_path / "classifier.onnx", "--layer", "scores", "--overlay")
    result = run("features", photo, "-o", target, "--quiet", *options)
    refused(result, "'scores' has one number per channel and no map")
    assert not target.exists()


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        ([], "no layer is given; name one with --layer, such as"),
        (["--layer", "dep"], "no layer 'dep'; did you mean deep"),
        (["--layer", "deep", "--channels", "8"], "no channel 8; channels 0 to 7"),
        (["--layer", "deep", "--channels", "x"], "write numbers and ranges"),
        (["--layer", "deep", "--cell", "1"], "whole number from 32"),
        (["--layer", "deep", "--max-megapixels", "0.001"], "--max-megapixels"),
        (["--layer", "deep", "-o", "none/sheet.png"], "does not exist; create it"),
        (["--layer", "deep", "-o", "../my phötos/photo.png"], "over the picture .* itself"),
    ],
)
def test_bad_input(
    options: list[str], pattern: str, photo: Path, small_network: Path, tmp_path: Path
) -> None:
    """One sentence, exit code 2, nothing written."""
    target = tmp_path / "sheet.png"
    result = run(
        *("features", photo, "--network", small_network, "-o", target, "--quiet", *options),
        cwd=photo.parent,
    )
    refused(result, pattern)
    assert not target.exists()
