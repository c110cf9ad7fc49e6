"""Run many mutations and kills, and print how they ended as a table.

Use: python tests/reliability/run.py --pictures 1000 --recipes 300 --frames 300 --networks 300
--kills 100 --seed 1
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from frame_trial import frame_trials
from kill_trial import kill_trials
from mutation_trial import PICTURES, RECIPES, Kind, Totals, trials
from network_trial import network_trials

_COLUMNS = ("tried", "made", "refused or ended", "traceback", "signal", "hang", "other faults")


def main() -> int:
    """Run what the arguments ask for; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("pictures", "recipes", "frames", "networks", "kills"):
        parser.add_argument(f"--{name}", type=int, default=0, metavar="NUMBER")
    parser.add_argument("--verbose", action="store_true", help="print each network's outcome")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rows = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as cache:
        os.environ["DREAMLAYER_CACHE"] = cache
        files: list[tuple[str, Kind, int]] = [
            ("pictures", PICTURES, options.pictures),
            ("recipes", RECIPES, options.recipes),
        ]
        for name, kind, count in files:
            rows[name] = Totals()
            for trial in trials(kind, count, options.seed):
                rows[name].add(trial.ended.code == 0, trial.faults)
                _tell(trial, trial.faults)
        rows["frames"] = Totals()
        for frame in frame_trials(options.frames, options.seed):
            done = any(one in ("result", "description") for one in frame.answers[:-1])
            rows["frames"].add(done, frame.faults)
            _tell(frame, frame.faults)
        rows["networks"] = Totals()
        for network in network_trials(options.networks, options.seed):
            rows["networks"].add(network.used, network.faults)
            _tell(network, network.faults or options.verbose)
        rows["kills"] = Totals()
        for kill in kill_trials(options.kills, options.seed):
            rows["kills"].add(kill.finished, kill.faults)
            _tell(kill, kill.faults)
    print("| |", " | ".join(_COLUMNS), "|")
    print("|---|" + "--:|" * len(_COLUMNS))
    for name, row in rows.items():
        print(f"| {name} |", " | ".join(map(str, row.cells())), "|")
    return int(any(row.faults for row in rows.values()))


def _tell(trial: object, faults: list[str] | bool) -> None:
    if faults:
        print(trial, flush=True)


if __name__ == "__main__":
    sys.exit(main())
