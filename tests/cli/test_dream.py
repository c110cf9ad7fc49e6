"""The command line as a user meets it: real processes, exit codes, one sentence a mistake."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from command_line import ROOT, command, run
from PIL import Image

from dreamlayer import Recipe, Term, read
from dreamlayer.core.recipe.presets import parse


def test_dream_writes_a_picture_and_says_what_it_does(photo: Path, quick: Sequence[str]) -> None:
    """The picture is there, the size is kept, and memory was told before the start."""
    target = photo.with_name("out.png")
    result = run("dream", photo, "-o", target, *quick)
    assert result.returncode == 0, result.stderr
    first, last = result.stderr.decode().splitlines()
    assert re.search(
        r"56 × 40 pixels, octaves 2 \(43 × 30 to 56 × 40\), steps 2, .*about \d+ MiB of memory",
        first,
    )
    assert re.search(r"out\.png: done in \d+ s", last)
    assert result.stdout == b""
    with Image.open(target) as picture:
        assert picture.size == (56, 40)
    assert {p.name for p in photo.parent.iterdir()} == {"photo.png", "out.png"}


def test_dream_without_output_writes_beside_the_picture(photo: Path, quick: Sequence[str]) -> None:
    """photo.png becomes photo-dream.png."""
    assert run("dream", photo, *quick).returncode == 0
    assert photo.with_name("photo-dream.png").is_file()


def test_folder_of_pictures(photo: Path, quick: Sequence[str], tmp_path: Path) -> None:
    """Several pictures go into a folder; one that fails is named and does not stop the others."""
    second = shutil.copy(photo, photo.with_name("second.png"))
    broken = photo.with_name("broken.png")
    broken.write_text("no picture")
    target = tmp_path / "out"
    target.mkdir()
    result = run("dream", photo, broken, second, "-o", target, "--quiet", *quick)
    assert result.returncode == 2
    assert sorted(p.name for p in target.iterdir()) == ["photo.png", "second.png"]
    assert re.fullmatch(r".*broken\.png: .*\n", result.stderr.decode())


def test_mask_says_where_to_dream(photo: Path, quick: Sequence[str], tmp_path: Path) -> None:
    """White dreams and black keeps, at the picture's size or another; gray and transparent too."""
    half = Image.new("LA", (28, 20), (0, 255))
    half.paste((255, 255), (0, 0, 14, 20))
    # White, but nothing of it is visible.
    half.paste((255, 0), (0, 0, 14, 4))
    half.save(tmp_path / "mask.png")
    target = tmp_path / "out.png"
    result = run("dream", photo, "-o", target, "--mask", tmp_path / "mask.png", *quick)
    assert result.returncode == 0, result.stderr
    before, after = read(photo).pixels, read(target).pixels
    changed = (before != after).any(axis=2)
    assert changed[14:, :24].mean() > 0.9
    assert not changed[:, 32:].any()
    assert not changed[:4].any()


def test_standard_input_and_output(photo: Path, quick: Sequence[str]) -> None:
    """Bytes in, nothing but a picture out, in the format asked for."""
    result = run("dream", "-", "-o", "-", "--format", "jpeg", *quick, stdin=photo.read_bytes())
    assert result.returncode == 0, result.stderr
    with Image.open(io.BytesIO(result.stdout)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (56, 40))


def test_same_seed_same_file(photo: Path, quick: Sequence[str]) -> None:
    """Two processes write the same bytes; another seed writes others."""
    targets = [photo.with_name(f"{name}.png") for name in "abc"]
    for target, seed in zip(targets, (5, 5, 6), strict=True):
        assert run("dream", photo, "-o", target, "--seed", seed, *quick).returncode == 0
    a, b, c = (target.read_bytes() for target in targets)
    assert a == b
    assert a != c


def test_recipe_is_replayed_from_a_picture(photo: Path, quick: Sequence[str]) -> None:
    """What a picture carries makes the same picture again."""
    first, again = photo.with_name("first.png"), photo.with_name("again.png")
    assert run("dream", photo, "-o", first, "--seed", 3, *quick).returncode == 0
    assert run("dream", photo, "-o", again, "--recipe", first).returncode == 0
    assert first.read_bytes() == again.read_bytes()


def test_recipe_command_prints_and_saves(tmp_path: Path) -> None:
    """The options make a recipe, on standard output or in a file that is read back."""
    options = ("--steps", 3, "--layer", "mixed4:-0.5:1+2:mean", "--no-clip", "--tile", "auto")
    options += ("--layer", "mixed2, mixed3:2", "--strength", 0.5)
    layers = (Term("mixed4", -0.5, (1, 2), "mean"), Term("mixed2"), Term("mixed3", 2.0))
    wanted = Recipe(steps=3, layers=layers, clip=False, strength=0.5)
    assert parse(run("recipe", *options).stdout.decode()) == wanted
    assert parse(run("recipe", "--json", *options).stdout.decode()) == wanted
    for name in ("r.toml", "r.json"):
        assert run("recipe", *options, "-o", tmp_path / name).returncode == 0
        assert parse(run("recipe", "--recipe", tmp_path / name).stdout.decode()) == wanted


def test_layers_command_lists_and_filters() -> None:
    """Names, channels and stride as text and as JSON."""
    text = run("layers", "mixed*").stdout.decode()
    assert re.search(r"^mixed5 +768 +16.* yes$", text, re.MULTILINE)
    assert len(text.splitlines()) == 7
    rows = json.loads(run("layers", "--json").stdout)
    assert {"name", "channels", "stride", "reason"} == set(rows[0])


def test_presets_command() -> None:
    """Every preset has its sentence, the default first; what is missing is said with its remedy."""
    text = run("presets").stdout.decode()
    assert text.splitlines()[1].split()[0] == "default"
    assert "inception5h, not here yet (python -m export inception5h " in text
    rows = json.loads(run("presets", "--json").stdout)
    assert next(iter(rows)) == "default"
    assert rows["smooth"]["stand_in"] == "like-smooth"
    assert not rows["smooth"]["ready"]
    assert rows["like-smooth"]["ready"]


def test_doctor_finds_what_works() -> None:
    """The CPU provider loads, versions and the shipped network are named."""
    result = run("doctor")
    assert result.returncode == 0
    text = result.stdout.decode()
    assert re.search(r"^  cpu +works$", text, re.MULTILINE)
    assert "inception_v3_mixed5.onnx" in text
    report = json.loads(run("doctor", "--json", "--provider", "cpu").stdout)
    works = {"name": "cpu", "loaded": True, "reason": None, "fix": None}
    assert report["providers"] == [works]


def test_doctor_names_providers_that_are_not_built_in() -> None:
    """Each that exists for this system, with the command that installs it where there is one."""
    report = json.loads(run("doctor", "--json").stdout)
    others = {row["name"]: row["fix"] for row in report["not_built_in"]}
    assert not set(others) & {row["name"] for row in report["providers"]}
    assert ("directml" in others) == (sys.platform == "win32")
    missing = next(name for name in ("openvino", "webgpu", "cuda") if name in others)
    extra = {"cuda": "gpu"}.get(missing, missing)
    assert f"[{extra}]" in others[missing]
    lines = run("doctor").stdout.decode()
    assert re.search(rf"^  {missing} +not built in; to install it: .*pip", lines, re.MULTILINE)


def test_doctor_says_why_a_provider_does_not_work() -> None:
    """A provider that cannot be had is named with the reason, and the exit code is 2."""
    result = run("doctor", "--provider", "coreml" if sys.platform != "darwin" else "cuda")
    assert result.returncode == 2
    assert re.search(r"does not work: .*not part of the installed", result.stdout.decode())


def test_json_lines_tell_start_progress_and_end(photo: Path, quick: Sequence[str]) -> None:
    """Each line is an object; progress rises to 1."""
    result = run("dream", photo, "-o", photo.with_name("o.png"), "--json", *quick)
    events = [json.loads(line) for line in result.stderr.decode().splitlines()]
    assert [e["event"] for e in events] == ["start", *["progress"] * (len(events) - 2), "done"]
    fractions = [e["fraction"] for e in events[1:-1]]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert {(e["octave"], e["step"]) for e in events[1:-1]} >= {(1, 1), (2, 2)}


def test_help_and_version() -> None:
    """Every command explains itself; no argument at all shows the help."""
    for arguments in ([], ["--help"], ["dream", "--help"], ["layers", "--help"]):
        result = run(*arguments)
        assert result.returncode == 0
        assert b"usage: python -m core" in result.stdout
    assert run("--version").stdout.startswith(b"dreamlayer ")


def test_help_loads_nothing_heavy() -> None:
    """Help imports neither numpy, onnx nor ONNX Runtime, which is what makes it fast."""
    code = (
        "import sys; from dreamlayer.core.cli.program import main\n"
        "try: main(['dream', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'onnx', 'onnxruntime', 'PIL', 'pyvips', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_parameter_has_an_option() -> None:
    """The command line offers each field of the recipe, and nothing is offered twice."""
    text = run("dream", "--help-all").stdout.decode()
    for name in Recipe().to_dict():
        option = "--layer" if name == "layers" else f"--{name.replace('_', '-')}"
        assert f"{option} " in text or f"{option}," in text, option


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are POSIX's")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupt_leaves_the_old_file(
    number: signal.Signals, code: int, photo: Path, coffee: Path
) -> None:
    """Ctrl-C and a polite kill end at once, with the old output whole and nothing beside it."""
    out = photo.with_name("out.png")
    out.write_bytes(b"precious")
    before = set(photo.parent.iterdir())
    process = subprocess.Popen(
        command("dream", coffee, "-o", out, "--steps", "1000", "--json"),
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
        encoding="utf-8",
    )
    assert process.stderr is not None
    while '"progress"' not in process.stderr.readline():
        pass
    sent = time.monotonic()
    process.send_signal(number)
    _, error = process.communicate(timeout=30)
    assert time.monotonic() - sent < 10
    assert process.returncode == code
    assert "Traceback" not in error
    assert out.read_bytes() == b"precious"
    assert set(photo.parent.iterdir()) == before


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of this kind is POSIX's")
def test_terminal_shows_a_line_of_progress(photo: Path, quick: Sequence[str]) -> None:
    """On a terminal the state is drawn over itself, with octave, step and what is left."""
    import pty

    leader, follower = pty.openpty()
    process = subprocess.Popen(
        command("dream", photo, "-o", photo.with_name("o.png"), *quick, "--steps", "30"),
        stderr=follower,
        cwd=ROOT,
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            part = os.read(leader, 4096)
        except OSError:  # Linux says so when the last writer has closed.
            break
        if not part:
            break
        shown += part
    assert process.wait(timeout=30) == 0
    assert re.search(r"\r\[#*\.*\] +\d+%  octave \d/2 \(\d+ × \d+\), step \d+/30", shown.decode())


def test_sixteen_bits_and_alpha_survive(tmp_path: Path, quick: Sequence[str]) -> None:
    """The whole way, a 16-bit picture stays one, and its alpha is bit-identical."""
    import pyvips

    values = np.random.default_rng(0).integers(0, 65535, (30, 40, 4), np.uint16)
    image = pyvips.Image.new_from_memory(values.tobytes(), 40, 30, 4, "ushort")
    image = image.copy(interpretation="rgb16")
    image.write_to_file(str(tmp_path / "in.png"))
    result = run("dream", tmp_path / "in.png", "-o", tmp_path / "out.tif", *quick)
    assert result.returncode == 0, result.stderr
    out = read(tmp_path / "out.tif")
    assert out.depth == 16
    np.testing.assert_array_equal(out.alpha, values[:, :, 3])


def test_dream_without_a_picture_starts_from_noise(quick: list[str], tmp_path: Path) -> None:
    """Where the recipe does; of the size that it says, beside where the command was given."""
    result = run("dream", *quick, "--start", "noise", "--canvas", "40", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert read(tmp_path / "dream.png").pixels.shape == (40, 40, 3)
    result = run(
        "dream", *quick, "--start", "either", "--canvas", "30", "-o", "n.jpg", cwd=tmp_path
    )
    assert result.returncode == 0, result.stderr
    assert read(tmp_path / "n.jpg").width == 30


def test_dream_without_a_picture_is_one_sentence_otherwise(quick: list[str]) -> None:
    """Who forgot the picture is told, and how to do without."""
    result = run("dream", *quick)
    assert result.returncode == 2
    assert b"no picture is given; name one, or start from noise with --start noise" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--layer", "deep", "--start", "noise", "--canvas", "60000"], "give a smaller --canvas"),
        (["--jitter", "far"], "write any, none"),
        (["--layer", "deep:1::direction"], "set guide to a picture file"),
        (["--layer", "deep:1::direction", "--guide", "none.png"], "none.png"),
        (["--layer", "deep:1::direction", "--guide", "x" * 5000], "xxx"),
    ],
)
def test_mistake_in_a_new_parameter_is_one_sentence(
    options: list[str], said: str, photo: Path, quick: list[str]
) -> None:
    """Exit code 2, no traceback."""
    picture = [] if "--canvas" in options else [str(photo)]
    result = run("dream", *picture, *quick[:2], *options, "-o", str(photo.with_name("o.png")))
    assert result.returncode == 2
    assert said in result.stderr.decode()
    assert len(result.stderr.decode().strip().splitlines()) == 1


def test_values_that_begin_with_a_minus_can_be_typed(photo: Path, quick: list[str]) -> None:
    """As the help shows them, without an equals sign; and `none` takes a limit off again."""
    out, again = photo.with_name("o.png"), photo.with_name("again.png")
    options = ["--tiling", "fixed", "--jitter", "-9..8", "--max-loss", "-1e3"]
    result = run("dream", str(photo), *quick, *options, "-o", str(out))
    assert result.returncode == 0, result.stderr
    recipe = parse(read(out).recipe or "")
    assert (recipe.jitter, recipe.max_loss) == ("-9..8", -1000.0)
    result = run("dream", str(photo), "--recipe", str(out), "--max-loss", "none", "-o", str(again))
    assert result.returncode == 0, result.stderr
    assert parse(read(again).recipe or "").max_loss is None


def test_preset_whose_network_is_absent_says_how_to_make_it(photo: Path) -> None:
    """The export's command, the folder, and what runs without."""
    result = run("dream", str(photo), "--preset", "smooth")
    assert result.returncode == 2
    said = result.stderr.decode()
    assert "python -m export inception5h --mean none --weights" in said
    assert "a preset whose name begins with like-" in said
    assert len(said.splitlines()) == 1


def test_a_guide_from_standard_input(photo: Path, quick: Sequence[str]) -> None:
    """It is read once: by the dream, not by the checks before it."""
    options = ("--layer", "deep:1::direction", "--guide", "-", "-o", photo.with_name("o.png"))
    made = run("dream", photo, *quick[:2], *quick[4:], *options, stdin=photo.read_bytes())
    assert made.returncode == 0, made.stderr
