"""`dreamlayer style` as a user meets it: real processes, exit codes, one sentence a mistake."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from command_line import ROOT, command, refused, run
from PIL import Image

from dreamlayer import read
from dreamlayer.core.recipe.presets import STYLES
from dreamlayer.core.recipe.style import StyleRecipe


@pytest.fixture
def style(photo: Path) -> Path:
    """A style picture beside the photo."""
    noise = np.random.default_rng(1).integers(0, 120, (30, 30, 3), np.uint8)
    Image.fromarray(noise).save(photo.with_name("style.png"))
    return photo.with_name("style.png")


@pytest.fixture
def quick(small_network: Path) -> list[str]:
    """Options that make a style take no time."""
    layers = ["--content-layer", "deep", "--style-layer", "first:2, image"]
    return [
        *("--network", str(small_network), *layers),
        *("--octaves", "1", "--rounds", "2", "--evaluations", "3"),
    ]


def test_style_writes_a_picture_and_says_what_it_does(
    photo: Path, style: Path, quick: Sequence[str]
) -> None:
    """The size is kept; size, provider and memory were told before the start."""
    result = run("style", photo, style, *quick, "--size", 32)
    assert result.returncode == 0, result.stderr
    first, last = result.stderr.decode().splitlines()
    assert re.search(
        r"56 × 40 pixels, worked on at 32 × 23, sizes 1, rounds 2, provider \w+, "
        r"about \d+ MiB of memory",
        first,
    )
    assert re.search(r"photo-style\.png: done in \d+ s", last)
    with Image.open(photo.with_name("photo-style.png")) as picture:
        assert picture.size == (56, 40)


def test_the_pictures_own_size_in_tiles(
    photo: Path, style: Path, quick: Sequence[str], tmp_path: Path
) -> None:
    """Size 0 works on every pixel, here in tiles."""
    large, out = tmp_path / "large.png", tmp_path / "out.png"
    with Image.open(photo) as picture:
        picture.convert("RGB").resize((300, 200)).save(large)
    tiles = ("--size", 0, "--tile", 128, "--overlap", 4, "--taper", "0.7", "--json")
    result = run("style", large, style, "-o", out, *quick, *tiles)
    assert result.returncode == 0, result.stderr
    events = [json.loads(line) for line in result.stderr.decode().splitlines()]
    assert (events[0]["working_width"], events[0]["working_height"]) == (300, 200)
    assert events[-2]["fraction"] == 1
    recipe = STYLES.parse(read(out).recipe or "")
    assert (recipe.size, recipe.tile, recipe.overlap, recipe.taper) == (0, 128, 4, 0.7)


def test_a_picture_per_round(
    photo: Path, style: Path, quick: Sequence[str], tmp_path: Path
) -> None:
    """Each round leaves a picture, the last as the result is, each with the recipe for it."""
    folder, out = tmp_path / "rounds", tmp_path / "out.png"
    folder.mkdir()
    result = run("style", photo, style, "-o", out, "--rounds-folder", folder, *quick)
    assert result.returncode == 0, result.stderr
    assert sorted(p.name for p in folder.iterdir()) == ["out-round-01.png", "out-round-02.png"]
    assert (folder / "out-round-02.png").read_bytes() == out.read_bytes()
    assert STYLES.parse(read(folder / "out-round-01.png").recipe or "").rounds == 1


def test_recipe_is_replayed_from_a_picture(photo: Path, style: Path, quick: Sequence[str]) -> None:
    """What a picture carries makes it again, style pictures and their weights included."""
    other = photo.with_name("other.png")
    Image.open(style).rotate(90).save(other)
    first, again = photo.with_name("first.png"), photo.with_name("again.png")
    weights = ("--style-weights", "3,1", "--start", "noise", "--seed", 4)
    assert run("style", photo, style, other, "-o", first, *weights, *quick).returncode == 0
    result = run("style", photo, "-o", again, "--recipe", first)
    assert result.returncode == 0, result.stderr
    assert first.read_bytes() == again.read_bytes()
    recipe = STYLES.parse(read(first).recipe or "")
    assert recipe.styles == (str(style), str(other))
    assert recipe.style_weights == (3, 1)
    alone = photo.with_name("alone.png")
    assert run("style", photo, other, "-o", alone, "--recipe", first).returncode == 0
    assert STYLES.parse(read(alone).recipe or "").style_weights == ()


def test_recipes_of_dreams_and_styles_are_told_apart(
    photo: Path, style: Path, quick: Sequence[str], small_network: Path
) -> None:
    """Each command answers the other's recipes and presets with a sentence."""
    styled, dreamt = photo.with_name("styled.png"), photo.with_name("dreamt.png")
    assert run("style", photo, style, "-o", styled, *quick).returncode == 0
    dream = ("--network", small_network, "--layer", "deep", "--steps", 0)
    assert run("dream", photo, "-o", dreamt, *dream).returncode == 0
    out = photo.with_name("out.png")
    refused(run("dream", photo, "-o", out, "--recipe", styled), "is for `dreamlayer style`")
    refused(run("style", photo, style, "-o", out, "--recipe", dreamt), "for `dreamlayer dream`")
    refused(
        run("dream", photo, "-o", out, "--preset", "style"),
        "is for `dreamlayer style CONTENT STYLE`",
    )
    refused(run("style", photo, style, "--preset", "eyes"), "is for `dreamlayer dream PICTURE`")
    assert not out.exists()


def test_standard_input_and_output(photo: Path, style: Path, quick: Sequence[str]) -> None:
    """Bytes in, nothing but a picture out."""
    result = run(
        "style", "-", style, "-o", "-", "--format", "jpeg", *quick, stdin=photo.read_bytes()
    )
    assert result.returncode == 0, result.stderr
    with Image.open(io.BytesIO(result.stdout)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (56, 40))


def test_json_lines_tell_start_progress_and_end(
    photo: Path, style: Path, quick: Sequence[str]
) -> None:
    """Each line is an object; every evaluation is told, and the share rises to 1."""
    result = run("style", photo, style, "-o", photo.with_name("o.png"), "--json", *quick)
    events = [json.loads(line) for line in result.stderr.decode().splitlines()]
    assert [e["event"] for e in events] == ["start", *["progress"] * (len(events) - 2), "done"]
    fractions = [e["fraction"] for e in events[1:-1]]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert {(e["round"], e["evaluation"]) for e in events[1:-1]} >= {(1, 1), (2, 3)}


def test_every_parameter_has_an_option() -> None:
    """The command line offers each field of the recipe; the style pictures stand by themselves."""
    text = run("style", "--help-all").stdout.decode()
    for name in set(StyleRecipe().to_dict()) - {"command", "styles"}:
        option = f"--{name.replace('_', '-')}"
        option = option.removesuffix("s") if name.endswith("_layers") else option
        assert f"{option} " in text or f"{option}," in text, option


def test_help_loads_nothing_heavy() -> None:
    """Help imports neither numpy, onnx nor scipy, which is what makes it fast."""
    code = (
        "import sys; from dreamlayer.core.cli.program import main\n"
        "try: main(['style', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'onnx', 'onnxruntime', 'PIL', 'pyvips', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_presets_are_listed_apart() -> None:
    """Under a heading of their own, and in JSON with the command that they are for."""
    text = run("presets").stdout.decode()
    assert re.search(
        r"`dreamlayer style CONTENT STYLE`, on a network that ships:\n  like-style", text
    )
    missing = run("presets", DREAMLAYER_NETWORKS="", XDG_DATA_HOME="/nowhere").stdout.decode()
    assert re.search(
        r"vgg16_average_rgb_no_mean, not here yet \(.* vgg16 .*\):\n  strokes", missing
    )
    missing = run("presets", DREAMLAYER_NETWORKS="", XDG_DATA_HOME="/nowhere").stdout.decode()
    assert re.search(
        r"vgg16_average_rgb_no_mean, not here yet \(.* vgg16 .*\):\n  strokes", missing
    )
    rows = json.loads(run("presets", "--json").stdout)
    assert rows["strokes"]["network"] == "vgg16_average_rgb_no_mean"
    assert (rows["style"]["command"], rows["style"]["stand_in"]) == ("style", "like-style")
    assert rows["eyes"]["command"] == "dream"


MISTAKES: dict[str, tuple[list[str], str]] = {
    "no style": (["photo.png"], "no style picture; name one after the content"),
    "style missing": (["photo.png", "none.png"], r"none\.png.*does not exist"),
    "style is text": (["photo.png", "text.png"], r"text\.png.*PNG, JPEG, TIFF"),
    "content missing": (["none.png", "style.png"], r"none\.png.*does not exist"),
    "weights": (
        ["photo.png", "style.png", "--style-weights", "2,1"],
        "2 style weights were given for 1 style pictures; .*--style-weights 1",
    ),
    "weights unreadable": (
        ["photo.png", "style.png", "--style-weights", "a"],
        "write numbers separated by commas, such as 2,1",
    ),
    "size": (["photo.png", "style.png", "--size", "-1"], "size must lie between 0 and 65536"),
    "too large": (
        ["photo.png", "style.png", "--square", "--size", "65536"],
        r"needs about .* of memory, .*use --size \d+ or less",
    ),
    "layer": (["photo.png", "style.png", "--style-layer", "firts"], "did you mean first"),
    "kind": (["photo.png", "style.png", "--style-layer", "first:1::mean"], "the measure decides"),
    "unknown preset": (["photo.png", "style.png", "--preset", "stile"], "did you mean"),
    "rounds folder": (
        ["photo.png", "style.png", "--rounds-folder", "nowhere"],
        "'nowhere' for the rounds does not exist; create it first",
    ),
    "rounds in a file": (
        ["photo.png", "style.png", "--rounds-folder", "photo.png"],
        "'photo.png' is not a folder",
    ),
    "rounds over a style": (
        ["photo.png", "x-round-01.png", "-o", "x.png", "--rounds-folder", "../my phötos"],
        "round 1 would be written over 'x-round-01.png'",
    ),
    "over a style": (
        ["photo.png", "../other/photo.png", "-o", "../other/"],
        "over the style picture '../other/photo.png'",
    ),
    "over the content": (["photo.png", "style.png", "-o", "."], "is the picture itself"),
    "default over a style": (["photo.png", "photo-style.png"], "over the style picture"),
    "style above the limit": (
        ["photo.png", "large.png", "--max-megapixels", "0.005"],
        r"large\.png.*--max-megapixels",
    ),
    "content channel": (
        ["photo.png", "style.png", "--content-layer", "deep:1:99"],
        "no channel 99; channels 0 to 7",
    ),
    "output": (["photo.png", "style.png", "-o", "out.xyz"], r"\.png"),
    "two from standard input": (["-", "-"], "standard input takes one picture"),
}


@pytest.mark.usefixtures("style")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_bad_input(mistake: str, photo: Path, quick: Sequence[str]) -> None:
    """One sentence, exit code 2, and nothing written."""
    (photo.parent / "text.png").write_text("this is text")
    other = photo.parent.parent / "other" / "photo.png"
    other.parent.mkdir()
    for name in (photo.with_name("photo-style.png"), photo.with_name("x-round-01.png"), other):
        name.write_bytes(photo.with_name("style.png").read_bytes())
    Image.new("RGB", (100, 100)).save(photo.with_name("large.png"))
    arguments, pattern = MISTAKES[mistake]
    before = set(photo.parent.iterdir())
    refused(run("style", "--quiet", *quick, *arguments, cwd=photo.parent), pattern)
    assert set(photo.parent.iterdir()) == before


def test_too_small_for_the_network(photo: Path, style: Path) -> None:
    """The network that ships needs more than the photo has."""
    refused(
        run("style", photo, style),
        r"content of 56 × 40 pixels .*but the network needs \d+ at least",
    )


@pytest.mark.parametrize("preset", ["style", "strokes"])
def test_preset_without_its_network(preset: str, photo: Path, style: Path, tmp_path: Path) -> None:
    """The command that makes the network is named, and the stand-in."""
    refused(
        run(
            *("style", photo, style, "--preset", preset),
            HOME=str(tmp_path),
            XDG_DATA_HOME=str(tmp_path),
            DREAMLAYER_NETWORKS="",
        ),
        r"python -m export vgg16 --pooling average --channels rgb --mean none.*like-",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are POSIX's")
def test_interrupt_leaves_the_old_file(photo: Path, style: Path, quick: Sequence[str]) -> None:
    """Ctrl-C ends at once, with the old output whole and nothing beside it."""
    out = photo.with_name("out.png")
    out.write_bytes(b"precious")
    before = set(photo.parent.iterdir())
    process = subprocess.Popen(
        command("style", photo, style, "-o", out, *quick, "--rounds", "10000", "--json"),
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
        encoding="utf-8",
    )
    assert process.stderr is not None
    while '"progress"' not in process.stderr.readline():
        pass
    sent = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert time.monotonic() - sent < 10
    assert process.returncode == 130
    assert "Traceback" not in error
    assert out.read_bytes() == b"precious"
    assert set(photo.parent.iterdir()) == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are POSIX's")
def test_interrupt_tells_which_rounds_are_kept(
    photo: Path, style: Path, quick: Sequence[str], tmp_path: Path
) -> None:
    """It does not say that nothing was written where pictures of rounds were."""
    folder = tmp_path / "rounds"
    folder.mkdir()
    options = (*quick, "--rounds", "10000", "--rounds-folder", folder, "--json")
    process = subprocess.Popen(
        command("style", photo, style, "-o", tmp_path / "o.png", *options),
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
        encoding="utf-8",
    )
    assert process.stderr is not None
    while '"round", ' not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert re.search(r"cancelled; \d+ finished rounds are saved", error)
    assert "nothing was written" not in error
