"""What the GIMP plug-in costs beside the dream: `python bench/gimp.py [trixie|sid]`.

A recipe of 0 steps through the filter on 12 megapixels, in a real GIMP (`tests/gimp_root.py`): the
start of the plug-in and of the worker, all pixels out and in again, the undo step. Printed as a
Markdown table with the median and range of five calls each.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import gimp_root  # noqa: E402 - the checkout's own

_CALLS = 5


def main(suite: str) -> None:
    """Install the filter in a fresh configuration, call it, print the table."""
    if reason := gimp_root.missing(suite):
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plug_ins = folder / "gimp" / "plug-ins"
        plug_ins.mkdir(parents=True)
        python = gimp_root.interpreter(folder / "python")
        command = [sys.executable, "-m", "plugin", "install", "--to", str(plug_ins)]
        subprocess.run([*command, "--python", str(python)], cwd=ROOT, check=True)
        inside = f"/host{ROOT / 'bench' / 'inside_gimp.py'}"
        console = ["gimp-console-3", "-i", "--quit", "--batch-interpreter", "python-fu-eval"]
        said = gimp_root.run(
            suite,
            [*console, "-b", f"exec(open({inside!r}).read())"],
            folder,
            environment={
                "GIMP3_DIRECTORY": str(folder / "gimp"),
                "DREAMLAYER_RESULTS": str(folder),
                "DREAMLAYER_CALLS": str(_CALLS),
            },
            timeout=900,
        )
        results = folder / "results.json"
        if not results.exists():
            sys.exit(said.stdout + said.stderr)
        found = json.loads(results.read_text(encoding="utf-8"))
    print(f"\nGIMP {found.pop('version')}, 4000 × 3000 pixels, 0 steps, seconds a call\n")
    print("| image | median | range |\n|---|---|---|")
    for image, seconds in found.items():
        print(
            f"| {image} | {statistics.median(seconds):.2f} "
            f"| {min(seconds):.2f} to {max(seconds):.2f} |"
        )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "trixie")
