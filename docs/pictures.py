"""Make the README's picture: `python docs/pictures.py`, from a checkout, in about ten seconds."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from dreamlayer import Picture, dream, read, write  # noqa: E402 - the checkout's own package

GAP = 8


def main() -> None:
    """Write the photo and its dream, side by side."""
    before = read(ROOT / "tests" / "data" / "coffee.jpg")
    after = dream(before)
    gap = np.ones((before.height, GAP, 3), np.float32)
    both = np.concatenate([before.pixels, gap, after.pixels], axis=1)
    write(Picture(both, format="jpeg"), ROOT / "docs" / "before-after.jpg")


if __name__ == "__main__":
    main()
