"""Commands that write, each in a folder with older files where its targets go."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import onnx
from image_samples import noise, png
from outcomes import left_over
from small_network import small_model

_QUICK = ["--network", "small.onnx", "--layer", "deep", "--octaves", "2", "--steps", "3"]
_STYLE = [
    *("--network", "small.onnx", "--content-layer", "deep", "--style-layer", "first"),
    *("--octaves", "1", "--rounds", "2", "--evaluations", "3", "--size", "64"),
]
_BATCH = [f"{letter}.png" for letter in "abcd"]
_STAGED = ("staging-*", "making-*", "*.part", ".dreamlayer-*")


@dataclass(frozen=True)
class Deed:
    """A command that writes.

    Attributes
    ----------
    name : str
        What to call it.
    words : list of str
        After `python -m`.
    targets : list of str
        What it writes, in its folder.
    cold : bool
        Whether each run has a cache of its own, to be filled.
    """

    name: str
    words: list[str]
    targets: list[str]
    cold: bool = False


def deed(name: str, cold: bool = False) -> Deed:
    """A command by its name: dream, tiff, batch, style, recipe or gradient."""
    dream = ["dreamlayer", "dream"]
    results = {
        "dream": Deed(name, [*dream, "a.png", *_QUICK, "-o", "out.png"], ["out.png"], cold),
        "tiff": Deed(name, [*dream, "a.png", *_QUICK, "-o", "out.tif"], ["out.tif"], cold),
        "batch": Deed(
            name,
            [*dream, *_BATCH, *_QUICK, "-o", "dreams"],
            [f"dreams/{one}" for one in _BATCH],
        ),
        "style": Deed(
            name, ["dreamlayer", "style", "a.png", "b.png", *_STYLE, "-o", "out.png"], ["out.png"]
        ),
        "recipe": Deed(
            name, ["dreamlayer", "recipe", "--preset", "gentle", "-o", "out.toml"], ["out.toml"]
        ),
        "gradient": Deed(
            name,
            ["dreamlayer.export", "gradient", "small.onnx", "--layer", "deep", "-o", "out.onnx"],
            ["out.onnx", "out.json"],
        ),
    }
    return results[name]


DEEDS = [
    *(deed("dream"), deed("dream", cold=True), deed("tiff"), deed("batch"), deed("style")),
    *(deed("recipe"), deed("gradient")),
]


class Scene:
    """A folder with pictures, a network, older files where the targets go, and a cache."""

    def __init__(self, root: Path, deed: Deed, cache: Path) -> None:
        self.deed, self.folder = deed, root / "work"
        self.scratch = root / "scratch"
        self.cache = root / "cache" if deed.cold else cache
        for folder in (self.folder / "dreams", self.scratch, self.cache):
            folder.mkdir(parents=True, exist_ok=True)
        onnx.save(small_model(), self.folder / "small.onnx")
        for number, name in enumerate(_BATCH):
            (self.folder / name).write_bytes(_picture(number))
        self.old = {name: _old(name) for name in deed.targets}
        for name, content in self.old.items():
            (self.folder / name).write_bytes(content)
        self.before = self._names()

    def _names(self) -> list[str]:
        return [path.name for path in self.folder.iterdir()] + self._in("dreams")

    def _in(self, name: str) -> list[str]:
        return [path.name for path in (self.folder / name).iterdir()]

    def start(self) -> subprocess.Popen[bytes]:
        """Start the command."""
        places = {"DREAMLAYER_CACHE": str(self.cache), "TMPDIR": str(self.scratch)}
        return subprocess.Popen(
            [sys.executable, "-m", *self.deed.words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **places},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def contents(self) -> dict[str, bytes]:
        """What the targets hold now."""
        return {name: (self.folder / name).read_bytes() for name in self.deed.targets}

    def litter(self) -> list[str]:
        """What lies where nothing should."""
        found = left_over(self.folder, *self.before, "dreams")
        found += left_over(self.folder / "dreams", *self.before)
        found += [f"cache/{path.name}" for one in _STAGED for path in self.cache.rglob(one)]
        return found + [f"scratch/{name}" for name in left_over(self.scratch)]

    def is_writing(self, pid: int) -> bool:
        """Whether a file is being written beside the targets, by its name or without one."""
        if left_over(self.folder, *self.before, "dreams"):
            return True
        if left_over(self.folder / "dreams", *self.before):
            return True
        try:
            opened = [str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()]
        except OSError:
            return False
        return any(one.startswith(f"{self.folder}/") and "(deleted)" in one for one in opened)

    def is_caching(self, _pid: int) -> bool:
        """Whether the cache is being filled."""
        return any(any(self.cache.rglob(one)) for one in _STAGED)


@functools.cache
def _picture(number: int) -> bytes:
    values = noise(150, 220, 3)
    return png((values + number).astype(values.dtype))


def _old(name: str) -> bytes:
    if name.endswith((".png", ".tif")):
        return _picture(77)
    return b"an older file of this name\n"
