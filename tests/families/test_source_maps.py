"""The yardstick of adopted networks: what counts as a layer of an exported file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from activations import map_of
from onnx import TensorProto, helper, numpy_helper
from source_maps import source_maps

SIZE = (16, 24)


def found(tmp_path: Path, nodes: list[onnx.NodeProto], **weights: Any) -> dict[str, str]:
    """Kinds by tensor for a graph that takes ``image`` [1, 3, 16, 24]."""
    graph = helper.make_graph(
        nodes,
        "source",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, *SIZE])],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    file = tmp_path / "source.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), file)
    image = np.random.default_rng(0).random((1, 3, *SIZE), dtype=np.float32)
    return {one.tensor: one.kind for one in source_maps(file, {"image": image}, SIZE)}


def node(kind: str, inputs: str, output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs.split(), [output], **attributes)


ONE, HALF, ROOT = (np.float32(value) for value in (1, 0.5, 2**0.5))
ACTIVATIONS = {
    "swish": [node("Sigmoid", "image", "s"), node("Mul", "image s", "y")],
    "hard_swish": [
        node("Add", "image three", "a"),
        node("Clip", "a zero six", "c"),
        node("Mul", "image c", "m"),
        node("Div", "m six", "y"),
    ],
    "gelu": [
        node("Div", "image root", "d"),
        node("Erf", "d", "e"),
        node("Add", "e one", "a"),
        node("Mul", "image a", "m"),
        node("Mul", "m half", "y"),
    ],
    "gelu_of_half": [
        node("Mul", "image half", "h"),
        node("Div", "image root", "d"),
        node("Erf", "d", "e"),
        node("Add", "e one", "a"),
        node("Mul", "h a", "y"),
    ],
    "mish": [node("Softplus", "image", "s"), node("Tanh", "s", "t"), node("Mul", "image t", "y")],
    "relu6": [node("Clip", "image zero six", "y")],
}


@pytest.mark.parametrize("nodes", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_an_activation_of_several_nodes_is_one_layer(
    tmp_path: Path, nodes: list[onnx.NodeProto]
) -> None:
    """Its last product counts, its parts do not."""
    numbers = {"one": ONE, "half": HALF, "root": ROOT, "zero": np.float32(0)}
    numbers |= {"three": np.float32(3), "six": np.float32(6)}
    assert found(tmp_path, nodes, **numbers) == {"y": "activation"}


def test_a_gate_without_positions_is_no_layer(tmp_path: Path) -> None:
    """Squeeze-and-excitation's activations on [1, C, 1, 1] do not count, nor do shapes."""
    nodes = [
        node("Conv", "image w", "c", pads=[1, 1, 1, 1]),
        node("GlobalAveragePool", "c", "g"),
        node("Relu", "g", "r"),
        node("Sigmoid", "r", "s"),
        node("Mul", "c s", "m"),
        node("Shape", "m", "shape"),
        node("Concat", "shape shape", "sizes", axis=0),
        node("Relu", "m", "y"),
    ]
    kinds = found(tmp_path, nodes, w=np.ones((4, 3, 3, 3), np.float32))
    assert kinds == {"c": "convolution", "y": "activation"}


def test_parts_of_the_picture_put_together_are_no_layer(tmp_path: Path) -> None:
    """A map that is rolled around by a concatenation of its rows does not count."""
    nodes = [
        node("Conv", "image w", "c"),
        helper.make_node("Split", ["c"], ["upper", "lower"], axis=2, num_outputs=2),
        node("Concat", "lower upper", "rolled", axis=2),
        node("Concat", "c rolled", "both", axis=1),
    ]
    kinds = found(tmp_path, nodes, w=np.ones((4, 3, 1, 1), np.float32))
    assert kinds == {"c": "convolution", "both": "concatenation"}


def test_maps_behind_a_batch_norm_stand_for_the_convolution(tmp_path: Path) -> None:
    """Where Mul and Add follow, values behind each of them are the convolution's too."""
    nodes = [
        node("Conv", "image w", "c"),
        node("Mul", "c scale", "m"),
        node("Add", "m bias", "a"),
        node("Relu", "a", "y"),
    ]
    weights: dict[str, Any] = {"w": np.ones((4, 3, 1, 1), np.float32)}
    weights |= {name: np.full((4, 1, 1), 2, np.float32) for name in ("scale", "bias")}
    assert found(tmp_path, nodes, **weights) == {"c": "convolution", "y": "activation"}
    image = {"image": np.ones((1, 3, *SIZE), np.float32)}
    (first, _) = source_maps(tmp_path / "source.onnx", image, SIZE)
    assert [float(planes.max()) for planes in first.planes] == [3, 6, 8]


@pytest.mark.parametrize(
    ("shape", "leading", "rows"),
    [((1, 6, 5), 0, 2), ((1, 7, 5), 1, 2), ((1, 8, 5), 2, 2), ((1, 2, 3, 5), 0, 2)],
)
def test_tokens_are_maps_of_the_image(shape: tuple[int, ...], leading: int, rows: int) -> None:
    """Rows and columns follow from the image; class tokens come before."""
    form = map_of(shape, SIZE)
    assert form is not None
    assert (form.leading, form.height, form.channels_last) == (leading, rows, True)


@pytest.mark.parametrize(
    "shape",
    [(1, 5), (4, 4, 7), (1, 2, 1, 1), (1, 4, 1, 1), (1, 1, 1, 2), (1, 5, 40, 40), (2, 3, 16, 24)],
)
def test_other_tensors_are_no_maps(shape: tuple[int, ...]) -> None:
    """Vectors, windows in a batch, single positions and what is larger than the image."""
    assert map_of(shape, SIZE) is None
