"""From the start of the process to a dream's first step: `python -m bench.measure.start`.

Starts the command on a square picture, until the first step is taken, and prints the seconds by
part; the first runs, which fill the cache and write Python's bytecode, are not counted. Between the
runs it times Python alone, and the import of numpy and ONNX Runtime, which no dream can do without.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

IMPORTS, LOAD, STEP = "imports", "network, session, picture", "first step"
_PARTS = (IMPORTS, LOAD, STEP)
_ALONE = {
    "bare Python": "pass",
    "numpy and ONNX Runtime": "import numpy, onnxruntime",
}
"""Statements that are timed for comparison."""


def child(began: float, arguments: Sequence[str]) -> None:
    """Run the command in this process, print when each part had ended, and stop."""
    from dreamlayer.core.cli.program import main as command

    # Everything that is imported in any case before the dream.
    importlib.import_module("dreamlayer.core.cli.dream")
    importlib.import_module("dreamlayer.core.dreaming.dreamer")
    importlib.import_module("dreamlayer.core.images")
    importlib.import_module("dreamlayer.core.runtime.installed").runtime()
    backend: Any = importlib.import_module("dreamlayer.core.ascent.numpy_backend")
    ends = [time.time()]
    first, last = backend.NumpyOctaveStep.accumulate, backend.NumpyOctaveStep.apply

    def accumulate(*given: Any) -> Any:
        ends.append(time.time())
        return first(*given)

    def apply(*given: Any) -> Any:
        last(*given)
        ends.append(time.time())
        print(json.dumps([end - began for end in ends]), file=sys.stderr, flush=True)
        raise KeyboardInterrupt

    backend.NumpyOctaveStep.accumulate, backend.NumpyOctaveStep.apply = accumulate, apply
    command(arguments)


def _measured(arguments: Sequence[str]) -> list[float]:
    script = (
        "import sys; from bench.measure.start import child; child(float(sys.argv[1]), sys.argv[2:])"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(time.time()), *arguments],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    line = next(line for line in run.stderr.splitlines() if line.startswith("["))
    ends = [float(end) for end in json.loads(line)]
    return [end - start for start, end in zip([0.0, *ends], ends, strict=False)]


def _seconds(statement: str) -> float:
    """How long a process takes that runs one statement."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - began


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print medians."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.start",
        description="Seconds from the start of the process to a dream's first step.",
    )
    parser.add_argument("--side", type=int, metavar="PIXELS", default=512, help="the square's side")
    parser.add_argument("--runs", type=int, metavar="N", default=5, help="runs to take medians of")
    parser.add_argument("--provider", metavar="NAME", default="cpu", help="default: cpu")
    asked = parser.parse_args(argv)
    # Not in the process that is timed.
    import tempfile
    from statistics import median

    from bench.measure.pictures import write_photo

    # An installed package has its bytecode.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        photo = Path(name) / "photo.jpg"
        write_photo(photo, asked.side, asked.side)
        arguments = ["dream", str(photo), "-o", str(photo.with_name("dream.png")), "--quiet"]
        arguments += ["--provider", asked.provider]
        for _ in range(2):
            _measured(arguments)
        runs, alone = [], {what: list[float]() for what in _ALONE}
        for _ in range(asked.runs):
            runs.append(_measured(arguments))
            for what, statement in _ALONE.items():
                alone[what].append(_seconds(statement))
    for what, seconds in alone.items():
        print(f"{what:<27} {median(seconds):6.3f} s")
    for number, part in enumerate(_PARTS):
        print(f"{part:<27} {median(run[number] for run in runs):6.3f} s")
    print(f"{'together':<27} {median(map(sum, runs)):6.3f} s")


if __name__ == "__main__":
    main()
