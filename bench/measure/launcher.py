"""Run a command and print its time and memory as JSON: `python -S launcher.py COMMAND...`.

It is a process of its own, with the standard library alone: the peak memory that the system reports
for a child is at least that of its parent, so the parent must be small.
"""

import json
import subprocess
import sys
import time


def main(command: list[str]) -> None:
    """Print seconds, peak memory in bytes or null, and the exit code."""
    began = time.perf_counter()
    code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode
    seconds = time.perf_counter() - began
    try:
        import resource
    except ImportError:
        peak: int | None = None
    else:
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        peak *= 1 if sys.platform == "darwin" else 1024
    print(json.dumps({"seconds": seconds, "peak": peak, "code": code}))


if __name__ == "__main__":
    main(sys.argv[1:])
