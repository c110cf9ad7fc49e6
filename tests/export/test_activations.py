"""Activations in several nodes are one layer, whose last node it is."""

from __future__ import annotations

import pytest
from onnx import TensorProto, helper

from dreamlayer.export.adopt.activations import parts_of_activations

NUMBERS = {"half": 0.5, "one": 1.0, "three": 3.0, "six": 6.0, "root": 1.414, "cube": 0.0447}


def parts(lines: str, outputs: tuple[str, ...] = ()) -> set[str]:
    """The steps among nodes that are written one a line, such as ``y = Mul x, half``."""
    nodes = []
    for line in lines.strip().splitlines():
        result, _, call = line.strip().partition(" = ")
        kind, _, inputs = call.partition(" ")
        nodes.append(helper.make_node(kind, inputs.split(", "), [result]))
    graph = helper.make_graph(
        nodes,
        "activation",
        [],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [helper.make_tensor(name, TensorProto.FLOAT, [], [one]) for name, one in NUMBERS.items()],
    )
    return parts_of_activations(graph)


WRITTEN = {
    "SiLU": "s = Sigmoid x\ny = Mul x, s",
    "HardSwish by HardSigmoid": "s = HardSigmoid x\ny = Mul s, x",
    "HardSwish by Clip": "a = Add x, three\nb = Clip a, half, six\nc = Mul x, b\ny = Div c, six",
    "HardSwish, divided first": "a = Add three, x\nb = Clip a\nc = Div b, six\ny = Mul x, c",
    "Mish": "a = Softplus x\nb = Tanh a\ny = Mul x, b",
    "Mish by Exp": "a = Exp x\nb = Add a, one\nc = Log b\nd = Tanh c\ny = Mul x, d",
    "GELU": "a = Div x, root\nb = Erf a\nc = Add b, one\nd = Mul x, c\ny = Mul d, half",
    "GELU, halved first": (
        "h = Mul x, half\na = Div x, root\nb = Erf a\nc = Add b, one\ny = Mul h, c"
    ),
    "GELU by Tanh": (
        "a = Mul x, x\nb = Mul a, x\nc = Mul b, cube\nd = Add x, c\ne = Mul d, root\n"
        "f = Tanh e\ng = Add f, one\nh = Mul x, half\ny = Mul h, g"
    ),
    "GELU by Pow": (
        "a = Pow x, three\nc = Mul a, cube\nd = Add x, c\ne = Mul d, root\n"
        "f = Tanh e\ng = Add one, f\nh = Mul x, g\ny = Mul h, half"
    ),
    "quick GELU": "a = Mul x, root\ns = Sigmoid a\ny = Mul x, s",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_all_nodes_but_the_last_are_steps(name: str) -> None:
    """As exporters write them, in any order of factors."""
    lines = f"x = Conv image, w\n{WRITTEN[name]}\nz = Conv y, v"
    made = {line.partition(" = ")[0] for line in WRITTEN[name].splitlines()}
    assert parts(lines) == made - {"y"}


@pytest.mark.parametrize("kind", ["Relu", "Elu", "Sigmoid", "Gelu", "HardSwish", "Tanh"])
def test_an_activation_by_itself_is_a_layer(kind: str) -> None:
    """Even where numbers scale it, which make no layer."""
    assert parts(f"x = Conv image, w\na = {kind} x\ny = Mul a, half\nz = Conv y, v") == {"y"}


def test_a_step_that_is_read_elsewhere_is_a_layer() -> None:
    """A gate that is used for something else too stays a layer, as does an output."""
    silu = "x = Conv image, w\ns = Sigmoid x\ny = Mul x, s"
    assert parts(f"{silu}\nz = Conv s, v") == set()
    assert parts(silu, outputs=("s", "y")) == set()


def test_gates_of_other_tensors_are_no_activation() -> None:
    """What squeeze-and-excitation multiplies with comes from another tensor: both are layers."""
    gated = "x = Conv image, w\np = GlobalAveragePool x\ns = Sigmoid p\ny = Mul x, s"
    assert parts(gated) == set()


def test_a_residual_sum_is_a_layer() -> None:
    """A sum of what two convolutions give belongs to none of the activations around it."""
    lines = "x = Conv image, w\na = Relu x\nb = Conv a, v\nc = Add a, b\nd = Relu c"
    assert parts(lines) == set()
