"""The shipped network, made to take images of one size only."""

from __future__ import annotations

from pathlib import Path

import onnx

from dreamlayer.core.network.files import DEFAULT_FILE
from dreamlayer.export.adopt.one_size import fix_size


def exact_default(folder: Path, size: tuple[int, int]) -> str:
    """The path of the default network for images of this height and width."""
    model = onnx.load(DEFAULT_FILE)
    fix_size(model, size)
    path = folder / f"exact{size[0]}x{size[1]}.onnx"
    onnx.save(model, path)
    return str(path)
