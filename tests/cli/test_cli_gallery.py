"""`gallery` and `dream --plot`, as a user meets them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from command_line import ROOT, command, refused, run
from PIL import Image

from dreamlayer.core.cli.program import main
from dreamlayer.core.recipe.recipe import Recipe


@pytest.fixture
def small(small_network: Path) -> list[str]:
    """Options that make it quick."""
    return ["--network", str(small_network), "--steps", "2", "--octaves", "2", "--cell", "40"]


def test_a_sheet_of_layers(tmp_path: Path, small: Sequence[str]) -> None:
    """Without a layer, one picture for each main one; the sheet says how each was made."""
    target = tmp_path / "sheet.png"
    result = run("gallery", "-o", target, *small)
    assert result.returncode == 0, result.stderr
    with Image.open(target) as sheet:
        sheet.load()
        facts = json.loads(sheet.info["Description"])
    assert [one["layer"] for one in facts["pictures"]] == ["first", "deep"]
    climbed = facts["pictures"][0]["climbed"]
    assert Recipe.from_dict({**facts["recipe"], "layers": climbed}).steps == 2


def test_channels_of_two_layers(tmp_path: Path, small: Sequence[str]) -> None:
    """JSON lines tell of each picture, between progress that rises to 1."""
    options = ("--layer", "deep", "--layer", "first", "--channels", "1+3", "--json")
    result = run("gallery", "-o", tmp_path / "sheet.jpg", *options, *small)
    events = [json.loads(line) for line in result.stderr.decode().splitlines()]
    told = [event["layer"] for event in events if event["event"] == "picture"]
    assert told == ["deep:1:1:mean", "deep:1:3:mean", "first:1:1:mean", "first:1:3:mean"]
    fractions = [event["fraction"] for event in events if event["event"] == "progress"]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert events[-1]["event"] == "done"


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ([], "--layer NAME"),
        (["--layer", "first"], "--layer first_conv:1:NUMBER:mean"),
        (["--layer", "first", "--channels", "2"], "--layer first_conv:1:2:mean"),
        (["--layer", "first", "--layer", "deep", "--most", "1"], "--layer NAME:1:NUMBER:mean"),
    ],
)
def test_the_hint_names_what_was_climbed(
    options: list[str], hint: str, small_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel is climbed before its ReLU; the sheet tells the network's name, not its folder."""
    lines: list[str] = []
    monkeypatch.setattr(
        "dreamlayer.core.visualize.gallery.gallery_sheet", lambda *given: lines.extend(given[3])
    )
    monkeypatch.setattr("dreamlayer.core.visualize.sheets.write_sheet", lambda *_: None)
    steps = ["--steps", "1", "--octaves", "1", "--cell", "32"]
    main(["gallery", "--network", str(small_network), "-o", "x.png", "--quiet", *steps, *options])
    assert lines[1] == f"One alone: dreamlayer dream PHOTO {hint} --network small.onnx"


def test_channels_that_respond_to_a_picture(
    photo: Path, small: Sequence[str], small_network: Path
) -> None:
    """The same as `features` shows, in its order; the sheet is not written over the picture."""
    target = photo.with_name("sheet.png")
    options = ("--layer", "deep", "--most", "3", "--json", "-o", target)
    seen = run("features", photo, "--network", small_network, *options)
    dreamt = run("gallery", "--for", photo, *small, *options)
    assert dreamt.returncode == 0, dreamt.stderr
    channels = json.loads(seen.stderr.splitlines()[-1])["channels"]
    events = [json.loads(line) for line in dreamt.stderr.decode().splitlines()]
    told = [event["layer"] for event in events if event["event"] == "picture"]
    assert told == [f"deep:1:{channel}:mean" for channel in channels]
    assert channels != sorted(channels)
    refused(
        run("gallery", "--for", photo, *small, "--layer", "deep", "--quiet", "-o", photo),
        "over the picture .* itself",
    )


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        (["--layer", "dep"], "no layer 'dep'; did you mean deep"),
        (["--layer", "deep", "--channels", "8"], "no channel 8; channels 0 to 7"),
        (["--channels", "1"], "name the layer with --layer"),
        (["--for", "photo.png"], "name the layer with --layer"),
        (["--for", "none.png", "--layer", "deep"], "none.png"),
        (["--colors", "loud"], "natural"),
        (["--layer", "deep", "--all"], "give only one of the two"),
        (["--noise-low", "2"], "noise_low"),
        (["--provider", "none"], "provider 'none' is not known"),
        (["-o", "none/sheet.png"], "does not exist; create it"),
        (["--steps", "0"], "give --steps 1 or more"),
    ],
)
def test_bad_input(options: list[str], pattern: str, small: Sequence[str], tmp_path: Path) -> None:
    """One sentence, exit code 2, nothing written."""
    target = tmp_path / "sheet.png"
    refused(run("gallery", "-o", target, "--quiet", *small, *options, cwd=tmp_path), pattern)
    assert not target.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are POSIX's")
def test_interrupt_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C ends it in the midst of the pictures, without half a sheet."""
    target = tmp_path / "sheet.png"
    process = subprocess.Popen(
        command("gallery", "--layer", "mixed0", "--steps", "1000", "-o", target, "--json"),
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
        encoding="utf-8",
    )
    assert process.stderr is not None
    while '"progress"' not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_a_dream_with_its_figure(photo: Path, quick: Sequence[str]) -> None:
    """The picture is the same as without, and the figure is beside it."""
    plain, out, plot = (photo.with_name(f"{n}.png") for n in ("plain", "out", "plot"))
    assert run("dream", photo, "-o", plain, *quick).returncode == 0
    result = run("dream", photo, "-o", out, "--plot", plot, *quick)
    assert result.returncode == 0, result.stderr
    assert plain.read_bytes() == out.read_bytes()
    with Image.open(plot) as figure:
        figure.load()
        assert "photo.png" in figure.info["Description"]


def test_figures_of_several_pictures_go_into_a_folder(
    photo: Path, quick: Sequence[str], tmp_path: Path
) -> None:
    """Each under its picture's name."""
    second = photo.with_name("second.png")
    second.write_bytes(photo.read_bytes())
    folder = tmp_path / "figures"
    folder.mkdir()
    result = run("dream", photo, second, "-o", folder, "--plot", folder, *quick)
    assert result.returncode == 0, result.stderr
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["photo-plot.png", "photo.png", "second-plot.png", "second.png"]


def test_the_figure_of_standard_input_has_a_name(
    photo: Path, quick: Sequence[str], tmp_path: Path
) -> None:
    """Beside the picture in one folder."""
    folder = tmp_path / "both"
    folder.mkdir()
    options = ("-o", folder, "--plot", folder, *quick)
    result = run("dream", "-", *options, stdin=photo.read_bytes())
    assert result.returncode == 0, result.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["dream-plot.png", "dream.png"]


def test_no_step_means_no_figure_in_a_sentence(photo: Path, quick: Sequence[str]) -> None:
    """The dream itself is written."""
    out = photo.with_name("out.png")
    options = ("--plot", photo.with_name("plot.png"), "--max-loss", "0", "--quiet", *quick)
    refused(run("dream", photo, "-o", out, *options), "no step was made")
    assert out.exists()


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        (["--plot", "none/plot.png"], "does not exist; create it"),
        (["--plot", "plot.txt"], "cannot tell the format"),
        (["--plot", "-"], "--plot needs the name of a file"),
        (["--plot", "out.png"], "would be written over 'out.png'"),
        (["--plot", "sub/../out.png"], "would be written over 'out.png'"),
        (["--plot", "sub/../guide.png", "--guide", "guide.png"], "would be written over 'guide"),
        (["--plot", "plot.png", "--steps", "0"], "--plot draws steps"),
    ],
)
def test_a_figure_that_cannot_be(
    options: list[str], pattern: str, photo: Path, quick: Sequence[str]
) -> None:
    """One sentence before the work."""
    photo.with_name("sub").mkdir()
    result = run("dream", photo, "-o", "out.png", *quick, *options, cwd=photo.parent)
    refused(result, pattern)
    assert not photo.with_name("out.png").exists()
