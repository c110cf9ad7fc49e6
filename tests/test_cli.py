"""The command line as a user meets it: real processes, exit codes, one sentence a mistake."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import Recipe, Term, read
from core.recipe import parse

ROOT = Path(__file__).parents[1]


def run(
    *arguments: object, cwd: Path | None = None, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run `python -m core` to its end."""
    return subprocess.run(
        command(*arguments),
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment},
        timeout=120,
        check=False,
    )


def command(*arguments: object) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "core", *map(str, arguments)]


@pytest.fixture
def quick(small_network: Path) -> list[str]:
    """Options that make a dream take no time."""
    return ["--network", str(small_network), "--layer", "deep", "--octaves", "2", "--steps", "2"]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A small picture in a folder whose name has a space and a letter beyond ASCII."""
    folder = tmp_path / "my phötos"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (40, 56, 3), np.uint8)
    Image.fromarray(noise).save(folder / "photo.png")
    return folder / "photo.png"


def refused(result: subprocess.CompletedProcess[bytes], pattern: str) -> None:
    """Exit code 2, and one line of error that says what the pattern says."""
    error = result.stderr.decode()
    assert result.returncode == 2, error
    assert "Traceback" not in error
    assert len(error.strip().splitlines()) == 1, error
    assert re.search(pattern, error), error


def test_dream_writes_a_picture_and_says_what_it_does(photo: Path, quick: Sequence[str]) -> None:
    """The picture is there, the size is kept, and memory was told before the start."""
    target = photo.with_name("out.png")
    result = run("dream", photo, "-o", target, *quick)
    assert result.returncode == 0, result.stderr
    first, last = result.stderr.decode().splitlines()
    assert re.search(r"56 × 40 pixels, octaves 2, steps 2, .*about \d+ MiB of memory", first)
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
    wanted = Recipe(steps=3, layers=(Term("mixed4", -0.5, (1, 2), "mean"),), clip=False)
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
    """Every preset has its sentence, the default first."""
    assert run("presets").stdout.decode().startswith("default ")
    assert "default" in json.loads(run("presets", "--json").stdout)


def test_doctor_finds_what_works() -> None:
    """The CPU provider loads, versions and the shipped network are named."""
    result = run("doctor")
    assert result.returncode == 0
    text = result.stdout.decode()
    assert re.search(r"^  cpu +works$", text, re.MULTILINE)
    assert "inception_v3_mixed5.onnx" in text
    report = json.loads(run("doctor", "--json", "--provider", "cpu").stdout)
    assert report["providers"] == [{"name": "cpu", "loaded": True, "reason": None}]


def test_doctor_says_why_a_provider_does_not_work() -> None:
    """A provider that cannot be had is named with the reason, and the exit code is 2."""
    result = run("doctor", "--provider", "coreml" if sys.platform != "darwin" else "cuda")
    assert result.returncode == 2
    assert re.search(r"does not load: .*not part of the installed", result.stdout.decode())


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
        "import sys; from core.cli import main\n"
        "try: main(['dream', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'onnx', 'onnxruntime', 'PIL', 'pyvips', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_knob_has_an_option() -> None:
    """The command line offers each field of the recipe, and nothing is offered twice."""
    text = run("dream", "--help").stdout.decode()
    for name in Recipe().to_dict():
        option = "--layer" if name == "layers" else f"--{name.replace('_', '-')}"
        assert f"{option} " in text or f"{option}," in text, option


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
    out = folder / "out.png"
    return {
        "missing file": ([folder / "none.png", "-o", out], "none.png"),
        "truncated JPEG": ([jpeg, "-o", out], r"cut\.jpg.*(truncated|damaged|incomplete|cut)"),
        "text named .png": ([folder / "text.png", "-o", out], r"text\.png.*PNG, JPEG, TIFF"),
        "zero bytes": ([folder / "empty.png", "-o", out], r"empty\.png.*empty"),
        "decompression bomb": (
            [folder / "bomb.png", "-o", out],
            r"30000 x 30000.*--max-megapixels",
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
        "out of range": ([photo, "-o", out, "--octaves", "0"], "between 1 and 32, but is 0"),
        "several into one file": ([photo, photo, "-o", out], "several pictures need a folder"),
        "folder of the picture": ([photo, "-o", folder], "is the picture itself"),
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
        "picture without recipe": ([photo, "-o", out, "--recipe", photo], "holds no recipe"),
        "recipe missing": ([photo, "-o", out, "--recipe", "none.toml"], r"none\.toml"),
        "tile and overlap": ([photo, "-o", out, "--tile", "64", "--overlap", "32"], "twice"),
    }


MISTAKES = [
    *("missing file", "truncated JPEG", "text named .png", "zero bytes", "decompression bomb"),
    *("unknown layer", "unreadable layer", "channel out of range", "unknown preset"),
    *("unknown network", "no ONNX", "folder missing", "unknown ending", "unknown provider"),
    *("bad number", "out of range", "unknown option", "picture without recipe"),
    *("recipe missing", "tile and overlap", "several into one file", "limit is no number"),
    *("too many threads", "folder of the picture", "output without a name", "preset and recipe"),
    "huge channel range",
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
