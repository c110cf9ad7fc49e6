"""Each fault of version 0.1 found from outside stays mended: the machine, streams.

Those of commands, pictures, hostile files and the cache are in the files beside this one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ROOT
from forked_program import ForkedProgram
from image_samples import noise, png
from kill_scene import deed
from kill_trial import kill_trials
from outcomes import done, not_json, sentence
from PIL import Image
from started_program import QUICK, ended, pictures, started

from dreamlayer import read

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and streams of POSIX systems")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


# A. What leaves or haunts the user's machine


@LINUX
def test_a1_home_stays_empty(folder: Path) -> None:
    """ONNX Runtime wrote an id and a database for its telemetry into the user's home."""
    home = folder / "home"
    home.mkdir()
    env = {"HOME": str(home), "XDG_CACHE_HOME": "", "XDG_DATA_HOME": ""}
    env["DREAMLAYER_CACHE"] = str(folder / "cache")
    for words in (["dream", "other.png", *QUICK, "-o", "out.png"], ["doctor"]):
        code, errors = ended(started(*words, cwd=folder, env=env, stderr=subprocess.PIPE))
        assert code == 0, errors
    assert list(home.rglob("*")) == []


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a1_nothing_is_asked_of_the_network(folder: Path) -> None:
    """A dream looked a host of events up 16 times; now no socket but local ones is opened."""
    log = folder / "calls"
    command = ["strace", "-f", "-qq", "-e", "trace=socket,connect,sendto", "-o", str(log)]
    dream = [sys.executable, "-m", "dreamlayer", "dream", "other.png", *QUICK, "-o", "out.png"]
    subprocess.run([*command, *dream], cwd=folder, check=True, capture_output=True, timeout=60)
    assert [line for line in log.read_text().splitlines() if "AF_INET" in line] == []


def test_a2_no_path_of_mine_in_the_picture(program: ForkedProgram, folder: Path) -> None:
    """Guide and network were stored by their absolute paths."""
    inner = folder / "private-place"
    pictures(folder, "private-place/guide.png")
    shutil.copy(folder / "small.onnx", inner / "mine.onnx")
    guided = ["--network", inner / "mine.onnx", "--layer", "deep:1::direction"]
    options = [*guided, "--guide", inner / "guide.png", *QUICK[4:]]
    done(program.run("dream", "other.png", *options, "-o", "out.png", cwd=folder))
    recipe = read(folder / "out.png").recipe
    assert recipe is not None
    assert str(folder).encode() not in (folder / "out.png").read_bytes()
    assert "guide" in recipe


def test_a2_recipe_and_metadata_can_be_left_out(program: ForkedProgram, folder: Path) -> None:
    """No option left the recipe or the metadata out of the picture."""
    exif = Image.Exif()
    exif[0x10F] = "Maker of cameras"
    Image.fromarray(noise(14, 20, 3)).save(folder / "a.jpg", exif=exif)
    options = ["a.jpg", *QUICK, "-o", "out.jpg"]
    done(program.run("dream", *options, "--no-recipe", cwd=folder))
    assert read(folder / "out.jpg").recipe is None
    assert b"Maker of cameras" in (folder / "out.jpg").read_bytes()
    done(program.run("dream", *options, "--strip-metadata", cwd=folder))
    assert read(folder / "out.jpg").recipe is None
    assert b"Maker of cameras" not in (folder / "out.jpg").read_bytes()


@LINUX
def test_a3_a_private_picture_is_private_while_it_is_written(folder: Path) -> None:
    """The temporary file beside a picture that only its owner may read was readable by all."""
    before = set(folder.iterdir())
    target = folder / "out.png"
    target.write_bytes(png(noise(14, 20, 3)))
    target.chmod(0o600)
    Image.fromarray(noise(600, 900, 3)).save(folder / "large.png", compress_level=1)
    process = started("dream", "large.png", *QUICK[:-1], "0", "-o", "out.png", cwd=folder)
    modes = set()
    while process.poll() is None:
        for path in Path(f"/proc/{process.pid}/fd").glob("*"):
            try:
                name = str(path.readlink())
                if name.startswith(f"{folder}/") and not name.endswith(("large.png", ".onnx")):
                    modes.add(stat.S_IMODE(path.stat().st_mode))
            except OSError:
                continue
        modes |= {
            stat.S_IMODE(path.stat().st_mode)
            for path in set(folder.glob(".*")) - before
            if path.exists()
        }
    assert process.returncode == 0
    assert all(mode & 0o077 == 0 for mode in modes), [oct(mode) for mode in modes]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@POSIX
def test_a3_killed_programs_leave_nothing_for_ever() -> None:
    """After SIGKILL the temporary file beside the target stayed, and a folder in the cache."""
    chosen = [deed("dream"), deed("dream", cold=True), deed("recipe")]
    wrong = [str(trial) for trial in kill_trials(6, 3, chosen, aimed=True) if trial.faults]
    assert not wrong, "\n".join(wrong)


@POSIX
def test_a3_export_ends_cleanly() -> None:
    """`export` did not handle SIGTERM, and left its temporary file."""
    wrong = [str(t) for t in kill_trials(4, 5, [deed("gradient")]) if t.faults]
    assert not wrong, "\n".join(wrong)


# B. Process-wide state and streams


def test_b1_streams_stay_the_hosts(folder: Path) -> None:
    """`dream` in threads replaced the host's standard output, and later prints were lost."""
    code = (
        "import sys, threading, numpy as np\n"
        "from dreamlayer import Term, dream, preset\n"
        "out, picture = sys.stdout, np.zeros((24, 24, 3), np.uint8)\n"
        "layers = (Term('deep'),)\n"
        "recipe = preset('default').replace(network='small.onnx', layers=layers)\n"
        "recipe = recipe.replace(octaves=1, steps=1)\n"
        "threads = [threading.Thread(target=dream, args=(picture, recipe)) for _ in range(4)]\n"
        "[one.start() for one in threads]\n"
        "print('MEANWHILE')\n"
        "[one.join() for one in threads]\n"
        "print('AFTER', sys.stdout is out)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(2):
        ran = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True
        )
        assert ran.stdout == "MEANWHILE\nAFTER True\n", ran.stderr
        assert ran.stderr == ""


@POSIX
@pytest.mark.parametrize("names", [["other.png"], ["other.png", "two.png"]])
def test_b2_the_reader_of_the_notes_goes_away(folder: Path, names: list[str]) -> None:
    """Exit code 0 and no picture; of a batch, none."""
    pictures(folder, "two.png")
    reader, writer = os.pipe()
    os.close(reader)
    process = started("dream", *names, *QUICK, cwd=folder, stderr=writer)
    os.close(writer)
    code, _ = ended(process)
    assert code == 0
    for name in names:
        assert (folder / name.replace(".", "-dream.")).is_file()


@POSIX
@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
def test_b2_no_standard_streams(folder: Path, closed: str) -> None:
    """AttributeError where a service or pythonw starts the program without streams."""
    words = " ".join([sys.executable, "-m", "dreamlayer", "dream", "other.png", *QUICK])
    shell = ["sh", "-c", f"exec {closed}; exec {words} -o out.png"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(shell, cwd=folder, env=env, timeout=60, check=False)
    assert ran.returncode == 0
    assert (folder / "out.png").read_bytes().startswith(b"\x89PNG")
    assert read(folder / "out.png").width == 20


@POSIX
@pytest.mark.parametrize("name", ["dream", "batch", "tiff", "style"])
def test_b3_signals_while_a_picture_is_written(name: str) -> None:
    """The exception was raised in a callback of libvips and lost: exit 0, the batch went on."""
    trials = kill_trials(4, 8, [deed(name)], aimed=True, signals=[signal.SIGTERM, signal.SIGINT])
    wrong = [str(trial) for trial in trials if trial.faults]
    assert not wrong, "\n".join(wrong)


def test_b4_json_to_the_end(program: ForkedProgram, folder: Path) -> None:
    """Failed pictures and fatal errors were prose between the lines of JSON."""
    (folder / "junk.png").write_bytes(b"junk")
    for words in (
        ["dream", "other.png", "junk.png", *QUICK, "--json"],
        ["dream", "none.png", *QUICK, "--json"],
        ["dream", "other.png", "--network", "none.onnx", "--json"],
        ["dream", "other.png", "--steps", "many", "--json"],
        ["style", "other.png", "none.png", "--json"],
    ):
        ran = program.run(*words, cwd=folder)
        assert ran.code == 2
        assert not_json(ran.errors) == []
        assert ran.errors.strip()


def test_b4_the_last_event_comes_once(program: ForkedProgram, folder: Path) -> None:
    """The last event of progress came twice."""
    ran = program.run("dream", "other.png", *QUICK, "--json", cwd=folder)
    events = [json.loads(line) for line in done(ran).splitlines()]
    progress = [tuple(sorted(event.items())) for event in events if event["event"] == "progress"]
    assert len(progress) >= 1
    assert len([one for one in events if one.get("fraction") == 1]) == 1


@POSIX
def test_b4_a_cancelled_batch_tells_the_truth(folder: Path) -> None:
    """`cancelled; nothing was written` was said after one of two pictures was."""
    pictures(folder, "one.png", "two.png")
    words = ["one.png", "two.png", *QUICK[:-1], "3000"]
    process = started("dream", *words, cwd=folder, stderr=subprocess.PIPE, bufsize=0)
    text = b""
    assert process.stderr is not None
    for line in process.stderr:
        text += line
        if b"done" in line:
            process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert (folder / "one-dream.png").exists()
    assert b"nothing was written" not in text
    assert not (folder / "two-dream.png").exists()


def test_b4_a_batch_ends_with_a_sum(program: ForkedProgram, folder: Path) -> None:
    """Nobody counted what was done and what failed."""
    pictures(folder, "one.png", "two.png")
    (folder / "junk.png").write_bytes(b"junk")
    ran = program.run("dream", "one.png", "junk.png", "two.png", *QUICK, cwd=folder)
    assert ran.code == 2
    assert re.search(r"\b2\b.*\b1\b.*", ran.errors.decode().splitlines()[-1])


def test_b5_a_recipe_on_a_code_page(folder: Path) -> None:
    """UnicodeEncodeError where the terminal cannot show a name."""
    shutil.copy(folder / "other.png", folder / "g→.png")
    words = [
        "recipe",
        "--network",
        "small.onnx",
        "--layer",
        "deep:1::direction",
        "--guide",
        "g→.png",
    ]
    for encoding in ("cp1252", "ascii"):
        env = {"PYTHONIOENCODING": encoding}
        process = started(
            *words, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert errors == b""
        (folder / "again.toml").write_bytes(output)
        again = started("recipe", "--recipe", "again.toml", cwd=folder, stdout=subprocess.DEVNULL)
        assert ended(again)[0] == 0


@pytest.mark.parametrize(
    "words",
    [
        ["dream", "x" * 20_000],
        ["dream", "\x1b[31mred\x1b[0m.png"],
        ["dream", "other.png", "--layer", "\x1b]0;title\x07"],
        ["dream", "other.png", "--layer", "y" * 20_000],
        ["dream", "other.png", "--preset", "\x1b[2J" * 5000],
        ["dream", "other.png", "--provider", "\x1b[2J"],
        ["dream", "other.png", "--steps", "\x1b[2J" + "z" * 9000],
        ["dream", "other.png", "--" + "o" * 9000],
        ["\x1b[2J"],
        ["dream", "other.png", "-o", "none\x1b[2J/x.png"],
        ["dream", "other.png", "--mask", "\x1b[2J.png"],
        ["style", "other.png", "\x1b[2J.png"],
        ["recipe", "-o", "\x1b[2J.txt"],
    ],
)
def test_b5_what_comes_from_outside_is_shown_cut_and_escaped(
    program: ForkedProgram, folder: Path, words: list[str]
) -> None:
    """Names and values were echoed whole and raw, escape sequences with them."""
    said = sentence(program.run(*words, cwd=folder))
    # A list of all presets is a thousand characters.
    assert len(said) < 1800
