"""Give mutated pictures to the command line, and judge what comes of each."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
import onnx
from forked_program import Ended, ForkedProgram
from image_samples import noise, png
from outcomes import faults, left_over, unreadable
from picture_mutation import Mutant, mutant
from recipe_mutation import recipe_mutant
from small_network import small_model

_ALONE = 25
"""Every so many runs one is a program of its own, not a fork."""

_NETWORK = "small.onnx"
_OTHER = "other.png"
_PICTURES = (".png", ".jpg", ".tif", ".webp")
_TARGETS = ("out.png", "out.jpg", "out.tif", "out.webp")


@dataclass(frozen=True)
class Trial:
    """What came of one mutated picture.

    Attributes
    ----------
    mutant : Mutant
        The picture.
    words : list of str
        The command.
    ended : Ended
        How it ended.
    faults : list of str
        What is wrong with that.
    """

    mutant: Mutant
    words: list[str]
    ended: Ended
    faults: list[str]

    def __str__(self) -> str:
        said = self.ended.errors.decode(errors="replace").strip()
        return f"{self.mutant.name}: {'; '.join(self.faults)}\n  {' '.join(self.words)}\n  {said}"


@dataclass
class Totals:
    """How many trials ended in which way.

    Attributes
    ----------
    tried, made, refused : int
        All, those that gave a picture, those that gave one sentence.
    faults : Counter
        The others by the word that a fault begins with.
    """

    tried: int = 0
    made: int = 0
    refused: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, made: bool, found: list[str]) -> None:
        """Count one."""
        self.tried += 1
        self.made += made and not found
        self.refused += not made and not found
        self.faults.update({one.split()[0].rstrip(":").removeprefix("worker-") for one in found})

    def cells(self) -> list[int]:
        """Tried, made, refused, tracebacks, signals, hangs, other faults."""
        named = [self.faults[name] for name in ("traceback", "signal", "hang")]
        return [self.tried, self.made, self.refused, *named, self.faults.total() - sum(named)]


def words_for(mutant: Mutant, number: int, seed: int) -> list[str]:
    """The command that gets a picture: mostly as what is dreamt on, at times in another role."""
    rng = Random(f"role/{seed}/{number}")
    target = rng.choice(_TARGETS)
    idle = ["--steps", "0", "--octaves", "1"]
    quick = ["--network", _NETWORK, "--layer", "deep", "--steps", "1", "--octaves", "1"]
    how = rng.random()
    if how < 0.6:
        return ["dream", mutant.name, *idle, "-o", target, rng.choice(("--quiet", "--json"))]
    if how < 0.75:
        return ["dream", mutant.name, *quick, "-o", target, "--quiet"]
    if how < 0.82:
        return ["dream", _OTHER, "--recipe", mutant.name, *idle, "-o", target, "--quiet"]
    if how < 0.88:
        return ["recipe", "--recipe", mutant.name, "-o", "out.json"]
    if how < 0.95:
        return ["dream", _OTHER, "--mask", mutant.name, *quick, "-o", target, "--quiet"]
    guided = ["--layer", "deep:1::direction", "--guide", mutant.name]
    return ["dream", _OTHER, *quick[:2], *guided, *quick[4:], "-o", target, "--quiet"]


def recipe_words(recipe: Mutant, number: int, _seed: int) -> list[str]:
    """The command that gets a recipe."""
    if number % 4 == 0:
        return ["recipe", "--recipe", recipe.name, "-o", ("out.json", "out.toml")[number % 8 // 4]]
    # However many steps it asks for, which may take days, as they are allowed to.
    return ["dream", _OTHER, "--recipe", recipe.name, "--steps", "1", "-o", "out.png", "--quiet"]


def one_trial(program: ForkedProgram, folder: Path, kind: Kind, seed: int, number: int) -> Trial:
    """Run one mutated file in a folder that has the network and another picture."""
    make, command = kind
    picture = make(seed, number)
    words = command(picture, number, seed)
    source = folder / picture.name
    source.write_bytes(picture.data)
    ended = program.run(*words, cwd=folder, alone=number % _ALONE == 0)
    found = faults(ended, as_json="--json" in words)
    target = folder / words[words.index("-o") + 1]
    if ended.code == 0:
        if not target.is_file():
            found.append("nothing was written although the exit code is 0")
        elif target.suffix in _PICTURES and (why := unreadable(target.read_bytes())):
            found.append(f"unreadable: {why}")
    elif target.exists():
        found.append("written although the exit code is not 0")
    if source.read_bytes() != picture.data:
        found.append("source: it was changed")
    if litter := left_over(folder, picture.name, _NETWORK, _OTHER, target.name):
        found.append(f"litter: {', '.join(litter)}")
    for path in (source, target, *(folder / name for name in litter)):
        path.unlink(missing_ok=True)
    return Trial(picture, words, ended, found)


Kind = tuple[Callable[[int, int], Mutant], Callable[[Mutant, int, int], list[str]]]
PICTURES: Kind = (mutant, words_for)
RECIPES: Kind = (recipe_mutant, recipe_words)


def trials(kind: Kind, count: int, seed: int, workers: int = 2) -> Iterator[Trial]:
    """Run so many, in several processes."""

    def share(first: int) -> list[Trial]:
        with ForkedProgram() as program, tempfile.TemporaryDirectory() as folder:
            prepare(Path(folder))
            numbers = range(first, count, workers)
            return [one_trial(program, Path(folder), kind, seed, number) for number in numbers]

    with ThreadPoolExecutor(workers) as pool:
        for made in pool.map(share, range(workers)):
            yield from made


def prepare(folder: Path) -> None:
    """Put the small network and a sound picture into a folder."""
    onnx.save(small_model(), folder / _NETWORK)
    (folder / _OTHER).write_bytes(png(noise(14, 20, 3, np.uint8)))
