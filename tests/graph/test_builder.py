"""Building graphs: each node once, constants once, dead nodes dropped, shapes understood."""

from __future__ import annotations

import onnx
import pytest
from small_network import small_model

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.builder import Graph, same_shape
from dreamlayer.core.graph.edit import prune


def test_equal_nodes_and_constants_are_emitted_once() -> None:
    """The same expression twice is one tensor; other attributes make another."""
    graph = Graph(small_model())
    x = graph.value("deep")
    assert (x * 2.0 + 1.0).name == (x * 2.0 + 1.0).name
    assert graph.emit("Elu", x, alpha=0.5).name != graph.emit("Elu", x, alpha=0.25).name
    assert graph.ints(1, 2).name == graph.ints(1, 2).name != graph.ints(2, 1).name


def test_python_numbers_take_the_tensors_type() -> None:
    """A number beside an int64 tensor is an int64 constant."""
    graph = Graph(small_model())
    count = graph.emit("Shape", graph.value("deep"))
    assert count.dtype == (count + 1).dtype == onnx.TensorProto.INT64
    assert (count > 1).dtype == onnx.TensorProto.BOOL


def test_shapes_are_known_as_far_as_they_can_be() -> None:
    """Names stand for sizes that are open; the rank of an unknown tensor is an error."""
    graph = Graph(small_model())
    image = graph.value("image")
    assert image.dims == ["batch", 3, "height", "width"]
    assert (image.rank, image.static(1), image.static(2)) == (4, 3, None)
    assert same_shape(image, image)
    assert not same_shape(image, graph.value("deep"))
    fresh = graph.emit("Tanh", image)
    with pytest.raises(NetworkError, match="number of axes"):
        _ = fresh.rank
    graph.learn_shapes()
    assert fresh.rank == 4


def test_arithmetic_on_known_sizes_is_done_at_once() -> None:
    """As the operators do it: division of integers cuts off towards zero."""
    graph = Graph(small_model())
    before = len(graph.model.graph.node)
    seven, two = graph.ints(7, -7), graph.ints(2, 2)
    assert graph.numbers(seven + two) == [9, -5]
    assert graph.numbers(seven - two) == [5, -9]
    assert graph.numbers(seven * two) == [14, -14]
    assert graph.numbers(seven / two) == [3, -3]
    assert graph.numbers(graph.emit("Max", -seven, two)) == [2, 7]
    assert graph.numbers(graph.emit("Concat", seven, two, axis=0)) == [7, -7, 2, 2]
    assert len(graph.model.graph.node) == before
    open_size = graph.emit("Shape", graph.value("image"), start=2)
    assert graph.numbers(open_size + two) is None
    assert graph.numbers(graph.constant(2.5)) is None


def test_new_names_never_collide() -> None:
    """A network that has a tensor of the name that would come next keeps it."""
    model = small_model()
    model.graph.node[0].output[0] = "gradient/Tanh_1"
    model.graph.node[1].input[0] = "gradient/Tanh_1"
    graph = Graph(model)
    assert graph.emit("Tanh", graph.value("image")).name != "gradient/Tanh_1"


def test_optional_output_is_added_once() -> None:
    """Asking twice for a pool's indices gives the same tensor."""
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 18]> m (float[b,3,h,w] image) => (float[b,3,i,j] y)'
        "{ y = MaxPool<kernel_shape=[2,2]>(image) }"
    )
    graph = Graph(model)
    first = graph.add_output(graph.value("y"), 1, onnx.TensorProto.INT64)
    assert graph.add_output(graph.value("y"), 1, onnx.TensorProto.INT64) == first
    assert len(graph.model.graph.node[0].output) == 2


def test_prune_keeps_what_outputs_need() -> None:
    """Nodes and constants that no output depends on are dropped."""
    model = small_model()
    model.graph.output[0].CopyFrom(onnx.ValueInfoProto(name="first"))
    prune(model)
    assert [node.op_type for node in model.graph.node] == ["Conv", "Relu"]
    assert [tensor.name for tensor in model.graph.initializer] == ["w1"]


def test_prune_keeps_what_a_subgraph_captures() -> None:
    """Tensors read only inside an If are needed too."""
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 18]> m (float[n] image, bool c) => (float[n] y) {'
        " t = Tanh(image)"
        " y = If(c)<then_branch = a () => (float[n] p) { p = Neg(t) },"
        "           else_branch = b () => (float[n] q) { q = Identity(t) }> }"
    )
    prune(model)
    assert [node.op_type for node in model.graph.node] == ["Tanh", "If"]
