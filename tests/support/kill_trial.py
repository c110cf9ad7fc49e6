"""End commands at random and at aimed moments, and look at what they leave."""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import onnx
from image_samples import noise, png
from outcomes import left_over, unreadable
from small_network import small_model

PATIENCE = 60.0
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
            ["out.onnx"],
        ),
    }
    return results[name]


DEEDS = [
    *(deed("dream"), deed("dream", cold=True), deed("tiff"), deed("batch"), deed("style")),
    *(deed("recipe"), deed("gradient")),
]
_SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]


@dataclass(frozen=True)
class KillTrial:
    """What came of one kill.

    Attributes
    ----------
    number : int
        The trial's.
    deed : Deed
        The command.
    told : str
        Which signal it got, and when.
    finished : bool
        Whether it had ended before.
    faults : list of str
        What was lost or left; nothing where all is well.
    """

    number: int
    deed: Deed
    told: str
    finished: bool
    faults: list[str]

    def __str__(self) -> str:
        return f"kill {self.number}: {self.deed.name}, {self.told}: {'; '.join(self.faults)}"


@dataclass(frozen=True)
class Reference:
    """What an undisturbed run gives: the bytes of its targets, and how long it takes."""

    contents: dict[str, bytes]
    seconds: float


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


def kill_trials(
    count: int,
    seed: int,
    deeds: list[Deed] | None = None,
    aimed: bool | None = None,
    signals: list[signal.Signals] | None = None,
) -> Iterator[KillTrial]:
    """Kill so many commands, one after another.

    Parameters
    ----------
    count, seed : int
        How many, and which.
    deeds : list of Deed, optional
        The commands in turn; all by default.
    aimed : bool, optional
        Whether to wait for the moment at which a file or the cache is written; by default one in
        three does.
    signals : list of Signals, optional
        What ends them, one of these each; SIGKILL, SIGTERM and SIGINT by default.
    """
    rng = Random(f"kills/{seed}")
    wanted = DEEDS if deeds is None else deeds
    for number in range(count):
        one = wanted[number % len(wanted)]
        reference = _reference(one.name, one.cold)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            scene = Scene(Path(folder), one, _shared() / "cache")
            aim = rng.random() < 1 / 3 if aimed is None else aimed
            yield _one(number, scene, reference, rng, aim, rng.choice(signals or _SIGNALS))


@functools.cache
def _shared() -> Path:
    """A folder for the cache that warm runs share, removed when this process ends."""
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    return Path(folder.name)


@functools.cache
def _reference(name: str, cold: bool) -> Reference:
    """The second of two runs, whose cache is warm unless the deed wants a cold one."""
    one = deed(name, cold)
    for _ in range(2):
        root = Path(tempfile.mkdtemp(dir=_shared()))
        scene = Scene(root, one, _shared() / "cache")
        begun = time.monotonic()
        process = scene.start()
        _, errors = process.communicate(timeout=PATIENCE)
        seconds = time.monotonic() - begun
        assert process.returncode == 0, errors.decode()
        contents = scene.contents()
        assert contents != scene.old, one
        shutil.rmtree(root)
    return Reference(contents, seconds)


def _one(
    number: int,
    scene: Scene,
    reference: Reference,
    rng: Random,
    aim: bool,
    which: signal.Signals,
) -> KillTrial:
    begun = time.monotonic()
    process = scene.start()
    if aim:
        moment = scene.is_caching if scene.deed.cold and rng.random() < 0.5 else scene.is_writing
        _wait_for(moment, process)
        time.sleep(rng.choice((0, 0, 0.001, 0.003, 0.01)))
    else:
        time.sleep(rng.uniform(0.02, 1.05) * reference.seconds)
    after = time.monotonic() - begun
    finished = process.poll() is not None
    process.send_signal(which)
    told = f"{which.name} after {after:.3f} of {reference.seconds:.3f} s{' (aimed)' * aim}"
    try:
        _, errors = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return KillTrial(number, scene.deed, told, False, ["hang: it went on after the signal"])
    text = errors.decode(errors="replace")
    found = _words_and_code(process.returncode, which, text, finished)
    found += _lost(scene, reference, process.returncode, text)
    if which != signal.SIGKILL and not _is_early(process.returncode, text):
        # What was begun in the cache may stay until the next run.
        at_once = [name for name in scene.litter() if not name.startswith("cache/")]
        found += [f"litter: {name} at once" for name in at_once]
    found += _next_run(scene, reference)
    return KillTrial(number, scene.deed, told, finished, found)


def _wait_for(moment: Callable[[int], bool], process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None and not moment(process.pid):
        time.sleep(0.0005)


def _is_early(code: int, text: str) -> bool:
    """Whether Python itself was ended, before the program could say how it wants to end."""
    return code < 0 or (
        "Traceback" in text and not re.search(r"program\.py\", line \d+, in ", text)
    )


def _words_and_code(code: int, which: signal.Signals, text: str, finished: bool) -> list[str]:
    if finished or _is_early(code, text):
        return (
            [] if finished or code in (-which, 130, 1) else [f"signal {-code} in place of {which}"]
        )
    found = []
    if code not in (0, 128 + which):
        found.append(f"exit code {code} in place of {128 + which}")
    if "Traceback" in text or "something went wrong" in text:
        found.append(f"traceback: {text.strip().splitlines()[-1]}")
    return found


def _lost(scene: Scene, reference: Reference, code: int, text: str) -> list[str]:
    """Targets that are neither what they were nor what they should be."""
    found = []
    now = scene.contents()
    changed = [name for name in now if now[name] != scene.old[name]]
    for name in changed:
        if now[name] != reference.contents[name]:
            pictures = name.endswith((".png", ".tif"))
            found.append(f"lost: {name}: {(pictures and unreadable(now[name])) or 'another'}")
    if code == 0 and len(changed) != len(now):
        found.append("lost: not written although the exit code is 0")
    if changed and "nothing was written" in text:
        found.append("words: 'nothing was written', but something was")
    return found


def _next_run(scene: Scene, reference: Reference) -> list[str]:
    process = scene.start()
    _, errors = process.communicate(timeout=PATIENCE)
    found = []
    if process.returncode:
        found.append(f"next run: {errors.decode(errors='replace').strip()}")
    elif scene.contents() != reference.contents:
        found.append("next run: other bytes")
    return found + [f"litter: {name} after the next run" for name in scene.litter()]
