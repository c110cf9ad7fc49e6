"""What is computed ahead and how padding is written: the same numbers by other nodes."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, parser
from onnx.reference import ReferenceEvaluator

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.gradient.crops import crop_by_slices
from dreamlayer.export.gradient.fold import fold_constants
from dreamlayer.export.verify import open_session

SIZE = (12, 10)
IMAGE = np.random.default_rng(0).random((1, 3, *SIZE), dtype=np.float32) - np.float32(0.5)


def model_of(body: str, **weights: object) -> onnx.ModelProto:
    """A model from `image` to `y`, with constants."""
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 18]>\n'
        f"m (float[batch,3,height,width] image) => (float y) {{ {body} }}"
    )
    model.graph.output[0].type.tensor_type.ClearField("shape")
    for name, value in weights.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    return model


def at_size(model: onnx.ModelProto) -> onnx.ModelProto:
    """For images of one size."""
    dims = model.graph.input[0].type.tensor_type.shape.dim
    for dim, number in zip(dims, (1, 3, *SIZE), strict=True):
        dim.dim_value = number
    return model


def operators(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def same(one: onnx.ModelProto, other: onnx.ModelProto) -> bool:
    """Whether two models give the same bits."""
    first, second = (
        open_session(model, optimize=False).run(["y"], {"image": IMAGE})[0]
        for model in (one, other)
    )
    return bool(np.array_equal(first, second))


QUANTIZED = {
    "q": np.arange(-60, 48, dtype=np.int8).reshape(4, 3, 3, 3),
    "scale": np.float32(0.01),
    "zero": np.int8(3),
}


def test_kernels_become_plain_numbers() -> None:
    """DequantizeLinear, Cast and arithmetic of weights go, for any size; of pixels they stay."""
    model = model_of(
        """w = DequantizeLinear(q, scale, zero)
           half = Cast<to=10>(w) full = Cast<to=1>(half) b = Mul(full, two)
           c = Conv(image, b) d = Mul(c, two) y = Cast<to=1>(d)""",
        two=np.float32(2),
        **QUANTIZED,
    )
    folded = fold_constants(model, None, weights=True)
    assert operators(folded) == ["Conv", "Mul", "Cast"]
    assert same(model, folded)
    assert {tensor.name for tensor in folded.graph.initializer} == {"b", "two"}
    kept = fold_constants(model, None, weights=False)
    assert operators(kept) == operators(model)


def test_sizes_become_numbers_where_the_image_has_one() -> None:
    """Shape, Size and all that is computed from them, but no weight; none for any size."""
    model = model_of(
        """w = DequantizeLinear(q, scale, zero) c = Conv(image, w) s = Shape(c)
           rest = Slice(s, three, four) all = Concat<axis=0>(one, minus, rest)
           n = Size(c) f = Cast<to=1>(n) r = Reshape(c, all) y = Div(r, f)""",
        one=np.array([1]),
        three=np.array([3]),
        four=np.array([4]),
        minus=np.array([-1]),
        **QUANTIZED,
    )
    sized = at_size(onnx.ModelProto.FromString(model.SerializeToString()))
    folded = fold_constants(sized, SIZE, weights=False)
    assert operators(folded) == ["DequantizeLinear", "Conv", "Reshape", "Div"]
    assert same(sized, folded)
    assert operators(fold_constants(sized, SIZE, weights=True)) == ["Conv", "Reshape", "Div"]
    assert operators(fold_constants(model, None, weights=False)) == operators(model)


@pytest.mark.parametrize(
    "body",
    [
        "p = NonZero(image) s = Shape(p) y = Cast<to=1>(s)",
        "p = NonZero(image) t = Transpose(p) z = Cast<to=1>(t) s = Size(z) y = Cast<to=1>(s)",
        """m = ReduceMax<keepdims=0>(image) t = Mul(m, ten) k = Cast<to=7>(t) one = Reshape(k, one_)
           v = Expand(ten, one) s = Shape(v) y = Cast<to=1>(s)""",
        "r = RandomUniformLike<seed=1.0>(image) y = Mul(r, image)",
    ],
)
def test_what_depends_on_pixels_stays(body: str) -> None:
    """Sizes of what pixels decide, and chance, are no constants."""
    model = at_size(model_of(body, ten=np.float32(10), one_=np.array([1])))
    assert operators(fold_constants(model, SIZE, weights=True)) == operators(model)


def test_repetitions_stay_small_in_the_file() -> None:
    """A large tensor of one number is not stored."""
    model = at_size(
        model_of(
            """s = Shape(image) t = Mul(s, wide) z = ConstantOfShape(t)
               m = ReduceMax(z) y = Add(image, m)""",
            wide=np.array([1, 1, 64, 64]),
        )
    )
    folded = fold_constants(model, SIZE, weights=True)
    assert folded.ByteSize() < 2000
    assert same(model, folded)


def test_a_network_that_does_not_run_is_refused() -> None:
    """In one sentence with the size."""
    model = at_size(model_of("s = Shape(image) t = Gather(s, far) y = Cast<to=1>(t)", far=9))
    with pytest.raises(NetworkError, match="cannot run the network on an image of 10 × 12 pixels"):
        fold_constants(model, SIZE, weights=True)


def padding(pads: NDArray[np.int64] | None, rank: int = 4, value: bool = False) -> onnx.ModelProto:
    """A model that pads an image by a constant, or by another input."""
    given = ["image", "pads", *(["value"] if value else [])]
    node = helper.make_node("Pad", given, ["y"])
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, [None] * rank)]
    constants = [numpy_helper.from_array(np.float32(0.5), "value")] if value else []
    if pads is None:
        inputs.append(helper.make_tensor_value_info("pads", TensorProto.INT64, [2 * rank]))
    else:
        constants.append(numpy_helper.from_array(pads, "pads"))
    output = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * rank)]
    graph = helper.make_graph([node], "m", inputs, output, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


CROPS = [
    [0, 0, -1, 0, 0, 0, 0, -2],
    [0, 0, 1, -3, 0, 0, -2, 4],
    [0, -1, -1, -1, 0, -1, -1, -1],
    [0, 0, 2, 0, 0, 0, 0, 1],
    [0] * 8,
]


@pytest.mark.parametrize("value", [False, True])
@pytest.mark.parametrize("computed", [False, True])
@pytest.mark.parametrize("pads", CROPS, ids=str)
def test_crops_are_slices(pads: list[int], computed: bool, value: bool) -> None:
    """The same pixels in ONNX Runtime, and in the reference evaluator, which knows no such Pad."""
    amounts = np.array(pads, np.int64)
    model = padding(None if computed else amounts, value=value)
    found = crop_by_slices(model)
    onnx.checker.check_model(found, full_check=True)
    feeds = {"image": IMAGE, **({"pads": amounts} if computed else {})}
    (expected,) = open_session(model, optimize=False).run(["y"], feeds)
    assert np.array_equal(open_session(found, optimize=False).run(["y"], feeds)[0], expected)
    assert np.array_equal(ReferenceEvaluator(found).run(["y"], feeds)[0], expected)  # type: ignore[arg-type]
    if not computed and min(pads) >= 0:
        assert found.graph == model.graph


def test_other_paddings_stay() -> None:
    """Reflections, and those along chosen axes, are not crops."""
    model = model_of(
        'y = Pad<mode="reflect">(image, pads)', pads=np.array([0, 0, 1, 1, 0, 0, 1, 1])
    )
    assert crop_by_slices(model).graph == model.graph
