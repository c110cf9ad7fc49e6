"""The commands on a network that takes images of one size only."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from command_line import run
from PIL import Image
from small_network import small_model

from dreamlayer.export.adopt.one_size import fix_size

NOTE = "network small takes images of 48 × 32 pixels only, so tiles have that size, not"


@pytest.fixture
def exact(tmp_path: Path) -> str:
    """The small network for images 48 pixels wide and 32 high."""
    model = small_model()
    fix_size(model, (32, 48))
    onnx.save(model, tmp_path / "small.onnx")
    return str(tmp_path / "small.onnx")


def test_dream_says_that_the_tile_is_another(photo: Path, exact: str) -> None:
    """Once, also for several pictures; the recipe in the result has the tile that was used."""
    options = ["--network", exact, "--layer", "deep", "--steps", "1", "--tile", "512"]
    result = run("dream", photo, "-o", photo.with_name("out.png"), *options)
    assert result.returncode == 0, result.stderr
    lines = result.stderr.decode().splitlines()
    assert [line for line in lines if "tiles have that size" in line] == [f"{NOTE} 512"]
    assert any("tile 48," in line for line in lines)
    recipe = json.loads(run("recipe", "--recipe", photo.with_name("out.png"), "--json").stdout)
    assert recipe["tile"] == 48


def test_nothing_is_said_where_no_tile_is_asked_for(photo: Path, exact: str) -> None:
    """Nor where it is the right one."""
    options = ["--network", exact, "--layer", "deep", "--steps", "1"]
    for more in ([], ["--tile", "48"]):
        result = run("dream", photo, "-o", photo.with_name("out.png"), *options, *more)
        assert result.returncode == 0, result.stderr
        assert b"tiles have that size" not in result.stderr


def test_style_says_that_the_tile_is_another(photo: Path, exact: str) -> None:
    """Its default is no wish."""
    options = ["--network", exact, "--content-layer", "deep", "--style-layer", "first"]
    options += ["--rounds", "1", "--evaluations", "2", "-o", str(photo.with_name("out.png"))]
    result = run("style", photo, photo, *options)
    assert result.returncode == 0, result.stderr
    assert b"tiles have that size" not in result.stderr
    result = run("style", photo, photo, *options, "--tile", "96")
    assert f"{NOTE} 96" in result.stderr.decode()


def test_sheets_are_drawn(photo: Path, exact: str) -> None:
    """Features of the middle of a picture, a gallery, and the list of layers."""
    sheet = photo.with_name("sheet.png")
    for command in (
        ["features", photo, "--layer", "deep"],
        ["features", photo, "--layer", "first", "--overlay"],
        ["gallery", "--layer", "deep", "--most", "2", "--steps", "1"],
    ):
        result = run(*command, "--network", exact, "-o", sheet)
        assert result.returncode == 0, result.stderr
        assert np.asarray(Image.open(sheet)).std() > 1
    listed = json.loads(run("layers", "--network", exact, "--json").stdout)
    assert [(one["name"], one["channels"], one["stride"]) for one in listed][-1] == ("deep", 8, 1)
