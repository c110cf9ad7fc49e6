"""Networks in float16, on the CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from dreamlayer.core.device.float16 import loss_scale, to_float16
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term


def test_float16_network_gives_nearly_the_same_gradient(small_network: Path) -> None:
    """Its loss and gradient come out in float32 and in the units of the float32 one."""
    terms = (Term("deep"), Term("first", 0.1, (), "original"))
    recipe = Recipe(network=str(small_network), layers=terms, precision="fast", octaves=1, steps=1)
    pixels = np.random.default_rng(0).random((50, 40, 3), np.float32)
    full, fast = (
        Dreamer(network_of(recipe), "cpu", 1, "device").dream(pixels, recipe.replace(precision=p))
        for p in ("full", "fast")
    )
    a, b = full - pixels, fast - pixels
    assert (full != fast).any(), "float16 was not used"
    assert float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)) > 0.999


def test_shipped_network_computes_in_float16() -> None:
    """Its tensors do; image, weights as stored and the layers' names stay."""
    network = Network("inception_v3_mixed5")
    half = to_float16(network.model, ["mixed3", "mixed4"])
    found = onnx.shape_inference.infer_shapes(half).graph
    kinds = {i.name: i.type.tensor_type.elem_type for i in [*found.value_info, *found.output]}
    assert kinds["mixed3"] == kinds["mixed4"] == onnx.TensorProto.FLOAT16
    convolutions = [node for node in half.graph.node if node.op_type == "Conv"]
    assert convolutions
    for node in convolutions:
        assert kinds[node.output[0]] == onnx.TensorProto.FLOAT16
    assert {t.data_type for t in half.graph.initializer} <= {
        t.data_type for t in network.model.graph.initializer
    } | {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64}


def test_loss_scale_rounds_nothing() -> None:
    """A power of two that grows with positions; 1 for sums, which do not vanish."""
    network = Network("inception_v3_mixed5")
    near, deep = (loss_scale(network, (Term(name),)) for name in ("mixed0", "mixed5"))
    assert near > deep > 1
    assert np.log2([near, deep]) == pytest.approx(np.round(np.log2([near, deep])))
    assert loss_scale(network, (Term("mixed3", 1.0, (), "content"),)) == 1.0
