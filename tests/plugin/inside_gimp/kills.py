"""Kills GIMP, the plug-in or the worker at random moments, again and again, and looks around.

Runs inside a root (`tests/support/editor_root.py`) with the root's own Python. `kills_batch.py`
runs in GIMP and calls the filter again and again; it tells of each call in `calls.jsonl` what
became of the image. What this finds goes to `kills.json`.
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

RESULTS = Path(os.environ["DREAMLAYER_RESULTS"])
CALLS = RESULTS / "calls.jsonl"
HERE = Path(__file__).parent
PATIENCE = 60.0
LONGEST = 2.0
"""Seconds after which a call is surely at its end; moments are drawn from 0 to this."""


def main(rounds, seed):
    """Kill so many times; write what was seen each time."""
    chance = random.Random(seed)
    found = {"kills": {"gimp": 0, "plug-in": 0, "worker": 0}, "left": [], "files": [], "broken": []}
    gimp, gimps, before, number = None, [], None, 0
    while sum(found["kills"].values()) < rounds:
        number += 1
        if gimp is None or gimp.poll() is not None:
            gimp = start()
            gimps.append(gimp.pid)
        await_call(gimp, len(lines()))
        if before is None:
            # GIMP writes its own files at its first start; wait for one whole call.
            until(lambda: "became" in last(), "the end of a call")
            until(lambda: "became" not in last(), "the next call")
            before = files()
        victim = chance.choice(["gimp", "plug-in", "worker"])
        time.sleep(chance.uniform(0.0, LONGEST))
        targets = [gimp.pid] if victim == "gimp" else processes(victim)
        for target in targets:
            kill(target)
            found["kills"][victim] += 1
        if victim == "gimp":
            gimp.wait()
            found["left"] += [f"{number} {victim} {p}" for p in soon_gone("plug-in", "worker")]
        elif victim == "plug-in" and targets:
            # Only those of the killed plug-in: the next call may have begun.
            found["left"] += [f"{number} {victim} {p}" for p in orphans_soon_gone()]
    if gimp.poll() is None:
        kill(gimp.pid)
        gimp.wait()
    found["left"] += soon_gone("plug-in", "worker")
    # A killed GIMP leaves its own swap file, which its next start takes away.
    swaps = tuple(f"gegl-swap-{pid}-" for pid in gimps)
    new = files() - before
    found["files"] = sorted(name for name in new if not Path(name).name.startswith(swaps))
    ended = [call for call in map(json.loads, lines()) if "became" in call]
    found["calls"] = len(ended)
    found["broken"] = [call for call in ended if call["became"] not in ("as before", "dreamt")]
    (RESULTS / "kills.json").write_text(json.dumps(found, indent=2))


def start():
    """A GIMP that calls the filter again and again."""
    batch = f"exec(open({str(HERE / 'kills_batch.py')!r}).read())"
    command = ["gimp-console-3", "-i", "--quit", "--batch-interpreter", "python-fu-eval"]
    with (RESULTS / "gimp.log").open("a") as log:
        return subprocess.Popen([*command, "-b", batch], stdout=log, stderr=log)


def await_call(gimp, told):
    """Wait until GIMP's batch tells something new, or GIMP is no more."""
    until(lambda: len(lines()) > told or gimp.poll() is not None, "a call")


def kill(process):
    """As hard as it goes."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def lines():
    """What the batch has written so far, in whole lines."""
    text = CALLS.read_text() if CALLS.exists() else ""
    return [line for line in text.split("\n")[:-1] if line]


def last():
    """The last thing that the batch wrote."""
    return json.loads(lines()[-1])


def processes(which):
    """Numbers of our processes: plug-in or worker."""
    return [number for number, kind, _ in running() if kind == which]


def running():
    """Our processes: number, plug-in or worker, and number of the parent."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        kind = None
        if b"dreamlayer" in words and b"worker" in words:
            kind = "worker"
        elif any(word.endswith(b"dreamlayer.py") for word in words):
            kind = "plug-in"
        if kind and state != "Z":
            found.append((int(entry.name), kind, int(parent)))
    return found


def soon_gone(*kinds):
    """Our processes of these kinds that are still there after some seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        here = [f"{kind} {number}" for number, kind, _ in running() if kind in kinds]
        if not here:
            return []
        time.sleep(0.05)
    return here


def orphans_soon_gone():
    """Workers whose plug-in is no more, after some seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        here = running()
        plug_ins = {number for number, kind, _ in here if kind == "plug-in"}
        lost = [
            f"worker {n}" for n, kind, parent in here if kind == "worker" and parent not in plug_ins
        ]
        if not lost:
            return []
        time.sleep(0.05)
    return lost


def files():
    """All files that anything in here may have written, beside this test's own."""
    own = {"calls.jsonl", "gimp.log", "kills.json"}
    places = ["/tmp", "/var/tmp", "/dev/shm", os.environ["HOME"], os.environ["GIMP3_DIRECTORY"]]
    found = set()
    for place in places:
        for path in Path(place).rglob("*"):
            if path.is_file() and path.name not in own:
                found.add(str(path))
    return found


def until(ask, what):
    """Ask until the answer is something."""
    end = time.monotonic() + PATIENCE
    while not ask():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come")
        time.sleep(0.02)


main(int(sys.argv[1]), int(sys.argv[2]))
