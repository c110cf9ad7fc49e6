"""One whole picture by a peer, as its users' scripts would: `python -m bench.peers.dream JOB`.

Reads the picture with Pillow, dreams in the framework's own loop, writes a PNG. The job is a JSON
file in the folder that `bench.peers.sources.store` wrote to.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from bench.peers.sources import StoredSource
from bench.peers.subjects import picture_recipe
from bench.peers.table import Setting, load


def main(path: Path) -> None:
    """Make the picture."""
    job = json.loads(path.read_text(encoding="utf-8"))
    # The benchmark made the picture itself, so Pillow need not guard against its size.
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(job["picture"]) as image:
        pixels = np.asarray(image.convert("RGB"))
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32)
    planes /= 255
    source = StoredSource(path.parent)
    peer = load(job["make"])(source, Setting(**job["setting"]))
    dreamt = peer.loop().dream(planes, picture_recipe(source.subject, job["steps"]))
    levels = np.rint(dreamt.transpose(1, 2, 0) * 255).astype(np.uint8)
    Image.fromarray(levels).save(job["output"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
