"""What a run of the command says of its memory, and what it takes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from format_samples import Tag, tiff_of
from PIL import Image

# The kernel's own high-water mark of this program; that of resource.getrusage would also count
# the test process, which the child is forked from.
MEASURED = """
import re, sys
from pathlib import Path
from dreamlayer.core.cli.program import main
code = main(sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
sys.exit(code)
"""

_ENDINGS = {"alpha": "png", "progressive": "jpg", "extras": "tif"}
_WIDTH, _HEIGHT, _EXTRAS = 2000, 1500, 20


def told_and_taken(
    folder: Path, *options: str, kind: str = "jpg", target: str = "png", steps: int = 1
) -> tuple[float, int]:
    """Bytes that a dream of 3 megapixels told beforehand, and its peak; on Linux alone.

    Parameters
    ----------
    folder : Path
        For the pictures.
    options : str
        Further options of the command.
    kind : str
        The ending of the picture's file, `alpha` for a PNG with transparency, `progressive` for a
        JPEG of CMYK, or `extras` for a TIFF of 20 extra channels.
    target : str
        The ending of the dream's.
    steps : int
        Steps of the one octave.
    """
    photo = folder / f"photo.{_ENDINGS.get(kind, kind)}"
    _make(photo, kind)
    done = subprocess.run(
        [
            *(sys.executable, "-c", MEASURED, "dream", str(photo)),
            *("-o", str(folder / f"out.{target}"), "--steps", str(steps), "--octaves", "1"),
            *options,
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = re.search(r"about ([\d.]+) (MiB|GiB) of memory", done.stderr)
    assert found is not None, done.stderr
    told = float(found[1]) * (2**30 if found[2] == "GiB" else 2**20)
    return told, int(done.stdout) * 1024


def _make(photo: Path, kind: str) -> None:
    channels = 4 if kind == "alpha" else 3
    noise = np.random.default_rng(0).integers(0, 255, (150, 200, channels), np.uint8)
    image = Image.fromarray(noise).resize((_WIDTH, _HEIGHT))
    if kind == "progressive":
        image.convert("CMYK").save(photo, progressive=True)
    elif kind == "extras":
        samples = 3 + _EXTRAS
        values = np.repeat(np.asarray(image)[:, :, :1], samples, axis=2)
        tags: list[Tag] = [(338, 3, [0] * _EXTRAS)]
        photo.write_bytes(tiff_of(values.tobytes(), image.size, samples=samples, tags=tags))
    else:
        image.save(photo)
