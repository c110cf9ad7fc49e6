"""End commands at random and at aimed moments, and look at what they leave."""

from __future__ import annotations

import atexit
import functools
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from kill_scene import DEEDS, Deed, Scene, deed
from outcomes import unreadable

PATIENCE = 60.0
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
