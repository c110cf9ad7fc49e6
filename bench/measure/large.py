"""Time and memory per megapixel of our own command: `python -m bench.measure.large`.

Dreams on pictures of several sizes, each in a process of its own, and prints a table; `--output`
adds it to a Markdown file.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.measure.machine import this_machine

HEADING = "## The default recipe, by size"
_ONCE = 50.0
"""Megapixels from which one run must do."""

_STATUS = Path("/proc/self/status")
_UNITS = {"MiB": 2.0**20, "GiB": 2.0**30}


@dataclass(frozen=True)
class Run:
    """One dream.

    Attributes
    ----------
    start : float
        Seconds from the start of the process until the picture is read.
    whole : float
        Seconds from the start of the process to its end.
    peak : float
        Peak memory of the process in bytes.
    told : float
        The estimate that it printed, in bytes.
    """

    start: float
    whole: float
    peak: float
    told: float


def child(began: float, arguments: Sequence[str]) -> None:
    """Run the command in this process, and print what it took as the last line of its errors."""
    from dreamlayer.core.cli.program import main as command

    source: Any = importlib.import_module("dreamlayer.core.images.reading").Source
    load, starts = source.load, []

    def noted(*given: Any) -> Any:
        starts.append(time.time() - began)
        return load(*given)

    source.load = noted
    code = command(arguments)
    found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
    peak = int(found[1]) * 1024 if found else 0
    print("\n" + json.dumps([starts[0], time.time() - began, peak]), file=sys.stderr)
    sys.exit(code)


def measured(picture: Path, options: Sequence[str], ending: str = "png") -> Run:
    """Dream on a picture in a new process, into a file of some ending.

    Raises
    ------
    BenchError
        The dream failed.
    """
    script = (
        "import sys; from bench.measure.large import child; child(float(sys.argv[1]), sys.argv[2:])"
    )
    target = str(picture.with_name(f"dream.{ending}"))
    done = subprocess.run(
        [
            *(sys.executable, "-c", script, str(time.time())),
            *("dream", str(picture), "-o", target, "--provider", "cpu", *options),
        ],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    told = re.search(r"about ([\d.]+) (MiB|GiB) of memory", done.stderr)
    if done.returncode or told is None:
        raise BenchError(f"the dream on {picture.name} failed: {done.stderr.strip()[-300:]}")
    start, whole, peak = json.loads(done.stderr.strip().splitlines()[-1])
    return Run(start, whole, peak, float(told[1]) * _UNITS[told[2]])


def table(runs: Sequence[tuple[float, Run]]) -> str:
    """The Markdown table of runs with their megapixels."""
    lines = [
        "| megapixels | start-up, s | picture, s | s per megapixel | with start-up | peak, GiB | "
        "estimate, GiB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for size, run in runs:
        alone = run.whole - run.start
        lines.append(
            f"| {size:g} | {run.start:.2f} | {alone:.1f} | {alone / size:.3f} | "
            f"{run.whole / size:.3f} | {run.peak / 2**30:.2f} | {run.told / 2**30:.2f} |"
        )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write it."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.large",
        description="Time and memory per megapixel of the default recipe on the CPU (Linux).",
    )
    parser.add_argument("--sizes", metavar="MP,MP", default="1,12,48", help="megapixels")
    parser.add_argument("--runs", type=int, metavar="N", default=2, help="runs, the best counts")
    parser.add_argument("--octaves", type=int, metavar="N", default=2)
    parser.add_argument("--steps", type=int, metavar="N", default=1)
    parser.add_argument("--output", type=Path, metavar="FILE", help="file whose section to replace")
    asked = parser.parse_args(argv)
    # Not in the processes that are timed.
    from bench.measure.pictures import write_photo

    sizes = [float(text) for text in asked.sizes.split(",")]
    options = ("--octaves", str(asked.octaves), "--steps", str(asked.steps))
    best: dict[float, Run] = {}
    with tempfile.TemporaryDirectory() as name:
        for size in sizes:
            height = math.sqrt(size * 1e6 * 3 / 4)
            photo = Path(name) / f"{size:g}.jpg"
            write_photo(photo, round(height * 4 / 3), round(height))
        for number in range(asked.runs):
            for size in (one for one in sizes if number == 0 or one < _ONCE):
                run = measured(Path(name) / f"{size:g}.jpg", options)
                best[size] = min(best.get(size, run), run, key=lambda one: one.whole)
                print(f"{size:g} megapixels: {run.whole:.1f} s", file=sys.stderr)
    found = table(list(best.items()))
    machine = this_machine()
    text = (
        f"{HEADING}\n\n"
        f"`python -m bench.measure.large --sizes {asked.sizes} --runs {asked.runs}`: from JPEG to "
        f"PNG by the default recipe on ONNX Runtime's CPU provider, {asked.octaves} octaves and "
        f"{asked.steps} step on each; {machine.processor}, {machine.cores} cores. The best of "
        f"{asked.runs} runs, one from {_ONCE:g} megapixels on; start-up is until "
        f"the picture is read.\n\n{found}\n"
    )
    print(text)
    if asked.output is not None:
        before = asked.output.read_text(encoding="utf-8") if asked.output.exists() else ""
        kept = before.partition(HEADING)[0].rstrip()
        asked.output.write_text(f"{kept}\n\n{text}".lstrip(), encoding="utf-8")


if __name__ == "__main__":
    main()
