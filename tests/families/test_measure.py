"""What is told of a network's gradients, whatever becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import measure
import numpy as np
import onnx
import pytest

from dreamlayer.core.errors import UnsupportedOperatorError


def record() -> dict[str, Any]:
    """What a framework hands over of one layer that is called `early`."""
    return {
        "late_module": "early",
        "late_activation": np.zeros((1, 4, 16, 16), np.float32),
        "late_gradients": np.ones((1, 3, 16, 16)),
        "late_missed": np.array([2e-6]),
        "images": np.zeros((1, 3, 16, 16), np.float32),
    }


class Failing:
    """In the place of a network: has no gradient."""

    def __init__(self, _name: str) -> None: ...

    def gradient_model(self, *_: Any) -> onnx.ModelProto:
        raise UnsupportedOperatorError("Sign has no gradient\nand more")


def test_a_gradient_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the kind of the error and its first line; the layer that it belongs to is known."""
    monkeypatch.setattr(measure, "Network", Failing)
    layers = {"conv": np.zeros((1, 4, 16, 16), np.float32)}
    found = measure._compared("late", record(), layers, Path("adopted.onnx"))
    assert found == {
        "module": "early",
        "layer": "conv",
        "problem": "UnsupportedOperatorError: Sign has no gradient",
    }
