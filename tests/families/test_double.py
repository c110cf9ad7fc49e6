"""Models in float64, which decide where float32 tells little."""

from __future__ import annotations

from typing import Any

import double
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(3)


def noise(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def model(nodes: list[onnx.NodeProto], outputs: list[str], **weights: Any) -> onnx.ModelProto:
    """A model that takes ``image``, float32 [1, 4, 9, 12]."""
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 4, 9, 12])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9)


@pytest.mark.parametrize(
    ("attributes", "shape"),
    [
        ({"pads": [1, 0, 2, 1]}, (6, 4, 3, 2)),
        ({"group": 2, "strides": [2, 3]}, (6, 2, 3, 3)),
        ({"group": 4, "dilations": [2, 1], "pads": [2, 1, 2, 1]}, (4, 1, 3, 3)),
        ({"auto_pad": "SAME_UPPER", "strides": [2, 2]}, (5, 4, 3, 4)),
        ({"auto_pad": "SAME_LOWER", "strides": [2, 2]}, (5, 4, 3, 4)),
        ({"auto_pad": "VALID"}, (5, 4, 3, 3)),
    ],
)
def test_convolutions_are_those_of_onnx_runtime(
    attributes: dict[str, Any], shape: tuple[int, ...]
) -> None:
    """Pads, strides, dilations and groups mean the same; the result is in float64."""
    conv = helper.make_node("Conv", ["image", "w", "b"], ["y"], **attributes)
    made = model([conv], ["y"], w=noise(*shape), b=noise(shape[0]))
    feeds = {"image": noise(1, 4, 9, 12)}
    (found,) = double.run(made, ["y"], feeds)
    session = onnxruntime.InferenceSession(made.SerializeToString())
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, session.run(["y"], feeds)[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("attributes", "shape"),
    [
        ({"pads": [1, 0, 2, 1]}, (4, 6, 3, 2)),
        ({"group": 2, "strides": [2, 3], "output_padding": [1, 0]}, (4, 3, 3, 3)),
        ({"group": 4, "dilations": [2, 1], "pads": [2, 1, 2, 1]}, (4, 2, 3, 3)),
    ],
)
def test_transposed_convolutions_are_those_of_onnx_runtime(
    attributes: dict[str, Any], shape: tuple[int, ...]
) -> None:
    """Groups too; the result is in float64."""
    conv = helper.make_node("ConvTranspose", ["image", "w", "b"], ["y"], **attributes)
    made = model([conv], ["y"], w=noise(*shape), b=noise(shape[1] * attributes.get("group", 1)))
    feeds = {"image": noise(1, 4, 9, 12)}
    (found,) = double.run(made, ["y"], feeds)
    session = onnxruntime.InferenceSession(made.SerializeToString())
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, session.run(["y"], feeds)[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pads", [[0, 0, 1, -2, 0, 0, -1, 3], [0, 0, -2, -2, 0, 0, -3, -1]])
def test_pads_may_be_negative(pads: list[int]) -> None:
    """What they cut off is cut off as in ONNX Runtime."""
    nodes = [helper.make_node("Pad", ["image", "pads", "filling"], ["y"])]
    made = model(nodes, ["y"], pads=np.array(pads), filling=np.float32(7))
    feeds = {"image": noise(1, 4, 9, 12)}
    (found,) = double.run(made, ["y"], feeds)
    session = onnxruntime.InferenceSession(made.SerializeToString())
    np.testing.assert_array_equal(found, session.run(["y"], feeds)[0])


@pytest.mark.parametrize(("factor", "right"), [(3.0, True), (3.0001, False), (-3.0, False)])
def test_a_gradient_is_compared_with_slopes(factor: float, right: bool) -> None:
    """The sum of cubes has the gradient 3 x^2; one that is off by 1e-4 is found out."""
    nodes = [
        helper.make_node("Constant", [], ["three"], value_float=3.0),
        helper.make_node("Pow", ["image", "three"], ["cubes"]),
        helper.make_node("ReduceSum", ["cubes"], ["loss"], keepdims=0),
        helper.make_node("Mul", ["image", "image"], ["square"]),
        helper.make_node("Cast", ["factor"], ["times"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["square", "times"], ["gradient"]),
    ]
    made = model(nodes, ["loss", "gradient"], factor=np.float64(factor))
    image = noise(1, 4, 9, 12)
    error, gradient = double.slope_error(made, image)
    np.testing.assert_allclose(gradient, factor * image.astype(np.float64) ** 2, rtol=1e-12)
    assert (error < 1e-6) == right
    assert (error > 3e-6) != right


@pytest.mark.parametrize("one", [False, True])
def test_units_that_change_sides_are_stepped_around(one: bool) -> None:
    """A slope across the kinks of ReLUs is not taken for the gradient's fault.

    All are near theirs, or one is on its own, where no central difference is right.
    """
    nodes = [
        helper.make_node("Cast", ["below"], ["kinks"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["image", "kinks"], ["above"]),
        helper.make_node("Relu", ["above"], ["active"]),
        helper.make_node("ReduceSum", ["active"], ["loss"], keepdims=0),
        helper.make_node("Sign", ["active"], ["gradient"]),
    ]
    image = noise(1, 4, 9, 12)
    below = image.astype(np.float64) - 3e-8
    if one:
        below -= 1
        below.flat[7] = image.flat[7]
    made = model(nodes, ["loss", "gradient"], below=below)
    error, gradient = double.slope_error(made, image)
    assert (gradient.ravel() == 1).sum() == image.size - one
    assert error < 1e-6
