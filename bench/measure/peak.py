"""The machine's peak: `python -m bench.measure.peak LIBRARY THREADS DEVICE PRECISION`.

A process of its own for each library prints operations per second: the highest over several sizes
and turns, as every disturbance only slows it down.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from bench.measure.workers import environment
from bench.peers.table import HALF, TF32, Entry, Setting

SIDES = (1024, 2048)
_TURNS = 5
_ENOUGH = 120.0
_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def measure_peaks(entries: Sequence[Entry]) -> dict[tuple[str, str], float]:
    """Measure operations per second by precision and library, of the libraries that are installed.

    Parameters
    ----------
    entries : sequence of Entry
        The rows; the peaks are measured with their threads, devices and precisions.
    """
    first = entries[0]
    wanted = [("numpy", first.python, first.setting)] if first.setting.device == "cpu" else []
    torches = {entry.setting: entry for entry in entries if entry.group == "torch"}
    wanted += [("torch", entry.python, setting) for setting, entry in torches.items()]
    found = {}
    for library, python, setting in wanted:
        speed = _measured(library, python, setting)
        if speed is not None:
            found[setting.precision, library] = speed
    return found


def _measured(library: str, python: str, setting: Setting) -> float | None:
    threads = str(setting.threads or os.cpu_count() or 1)
    command = [python or sys.executable, "-m", "bench.measure.peak", library, threads]
    pools = dict.fromkeys(_POOLS, threads)
    try:
        done = subprocess.run(
            [*command, setting.device, setting.precision],
            env={**environment(Entry(library, "", setting)), **pools},
            capture_output=True,
            text=True,
            timeout=_ENOUGH,
        )
        return float(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        # Without the library there is no peak; its rows say that it is missing.
        return None


def best(multiply: Callable[[int], Callable[[], object]], sides: Sequence[int] = SIDES) -> float:
    """The most operations per second over all sizes and turns.

    Parameters
    ----------
    multiply : callable
        For a side, returns a function that multiplies two square matrices of that side once.
    sides : sequence of int
        The sides to try.
    """
    fastest = 0.0
    for side in sides:
        work = multiply(side)
        work()
        for _ in range(_TURNS):
            began = time.perf_counter()
            work()
            fastest = max(fastest, 2.0 * side**3 / (time.perf_counter() - began))
    return fastest


def _numpy(side: int) -> Callable[[], object]:
    import numpy as np

    a = np.random.default_rng(0).random((side, side), dtype=np.float32)
    out = np.empty_like(a)
    return lambda: np.matmul(a, a, out=out)


def _torch(threads: int, device: str, precision: str) -> Callable[[int], Callable[[], object]]:
    import torch

    torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = precision == TF32
    kind = torch.bfloat16 if precision == HALF else torch.float32

    def multiply(side: int) -> Callable[[], object]:
        a = torch.rand(side, side).to(device, kind)
        out = torch.empty_like(a)

        def work() -> Any:
            torch.matmul(a, a, out=out)
            if device == "cuda":
                torch.cuda.synchronize()

        return work

    return multiply


def main(argv: Sequence[str]) -> None:
    """Print the operations per second."""
    library, threads, device, precision = argv
    multiply = _numpy if library == "numpy" else _torch(int(threads), device, precision)
    print(best(multiply, SIDES if device == "cpu" else (4096, 8192)))


if __name__ == "__main__":
    main(sys.argv[1:])
