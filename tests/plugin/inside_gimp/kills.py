"""Kills GIMP, the plug-in or the worker at random moments, again and again, and looks around.

Runs inside a root (`tests/support/editor_root.py`) with the root's own Python. `kills_batch.py`
runs in GIMP and calls the filter again and again; it tells of each call in `calls.jsonl` what
became of the image. What this finds goes to `kills.json`.
"""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "inside_editors"))

from killing import Calls, kill, left_of, orphans_left, paths_in, until
from processes import numbers

HERE = Path(__file__).parent
RESULTS = Path(os.environ["DREAMLAYER_RESULTS"])
CALLS = Calls(RESULTS / "calls.jsonl")
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
        await_call(gimp, len(CALLS.lines()))
        if before is None:
            # GIMP writes its own files at its first start; wait for one whole call.
            until(lambda: "became" in CALLS.last(), "the end of a call")
            until(lambda: "became" not in CALLS.last(), "the next call")
            before = files()
        victim = chance.choice(["gimp", "plug-in", "worker"])
        time.sleep(chance.uniform(0.0, LONGEST))
        targets = [gimp.pid] if victim == "gimp" else numbers(victim)
        for target in targets:
            kill(target)
            found["kills"][victim] += 1
        if victim == "gimp":
            gimp.wait()
            found["left"] += [f"{number} {victim} {p}" for p in left_of("plug-in", "worker")]
        elif victim == "plug-in" and targets:
            # Only those of the killed plug-in: the next call may have begun.
            found["left"] += [
                f"{number} {victim} {p}" for p in orphans_left(lambda: numbers("plug-in"))
            ]
    if gimp.poll() is None:
        kill(gimp.pid)
        gimp.wait()
    found["left"] += left_of("plug-in", "worker")
    # A killed GIMP leaves its own swap file, which its next start takes away.
    swaps = tuple(f"gegl-swap-{pid}-" for pid in gimps)
    new = files() - before
    found["files"] = sorted(name for name in new if not Path(name).name.startswith(swaps))
    ended = [call for call in CALLS.lines() if "became" in call]
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
    until(lambda: len(CALLS.lines()) > told or gimp.poll() is not None, "a call")


def files():
    """All files that anything in here may have written, beside this test's own."""
    own = {"calls.jsonl", "gimp.log", "kills.json"}
    places = ["/tmp", "/var/tmp", "/dev/shm", os.environ["HOME"], os.environ["GIMP3_DIRECTORY"]]
    return {path for path in paths_in(places, own) if Path(path).is_file()}


main(int(sys.argv[1]), int(sys.argv[2]))
