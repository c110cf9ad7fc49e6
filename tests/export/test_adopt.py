"""Foreign ONNX networks: brought to the contract with the same numbers, or refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph import sizes
from dreamlayer.core.graph.edit import tap
from dreamlayer.core.network.files import read_model
from dreamlayer.export import network_file, preprocessing
from dreamlayer.export.adopt import adopt
from dreamlayer.export.adopt.input_guess import InputOptions, find_pixels
from dreamlayer.export.adopt.modernize import modernize, opset
from dreamlayer.export.verify import open_session

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
NAMES = {"name": "tiny", "origin": "tiny.onnx", "license_text": "CC0"}


def weight(name: str, *shape: int) -> onnx.TensorProto:
    values = np.random.default_rng(len(name)).normal(0, 0.3, shape).astype(np.float32)
    return numpy_helper.from_array(values, name)


def model_of(
    nodes: list[onnx.NodeProto],
    weights: list[onnx.TensorProto],
    shape: list[Any],
    opset: int = 18,
    **metadata: str,
) -> onnx.ModelProto:
    """Build a network with input ``pixels`` and output ``result``."""
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, None)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    helper.set_model_props(model, metadata)
    return model


def plain_network(opset: int = 18, **metadata: str) -> onnx.ModelProto:
    """Conv, Relu, MaxPool and a head for 16 px, as PyTorch of old would name them."""
    nodes = [
        helper.make_node("Conv", ["pixels", "w"], ["11"], name="Conv_0", pads=[1, 1, 1, 1]),
        helper.make_node(
            "Relu", ["11"], ["/features/relu/Relu_output_0"], name="/features/relu/Relu"
        ),
        helper.make_node(
            "MaxPool",
            ["/features/relu/Relu_output_0"],
            ["image"],
            kernel_shape=[3, 3],
            strides=[2, 2],
        ),
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense", "bias"], ["result"]),
    ]
    weights = [weight("w", 4, 3, 3, 3), weight("dense", 4 * 7 * 7, 5), weight("bias", 5)]
    return model_of(nodes, weights, [1, 3, 16, 16], opset, **metadata)


def nhwc_network() -> onnx.ModelProto:
    """What tf2onnx makes of a Keras model: a Transpose behind the input."""
    nodes = [
        helper.make_node("Transpose", ["pixels"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["t", "w"], ["result"], strides=[2, 2]),
    ]
    return model_of(nodes, [weight("w", 4, 3, 3, 3)], ["n", None, None, 3])


def run(model: onnx.ModelProto, image: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    result: NDArray[np.float32] = open_session(model).run(None, {name: image})[0]
    return result


def test_network_keeps_its_numbers_and_names_its_layers() -> None:
    """The outputs stay, layers get their modules' names, and feature maps take any size."""
    source = plain_network()
    network, _ = adopt.adopt(source, InputOptions(), **NAMES)
    onnx.checker.check_model(network, full_check=True)
    layers = network_file.layer_names(network)
    assert layers == ["Conv_0", "features.relu", "image_1"]
    assert network_file.read_description(network)["minimum_size"] == "3"
    image = np.random.default_rng(0).random((1, 3, 16, 16), dtype=np.float32)
    np.testing.assert_allclose(run(network, image, "image"), run(source, image, "pixels"), 1e-5)
    larger = np.random.default_rng(0).random((2, 3, 40, 31), dtype=np.float32)
    assert run(tap(network, ["image_1"]), larger, "image").shape == (2, 4, 19, 15)


def test_preprocessing_does_what_the_options_say() -> None:
    """Order, range, mean and deviation are applied in this order, and the layout follows."""
    source = nhwc_network()
    options = InputOptions(
        channels="bgr", range="0..255", mean=(123.0, 117.0, 104.0), std=(58.0, 57.0, 56.0)
    )
    network, _ = adopt.adopt(source, options, **NAMES)
    image = np.random.default_rng(0).random((2, 3, 21, 34), dtype=np.float32)
    fed = (image * 255 - np.array([123, 117, 104]).reshape(1, 3, 1, 1)) / np.array(
        [58, 57, 56]
    ).reshape(1, 3, 1, 1)
    fed = fed[:, ::-1].transpose(0, 2, 3, 1).astype(np.float32)
    np.testing.assert_allclose(
        run(network, image, "image"), run(source, fed, "pixels"), rtol=1e-4, atol=1e-5
    )
    assert not [node for node in network.graph.node if node.op_type == "Transpose"]
    assert network_file.layer_names(network) == ["result"]


def test_preprocess_is_what_the_nodes_compute() -> None:
    """The arithmetic that checks the nodes agrees with them where no Transpose cancels."""
    source = nhwc_network()
    source.graph.node[0].op_type = "Identity"
    del source.graph.node[0].attribute[:]
    source.graph.node[1].CopyFrom(helper.make_node("Mul", ["t", "t"], ["result"]))
    pixels = find_pixels(source, InputOptions(range="-1..1", std=(0.5, 0.5, 0.5)))
    nodes, weights = preprocessing.build(pixels, "prepared")
    image = np.random.default_rng(0).random((1, 3, 4, 5), dtype=np.float32)
    output = helper.make_tensor_value_info("prepared", TensorProto.FLOAT, None)
    model = network_file.build(nodes, weights, [output], name="nodes")
    found = run(model, image, "image")
    np.testing.assert_allclose(found, pixels.preprocess_planes(image), rtol=1e-5, atol=1e-6)


def test_metadata_tells_range_and_order() -> None:
    """What ONNX's own image metadata says is believed and said; options go before it."""
    metadata = {"Image.NominalPixelRange": "NominalRange_0_255", "Image.BitmapPixelFormat": "Bgr8"}
    source = plain_network(**metadata)
    pixels = find_pixels(source, InputOptions())
    assert (pixels.range, pixels.channels) == ("0..255", "bgr")
    assert "as the file says" in "\n".join(pixels.notes)
    assert "WARNING" not in "\n".join(pixels.notes)
    assert find_pixels(source, InputOptions(channels="rgb", range="0..1")).channels == "rgb"


def test_an_assumption_is_said_loudly() -> None:
    """Where nothing is known, 0..1 is assumed, with the options that change it."""
    pixels = find_pixels(plain_network(), InputOptions())
    assert pixels.range == "0..1"
    assert "WARNING" in pixels.notes[-1]
    assert "--mean 0.485,0.456,0.406" in pixels.notes[-1]
    assert "WARNING" not in find_pixels(plain_network(), InputOptions(range="0..255")).notes[-1]


def test_old_networks_are_converted() -> None:
    """Opset 9 with weights among its inputs becomes opset 18 with one input."""
    source = plain_network(opset=9)
    source.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 3, 3, 3]))
    network, _ = adopt.adopt(source, InputOptions(), **NAMES)
    assert [info.name for info in network.graph.input] == ["image"]
    assert opset(network) == 18
    image = np.random.default_rng(0).random((1, 3, 16, 16), dtype=np.float32)
    np.testing.assert_allclose(run(network, image, "image"), run(source, image, "pixels"), 1e-5)


@pytest.mark.skipif(not LIGHT.is_dir(), reason="this onnx package comes without its test models")
@pytest.mark.parametrize(
    ("name", "count", "smallest", "multiple"),
    [("squeezenet", 63, 31, 1), ("inception_v2", 298, 32, 32), ("shufflenet", 151, 1, 1)],
)
def test_published_architectures(name: str, count: int, smallest: int, multiple: int) -> None:
    """The architectures in the onnx package come through, and say which sizes they take."""
    source = read_model(LIGHT / f"light_{name}.onnx")
    network, notes = adopt.adopt(source, InputOptions(), **NAMES)
    described = network_file.read_description(network)
    assert len(network_file.layer_names(network)) == count
    assert described["minimum_size"] == str(smallest)
    assert described.get("size_multiple", "1") == str(multiple)
    assert any("differ from the source's by at most 0.0" in note for note in notes)
    assert any("Dreams    on every layer" in note for note in notes)
    freed = any("had numbers for images of 224 × 224 pixels" in note for note in notes)
    assert freed == (name != "squeezenet")


def test_operators_of_other_domains_are_refused() -> None:
    """The message names them."""
    source = plain_network()
    source.graph.node[1].domain = "com.microsoft"
    with pytest.raises(NetworkError, match=r"not standard ONNX: com\.microsoft\.Relu"):
        adopt.adopt(source, InputOptions(), **NAMES)


@pytest.mark.parametrize("opset", [11, 17, 18, 21])
def test_operators_that_onnx_never_had_are_named(opset: int) -> None:
    """What an exporter left of its framework is refused by name, before onnx's converter."""
    image = helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, [1, 3, 8, 8])
    made = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 3, 8, 8])
    nodes = [
        helper.make_node("StatefulPartitionedCall", ["image"], ["x"]),
        helper.make_node("Relu", ["x"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "left", [image], [made])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    with pytest.raises(NetworkError, match="no opset of ONNX has: StatefulPartitionedCall; export"):
        modernize(model)


def test_local_functions_are_inlined() -> None:
    """A model whose operators are functions of its own needs no other domain."""
    source = nhwc_network()
    body = helper.make_node("Conv", ["x", "w"], ["y"], strides=[2, 2])
    imports = [helper.make_opsetid("", 18)]
    source.functions.append(
        helper.make_function("mine", "Block", ["x", "w"], ["y"], [body], imports)
    )
    source.opset_import.append(helper.make_opsetid("mine", 1))
    source.graph.node[1].CopyFrom(helper.make_node("Block", ["t", "w"], ["result"], domain="mine"))
    network, _ = adopt.adopt(source, InputOptions(), **NAMES)
    assert {node.domain for node in network.graph.node} == {""}


@pytest.mark.parametrize(
    ("shape", "message"),
    [([1, 10], "has 2 axes"), ([1, 1, 28, 28], "has 1 channel")],
)
def test_inputs_that_are_not_color_images_are_refused(shape: list[int], message: str) -> None:
    """Rank and channel count are checked before anything else is done."""
    nodes = [helper.make_node("Relu", ["pixels"], ["result"])]
    with pytest.raises(NetworkError, match=message):
        adopt.adopt(model_of(nodes, [], shape), InputOptions(), **NAMES)


def test_wrong_input_name_and_several_inputs_are_refused() -> None:
    """The message lists the inputs there are."""
    source = plain_network()
    with pytest.raises(NetworkError, match="no input 'x'; it has pixels"):
        adopt.adopt(source, InputOptions(input="x"), **NAMES)
    source.graph.input.append(
        helper.make_tensor_value_info("state", TensorProto.FLOAT, [1, 3, 8, 8])
    )
    with pytest.raises(NetworkError, match=r"2 inputs \(pixels, state\)"):
        adopt.adopt(source, InputOptions(), **NAMES)


def test_a_network_without_feature_maps_is_refused() -> None:
    """There is nothing to dream of in a network that is one matrix product."""
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense"], ["result"]),
    ]
    source = model_of(nodes, [weight("dense", 3 * 8 * 8, 5)], [1, 3, 8, 8])
    with pytest.raises(NetworkError, match="no feature map"):
        adopt.adopt(source, InputOptions(), **NAMES)


def test_layers_without_a_gradient_are_told_at_once() -> None:
    """Adopting says which operator stops the dream, instead of leaving that to the first dream."""
    result = helper.make_tensor_value_info("one", TensorProto.FLOAT, None)
    branches = [
        helper.make_graph([helper.make_node(kind, ["a"], ["one"])], kind, [], [result])
        for kind in ("Relu", "Neg")
    ]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], name="first"),
        helper.make_node("ReduceMax", ["a"], ["most"], keepdims=0),
        helper.make_node("Greater", ["most", "zero"], ["bright"]),
        helper.make_node(
            "If", ["bright"], ["b"], "hard", then_branch=branches[0], else_branch=branches[1]
        ),
        helper.make_node("Conv", ["b", "v"], ["y"], name="second"),
    ]
    graph = helper.make_graph(
        nodes,
        "stopped",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [weight("w", 4, 3, 3, 3), weight("v", 4, 4, 3, 3), weight("zero")],
    )
    source = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    _, notes = adopt.adopt(source, InputOptions(), **NAMES)
    assert any(re.search(r"Dreams +on 1 of them; not on y: If", note) for note in notes)


def test_an_adopted_network_is_not_adopted_again() -> None:
    """A file that meets the contract is used as it is."""
    network, _ = adopt.adopt(plain_network(), InputOptions(), **NAMES)
    with pytest.raises(NetworkError, match="already"):
        adopt.adopt(network, InputOptions(), **NAMES)


def test_the_source_is_never_overwritten(tmp_path: Path) -> None:
    """Writing onto the foreign file is refused; beside it, the result is a network file."""
    path = tmp_path / "tiny.onnx"
    onnx.save(plain_network(), path)
    before = path.read_bytes()
    with pytest.raises(NetworkError, match="overwrite the source"):
        adopt.run(path, path, InputOptions(), None, None)
    told = adopt.run(path, tmp_path / "out.onnx", InputOptions(), None, "CC0")
    assert "Layers    3" in told
    described = network_file.read_description(onnx.load(tmp_path / "out.onnx"))
    assert (described["name"], described["license"]) == ("tiny", "CC0")
    assert path.read_bytes() == before


@pytest.mark.parametrize("pads", [[0, 0, 0, 0], [1, 1, 1, 1]])
def test_smallest_size_is_where_the_last_window_fits(pads: list[int]) -> None:
    """Two 5 × 5 convolutions with stride 2 need 13 px without padding and 5 with one pixel."""
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["a"], strides=[2, 2], pads=pads),
        helper.make_node("Conv", ["a", "v"], ["b"], strides=[2, 2], pads=pads),
    ]
    weights = [weight("w", 4, 3, 5, 5), weight("v", 4, 4, 5, 5)]
    output = helper.make_tensor_value_info("b", TensorProto.FLOAT, None)
    model = network_file.build(nodes, weights, [output], name="two")
    side, multiple = sizes.accepted_sizes(model, ["a", "b"])
    assert multiple == 1
    assert side == (13 if pads[0] == 0 else 7)
    image = np.zeros((1, 3, side, side), np.float32)
    assert run(model, image, "image").shape[2:] == (1, 1)


def test_colons_leave_tensor_names() -> None:
    """A layer called `conv:0` could not be written with a weight, so it becomes `conv_0`."""
    nodes = [
        helper.make_node("Conv", ["x", "w:0"], ["conv:0"]),
        helper.make_node("Relu", ["conv:0"], ["conv_0"]),
        helper.make_node("Tanh", ["conv_0"], ["y:0"]),
    ]
    graph = helper.make_graph(
        nodes,
        "colons",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y:0", TensorProto.FLOAT, None)],
        [weight("w:0", 4, 3, 3, 3)],
    )
    model = modernize(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]))
    assert [node.output[0] for node in model.graph.node] == ["conv_0_", "conv_0", "y_0"]
    assert list(model.graph.node[1].input) == ["conv_0_"]
    assert [output.name for output in model.graph.output] == ["y_0"]
