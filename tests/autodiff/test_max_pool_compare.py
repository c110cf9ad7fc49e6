"""Max-pool gradients by comparing taps: the same as by the pool's own indices, ties included."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from pool_network import gradient, pool_network

from dreamlayer.core.autodiff.variants import VARIANTS, Variant
from dreamlayer.core.errors import LayerError, UnsupportedOperatorError
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.recipe.term import Term

RNG = np.random.default_rng(0)
TAPS = Variant(max_pool="taps")


def operators(model: onnx.ModelProto) -> set[str]:
    return {node.op_type for node in model.graph.node}


POOLS = [
    "kernel_shape=[3,3], strides=[2,2]",
    "kernel_shape=[2,2], strides=[2,2]",
    "kernel_shape=[3,3]",
    "kernel_shape=[4,2], strides=[3,1]",
    "kernel_shape=[1,3], strides=[1,2]",
    "kernel_shape=[3,1], strides=[2,1]",
    'kernel_shape=[5,5], strides=[2,3], auto_pad="VALID"',
]


PADDED = [
    "kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]",
    "kernel_shape=[3,3], pads=[1,1,1,1]",
    "kernel_shape=[2,2], strides=[2,2], pads=[1,1,1,1]",
    "kernel_shape=[3,3], strides=[2,2], pads=[0,0,1,1]",
    "kernel_shape=[5,4], strides=[3,2], pads=[4,0,1,3]",
    "kernel_shape=[4,5], strides=[4,1], pads=[3,2,3,2]",
    "kernel_shape=[1,3], strides=[1,2], pads=[0,2,0,2]",
]
AUTOMATIC = [
    'kernel_shape=[3,3], strides=[2,2], auto_pad="SAME_UPPER"',
    'kernel_shape=[3,2], strides=[2,1], auto_pad="SAME_LOWER"',
    "kernel_shape=[3,3], strides=[2,2], ceil_mode=1",
    "kernel_shape=[2,2], strides=[2,2], pads=[1,1,1,1], ceil_mode=1",
    "kernel_shape=[3,3], strides=[3,2], pads=[1,0,1,0], ceil_mode=1",
]


@pytest.mark.parametrize("pool", [*PADDED, *AUTOMATIC])
@pytest.mark.parametrize("size", [(9, 11), (8, 10), (13, 7), (12, 12)])
@pytest.mark.parametrize("fixed", [False, True])
def test_padding_of_what_a_relu_gave_is_no_maximum(
    pool: str, size: tuple[int, int], fixed: bool
) -> None:
    """Windows in the padding, of zeros alone, and with several maxima: every element is the same.

    What is known for a fixed size only, automatic padding and rounding up, is compared there.
    """
    model, terms = pool_network(pool, "Relu"), [Term("y")]
    image = RNG.integers(-3, 3, (1 if fixed else 2, 3, *size)).astype(np.float32)
    image[:, :, :4, :5] = -1
    compared = gradient_model(model, terms, variant=TAPS, size=size if fixed else None)
    by_taps = fixed or pool in PADDED
    assert ("ScatterElements" in operators(compared)) != by_taps
    expected = gradient(gradient_model(model, terms), image)
    np.testing.assert_allclose(gradient(compared, image), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("size", [(9, 11), (8, 10), (13, 7)])
@pytest.mark.parametrize("fixed", [False, True])
def test_equals_the_indices(pool: str, size: tuple[int, int], fixed: bool) -> None:
    """Kernels, strides and sizes that leave a remainder: every element is the same."""
    model, terms = pool_network(pool), [Term("y")]
    image = RNG.standard_normal((1 if fixed else 2, 3, *size)).astype(np.float32)
    compared = gradient_model(model, terms, variant=TAPS, size=size if fixed else None)
    assert "ScatterElements" not in operators(compared)
    expected = gradient(gradient_model(model, terms), image)
    np.testing.assert_allclose(gradient(compared, image), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("pool", POOLS[:4])
def test_first_of_equal_maxima_takes_it_all(pool: str) -> None:
    """Where a window holds its maximum several times, as flat areas do, both choose the first."""
    image = RNG.integers(0, 2, (1, 3, 12, 12)).astype(np.float32)
    model, terms = pool_network(pool, "Identity"), [Term("y")]
    expected = gradient(gradient_model(model, terms), image)
    found = gradient(gradient_model(model, terms, variant=TAPS), image)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    "pool",
    [
        "kernel_shape=[3,3], pads=[1,1,1,1]",
        'kernel_shape=[3,3], strides=[2,2], auto_pad="SAME_UPPER"',
        "kernel_shape=[2,2], strides=[3,3]",
        "kernel_shape=[3,3], dilations=[2,2]",
        "kernel_shape=[3,3], strides=[2,2], ceil_mode=1",
    ],
)
def test_other_pools_go_by_indices(pool: str) -> None:
    """Padding, dilation, gaps and windows that stick out are left to the form that is always right.

    Padding matters where numbers may be negative.

    Their gradient is the same, whichever form is asked for, equal maxima included.
    """
    image = RNG.integers(-1, 2, (1, 3, 10, 10)).astype(np.float32)
    model, terms = pool_network(pool, "Identity" if "pads" in pool else "Relu"), [Term("y")]
    asked = gradient_model(model, terms, variant=TAPS)
    assert "ScatterElements" in operators(asked)
    assert not any(node.name.startswith("transposed/") for node in asked.graph.node)
    expected = gradient(gradient_model(model, terms), image)
    np.testing.assert_array_equal(gradient(asked, image), expected)


@pytest.mark.parametrize("pool", POOLS)
def test_relu_before_the_pool_goes_behind_it(pool: str) -> None:
    """The pool's gradient is masked at its output, with the same result."""
    image = RNG.standard_normal((1, 3, 12, 12)).astype(np.float32)
    # Windows of negative numbers alone, whose gradient is none.
    image[:, :, 6:, 6:] = -1.0
    model, terms = pool_network(pool, "Relu"), [Term("y")]
    moved = gradient_model(model, terms, variant=TAPS)
    kinds = [node.op_type for node in moved.graph.node]
    assert kinds.index("MaxPool") < kinds.index("Relu")
    expected = gradient(gradient_model(model, terms), image)
    np.testing.assert_allclose(gradient(moved, image), expected, rtol=1e-6, atol=1e-9)


def test_table_names_providers() -> None:
    """Those that the table does not name take the portable form."""
    assert VARIANTS["blocked"].max_pool == "taps"
    assert VARIANTS["indices"] == Variant()


def test_network_that_cannot_be_turned_over_keeps_the_order() -> None:
    """Rows and columns treated differently, the first maximum is still counted row by row."""
    model = pool_network("kernel_shape=[3,3], strides=[2,2]", "Identity")
    model.graph.node[0].CopyFrom(
        onnx.helper.make_node("Gather", ["image", "places"], ["x"], axis=3)
    )
    places = np.arange(12)[::-1].copy()
    model.graph.initializer.append(onnx.numpy_helper.from_array(places, "places"))
    image = RNG.integers(0, 2, (1, 3, 12, 12)).astype(np.float32)
    expected = gradient(gradient_model(model, [Term("y")]), image)
    found = gradient_model(model, [Term("y")], variant=TAPS)
    assert not any(node.name.startswith("transposed/") for node in found.graph.node)
    np.testing.assert_allclose(gradient(found, image), expected, rtol=1e-6, atol=1e-9)


def test_what_comes_behind_the_layer_is_no_hindrance() -> None:
    """A classifier behind the layer does not keep the network from the faster form."""
    model = pool_network("kernel_shape=[3,3], strides=[2,2]")
    model.graph.node.append(onnx.helper.make_node("GlobalAveragePool", ["y"], ["mean"]))
    model.graph.node.append(onnx.helper.make_node("Flatten", ["mean"], ["flat"]))
    model.graph.output[0].CopyFrom(
        onnx.helper.make_tensor_value_info("flat", onnx.TensorProto.FLOAT, ["n", 3])
    )
    assert "ScatterElements" not in operators(gradient_model(model, [Term("y")], variant=TAPS))


def test_mistakes_are_told_in_the_networks_own_names() -> None:
    """What the network is rewritten to is nobody's business."""
    model = pool_network("kernel_shape=[3,3], strides=[2,2]")
    with pytest.raises(LayerError, match=r"^layer 'y' has no channel 7"):
        gradient_model(model, [Term("y", channels=(7,))], variant=TAPS)
    model.graph.node[-1].CopyFrom(onnx.helper.make_node("Det", ["p"], ["y"]))
    with pytest.raises(UnsupportedOperatorError, match=r"end with: image, x, p$|end with: x, p$"):
        gradient_model(model, [Term("y")], variant=TAPS)
