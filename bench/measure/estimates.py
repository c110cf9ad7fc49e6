"""Memory that a dream says it takes beside what it takes: `python -m bench.measure.estimates`.

Dreams on pictures of several kinds and sizes, each in a process of its own, and prints a table;
`--output` adds it to a Markdown file.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.measure.large import Run, measured

HEADING = "## Estimates of memory"
ALLOWED = 0.25
"""The most by which an estimate may differ from the peak."""


@dataclass(frozen=True)
class Kind:
    """A kind of picture, and what becomes of it.

    Attributes
    ----------
    ending, target : str
        Of the picture's file and of the dream's.
    depth : int
        Bits per channel.
    alpha, masked : bool
        Whether it has transparency, or a mask.
    interlaced : bool
        Whether its decoder needs the whole picture at once.
    options : tuple of str
        Further options of the dream.
    """

    ending: str
    target: str = "png"
    depth: int = 8
    alpha: bool = False
    masked: bool = False
    interlaced: bool = False
    options: tuple[str, ...] = ()


KINDS = {
    "JPEG": Kind("jpg"),
    "PNG of 8 bits": Kind("png"),
    "PNG of 16 bits": Kind("png", depth=16),
    "interlaced PNG": Kind("png", interlaced=True),
    "float TIFF": Kind("tif", "tif", depth=32),
    "with transparency": Kind("png", alpha=True),
    "WebP": Kind("webp"),
    "to WebP": Kind("jpg", "webp"),
    "with a mask": Kind("jpg", masked=True),
    "strength 0": Kind("jpg", options=("--strength", "0")),
}


def write_picture(kind: Kind, size: float, folder: Path) -> tuple[Path, tuple[str, ...]]:
    """Write a picture of some megapixels; its file, and the options of its dream."""
    import pyvips

    height = round(math.sqrt(size * 1e6 * 3 / 4))
    width = round(height * 4 / 3)
    small = np.random.default_rng(0).integers(0, 255, (150, 200, 3 + kind.alpha), np.uint8)
    image = pyvips.Image.new_from_array(small).copy(interpretation="srgb")
    image = image.resize(width / 200, vscale=height / 150, kernel="linear")
    if kind.depth == 16:
        image = (image.cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
    if kind.depth == 32:
        image = (image.cast("float") / 255).copy(interpretation="scrgb")
    path = folder / f"picture.{kind.ending}"
    image.write_to_file(str(path), **({"interlace": True} if kind.interlaced else {}))
    if not kind.masked:
        return path, kind.options
    mask = folder / "mask.png"
    image.extract_band(0).write_to_file(str(mask))
    return path, (*kind.options, "--mask", str(mask))


def table(runs: Sequence[tuple[str, float, int, Run]]) -> str:
    """The Markdown table of runs with the kind of picture, megapixels and steps."""
    lines = [
        "| picture | megapixels | steps | estimate, GiB | peak, GiB | difference |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, size, steps, run in runs:
        off = run.told / run.peak - 1
        lines.append(
            f"| {name} | {size:g} | {steps} | {run.told / 2**30:.2f} | {run.peak / 2**30:.2f} | "
            f"{off:+.0%}{' (too much)' if abs(off) > ALLOWED else ''} |"
        )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write it."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.estimates",
        description="Estimates of memory beside peaks, of the default recipe on the CPU (Linux).",
    )
    parser.add_argument("--sizes", metavar="MP,MP", default="1,12", help="megapixels")
    parser.add_argument("--steps", metavar="N,N", default="0,1", help="steps on each octave")
    parser.add_argument("--octaves", type=int, metavar="N", default=2)
    parser.add_argument("--kinds", metavar="NAME,NAME", default=",".join(KINDS))
    parser.add_argument("--output", type=Path, metavar="FILE", help="file whose section to replace")
    asked = parser.parse_args(argv)
    runs = []
    for size in map(float, asked.sizes.split(",")):
        for name in asked.kinds.split(","):
            for steps in map(int, asked.steps.split(",")):
                with tempfile.TemporaryDirectory() as folder:
                    path, more = write_picture(KINDS[name], size, Path(folder))
                    options = ("--octaves", str(asked.octaves), "--steps", str(steps), *more)
                    run = measured(path, options, KINDS[name].target)
                runs.append((name, size, steps, run))
                print(table(runs[-1:]).splitlines()[-1], file=sys.stderr, flush=True)
    text = (
        f"{HEADING}\n\nBy `python -m bench.measure.estimates --sizes {asked.sizes}`: the default "
        f"recipe with {asked.octaves} octaves on ONNX Runtime's CPU provider; peaks are those of "
        f"the kernel.\n\n{table(runs)}\n"
    )
    print(text)
    if asked.output is not None:
        before = asked.output.read_text(encoding="utf-8") if asked.output.exists() else ""
        asked.output.write_text(with_section(before, text), encoding="utf-8")


def with_section(document: str, section: str) -> str:
    """A Markdown document in which a section, with its heading, takes the place of the former."""
    first, _, rest = document.partition(HEADING)
    after = rest.partition("\n## ")[1:]
    parts = [first.strip(), section.strip(), "".join(after).strip()]
    return "\n\n".join(part for part in parts if part) + "\n"


if __name__ == "__main__":
    main()
