"""What is known of a model without running it."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from small_network import small_model

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.inference import attributes, infer_shapes, inferred, names_read


def test_contradicting_shapes_are_one_sentence() -> None:
    """Strict inference refuses with our error."""
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 18]> '
        "m (float[2,3] a) => (float[n,m] y) { y = MatMul(a, a) }"
    )
    with pytest.raises(NetworkError, match="shapes contradict"):
        infer_shapes(model, strict=True)


def test_attributes_are_plain_python() -> None:
    """Strings are text, not bytes; lists are lists."""
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"], auto_pad="VALID", strides=[2, 2])
    found = attributes(node)
    assert found["auto_pad"] == "VALID"
    assert list(found["strides"]) == [2, 2]
    assert np.array_equal(found["strides"], [2, 2])


def test_types_and_shapes_of_all_tensors() -> None:
    """Weights, input and what lies between; open sizes keep their names or are unknown."""
    known = inferred(small_model())
    assert known.shapes["w1"] == [6, 3, 3, 3]
    assert known.shapes["image"] == ["batch", 3, "height", "width"]
    assert known.shapes["deep"][1] == 8
    assert set(known.dtypes.values()) == {onnx.TensorProto.FLOAT}


def test_sizes_behind_a_pool_that_rounds_up_are_not_trusted() -> None:
    """Runtimes count its last window differently, so only the channels stay known."""
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 18]> m (float[1,3,9,9] image) => (float[n,c,h,w] y) {'
        " p = MaxPool<kernel_shape=[2,2], strides=[2,2], ceil_mode=1>(image) y = Relu(p) }"
    )
    shapes = inferred(model).shapes
    assert shapes["p"] == shapes["y"] == [None, 3, None, None]


def test_large_weights_are_not_copied_but_known() -> None:
    """Inference works on an outline of the model, and gives the same."""
    model = small_model()
    outline = infer_shapes(model)
    assert "w2" not in {tensor.name for tensor in outline.graph.initializer}
    assert inferred(model).shapes["deep_conv"][1] == 8


def test_names_read_look_into_subgraphs() -> None:
    """What an If captures is read by it."""
    branch = onnx.helper.make_graph(
        [onnx.helper.make_node("Neg", ["outer"], ["inner"])],
        "b",
        [],
        [onnx.ValueInfoProto(name="inner")],
    )
    node = onnx.helper.make_node("If", ["yes"], ["z"], then_branch=branch, else_branch=branch)
    assert set(names_read(node)) == {"yes", "outer"}
