"""Numbers of axes that follow from the lengths of computed shapes."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper, parser

from dreamlayer.core.graph.inference import inferred
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.recipe.term import Term


def network(body: str) -> onnx.ModelProto:
    model = parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] y) {{ {body} }}"""
    )
    for name, numbers in (("two", [2]), ("one", [1]), ("end", [-1])):
        model.graph.initializer.append(numpy_helper.from_array(np.array(numbers), name))
    return model


SHAPE = "s = Shape(image) d = Div(s, two) n = Mul(d, two) "


def test_reshape_to_a_computed_shape_has_its_length_as_rank() -> None:
    """Behind it, inference goes on."""
    shapes = inferred(network(SHAPE + "r = Reshape(image, n) y = Relu(r)")).shapes
    assert len(shapes["r"]) == len(shapes["y"]) == 4


def test_expanded_split_and_filled_tensors_have_ranks() -> None:
    """Expand to a computed shape, Split into computed sizes, and a computed ConstantOfShape."""
    body = SHAPE + (
        "e = Expand(one, n) w = Slice(s, one, two) h = Div(w, two) k = Concat<axis=0>(h, h, one) "
        "a, b, c = Split<axis=1>(image, k) y = ConstantOfShape(n)"
    )
    shapes = inferred(network(body)).shapes
    assert [len(shapes[name]) for name in ("e", "a", "b", "y")] == [4, 4, 4, 4]


def test_a_rule_that_needs_the_rank_works_behind_them() -> None:
    """A batch normalization of what was reshaped to a computed shape has a gradient."""
    body = SHAPE + "r = Reshape(image, n) q = Sqrt(r) y = ReduceMean<keepdims=1>(q, axes)"
    model = network(body)
    model.graph.initializer.append(numpy_helper.from_array(np.array([1]), "axes"))
    assert gradient_model(model, [Term("y")]).graph.output[1].name == "gradient"
