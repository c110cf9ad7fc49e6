"""Random numbers are followed through a graph, subgraphs included."""

from __future__ import annotations

import onnx

from dreamlayer.core.graph.randomness import random_tensors


def _graph(text: str) -> onnx.GraphProto:
    inputs = "float[n, 3, h, w] image, bool go, int64 rounds"
    return onnx.parser.parse_graph(f"tiny ({inputs}) => (float[] y) {{ {text} }}")


def test_a_branch_may_draw_random_numbers() -> None:
    """Of an `If` as of a plain node."""
    branches = (
        "then_branch = one () => (float[] a) { a = RandomNormalLike(image) }, "
        "else_branch = other () => (float[] b) { b = Relu(image) }"
    )
    graph = _graph(f"x = Relu(image) z = If (go) <{branches}> y = Relu(z)")
    found = random_tensors(graph)
    assert {name: node.op_type for name, node in found.items()} == {"z": "If", "y": "If"}


def test_a_branch_may_read_random_numbers() -> None:
    """A subgraph captures what is outside."""
    branches = (
        "then_branch = one () => (float[] a) { a = Relu(n) }, "
        "else_branch = other () => (float[] b) { b = Relu(image) }"
    )
    graph = _graph(f"n = RandomNormalLike(image) y = If (go) <{branches}>")
    assert {name: node.op_type for name, node in random_tensors(graph).items()} == {
        "n": "RandomNormalLike",
        "y": "RandomNormalLike",
    }


def test_what_no_random_number_reaches_is_not_named() -> None:
    """Tensors before the noise, and beside it."""
    graph = _graph("a = Relu(image) n = RandomNormalLike(a) b = Cos(a) y = Add(n, b)")
    assert set(random_tensors(graph)) == {"n", "y"}
