"""`python -m bench`: measure dreamlayer beside what a user would pick instead."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from dreamlayer.core.cli.program import Program


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; see `core.cli.program.Program.main`."""
    return Program(
        "python -m bench",
        description="Measure gradients, octave steps, whole pictures and where the time goes, "
        "beside PyTorch, TensorFlow and onnx-ad where they are installed, and print the ratios "
        "as Markdown.",
        example="gradients --layer mixed4",
        load=lambda _: importlib.import_module("bench.cli"),
        commands={},
        extras="bench",
        cancelled="",
    ).main(argv)


if __name__ == "__main__":
    sys.exit(main())
