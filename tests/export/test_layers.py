"""Which tensors of a foreign network are offered as layers, and what is told of the others."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.export.adopt.adopt import adopt
from dreamlayer.export.adopt.input_guess import InputOptions
from dreamlayer.export.adopt.layers import find_layers
from dreamlayer.export.adopt.trial import failing_layers
from dreamlayer.export.network_file import layer_names, read_description
from dreamlayer.export.verify import open_session

NAMES = {"name": "made", "origin": "made.onnx", "license_text": "CC0"}
RNG = np.random.default_rng(5)
Node = tuple[str, str, str, dict[str, Any]]


def weights(*shape: int, kind: type = np.float32) -> np.ndarray:
    return RNG.normal(0, 0.3, shape).astype(kind)


def network(
    nodes: list[Node],
    constants: dict[str, np.ndarray],
    outputs: list[str],
    sides: tuple[Any, Any] = ("h", "w"),
    kind: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    """A network whose input is x; nodes are operator, inputs, result and attributes."""
    graph = helper.make_graph(
        [helper.make_node(op, x.split(), [y], f"/{y}/{op}", **more) for op, x, y, more in nodes],
        "made",
        [helper.make_tensor_value_info("x", kind, ["n", 3, *sides])],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def adopted(source: onnx.ModelProto) -> tuple[list[str], str]:
    """The layers of a network, and what adopting it tells."""
    result, notes = adopt(source, InputOptions(range="0..1"), **NAMES)
    return layer_names(result), "\n".join(notes)


SQUEEZE = [
    ("Conv", "x w", "stem", {"pads": [1] * 4}),
    ("GlobalAveragePool", "stem", "pool", {}),
    ("Conv", "pool v", "fc1", {}),
    ("Relu", "fc1", "fc1_relu", {}),
    ("Conv", "fc1_relu v", "fc2", {}),
    ("Sigmoid", "fc2", "gate", {}),
    ("Mul", "stem gate", "scaled", {}),
]


def test_gates_without_positions_are_no_layers() -> None:
    """Of squeeze-and-excitation the product is a layer, not what its factor is made of."""
    constants = {"w": weights(4, 3, 3, 3), "v": weights(4, 4, 1, 1)}
    assert adopted(network(SQUEEZE, constants, ["scaled"]))[0] == ["stem", "scaled"]


def test_the_last_map_is_a_layer_and_the_head_is_not() -> None:
    """Between the last convolution and the pool of the classifier nothing is lost."""
    nodes: list[Node] = [
        ("Conv", "x w", "conv", {}),
        ("Relu", "conv", "relu", {}),
        ("AveragePool", "relu", "pooled", {"kernel_shape": [7, 7]}),
        ("Flatten", "pooled", "flat", {}),
        ("Gemm", "flat d", "logits", {}),
    ]
    constants = {"w": weights(4, 3, 3, 3, kind=np.float32), "d": weights(4, 5)}
    layers, told = adopted(network(nodes, constants, ["logits"], (9, 9)))
    assert layers == ["conv", "relu"]
    assert "Dreams    on every layer" in told


def test_a_network_with_several_outputs_keeps_their_names() -> None:
    """A mask, boxes, and a feature map beside them; those with positions are layers."""
    nodes: list[Node] = [
        ("Conv", "x w", "down", {"pads": [1] * 4, "strides": [2, 2]}),
        ("Relu", "down", "features", {}),
        ("Resize", "features _ twice", "wide", {"mode": "nearest"}),
        ("Concat", "wide x", "joined", {"axis": 1}),
        ("Conv", "joined m", "mask_logits", {}),
        ("Sigmoid", "mask_logits", "mask", {}),
        ("Conv", "features b", "box", {}),
        ("Transpose", "box", "turned", {"perm": [0, 2, 3, 1]}),
        ("Reshape", "turned rows", "boxes", {}),
    ]
    constants = {
        "w": weights(8, 3, 3, 3),
        "m": weights(2, 11, 1, 1),
        "b": weights(4, 8, 1, 1),
        "twice": np.array([1, 1, 2, 2], np.float32),
        "rows": np.array([0, -1, 4], np.int64),
    }
    source = network(nodes, constants, ["mask", "boxes", "features"])
    source.graph.node[2].input[1] = ""
    result, notes = adopt(source, InputOptions(range="0..1"), **NAMES)
    layers = layer_names(result)
    assert layers == ["down", "features", "joined", "mask_logits", "mask", "box"]
    assert [info.name for info in result.graph.output] == ["mask", "boxes", "features"]
    assert any("differ from the source's by at most 0.0" in note for note in notes)
    image = np.random.default_rng(0).random((1, 3, 20, 28), dtype=np.float32)
    mine = open_session(result).run(None, {"image": image})
    for found, expected in zip(mine, open_session(source).run(None, {"x": image}), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_lost_layers_are_counted_and_one_reason_is_told() -> None:
    """What a baked size makes impossible elsewhere: the node, and the size that it refuses."""
    nodes: list[Node] = [
        ("Conv", "x w", "first", {"pads": [1] * 4}),
        ("Reshape", "first shape", "grouped", {}),
        ("Transpose", "grouped", "shuffled", {"perm": [0, 2, 1, 3, 4]}),
        ("Reshape", "shuffled back", "joined", {}),
        ("Conv", "joined v", "second", {}),
        ("Relu", "second", "third", {}),
    ]
    constants = {
        "w": weights(4, 3, 3, 3),
        "v": weights(4, 4, 1, 1),
        "shape": np.array([-1, 2, 2, 32, 32], np.int64),
        "back": np.array([-1, 4, 32, 32], np.int64),
    }
    found = find_layers(as_network(network(nodes, constants, ["third"], (32, 32))), usual=(32, 32))
    assert set(found.maps) == {"first"}
    assert list(found.missing) == ["second", "third"]
    assert all("third" in one or "size" in one for one in found.missing.values())


def as_network(source: onnx.ModelProto) -> onnx.ModelProto:
    """A network with the input of a network file."""
    source.graph.input[0].name = "image"
    dims = source.graph.input[0].type.tensor_type.shape.dim
    for dim, name in zip(dims[2:], ("height", "width"), strict=True):
        dim.dim_param = name
    for node in source.graph.node:
        node.input[:] = ["image" if name == "x" else name for name in node.input]
    return source


def test_what_does_not_run_is_left_out_with_its_reason() -> None:
    """A node that only fails when it runs takes the layers behind it away, and no others."""
    nodes: list[Node] = [
        ("Conv", "x w", "first", {"pads": [1] * 4}),
        ("Gather", "first far", "gathered", {"axis": 1}),
        ("Conv", "gathered v", "second", {}),
        ("Relu", "first", "beside", {}),
    ]
    constants = {
        "w": weights(4, 3, 3, 3),
        "v": weights(4, 2, 1, 1),
        "far": np.array([0, 9], np.int64),
    }
    source = as_network(network(nodes, constants, ["second", "beside"]))
    failing = failing_layers(source, ["first", "second", "beside"], [(16, 24)])
    assert list(failing) == ["second"]
    assert re.search("gathered", failing["second"])


def test_layers_of_which_only_the_shape_is_read_are_run() -> None:
    """Nothing runs them for what is behind them: ONNX Runtime knows their shape without."""
    nodes: list[Node] = [
        ("Conv", "x w", "first", {"pads": [1] * 4}),
        ("Gather", "first far", "aside", {"axis": 1}),
        ("Shape", "aside", "sizes", {}),
        ("Resize", "first sizes", "r0", {}),
        *(("Relu", f"r{n}", f"r{n + 1}", {}) for n in range(6)),
    ]
    constants = {
        "w": weights(4, 3, 3, 3),
        "far": np.array([0, 1, 2, 9], np.int64),
    }
    source = as_network(network(nodes, constants, ["r6", "aside"]))
    source.graph.node[3].input[:] = ["first", "", "", "sizes"]
    dims = source.graph.input[0].type.tensor_type.shape.dim
    for dim, side in zip(dims, (1, 3, 16, 24), strict=True):
        dim.dim_value = side
    layers = ["first", "aside", *(f"r{n}" for n in range(7))]
    failing = failing_layers(source, layers, [(16, 24)])
    assert "aside" in failing
    assert "first" not in failing


def test_each_end_of_a_network_is_run() -> None:
    """Of two branches, neither of which leads to the other, both are tried."""
    nodes: list[Node] = [
        ("Conv", "x w", "first", {"pads": [1] * 4}),
        ("Gather", "first far", "left", {"axis": 1}),
        ("Relu", "first", "right", {}),
    ]
    constants = {"w": weights(4, 3, 3, 3), "far": np.array([0, 9], np.int64)}
    for outputs in (["left", "right"], ["right", "left"]):
        source = as_network(network(nodes, constants, outputs))
        assert list(failing_layers(source, ["first", "left", "right"], [(16, 24)])) == ["left"]


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_any_precision_is_adopted(kind: type) -> None:
    """The image is converted to the type of the weights."""
    nodes: list[Node] = [
        ("Conv", "x w", "conv", {"pads": [1] * 4}),
        ("Relu", "conv", "relu", {}),
    ]
    made = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    source = network(nodes, {"w": weights(4, 3, 3, 3, kind=kind)}, ["relu"], kind=made)
    assert adopted(source)[0] == ["conv", "relu"]


def test_pixels_of_eight_bits_are_taken_as_such() -> None:
    """A network whose input is uint8 gets 0..255, and its Cast lets the gradient through."""
    nodes: list[Node] = [
        ("Cast", "x", "float", {"to": TensorProto.FLOAT}),
        ("Conv", "float w", "conv", {}),
    ]
    source = network(nodes, {"w": weights(4, 3, 3, 3)}, ["conv"], kind=TensorProto.UINT8)
    result, notes = adopt(source, InputOptions(), **NAMES)
    assert layer_names(result) == ["conv"]
    assert any(note.startswith("Range     0..255 (as the file says") for note in notes)


def test_what_the_runtime_lacks_is_named() -> None:
    """ONNX Runtime has no convolution in double precision."""
    nodes: list[Node] = [
        ("Conv", "x v", "first", {}),
        ("Cast", "x", "wide", {"to": TensorProto.DOUBLE}),
        ("Conv", "wide w", "second", {}),
    ]
    constants = {"v": weights(4, 3, 3, 3), "w": weights(4, 3, 3, 3, kind=np.float64)}
    source = as_network(network(nodes, constants, ["first", "second"]))
    failing = failing_layers(source, ["first", "second"], [(16, 24)])
    assert list(failing) == ["second"]
    assert failing["second"].startswith("ONNX Runtime has no Conv '/second/Conv' for numbers")


def test_aliases_are_those_of_the_source_and_of_0_1() -> None:
    """Node, tensor, and the name without its slash; none of them is a layer's name."""
    nodes: list[Node] = [
        ("Conv", "x w", "/a/conv/Conv_output_0", {}),
        ("Relu", "/a/conv/Conv_output_0", "/a/relu/Relu_output_0", {}),
    ]
    source = network(nodes, {"w": weights(4, 3, 3, 3)}, ["/a/relu/Relu_output_0"])
    for node in source.graph.node:
        node.name = node.output[0].removesuffix("_output_0")
    result, _ = adopt(source, InputOptions(), **NAMES)
    layers = layer_names(result)
    assert layers == ["a.conv", "a.relu"]
    aliases = json.loads(read_description(result)["aliases"])
    assert aliases["a/conv/Conv"] == aliases["/a/conv/Conv_output_0"] == "a.conv"
    assert aliases["/a/relu/Relu"] == aliases["/a/relu/Relu_output_0"] == "a.relu"
    assert not set(aliases) & set(layers)


def test_windows_of_a_small_image_are_not_counted_as_lost() -> None:
    """At the size of the source there may be one window, which looks like a map."""
    nodes: list[Node] = [
        ("Conv", "x w", "patches", {"strides": [4, 4]}),
        ("Shape", "patches", "size", {}),
        ("Reshape", "patches windows", "split", {}),
        ("Mul", "split half", "scaled", {}),
        ("Reshape", "scaled size", "joined", {}),
        ("Relu", "joined", "relu", {}),
    ]
    constants = {
        "w": weights(4, 3, 4, 4),
        "windows": np.array([-1, 4, 2, 2], np.int64),
        "half": weights(1, 4, 1, 1),
    }
    found = find_layers(as_network(network(nodes, constants, ["relu"])), usual=(8, 8))
    assert set(found.maps) == {"patches", "joined", "relu"}
    assert not found.missing
