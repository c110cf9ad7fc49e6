"""Kills Krita at random moments of the work, again and again, and looks what is left.

Runs inside a root (`tests/support/editor_root.py`) with the root's own Python. `kills_batch.py`
runs in a Krita without a window, and works until it is killed; it tells of each call in
`calls.jsonl`. What this finds goes to `kills.json`.
"""

import json
import os
import queue
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "inside_editors"))

from killing import Calls, kill, orphans_left, paths_in, until
from processes import running

RESULTS = Path(os.environ["DREAMLAYER_RESULTS"])
CALLS = Calls(RESULTS / "calls.jsonl")
TEMPORARY = RESULTS / "temporary"
"""Where temporary files of Krita and of the worker go: its own /tmp is the machine's."""

PLACES = ["/tmp", "/var/tmp", str(RESULTS)]
OWN = {"calls.jsonl", "krita.log", "kills.json"}
KRITAS = ("KRITA_SWAP_FILE_", "qtsingleapplication-", "resourcecache.sqlite-", "kritarunnerrc.")
"""How names of files begin that a killed Krita itself leaves."""

AT_A_TIME = 3
"""Kritas side by side, which mostly start."""

LONGEST = 2.0
"""Seconds after which a call is nearly at its end; moments are drawn from 0 to this."""

_homes = queue.Queue()
"""Those that no Krita uses at the moment."""

_alive = set()
"""The numbers of the Kritas that have not been killed."""


def main(rounds, seed):
    """Kill so many times; write what was seen."""
    TEMPORARY.mkdir()
    chance = random.Random(seed)
    moments = [chance.uniform(0.0, LONGEST) for _ in range(rounds)]
    # Krita writes its own files at its first start, and the worker its cache at the first dream.
    home = Path(os.environ["HOME"])
    work_once(home)
    # Kritas that share a home wait for each other; the cache is one.
    for number in range(AT_A_TIME):
        _homes.put(shutil.copytree(home, RESULTS / f"home {number}", symlinks=True))
    before = paths_in(PLACES, OWN)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        kills = list(pool.map(kill_once, moments))
    at_once = new_since(before)
    # What killed processes could not take away, later ones do.
    for path in TEMPORARY.glob("dreamlayer-*"):
        os.utime(path, (0, 0))
    work_once(home, killed=False)
    found = {"kills": kills, "files_at_once": at_once, "files": new_since(before)}
    (RESULTS / "kills.json").write_text(json.dumps(found, indent=2))


def kill_once(moment):
    """Kill a Krita so many seconds after it began to work; what it did, and what was left."""
    home = _homes.get()
    krita = start(home)
    until(lambda: told_by(krita), "a call")
    time.sleep(moment)
    had_worker = any(parent == krita.pid for _number, _kind, parent in running())
    end(krita)
    began = time.monotonic()
    left = orphans_left(lambda: list(_alive))
    _homes.put(home)
    seconds = round(time.monotonic() - began, 2)
    return {"told": told_by(krita), "had_worker": had_worker, "left": left, "seconds": seconds}


def work_once(home, killed=True):
    """Let a Krita do all kinds of work, and kill it as it goes on, or let it end."""
    krita = start(home, **({} if killed else {"DREAMLAYER_ONE_ROUND": "1"}))
    until(lambda: any("round" in call for call in told_by(krita)), "a round of work")
    if not killed:
        until(lambda: krita.poll() is not None, "its end")
    end(krita)
    orphans_left(lambda: list(_alive))


def start(home, **more):
    """A Krita that works until it is killed; `more` are variables of its environment."""
    command = ["kritarunner", "-s", "kills_batch", "-f", "main"]
    own = {"HOME": str(home), "TMPDIR": str(TEMPORARY), "XDG_CACHE_HOME": str(RESULTS / "cache")}
    environment = {**os.environ, **own, **more}
    with (RESULTS / "krita.log").open("a") as log:
        krita = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    _alive.add(krita.pid)
    return krita


def end(krita):
    """Kill Krita, unless it has ended: its number may belong to another process then."""
    if krita.poll() is None:
        kill(krita.pid)
        krita.wait()
    _alive.discard(krita.pid)


def told_by(krita):
    """What a Krita has told of its calls."""
    return [call for call in CALLS.lines() if call["by"] == krita.pid]


def new_since(before):
    """What was not there, beside Krita's own."""
    new = paths_in(PLACES, OWN) - before
    return sorted(path for path in new if not Path(path).name.startswith(KRITAS))


main(int(sys.argv[1]), int(sys.argv[2]))
