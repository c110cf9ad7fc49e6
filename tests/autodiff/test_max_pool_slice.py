"""Max-pool gradients by slices: the same as by the pool's own indices, ties included."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import numpy_helper, parser
from pool_network import gradient, pool_network

from dreamlayer.core.autodiff.variants import PORTABLE, Variant
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.recipe.term import Term

RNG = np.random.default_rng(0)
SLICES = Variant(max_pool="slices")
TERMS = [Term("y")]
POOLS = [
    "kernel_shape=[3,3], strides=[2,2]",
    "kernel_shape=[2,2], strides=[2,2]",
    "kernel_shape=[3,3]",
    "kernel_shape=[3,3], pads=[1,1,1,1]",
    'kernel_shape=[3,3], strides=[2,2], auto_pad="SAME_UPPER"',
    'kernel_shape=[2,3], strides=[2,2], auto_pad="SAME_LOWER"',
    'kernel_shape=[5,4], strides=[3,3], auto_pad="VALID"',
    "kernel_shape=[2,2], strides=[3,3]",
    "kernel_shape=[3,3], dilations=[2,2]",
    "kernel_shape=[3,3], strides=[2,2], ceil_mode=1",
    "kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1], ceil_mode=1",
    "kernel_shape=[3,2], strides=[2,2], pads=[1,0,0,1], dilations=[1,2]",
]


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("size", [(9, 11), (8, 10), (13, 7)])
@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_equals_the_indices(pool: str, size: tuple[int, int], fixed: bool, ties: bool) -> None:
    """Every element, and where a window holds its maximum several times, the first takes it all."""
    model = pool_network(pool, "Identity" if ties else "Sin")
    image = RNG.standard_normal((1 if fixed else 2, 3, *size)).astype(np.float32)
    image = np.round(image / 1.5) if ties else image
    sliced = gradient_model(model, TERMS, variant=SLICES, size=size if fixed else None)
    kinds = {node.op_type for node in sliced.graph.node}
    assert "ScatterElements" not in kinds
    # With ceil_mode, shape inference does not tell the output's size.
    if fixed and "ceil_mode" not in pool:
        assert "Shape" not in kinds, "what is known beforehand is computed each time"
    expected = gradient(gradient_model(model, TERMS), image)
    np.testing.assert_allclose(gradient(sliced, image), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("pool", ["kernel_shape=[3,3], strides=[2,1]", "kernel_shape=[1,3]"])
def test_strides_that_differ(pool: str) -> None:
    """Phases of two strides cannot be put between each other so; one-sided windows can."""
    model = pool_network(pool, "Sin")
    image = RNG.standard_normal((1, 3, 9, 10)).astype(np.float32)
    sliced = gradient_model(model, TERMS, variant=SLICES)
    even = "strides" not in pool
    assert any(node.op_type == "ScatterElements" for node in sliced.graph.node) != even
    expected = gradient(gradient_model(model, TERMS), image)
    np.testing.assert_allclose(gradient(sliced, image), expected, rtol=1e-6, atol=1e-9)


def test_input_of_unknown_rank_goes_by_indices() -> None:
    """A reshape by what is only known when it runs."""
    model = parser.parse_model(
        """<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] y) {
          s = Sin(image)
          shape = Shape(image)
          there = Cast<to=1>(shape)
          back = Cast<to=7>(there)
          x = Reshape(s, back)
          p = MaxPool<kernel_shape=[2,2], strides=[2,2]>(x)
          y = Exp(p)
        }"""
    )
    image = RNG.random((1, 3, 8, 8), np.float32)
    found = [gradient(gradient_model(model, TERMS, variant=f), image) for f in (Variant(), SLICES)]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("scale", [0.1, 1e5])
def test_transposed_convolution_has_a_kernel_of_its_own(scale: float) -> None:
    """For OpenVINO, with the same result, whatever the weights."""
    model = parser.parse_model(
        """<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] y) {
          a = Conv<strides=[2,2]>(image, w)
          y = Neg(a)
        }"""
    )
    weights = RNG.standard_normal((3, 3, 3, 3)).astype(np.float32) * scale
    model.graph.initializer.append(numpy_helper.from_array(weights, "w"))
    image = RNG.random((1, 3, 12, 11), np.float32)
    found = []
    for variant in (Variant(), PORTABLE):
        made = gradient_model(model, TERMS, variant=variant)
        (node,) = (node for node in made.graph.node if node.op_type == "ConvTranspose")
        assert (node.input[1] == "w") == (variant == Variant())
        found.append(gradient(made, image))
    np.testing.assert_array_equal(*found)
