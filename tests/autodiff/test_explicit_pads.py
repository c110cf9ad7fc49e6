"""Max-pools of known size with plain padding: the same windows as with what runtimes compute."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import parser

from dreamlayer.core.autodiff.passes.explicit_pads import explicit_pads
from dreamlayer.core.autodiff.variants import VARIANTS
from dreamlayer.core.graph.inference import attributes
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.recipe.term import Term

POOLS = [
    "kernel_shape=[3,3], strides=[2,2], ceil_mode=1",
    "kernel_shape=[2,2], strides=[2,2], pads=[1,1,1,1], ceil_mode=1",
    "kernel_shape=[3,2], strides=[3,2], pads=[0,1,1,0], ceil_mode=1",
    "kernel_shape=[3,3], strides=[2,2], dilations=[2,1], ceil_mode=1",
    'kernel_shape=[3,3], strides=[2,2], auto_pad="SAME_UPPER"',
    'kernel_shape=[2,4], strides=[2,3], auto_pad="SAME_LOWER"',
    'kernel_shape=[3,3], strides=[2,2], auto_pad="VALID", ceil_mode=1',
]


def network(pool: str, size: tuple[int, int]) -> onnx.ModelProto:
    """Two pools of that kind, so that the second one's size follows from the first."""
    return parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[1,3,{size[0]},{size[1]}] image) => (float[n,c,h,w] y) {{
          p = MaxPool<{pool}>(image)
          q = Exp(p)
          y = MaxPool<{pool}>(q)
        }}"""
    )


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("size", [(13, 17), (14, 16), (15, 19), (24, 21)])
def test_function_stays(pool: str, size: tuple[int, int]) -> None:
    """Every element is the same, and no attribute is left that inference may read otherwise."""
    model = network(pool, size)
    plain = explicit_pads(model)
    image = np.random.default_rng(0).standard_normal((1, 3, *size)).astype(np.float32)
    expected, found = (
        onnxruntime.InferenceSession(m.SerializeToString()).run(None, {"image": image})[0]
        for m in (model, plain)
    )
    np.testing.assert_array_equal(found, expected)
    for node in plain.graph.node:
        assert not {"ceil_mode", "auto_pad"} & set(attributes(node))


def test_pool_with_gaps_that_runtimes_pad_differently_stays() -> None:
    """Automatic padding of a kernel smaller than its stride may be negative."""
    pool = 'kernel_shape=[1,2], strides=[3,1], auto_pad="SAME_UPPER"'
    model = network(pool, (12, 8))
    assert explicit_pads(model).graph.node[0] == model.graph.node[0]


def test_unknown_sizes_stay() -> None:
    """Without a size there are no plain pads."""
    model = network(POOLS[0], (13, 17))
    for dim, name in zip(model.graph.input[0].type.tensor_type.shape.dim, "nchw", strict=True):
        dim.dim_param = name
    assert explicit_pads(model) == model


@pytest.mark.parametrize("name", VARIANTS)
def test_last_window_in_the_padding_has_a_gradient_at_known_size(name: str) -> None:
    """Shape inference counts that window, and runtimes fold arithmetic by its sizes."""
    pool = "kernel_shape=[2,2], strides=[2,2], pads=[1,1,1,1], ceil_mode=1"
    model = network(pool, (381, 381))
    for dim, symbol in zip(model.graph.input[0].type.tensor_type.shape.dim, "nchw", strict=True):
        dim.dim_param = symbol
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 3
    image = np.random.default_rng(0).random((1, 3, 381, 381), np.float32)
    found = []
    for size in (None, (381, 381)):
        made = gradient_model(model, [Term("y")], variant=VARIANTS[name], size=size)
        session = onnxruntime.InferenceSession(made.SerializeToString())
        found.append(session.run(["gradient"], {"image": image})[0])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)


AVERAGES = [
    "kernel_shape=[2,2], strides=[2,2], pads=[1,1,1,1], ceil_mode=1",
    "kernel_shape=[2,2], strides=[2,2], pads=[1,1,1,1], ceil_mode=1, count_include_pad=1",
    "kernel_shape=[3,2], strides=[2,2], pads=[0,1,1,1], ceil_mode=1, count_include_pad=1",
    "kernel_shape=[3,3], strides=[2,2], ceil_mode=1",
    "kernel_shape=[3,3], strides=[2,2], ceil_mode=1, count_include_pad=1",
]


@pytest.mark.parametrize("pool", AVERAGES)
@pytest.mark.parametrize("size", [(13, 17), (14, 16), (15, 19), (24, 21)])
def test_average_pools_keep_what_they_count(pool: str, size: tuple[int, int]) -> None:
    """The same values, and sizes that shape inference finds too, also where padding is counted."""
    model = network(pool, size)
    for node in model.graph.node:
        node.op_type = node.op_type.replace("Max", "Average")
    model.opset_import[0].version, model.ir_version = 19, 9
    plain = explicit_pads(model)
    image = np.random.default_rng(0).standard_normal((1, 3, *size)).astype(np.float32)
    expected, found = (
        onnxruntime.InferenceSession(m.SerializeToString()).run(None, {"image": image})[0]
        for m in (model, plain)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    inferred = onnx.shape_inference.infer_shapes(plain).graph.output[0].type.tensor_type.shape
    assert [dim.dim_value for dim in inferred.dim] == list(found.shape)
