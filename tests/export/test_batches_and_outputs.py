"""Sources for several images at a time, with outputs of unknown shape, or with names of ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.export import network_file
from dreamlayer.export.adopt import adopt
from dreamlayer.export.adopt.input_guess import InputOptions

NAMES = {"name": "tiny", "origin": "tiny.onnx", "license_text": "CC0"}


def weight(name: str, *shape: int) -> onnx.TensorProto:
    values = np.random.default_rng(len(name)).normal(0, 0.3, shape).astype(np.float32)
    return numpy_helper.from_array(values, name)


def model_of(
    nodes: list[onnx.NodeProto], weights: list[onnx.TensorProto], shape: list[Any], output: str
) -> onnx.ModelProto:
    """A network with the input ``pixels``, whose output has no declared shape."""
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def named_network(first: str, second: str, shape: list[Any] | None = None) -> onnx.ModelProto:
    """Two convolutions whose nodes and results have these names."""
    nodes = [
        helper.make_node("Conv", ["pixels", "w"], [first], name=first),
        helper.make_node("Conv", [first, "v"], [second], name=second),
    ]
    weights = [weight("w", 4, 3, 3, 3), weight("v", 5, 4, 3, 3)]
    return model_of(nodes, weights, shape or [1, 3, "h", "w"], second)


@pytest.mark.parametrize("names", [("loss", "gradient"), ("preprocessed", "image")])
def test_names_of_ours_are_no_hindrance(names: tuple[str, str]) -> None:
    """Nodes, layers and outputs may be called as parts of a gradient's graph are."""
    network, notes = adopt.adopt(named_network(*names), InputOptions(), **NAMES)
    assert len(network_file.layer_names(network)) == 2
    assert "Dreams    on every layer" in notes


@pytest.mark.parametrize("declared", [True, False])
def test_an_output_whose_shape_no_inference_tells(declared: bool) -> None:
    """That of a loop is declared with as many axes as the source says, or as it has."""
    body = onnx.parser.parse_graph(
        "b (int64 i, bool c, float[n] v) => (bool d, float[m] u) { d = Identity(c) u = Add(v, v) }"
    )
    nodes = [
        helper.make_node("Conv", ["pixels", "w"], ["a"]),
        helper.make_node("Loop", ["three", "yes", "a"], ["result"], body=body),
    ]
    for info in (*body.input[2:], *body.output[1:]):
        info.type.tensor_type.ClearField("shape")
    model = model_of(nodes, [weight("w", 4, 3, 3, 3)], [1, 3, "h", "w"], "result")
    model.graph.initializer.append(numpy_helper.from_array(np.array(3), "three"))
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "yes"))
    if declared:
        model.graph.output[0].CopyFrom(
            helper.make_tensor_value_info("result", TensorProto.FLOAT, [1, 4, "p", "q"])
        )
    network, notes = adopt.adopt(model, InputOptions(), **NAMES)
    assert len(network.graph.output[0].type.tensor_type.shape.dim) == 4
    assert "Checked   outputs differ from the source's by at most 0.0e+00" in notes


@pytest.mark.parametrize("shape", [[1, 3, "h", 30], [2, 3, "h", "w"], [2, 3, 24, 30]])
def test_a_source_of_one_width_or_several_images_is_compared(shape: list[Any]) -> None:
    """With an image that it takes, as often as it takes one."""
    model = named_network("a", "b")
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape))
    notes = adopt.adopt(model, InputOptions(), **NAMES)[1]
    assert any(note.startswith("Checked   outputs differ") for note in notes)


@pytest.mark.parametrize("rest", [[4, 22, 28], [-1]])
def test_a_number_of_images_is_freed(rest: list[int]) -> None:
    """Where it is the first number of a Reshape of what begins with it."""
    model = named_network("a", "b", [2, 3, 24, 30])
    shape = numpy_helper.from_array(np.array([2, *rest]), "shape")
    back = numpy_helper.from_array(np.array([2, 4, 22, 28]), "back")
    model.graph.initializer.extend([shape, back])
    model.graph.node[1].input[0] = "d"
    for read, by, made in (("c", "back", "d"), ("a", "shape", "c")):
        model.graph.node.insert(1, helper.make_node("Reshape", [read, by], [made]))
    network, notes = adopt.adopt(model, InputOptions(), **NAMES)
    assert len(network_file.layer_names(network)) == 2
    assert any(note.startswith("Checked   outputs differ") for note in notes)


def test_a_network_of_several_images_only_is_refused() -> None:
    """Its outputs are computed from several together."""
    model = named_network("a", "b", [2, 3, 24, 30])
    model.graph.node.append(helper.make_node("Reshape", ["b", "shape"], ["mixed"]))
    model.graph.initializer.append(numpy_helper.from_array(np.array([1, 4, -1, 2]), "shape"))
    model.graph.node.append(helper.make_node("Mul", ["mixed", "factor"], ["result"]))
    model.graph.initializer.append(weight("factor", 1, 4, 5 * 20 * 26 * 2 // 8, 2))
    model.graph.output[0].name = "result"
    with pytest.raises(NetworkError, match=r"takes 2 images at a time.*export it again for one"):
        adopt.adopt(model, InputOptions(), **NAMES)
