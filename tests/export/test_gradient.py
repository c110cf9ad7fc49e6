"""Stand-alone gradient models: the syntax of layers, and that plain ONNX Runtime runs them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from dreamlayer.core.errors import LayerError, NetworkError, OutputError
from dreamlayer.export import gradient


def test_gradient_model_stands_alone(tmp_path: Path) -> None:
    """The file passes the checker in full, runs on plain ONNX Runtime, and its gradient climbs."""
    path = tmp_path / "gradient.onnx"
    told = gradient.run("default", ["mixed3:1:3-7+9:mean", "mixed1:-0.1::mean"], path, ["mixed0"])
    assert "outputs loss, gradient, mixed0" in told
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    image = np.random.default_rng(0).random((1, 3, 96, 80), dtype=np.float32)
    loss, slope, tap = session.run(None, {"image": image})
    assert slope.shape == image.shape
    assert tap.shape[:2] == (1, 256)
    step = slope * np.float32(1e-3 / np.abs(slope).max())
    (higher,) = session.run(["loss"], {"image": image + step})
    assert higher - loss == pytest.approx(float((slope * step).sum()), rel=0.1)


def test_unknown_layers_and_networks_are_refused(tmp_path: Path) -> None:
    """Each bad argument gets its own kind of error, and nothing is written."""
    path = tmp_path / "gradient.onnx"
    with pytest.raises(LayerError, match="mixed3"):
        gradient.run("default", ["mixd3"], path, [])
    with pytest.raises(LayerError, match="mixed0"):
        gradient.run("default", ["mixed3"], path, ["mixd0"])
    with pytest.raises(NetworkError, match="does not exist"):
        gradient.run(str(tmp_path / "none.onnx"), ["mixed3"], path, [])
    with pytest.raises(OutputError, match="does not exist"):
        gradient.run("default", ["mixed3"], tmp_path / "none" / "g.onnx", [])
    foreign = tmp_path / "foreign.onnx"
    relu = onnx.helper.make_node("Relu", ["x"], ["y"])
    values = [onnx.helper.make_tensor_value_info(n, 1, [1, 3, 8, 8]) for n in "xy"]
    onnx.save(
        onnx.helper.make_model(onnx.helper.make_graph([relu], "g", values[:1], values[1:])), foreign
    )
    with pytest.raises(NetworkError, match="python -m export adopt"):
        gradient.run(str(foreign), ["y"], path, [])
    assert not path.exists()
