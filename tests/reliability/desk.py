"""Where a case is tried: a folder, a command line, and what may come of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from forked_program import Ended, ForkedProgram
from image_samples import encoded, noise, png
from mutation_trial import prepare
from outcomes import faults, unreadable
from PIL import Image

ROOT = Path(__file__).parents[2]
MADE, HANDLED, REFUSED = "made", "handled", "refused"
QUICK = ("--network", "small.onnx", "--layer", "deep", "--octaves", "1", "--steps", "1", "--quiet")
IDLE = ("--steps", "0", "--octaves", "1", "--quiet")
RGB = noise(14, 20, 3)
SECONDS = 30.0


class Desk:
    """A folder with `small.onnx` and `other.png`, and the program.

    Parameters
    ----------
    folder : Path
        Empty.
    program : ForkedProgram
        Running.
    """

    def __init__(self, folder: Path, program: ForkedProgram) -> None:
        self.folder, self._program = folder, program
        prepare(folder)

    def put(self, name: str | bytes, data: bytes | Image.Image = b"", **options: object) -> Path:
        """A file of these bytes, or a picture that Pillow writes; by default a sound PNG."""
        path = self.folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(data, Image.Image):
            formats = {".jpg": "jpeg", ".tif": "tiff"}
            data = encoded(data, formats.get(path.suffix, path.suffix[1:]), **options)
        path.write_bytes(data or png(RGB))
        return path

    def run(self, *words: object, stdin: bytes = b"") -> Ended:
        """Run a command."""
        return self._program.run(*words, cwd=self.folder, stdin=stdin)

    def alone(
        self, *words: object, before: tuple[str, ...] = (), stdin: int | None = None, **env: str
    ) -> Ended:
        """Run it as a program of its own, in another environment or behind other words."""
        process = self.start(*words, before=before, stdin=stdin, **env)
        output, errors = process.communicate(timeout=SECONDS)
        return Ended(process.returncode, output, errors, 0.0, 0, False)

    def start(
        self, *words: object, before: tuple[str, ...] = (), stdin: int | None = None, **env: str
    ) -> subprocess.Popen[bytes]:
        """Start a program of its own."""
        command = [*before, sys.executable, "-m", "dreamlayer", *map(str, words)]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def made(self, ended: Ended, name: str | bytes = "out.png") -> str:
        """A picture was made, and nothing was said."""
        assert ended.code == 0, ended.errors.decode(errors="replace")[-600:]
        assert faults(ended) == [], ended.errors
        why = unreadable((self.folder / os.fsdecode(name)).read_bytes())
        assert not why, why
        return MADE

    def refused(self, ended: Ended, pattern: str = "", lost: str = "out.png") -> str:
        """One sentence, exit code 2, and no picture."""
        text = ended.errors.decode(errors="replace")
        assert ended.code == 2, (ended.code, text[-600:])
        assert faults(ended) == [], (faults(ended), text[-600:])
        assert re.search(pattern, text), text
        assert not (self.folder / lost).exists()
        return REFUSED

    def either(self, ended: Ended, name: str = "out.png") -> str:
        """A picture or one sentence: both would be right."""
        return self.made(ended, name) if ended.code == 0 else self.refused(ended, lost=name)

    def pixels(self, name: str = "out.png") -> np.ndarray:
        """What a picture shows: RGB."""
        with Image.open(self.folder / name) as image:
            return np.asarray(image.convert("RGB"))

    def link(self, name: str, target: str | Path) -> None:
        """A symbolic link."""
        (self.folder / name).symlink_to(target)


Try = Callable[[Desk], str]


@dataclass(frozen=True)
class Case:
    """One case: what is tried, and what must come of it.

    Attributes
    ----------
    name : str
        What to call it.
    about : str
        One sentence.
    outcome : str
        `made`, `handled` or `refused`; several, with bars between, where each would be right.
    attempt : callable
        Tries it, fails where it goes wrong, and returns what came of it.
    only : str
        Where it can be tried: `sys.platform`'s beginning, `posix`, or empty for everywhere.
    """

    name: str
    about: str
    outcome: str
    attempt: Try
    only: str = ""

    @property
    def here(self) -> bool:
        """Whether it can be tried on this system."""
        return os.name == "posix" if self.only == "posix" else sys.platform.startswith(self.only)


CASES: list[Case] = []


def case(outcome: str, only: str = "") -> Callable[[Try], Try]:
    """Add a function to the list of cases."""

    def add(attempt: Try) -> Try:
        about = " ".join((attempt.__doc__ or "").split())
        CASES.append(Case(attempt.__name__, about, outcome, attempt, only))
        return attempt

    return add
