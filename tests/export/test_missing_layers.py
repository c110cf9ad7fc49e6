"""Layers that a foreign network would have, but for randomness, loops, or a missing rule."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.network import trials
from dreamlayer.export.adopt.adopt import adopt, run
from dreamlayer.export.adopt.image_sizes import settle_size
from dreamlayer.export.adopt.input_guess import InputOptions
from dreamlayer.export.adopt.layers import find_layers
from dreamlayer.export.network_file import layer_names, write

NAMES = {"name": "made", "origin": "made.onnx", "license_text": "CC0"}
RNG = np.random.default_rng(7)
KERNELS = {
    "w": RNG.normal(0, 0.3, (4, 3, 3, 3)).astype(np.float32),
    "v": RNG.normal(0, 0.3, (4, 4, 3, 3)).astype(np.float32),
}
MAP = helper.make_tensor_value_info("map", TensorProto.FLOAT, None)


def node(operator: str, read: str, made: str, **attributes: Any) -> onnx.NodeProto:
    """A node that has the name of what it makes."""
    return helper.make_node(operator, read.split(), [made], made, **attributes)


def around(
    *between: onnx.NodeProto, outputs: tuple[str, ...] = ("last",), **constants: Any
) -> onnx.ModelProto:
    """Two convolutions with their ReLUs, and what turns `early` into `mid` between them."""
    nodes = [
        node("Conv", "x w", "first", pads=[1] * 4),
        node("Relu", "first", "early"),
        *between,
        node("Conv", "mid v", "second", pads=[1] * 4),
        node("Relu", "second", "last"),
    ]
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [
            numpy_helper.from_array(np.asarray(value), name)
            for name, value in {**KERNELS, **constants}.items()
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def adopted(source: onnx.ModelProto) -> tuple[list[str], str]:
    """The layers of a network, and what adopting it tells."""
    result, notes = adopt(source, InputOptions(range="0..1"), **NAMES)
    return layer_names(result), "\n".join(notes)


def _branch(operator: str) -> onnx.GraphProto:
    return helper.make_graph([helper.make_node(operator, ["early"], ["map"])], "one", [], [MAP])


RANDOM = {
    "RandomNormalLike": (node("RandomNormalLike", "early", "r"), node("Add", "early r", "mid")),
    "RandomUniformLike": (node("RandomUniformLike", "early", "r"), node("Mul", "early r", "mid")),
    "RandomNormal": (
        node("RandomNormal", "", "r", shape=[1, 4, 1, 1], seed=1.0),
        node("Add", "early r", "mid"),
    ),
    "RandomUniform": (
        node("RandomUniform", "", "r", shape=[1, 4, 1, 1]),
        node("Mul", "early r", "mid"),
    ),
    "Bernoulli": (
        node("HardSigmoid", "early", "p"),
        node("Bernoulli", "p", "r"),
        node("Mul", "early r", "mid"),
    ),
    "Multinomial": (
        node("GlobalAveragePool", "early", "pooled"),
        node("Flatten", "pooled", "flat"),
        node("Multinomial", "flat", "m", sample_size=4),
        node("Cast", "m", "c", to=TensorProto.FLOAT),
        node("Unsqueeze", "c ax", "r"),
        node("Mul", "early r", "mid"),
    ),
    "Dropout": (node("Dropout", "early half on", "mid"),),
}


@pytest.mark.parametrize("operator", RANDOM)
def test_layers_behind_random_numbers_are_counted_but_not_offered(operator: str) -> None:
    """They were compared with other random numbers, and a newer opset was advised."""
    given = {"half": np.float32(0.5), "on": np.bool_(True), "ax": np.int64([2, 3])}
    source = around(*RANDOM[operator], **given)
    layers, told = adopted(source)
    assert "first" in layers
    assert not {"second", "last"}.intersection(layers)
    assert f"because {operator} " in told
    assert "draws random numbers; export the network for inference" in told
    assert "opset" not in told
    assert "Checked   not against the source, whose outputs are random numbers" in told


@pytest.mark.parametrize(
    "inputs", ["early none on", "early zero on", "early half copy"], ids=["node", "0", "copy"]
)
def test_a_dropout_that_drops_nothing_hides_no_layer(inputs: str) -> None:
    """By its ratio, or by a training mode that is a copy of one that is off."""
    given = {"half": np.float32(0.5), "zero": np.float32(0), "on": np.bool_(True)}
    nodes = (
        node("Constant", "", "none", value_float=0.0),
        node("Identity", "off", "copy"),
        node("Dropout", inputs, "mid"),
    )
    layers, told = adopted(around(*nodes, off=np.bool_(False), **given))
    assert {"first", "second", "last"} <= set(layers)
    assert "differ from the source's by at most" in told


def test_other_outputs_are_compared_where_one_is_random() -> None:
    """As those of an encoder that also gives a sample."""
    source = around(node("Identity", "early", "mid"), outputs=("last", "sample"))
    noise = [node("RandomNormalLike", "last", "r"), node("Add", "last r", "sample")]
    source.graph.node.extend(noise)
    layers, told = adopted(source)
    assert "last" in layers
    assert "differ from the source's by at most 0.0" in told
    assert told.endswith("; not compared, since random: sample")


def test_noise_on_the_image_leaves_no_layer() -> None:
    """The refusal names the node, and says what to do."""
    source = around(node("Identity", "early", "mid"))
    source.graph.node.insert(0, node("RandomNormalLike", "x", "r"))
    source.graph.node.insert(1, node("Add", "x r", "noisy"))
    source.graph.node[2].input[0] = "noisy"
    why = r"no layer to dream with \(RandomNormalLike 'r' draws random numbers; export .*\)"
    with pytest.raises(NetworkError, match=why):
        adopted(source)


def test_the_size_of_random_numbers_is_not_random() -> None:
    """What only takes their shape is a layer as before."""
    source = around(
        node("RandomNormalLike", "early", "r"),
        node("Shape", "r", "s"),
        node("ConstantOfShape", "s", "zeros"),
        node("Add", "early zeros", "mid"),
    )
    layers, told = adopted(source)
    assert {"first", "early", "second", "last"}.issubset(layers)
    assert "random" not in told


def _loop() -> onnx.NodeProto:
    flag, count = TensorProto.BOOL, TensorProto.INT64
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Conv", ["state", "u"], ["map"], pads=[1] * 4),
        ],
        "body",
        [
            helper.make_tensor_value_info("round", count, []),
            helper.make_tensor_value_info("go", flag, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, None),
        ],
        [helper.make_tensor_value_info("go_on", flag, []), MAP],
    )
    return node("Loop", "rounds on early", "mid", body=body)


def _scan() -> list[onnx.NodeProto]:
    """The rows of the map one after another, which are put together again."""
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in ("row", "map")]
    body = helper.make_graph(
        [helper.make_node("Tanh", ["row"], ["map"])], "body", info[:1], info[1:]
    )
    scan = node(
        "Scan",
        "early",
        "mid",
        body=body,
        num_scan_inputs=1,
        scan_input_axes=[2],
        scan_output_axes=[2],
    )
    return [scan]


HIDING = {
    "Loop": [_loop()],
    "Scan": _scan(),
    "If": [
        node("ReduceMax", "early", "most", keepdims=0),
        node("Greater", "most half", "large"),
        node(
            "If",
            "large",
            "mid",
            then_branch=_branch("Cos"),
            else_branch=_branch("GlobalAveragePool"),
        ),
    ],
}
LOOPED = {
    "u": RNG.normal(0, 0.3, (4, 4, 3, 3)).astype(np.float32),
    "rounds": np.int64(2),
    "on": np.bool_(True),
    "half": np.float32(-0.5),
}


@pytest.mark.parametrize("operator", HIDING)
def test_layers_behind_subgraphs_are_counted(operator: str) -> None:
    """Where their sizes cannot be told they were neither offered nor missed."""
    source = around(*HIDING[operator], **LOOPED)
    layers, told = adopted(source)
    assert layers == ["first", "early"]
    assert "Layers    2 of 4, because sizes behind " in told
    assert f"behind {operator} 'mid' cannot be told; export the network without it" in told
    # Of a size that is not known, none is said to be needed.
    assert "Outputs" not in told


def test_unknown_sizes_do_not_bind_a_network_to_one_size() -> None:
    """Freeing it loses no layer: what is behind a loop is none at its own size either."""
    source = around(*HIDING["Loop"], **LOOPED)
    source.graph.node[0].input[0] = "image"
    source.graph.input[0].name = "image"
    assert settle_size(source, (64, 64)).only is None
    assert find_layers(source, usual=(64, 64)).refused == {}


UNRULED = [
    node("MaxPool", "early", "p", kernel_shape=[2, 2], strides=[2, 2]),
    node("Shape", "early", "s"),
    node("MaxUnpool", "p i s", "u", kernel_shape=[2, 2], strides=[2, 2]),
]
"""What has a gradient rule, which refuses this form of it only when it is applied."""
UNRULED[0].output.append("i")


def test_what_only_the_gradient_refuses_is_found_among_all_layers() -> None:
    """Of the gradients a few were tried, and a layer in between was promised."""
    branch = [
        *(node("Relu", *pair) for pair in itertools.pairwise(["early", "a", "b", "c", "d", "e"])),
        node("Conv", "u v", "unpooled", pads=[1] * 4),
        *(node("Cos", *pair) for pair in itertools.pairwise(["e", "f", "g", "h", "mid"])),
    ]
    source = around(*UNRULED, *branch, outputs=("last", "unpooled"))
    layers, told = adopted(source)
    assert "unpooled" not in layers
    assert {"first", "e", "last"}.issubset(layers)
    assert "because MaxUnpool with an output shape has no gradient rule, since runtimes " in told
    assert "disagree on what its indices count; export it without\n" in told


def test_all_layers_behind_what_the_gradient_refuses_are_left_out() -> None:
    """One reason is told, in full."""
    layers, told = adopted(around(*UNRULED, node("Identity", "u", "mid")))
    assert layers == ["first", "early", "p"]
    assert "Layers    3 of 5, because MaxUnpool with an output shape" in told
    assert "Dreams    on every layer" in told


def test_nothing_is_written_that_a_first_dream_would_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the reason, adoption tries what the command that it prints will do."""
    onnx.save(around(node("Identity", "early", "mid")), tmp_path / "source.onnx")

    def refuses(*_: object) -> None:
        raise NetworkError("it has no size")

    monkeypatch.setattr(trials, "_measure", refuses)
    target = tmp_path / "made.onnx"
    says = r"a dream on its layer \w+ would be refused: it has no size; give another --size"
    with pytest.raises(NetworkError, match=says):
        run(tmp_path / "source.onnx", target, InputOptions(), None, None)
    assert list(tmp_path.iterdir()) == [tmp_path / "source.onnx"]


def test_nothing_is_written_that_would_not_be_read(tmp_path: Path) -> None:
    """A file that is refused was left behind."""
    source = around(node("Identity", "early", "mid"))
    result, _ = adopt(source, InputOptions(range="0..1"), **NAMES)
    result.opset_import[0].version = 12
    target = tmp_path / "made.onnx"
    with pytest.raises(NetworkError, match=r"made\.onnx' uses an ONNX opset older than 18"):
        write(result, target)
    assert not target.exists()
