"""What depends on constants alone becomes weights, and the network computes the same."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser

from dreamlayer.core.graph.sizes import shapes_at
from dreamlayer.export.adopt.modernize import modernize
from dreamlayer.export.adopt.passes.varying import independent_values
from dreamlayer.export.verify import open_session

SIZES = ((32, 48), (45, 31))


def network(
    body: str, opset: int = 18, weights: dict[str, tuple[int, ...]] | None = None
) -> onnx.ModelProto:
    """A network of one input `image`, from ONNX's text format, with random weights."""
    model = parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : {opset}]> '
        f"m (float[1,3,height,width] image) => (float[a] y) {{ {body} }}"
    )
    rng = np.random.default_rng(0)
    for name, shape in (weights or {}).items():
        values = rng.standard_normal(shape).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    model.graph.output[0].type.tensor_type.ClearField("shape")
    return model


def operators(model: onnx.ModelProto) -> Counter[str]:
    """How often each operator occurs."""
    return Counter(node.op_type for node in model.graph.node)


def assert_same(
    source: onnx.ModelProto, model: onnx.ModelProto, sizes: tuple[tuple[int, int], ...] = SIZES
) -> None:
    """Both compute the same from noise, at several sizes."""
    for size in sizes:
        image = np.random.default_rng(1).random((1, 3, *size), dtype=np.float32)
        expected, found = (
            open_session(one, optimize=False).run(None, {"image": image}) for one in (source, model)
        )
        for a, b in zip(expected, found, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-5)


STANDARDIZED = """
    mean = ReduceMean<axes=[1,2,3], keepdims=1>(w)
    centered = Sub(w, mean)
    squares = Mul(centered, centered)
    variance = ReduceMean<axes=[1,2,3], keepdims=1>(squares)
    tiny = Constant<value = float {0.00001}>()
    safe = Add(variance, tiny)
    deviation = Sqrt(safe)
    kernel = Div(centered, deviation)
    y = Conv(image, kernel)
"""
COMPUTED_PADS = """
    zero = Constant<value = int64 {0}>()
    sides = Constant<value = int64[4] {1, 2, 2, 1}>()
    front = Constant<value = int64[4] {0, 0, 0, 0}>()
    pads8 = Concat<axis=0>(sides, front)
    rows = Constant<value = int64[2] {-1, 2}>()
    table = Reshape(pads8, rows)
    first = Constant<value = int64[1] {0}>()
    last = Constant<value = int64[1] {-9223372036854775807}>()
    back = Constant<value = int64[1] {-1}>()
    turned = Slice(table, back, last, first, back)
    flipped = Transpose<perm=[1, 0]>(turned)
    one = Constant<value = int64[1] {-1}>()
    flat = Reshape(flipped, one)
    pads = Cast<to=7>(flat)
    nothing = Constant<value = float {0.0}>()
    padded = Pad(image, pads, nothing)
    y = Conv(padded, w)
"""
DEQUANTIZED = """
    scale = Constant<value = float {0.02}>()
    none = Constant<value = int8 {0}>()
    high = Constant<value = float {50.0}>()
    large = Mul(w, high)
    eighths = Cast<to=3>(large)
    kernel = DequantizeLinear(eighths, scale, none)
    y = Conv(image, kernel)
"""
CHANNELS = """
    a = Conv(image, w)
    whole = Shape(a)
    one = Constant<value = int64 {1}>()
    channels = Gather<axis=0>(whole, one)
    two = Constant<value = int64 {2}>()
    half = Div(channels, two)
    axis = Constant<value = int64[1] {0}>()
    halves = Unsqueeze(half, axis)
    first = Constant<value = int64[1] {0}>()
    second = Constant<value = int64[1] {1}>()
    y = Slice(a, first, halves, second)
"""
BRANCH = """
    a = Conv(image, w)
    whole = Shape(a)
    rank = Size(whole)
    three = Constant<value = int64 {3}>()
    flat = Equal(rank, three)
    y = If(flat)<
        then_branch = yes () => (float[b] then_y) { then_y = Neg(a) },
        else_branch = no () => (float[c] else_y) { d = Relu(a) else_y = Exp(d) }
    >
"""
NESTED = """
    a = Conv(image, w)
    yes = Constant<value = bool {1}>()
    y = If(yes)<
        then_branch = outer () => (float[b] outer_y) {
            a1 = Relu(a)
            no = Constant<value = bool {0}>()
            outer_y = If(no)<
                then_branch = wrong () => (float[c] wrong_y) { wrong_y = Neg(a1) },
                else_branch = right () => (float[d] right_y) { a2 = Exp(a1) right_y = Tanh(a2) }
            >
        },
        else_branch = other () => (float[e] other_y) { other_y = Neg(a) }
    >
"""
IDLE = """
    a = Identity(image)
    b = Dropout(a)
    c = Cast<to=1>(b)
    zeros = Constant<value = int64[8] {0,0,0,0,0,0,0,0}>()
    d = Pad(c, zeros)
    e = Transpose<perm=[0,1,2,3]>(d)
    f = Concat<axis=1>(e)
    g = Conv(f, w)
    y = Identity(g)
"""


@pytest.mark.parametrize(
    ("body", "opset", "left"),
    [
        (STANDARDIZED, 17, {"Conv": 1}),
        (COMPUTED_PADS, 18, {"Pad": 1, "Conv": 1}),
        (DEQUANTIZED, 18, {"Conv": 1}),
        (CHANNELS, 18, {"Conv": 1, "Slice": 1}),
        (BRANCH, 18, {"Conv": 1, "Relu": 1, "Exp": 1}),
        (NESTED, 18, {"Conv": 1, "Relu": 1, "Exp": 1, "Tanh": 1}),
        (IDLE, 18, {"Conv": 1, "Identity": 1}),
    ],
)
def test_only_what_depends_on_the_image_is_left(
    body: str, opset: int, left: dict[str, int]
) -> None:
    """Kernels, pads, branches and numbers of channels are constants; outputs stay as they are."""
    source = network(body, opset, {"w": (4, 3, 3, 3)})
    model = modernize(source)
    found = operators(model)
    # An output has the name of the branch's If by an Identity, if at all.
    found.subtract({"Identity": found["Identity"] - left.get("Identity", 0)})
    assert +found == Counter(left)
    assert_same(source, model)


def test_a_condition_on_the_size_stays() -> None:
    """An If that asks for the number of rows is not decided when the network is adopted."""
    source = network("""
        whole = Shape(image)
        two = Constant<value = int64 {2}>()
        rows = Gather<axis=0>(whole, two)
        limit = Constant<value = int64 {40}>()
        large = Greater(rows, limit)
        y = If(large)<
            then_branch = yes () => (float[a] then_y) { then_y = Neg(image) },
            else_branch = no () => (float[b] else_y) { else_y = Exp(image) }
        >
    """)
    model = modernize(source)
    assert operators(model)["If"] == 1
    assert_same(source, model)


def test_an_if_without_its_branch_stays() -> None:
    """The runtime refuses it; adoption does not fail on it."""
    source = network(NESTED, 18, {"w": (4, 3, 3, 3)})
    del source.graph.node[2].attribute[0]
    assert operators(modernize(source))["If"] == 1


def test_numbers_that_vary_with_the_image_are_told_from_others() -> None:
    """By element: the channels of a shape are constant, its rows are not, whatever they go through.

    A number that happens to be the same for all sizes, though computed from one that varies, such
    as whether there are more than two rows, is not taken for a constant.
    """
    model = network("""
        whole = Shape(image)
        middle = Shape<start=1, end=3>(image)
        one = Constant<value = int64[1] {1}>()
        two = Constant<value = int64[1] {2}>()
        channels = Slice(whole, one, two)
        rows = Gather<axis=0>(whole, two)
        mixed = Concat<axis=0>(channels, rows, channels)
        parts_a, parts_b = Split<axis=0, num_outputs=2>(middle)
        doubled = Mul(channels, two)
        many = Greater(rows, two)
        sum = Add(rows, channels)
        product = ReduceProd<keepdims=0>(channels)
        y = Reshape(image, whole)
    """)
    found = {name: value.tolist() for name, value in independent_values(model, "image").items()}
    assert found == {"channels": [3], "parts_a": [3], "doubled": [6], "product": 3}


def test_what_would_be_too_large_is_not_computed() -> None:
    """A few numbers that make tensors of gigabytes stay as they are; smaller ones are limited."""
    source = network("""
        huge = Constant<value = int64[4] {1, 3, 65536, 65536}>()
        filled = ConstantOfShape(huge)
        top = ReduceMax<keepdims=0>(filled)
        y = Add(image, top)
    """)
    model = modernize(source)
    assert operators(model)["ConstantOfShape"] == 1
    assert model.ByteSize() < 10_000


def test_random_numbers_are_not_frozen() -> None:
    """Noise that a network makes for itself differs in each run."""
    source = network("""
        noise = RandomNormal<shape=[1, 3, 1, 1]>()
        y = Add(image, noise)
    """)
    assert operators(modernize(source))["RandomNormal"] == 1


def test_shapes_behind_folded_arithmetic_are_known() -> None:
    """For every tensor that is left, at any size."""
    model = modernize(network(CHANNELS, 18, {"w": (4, 3, 3, 3)}))
    shapes = shapes_at(model, (33, 47))
    assert shapes["y"] == [1, 2, 31, 45]
    assert all(name in shapes for node in model.graph.node for name in node.output)


def test_a_branch_that_the_one_size_decides_is_taken() -> None:
    """Numbers for one size end the arithmetic of all others, so that only its own tells."""
    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 18]>
    m (float[1,3,32,48] image) => (float[n,c,h,w] y) {
      sizes = Constant<value = int64[4] {1, 3, 48, 32}>()
      turned = Reshape(image, sizes)
      shape = Shape<start = 2, end = 3>(turned)
      rows = Constant<value = int64[1] {48}>()
      wide = Equal(shape, rows)
      y = If(wide) <
        then_branch = g1 () => (float[n,c,h,w] a) { a = Relu(turned) },
        else_branch = g2 () => (float[n,c,h,w] b) { b = Neg(turned) }
      >
    }""")
    operators = [node.op_type for node in modernize(model).graph.node]
    assert "Relu" in operators
    assert not {"If", "Neg"} & set(operators)
