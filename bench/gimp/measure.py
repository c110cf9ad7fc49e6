"""What the GIMP plug-in costs on top of the dream: `python -m bench.gimp.measure [trixie|sid]`.

A recipe of 0 steps runs through the filter on 12 megapixels, in a real GIMP
(`tests/support/editor_root.py`): plug-in and worker start, all pixels are sent and come back, an
undo step is made. For comparison, a plain program starts the worker, sends as many pixels of the
same type, reads the result and ends the worker. The output is a Markdown table of medians of five
calls.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import editor_root  # noqa: E402 - the checkout's own

_CALLS = 5
_PIXELS = 4000 * 3000
_TYPES = {"8-bit": ("uint8", 1), "16-bit": ("uint16", 2), "32-bit float": ("float32", 4)}
"""Type in which an image's pixels are sent, and bytes per value."""


def main(suite: str) -> None:
    """Install the filter in an empty configuration, call it, print the table."""
    if reason := editor_root.missing(suite):
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plug_ins = folder / "gimp" / "plug-ins"
        plug_ins.mkdir(parents=True)
        python = editor_root.interpreter(folder / "python")
        command = [sys.executable, "-m", "plugin", "install", "--to", str(plug_ins)]
        subprocess.run([*command, "--python", str(python)], cwd=ROOT, check=True)
        inside = f"/host{Path(__file__).with_name('inside.py')}"
        console = ["gimp-console-3", "-i", "--quit", "--batch-interpreter", "python-fu-eval"]
        said = editor_root.run(
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
    alone = {image: [_alone(image) for _ in range(_CALLS)] for image in found if image != "version"}
    print(f"\nGIMP {found.pop('version')}, 4000 × 3000 pixels, 0 steps, seconds a call\n")
    print("| image | call | range | worker alone | difference |\n|---|---|---|---|---|")
    for image, seconds in found.items():
        call, worker = statistics.median(seconds), statistics.median(alone[image])
        print(
            f"| {image} | {call:.2f} | {min(seconds):.2f} to {max(seconds):.2f} "
            f"| {worker:.2f} | {call - worker:.2f} |"
        )


def _alone(image: str) -> float:
    """Seconds that the worker takes by itself: start, one frame in, the same frame out, end."""
    kind, size = next(found for name, found in _TYPES.items() if image.startswith(name))
    mask = "selection" in image
    count = _PIXELS * size * (5 if mask else 4)
    header = {"type": "dream", "width": 4000, "height": 3000, "pixels": kind, "mask": mask}
    request = {**header, "recipe": {"steps": 0}, "bytes": count}
    began = time.monotonic()
    worker = subprocess.Popen(
        [sys.executable, "-m", "dreamlayer", "worker"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(json.dumps(request).encode() + b"\n")
    band = bytes(1 << 20)
    for start in range(0, count, len(band)):
        worker.stdin.write(band[: count - start])
    worker.stdin.flush()
    while True:
        answer = json.loads(worker.stdout.readline())
        if answer["type"] == "error":
            sys.exit(answer["error"])
        left = answer.get("bytes", 0)
        while left:
            left -= len(worker.stdout.read(min(left, len(band))))
        if answer["type"] == "result":
            break
    worker.stdin.close()
    worker.wait()
    return time.monotonic() - began


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "trixie")
