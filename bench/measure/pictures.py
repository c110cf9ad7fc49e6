"""Whole pictures, each by a new process: seconds from its start to the picture, peak memory."""

from __future__ import annotations

import dataclasses
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench.errors import BenchError
from bench.measure.agreement import cosine
from bench.measure.gradients import Say
from bench.measure.results import PictureMeasure, Run
from bench.measure.workers import ROOT, environment
from bench.peers.sources import store
from bench.peers.subjects import Subject, picture_recipe, recipe_of_0_1
from bench.peers.table import COMMAND, OLD, Entry

Array = npt.NDArray[np.float32]

PHOTO = ROOT / "tests" / "data" / "coffee.jpg"
SIZES = {0.25: (512, 512), 1.0: (1024, 1024), 12.0: (4000, 3000), 48.0: (8000, 6000)}
"""Width and height of common sizes in megapixels."""

LARGE = 4.0
"""Megapixels from which a picture takes minutes, so that not all rows make it unasked."""

_COMPARED = 1024
_COMPILES = (
    "left out, because it compiles again for each octave's tiles, minutes for a picture; "
    "--all-rows includes it"
)
_TAKES_LONG = f"left out above {LARGE:g} megapixels; --all-rows includes it"


def size_of(megapixels: float) -> tuple[int, int]:
    """Width and height of a picture: a common size, or 4 to 3."""
    if megapixels in SIZES:
        return SIZES[megapixels]
    height = math.sqrt(megapixels * 1e6 * 3 / 4)
    return max(round(height * 4 / 3), 1), max(round(height), 1)


def write_photo(path: Path, width: int, height: int) -> None:
    """Write the photo of the tests, cropped and resized, as a PNG or JPEG."""
    with Image.open(PHOTO) as photo:
        scale = min(photo.width / width, photo.height / height)
        left, top = (photo.width - width * scale) / 2, (photo.height - height * scale) / 2
        box = left, top, left + width * scale, top + height * scale
        photo.resize((width, height), Image.Resampling.BICUBIC, box).save(path, quality=95)


def measure_pictures(
    entries: Sequence[Entry],
    subject: Subject,
    megapixels: Sequence[float],
    steps: int,
    rounds: int,
    *,
    unfit: Mapping[str, str] | None = None,
    all_rows: bool = False,
    say: Say = lambda _: None,
) -> list[PictureMeasure]:
    """Make pictures of each size in turns, by the default recipe.

    Parameters
    ----------
    entries : sequence of Entry
        The rows; the first is the one that the others are compared with.
    subject : Subject
        The network and the objective.
    megapixels : sequence of float
        Sizes.
    steps : int
        Steps on each octave.
    rounds : int
        How often each picture is made, after once that does not count, so that caches hold what
        they hold for whoever made such a picture before; large ones are made once.
    unfit : mapping
        Rows that compute something else, with the reason.
    all_rows : bool
        Whether to include the rows that compile for each size of tile, and all at large pictures.
    say : callable
        Called with a line of progress.
    """
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if megapixels:
            store(subject, folder)
        for size in megapixels:
            width, height = size_of(size)
            left_out = {**({} if all_rows else _left_out(entries, size)), **(unfit or {})}
            found.append(PictureMeasure(width, height, steps, {}, failed=left_out))
            photo = folder / "photo.jpg"
            write_photo(photo, width, height)
            turns = 1 if size > LARGE else rounds
            for number in range(0 if size <= LARGE else 1, turns + 1):
                # Each follows another one in each round.
                start = number % len(entries)
                for entry in (*entries[start:], *entries[:start]):
                    said = f"{width} × {height} pixels, round {number} of {turns}"
                    say(f"{said}: {entry.label}")
                    _one_turn(entry, subject, photo, found[-1], counts=number > 0)
            _compare(entries, photo, found[-1])
    return found


def _left_out(entries: Sequence[Entry], megapixels: float) -> dict[str, str]:
    """The rows that do not make a picture unasked, with the reason."""
    left_out = {entry.label: _COMPILES for entry in entries if entry.compiles}
    if megapixels > LARGE:
        rare = (entry for entry in entries if not (entry.large or entry.compiles))
        left_out.update((entry.label, _TAKES_LONG) for entry in rare)
    return left_out


def _one_turn(
    entry: Entry, subject: Subject, photo: Path, measured: PictureMeasure, *, counts: bool
) -> None:
    if entry.label in measured.failed:
        return
    output = _output(photo, entry)
    try:
        command = _command(entry, subject, photo, output, measured.steps)
        run = launch(entry, command, photo.with_name("caches"))
    except BenchError as error:
        measured.failed[entry.label] = str(error)
        measured.runs.pop(entry.label, None)
        return
    if counts:
        measured.runs.setdefault(entry.label, []).append(run)


def launch(entry: Entry, command: Sequence[str], cache: Path | None = None) -> Run:
    """Run a command as an entry's process.

    Raises
    ------
    BenchError
        The command failed; the message has the last line of its standard error.
    """
    launcher = [sys.executable, "-S", str(Path(__file__).with_name("launcher.py"))]
    done = subprocess.run(
        [*launcher, *command], env=environment(entry, cache), capture_output=True, text=True
    )
    answer = json.loads(done.stdout) if done.stdout else {"code": done.returncode}
    if answer["code"]:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BenchError(f"the process ended with exit code {answer['code']}: {last[:400]}")
    return Run(answer["seconds"], answer["peak"])


def own_command(entry: Entry, subject: Subject, photo: Path, output: Path, steps: int) -> list[str]:
    """The arguments of our own command, after `python -m core`; its recipe is beside the photo.

    Raises
    ------
    UnavailableError
        It does not have the precision of the row.
    """
    from bench.peers.own import command_options

    chosen = recipe_of_0_1(steps) if entry.recipe == OLD else picture_recipe(subject, steps)
    recipe = photo.with_name("recipe.json")
    recipe.write_text(chosen.to_json(), encoding="utf-8")
    return [
        *("dream", str(photo), "-o", str(output), "--quiet", "--recipe", str(recipe)),
        *("--provider", entry.provider, "--threads", str(entry.setting.threads)),
        *command_options(entry.setting.precision),
    ]


def _command(entry: Entry, subject: Subject, photo: Path, output: Path, steps: int) -> list[str]:
    python = entry.python or sys.executable
    if entry.picture == COMMAND:
        return [python, "-m", "core", *own_command(entry, subject, photo, output, steps)]
    job = photo.with_name("job.json")
    job_content = {
        "make": entry.picture or entry.make,
        "setting": dataclasses.asdict(entry.setting),
        "steps": steps,
        "picture": str(photo),
        "output": str(output),
    }
    job.write_text(json.dumps(job_content), encoding="utf-8")
    return [python, "-m", "bench.peers.dream", str(job)]


def _output(photo: Path, entry: Entry) -> Path:
    name = "".join(letter if letter.isalnum() else "-" for letter in entry.label)
    return photo.with_name(f"{name}.png")


def _compare(entries: Sequence[Entry], photo: Path, measured: PictureMeasure) -> None:
    """Compare the changes in the middle of the pictures with the first row's."""
    before = _middle(photo)
    first = entries[0]
    changes = {}
    for entry in entries:
        output = _output(photo, entry)
        same_recipe = entry.recipe == first.recipe
        if same_recipe and entry.label in measured.runs and output.exists():
            changes[entry.label] = _middle(output) - before
        output.unlink(missing_ok=True)
    for label, change in changes.items():
        if first.label in changes and label != first.label:
            measured.cosines[label] = cosine(changes[first.label], change)


def _middle(path: Path) -> Array:
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(path) as image:
        left, top = (max(side - _COMPARED, 0) // 2 for side in image.size)
        right, bottom = min(left + _COMPARED, image.width), min(top + _COMPARED, image.height)
        return np.asarray(image.convert("RGB").crop((left, top, right, bottom)), np.float32)
