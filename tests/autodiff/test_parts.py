"""Gradients of concatenations in parts: the same as split ones, which others stay."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from finite_differences import session
from onnx import numpy_helper, parser

from dreamlayer.core.autodiff.variants import PARTS, Variant
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.recipe.term import Term

RNG = np.random.default_rng(0)
BY_PARTS = Variant(concat=PARTS)

BEHIND = {
    "one convolution": "y = Conv(c, k)",
    "two convolutions": "p = Conv(c, k) q = Conv<pads=[1,1,1,1]>(c, three) y = Add(p, q)",
    "its own values": "r = Relu(c) p = Conv(r, k) y = Add(p, p)",
    "twice": "d = Concat<axis=1>(c, c) y = Conv(d, wide)",
}
SPLIT_BEHIND = {
    "grouped": "y = Conv<group=5>(c, grouped)",
    "strided": "y = Conv<strides=[2,2]>(c, three)",
    "broadcast kernels": "m = ReduceMean<keepdims=1>(c, axes) p = Conv(m, single) s = Sigmoid(p) "
    "y = Mul(c, s)",
    "a function of all": "s = Softmax<axis=1>(c) y = Conv(s, k)",
    "pooled": "p = MaxPool<kernel_shape=[2,2], strides=[2,2]>(c) y = Conv(p, k)",
    "rows": "d = Concat<axis=2>(c, c) y = Conv(d, k)",
}
KERNELS = {
    "a": (2, 3, 1, 1),
    "b": (3, 3, 3, 3),
    "k": (4, 5, 1, 1),
    "three": (4, 5, 3, 3),
    "wide": (4, 10, 1, 1),
    "grouped": (5, 1, 3, 3),
    "single": (1, 1, 1, 1),
}


def network(behind: str) -> onnx.ModelProto:
    """Two convolutions of the image, beside one another, and what comes behind."""
    model = parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] y)
        <int64[1] axes = {{1}}>
        {{ f = Conv(image, a) e = Relu(f) g = Conv<pads=[1,1,1,1]>(image, b) h = Relu(g)
           c = Concat<axis=1>(e, h) {behind} }}"""
    )
    for name, shape in KERNELS.items():
        kernel = RNG.standard_normal(shape).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(kernel, name))
    return model


@pytest.mark.parametrize("behind", [*BEHIND, *SPLIT_BEHIND])
@pytest.mark.parametrize("fixed", [False, True])
def test_gradient_is_that_of_split(behind: str, fixed: bool) -> None:
    """Element by element, whether or not all of it has parts."""
    model = network({**BEHIND, **SPLIT_BEHIND}[behind])
    image = RNG.standard_normal((1 if fixed else 2, 3, 8, 10)).astype(np.float32)
    size = (8, 10) if fixed else None
    terms = [Term("y"), Term("c", 0.1)] if behind == "one convolution" else [Term("y")]
    expected, found = (
        session(gradient_model(model, terms, variant=variant, size=size)).run(
            ["gradient"], {"image": image}
        )[0]
        for variant in (Variant(), BY_PARTS)
    )
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("behind", BEHIND)
def test_nothing_is_split_where_all_has_parts(behind: str) -> None:
    """Convolutions, sums, products and masks have parts."""
    made = gradient_model(network(BEHIND[behind]), [Term("y")], variant=BY_PARTS)
    assert "Split" not in {node.op_type for node in made.graph.node}


@pytest.mark.parametrize("behind", SPLIT_BEHIND)
def test_what_has_no_parts_is_split(behind: str) -> None:
    """Other operators, and kernels that are fewer than the channels."""
    made = gradient_model(network(SPLIT_BEHIND[behind]), [Term("y")], variant=BY_PARTS)
    assert "Split" in {node.op_type for node in made.graph.node}


def test_many_inputs_are_split() -> None:
    """Otherwise dense networks would have a convolution for each pair of layers."""
    model = network("d = Concat<axis=1>(e, e, h, e) y = Conv(d, many)")
    kernel = RNG.standard_normal((4, 9, 1, 1)).astype(np.float32)
    model.graph.initializer.append(numpy_helper.from_array(kernel, "many"))
    made = gradient_model(model, [Term("y")], variant=BY_PARTS)
    assert "Split" in {node.op_type for node in made.graph.node}
