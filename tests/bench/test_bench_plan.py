"""A network file as a plan: steps, constants, padding, and the operations that are counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from bench.errors import BenchError
from bench.measure.flops import gradient_operations
from bench.peers.plan import RELU6, Plan, Step, pads_of, refuse_unknown
from bench.peers.planning import plan_of
from bench.peers.sources import NetworkSource
from bench.peers.subjects import DEFAULT, INCEPTION
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(INCEPTION.network)


def test_operations_are_those_of_the_convolutions() -> None:
    """One convolution of 3 by 3, 3 to 8 channels, on 10 by 10 pixels: counted by hand."""
    image = helper.make_tensor_value_info(IMAGE, TensorProto.FLOAT, [1, 3, "h", "w"])
    wide = helper.make_tensor_value_info("wide", TensorProto.FLOAT, [1, 8, "a", "b"])
    kernel = numpy_helper.from_array(np.ones((8, 3, 3, 3), np.float32), "kernel")
    node = helper.make_node("Conv", [IMAGE, "kernel"], ["wide"])
    model = helper.make_model(helper.make_graph([node], "small", [image], [wide], [kernel]))
    plan = plan_of(model, [Term("wide")])
    forward = 2 * 3 * 3 * 3 * 8 * 8 * 8
    assert gradient_operations(model, plan, 10, 10) == 2 * forward


def test_operations_of_the_default_network(network: Network) -> None:
    """InceptionV3 to mixed5 at 299 pixels is known to take 14.5 GFLOP forward and backward."""
    plan = plan_of(network.model, [Term("mixed5")])
    assert gradient_operations(network.model, plan, 299, 299) == pytest.approx(14.5e9, rel=0.02)


def test_plan_needs_no_tensor_that_was_dropped(network: Network) -> None:
    """Each step finds its inputs, and in the end only the tapped layers are left."""
    plan = plan_of(network.model, INCEPTION.terms)
    there = {IMAGE}
    for step in plan.steps:
        assert set(step.inputs) <= there | set(plan.constants)
        there.difference_update(step.drops)
        there.add(step.output)
    assert there == {"mixed3", "mixed5"}


def test_plan_evaluates_the_compressed_kernels(network: Network) -> None:
    """Weights are float32 numbers; nothing of their compressed form is left to the peers."""
    plan = plan_of(network.model, INCEPTION.terms)
    stored = {t.name: numpy_helper.to_array(t) for t in network.model.graph.initializer}
    parts = (f"conv2d/kernel/{part}" for part in ("codes", "scale", "minimum"))
    codes, scale, minimum = (stored[part] for part in parts)
    np.testing.assert_array_equal(
        plan.constants["conv2d/kernel"], codes.astype(np.float32) * scale + minimum
    )
    assert {value.dtype for value in plan.constants.values()} == {np.dtype(np.float32)}
    assert "Cast" not in {step.op for step in plan.steps}


def test_folded_plan_has_no_batch_norms(network: Network) -> None:
    """They are in the kernels, and the layers that are asked for keep their names."""
    plan = plan_of(network.model, INCEPTION.terms, folded=True)
    assert "BatchNormalization" not in {step.op for step in plan.steps}
    outputs = {step.output for step in plan.steps}
    assert {"mixed3", "mixed5"} <= outputs


def test_clip_to_six_is_relu6() -> None:
    """MobileNetV2's activation is what frameworks have an operator for."""
    plan = NetworkSource(DEFAULT).plan()
    clips = [step for step in plan.steps if step.op == RELU6]
    assert len(clips) > 20
    assert {len(step.inputs) for step in clips} == {1}
    assert "Clip" not in {step.op for step in plan.steps}


@pytest.mark.parametrize(
    ("attributes", "size", "pads"),
    [
        ({}, (5, 5), (0, 0, 0, 0)),
        ({"pads": [0, 0, 1, 1], "strides": [2, 2]}, (8, 8), (0, 0, 1, 1)),
        ({"auto_pad": "SAME_UPPER", "strides": [2, 2]}, (8, 9), (0, 1, 1, 1)),
        ({"auto_pad": "SAME_UPPER"}, (8, 8), (1, 1, 1, 1)),
    ],
)
def test_padding_is_what_onnx_says(
    attributes: dict[str, Any], size: tuple[int, int], pads: tuple[int, ...]
) -> None:
    """Given as numbers, or by the size as TensorFlow does; more of it at the end."""
    step = Step("Conv", (IMAGE, "kernel"), "wide", attributes, ())
    assert pads_of(step, (3, 3), size) == pads


@pytest.mark.parametrize("attributes", [{"ceil_mode": 1}, {"auto_pad": "SAME_LOWER"}])
def test_padding_that_frameworks_lack_is_refused(attributes: dict[str, Any]) -> None:
    """Rather than computing something else."""
    step = Step("MaxPool", (IMAGE,), "small", attributes, ())
    with pytest.raises(BenchError, match=r"MaxPool \('small'\) has"):
        pads_of(step, (3, 3), (8, 8))


def test_unknown_operator_is_refused_by_name() -> None:
    """A network that a peer cannot carry out is refused before anything runs."""
    graph = helper.make_graph(
        [helper.make_node("Tanh", [IMAGE], ["bent"])],
        "small",
        [helper.make_tensor_value_info(IMAGE, TensorProto.FLOAT, [1, 3, 4, 4])],
        [helper.make_tensor_value_info("bent", TensorProto.FLOAT, [1, 3, 4, 4])],
    )
    plan = plan_of(helper.make_model(graph), [Term("bent")])
    assert plan == Plan({}, plan.steps, (Term("bent"),))
    with pytest.raises(BenchError, match=r"the PyTorch peer does not know Tanh \('bent'\)"):
        refuse_unknown(plan, ["Relu"], "PyTorch")
