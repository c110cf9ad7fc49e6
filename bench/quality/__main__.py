"""`python -m bench.quality`: tables and sheets that show what pictures are like."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.errors import BenchError
from dreamlayer.core.cli.program import Program

_PARTS = {
    "tiles": "one step's gradient by tiles, beside that of the whole image",
    "frames": "luminance, contrast and chroma over zoomed frames",
    "pictures": "sheets of dreams on six pictures, with clipped pixels and chroma",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    listed = "; ".join(f"{name}: {what}" for name, what in _PARTS.items())
    parser.add_argument("part", choices=_PARTS, metavar="PART", help=listed)
    parser.add_argument(
        "--megapixels", type=float, default=12.0, help="size of tiles' photo (default: 12)"
    )
    parser.add_argument("--frames", type=int, default=50, help="number of frames (default: 50)")
    parser.add_argument(
        "--presets", metavar="NAME,...", help="presets of the sheets (default: all of our own)"
    )
    parser.add_argument(
        "--sheets", type=Path, metavar="FOLDER", help="folder for the sheets, as JPEG"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="file for the table, too")


def run(options: argparse.Namespace) -> int:
    """Measure one part and print its table as Markdown."""
    if options.sheets is not None and not options.sheets.is_dir():
        raise BenchError(f"the folder of --sheets {str(options.sheets)!r} does not exist")
    if options.output is not None and not options.output.absolute().parent.is_dir():
        raise BenchError(f"the folder of --output {str(options.output)!r} does not exist")
    text = importlib.import_module(f"bench.quality.{options.part}").report(options)
    print(text, flush=True)
    if options.output is not None:
        options.output.write_text(text + "\n", encoding="utf-8")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; see `core.cli.program.Program.main`."""
    return Program(
        "python -m bench.quality",
        description="Measure what pictures are like, and print it as Markdown.",
        example="tiles",
        load=lambda _: sys.modules[__name__],
        commands={},
        extras="bench",
        cancelled="",
    ).main(argv)


if __name__ == "__main__":
    sys.exit(main())
