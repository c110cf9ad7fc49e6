"""Sizes by evaluation are those of real runs."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.evaluation.evaluator import Evaluator
from dreamlayer.core.graph.evaluation.tensor import Tensor
from dreamlayer.core.graph.sizes import accepted_sizes, accepts, shapes_at

Sizes = tuple[int, int]


def parsed(body: str, opset: int = 18) -> onnx.ModelProto:
    """A network of one input `image`, from ONNX's text format."""
    return onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : {opset}]> '
        f"m (float[1,3,height,width] image) => (float[n] y) {body}"
    )


def all_outputs(model: onnx.ModelProto, size: Sizes) -> dict[str, np.ndarray]:
    """Everything that ONNX Runtime computes, without optimization."""
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    del whole.graph.output[:]
    names = [name for node in model.graph.node for name in node.output if name]
    whole.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        whole.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    image = np.random.default_rng(0).random((1, 3, *size), dtype=np.float32)
    return dict(zip(names, session.run(None, {"image": image}), strict=True))


def differing(tensors: dict[str, Tensor], real: dict[str, np.ndarray]) -> list[str]:
    """Tensors that are not fully known, or not as they are."""
    return [
        name
        for name, array in real.items()
        if tensors[name].shape != array.shape
        or not (
            tensors[name].value is None
            or np.array_equal(np.asarray(tensors[name].value), array, equal_nan=True)
        )
    ]


SHUFFLE = """{
    two = Constant<value = int64[1] {2}>()
    minus = Constant<value = int64[1] {-1}>()
    whole = Shape(image)
    zero = Constant<value = int64 {0}>()
    batch = Gather<axis=0>(whole, zero)
    rows = Shape<start=2, end=3>(image)
    columns = Shape<start=-1>(image)
    axis = Constant<value = int64[1] {0}>()
    front = Unsqueeze(batch, axis)
    double = Concat<axis=1>(image, image)
    three = Constant<value = int64[1] {3}>()
    parts = Concat<axis=0>(front, two, three, rows, columns)
    split = Reshape(double, parts)
    turned = Transpose<perm=[0, 2, 1, 3, 4]>(split)
    joined = Concat<axis=0>(front, minus, rows, columns)
    y = Reshape(turned, joined)
}"""
UPSAMPLED = """{
    whole = Shape(image)
    spatial_start = Constant<value = int64[1] {2}>()
    spatial_end = Constant<value = int64[1] {4}>()
    spatial = Slice(whole, spatial_start, spatial_end)
    decimal = Cast<to=1>(spatial)
    factor = Constant<value = float[1] {0.7}>()
    scaled = Mul(decimal, factor)
    rounded = Floor(scaled)
    sizes = Cast<to=7>(rounded)
    first = Constant<value = int64[1] {0}>()
    kept = Slice(whole, first, spatial_start)
    target = Concat<axis=0>(kept, sizes)
    y = Resize<mode="nearest">(image, , , target)
}"""
WINDOWS = """{
    a = MaxPool<kernel_shape=[2,2], strides=[2,2], pads=[1,1,1,1], ceil_mode=1>(image)
    b = AveragePool<kernel_shape=[3,3], strides=[2,2], auto_pad="SAME_UPPER">(a)
    c, indices = MaxPool<kernel_shape=[2,2], strides=[1,1]>(b)
    parts = Constant<value = int64[2] {1, 2}>()
    left, right = Split<axis=1>(c, parts)
    both = Concat<axis=1>(right, left, c)
    pads = Constant<value = int64[8] {0, 0, 0, 0, 0, 0, 1, 2}>()
    blocks = Pad(both, pads)
    y = ReduceMean<keepdims=0>(blocks)
}"""
WINDOWED_ATTENTION = """{
    side = Constant<value = int64[1] {7}>()
    space = Shape<start=2>(image)
    left = Mod(space, side)
    missing = Sub(side, left)
    needed = Mod(missing, side)
    none = Constant<value = int64[2] {0, 0}>()
    pads = Concat<axis=0>(none, none, none, needed)
    padded = Pad(image, pads)
    across = Shape<start=2>(padded)
    count = Div(across, side)
    first = Constant<value = int64[1] {0}>()
    second = Constant<value = int64[1] {1}>()
    high = Gather<axis=0>(count, first)
    wide = Gather<axis=0>(count, second)
    channels = Shape<end=2>(padded)
    shape = Concat<axis=0>(channels, high, side, wide, side)
    windows = Reshape(padded, shape)
    turned = Transpose<perm=[0, 2, 4, 3, 5, 1]>(windows)
    tokens = Constant<value = int64[3] {-1, 49, 3}>()
    flat = Reshape(turned, tokens)
    swapped = Transpose<perm=[0, 2, 1]>(flat)
    y = MatMul(flat, swapped)
}"""
BRANCHED = """{
    whole = Shape(image)
    row = Constant<value = int64 {2}>()
    rows = Gather<axis=0>(whole, row)
    limit = Constant<value = int64 {100}>()
    large = Greater(rows, limit)
    y = If(large)<
        then_branch = taken () => (float[a] then_y) { then_y = GlobalMaxPool(image) },
        else_branch = other () => (float[b] else_y) { else_y = Transpose<perm=[0,2,3,1]>(image) }
    >
}"""


@pytest.mark.parametrize("size", [(64, 48), (381, 29), (113, 225)])
@pytest.mark.parametrize("body", [SHUFFLE, UPSAMPLED, WINDOWS, WINDOWED_ATTENTION, BRANCHED])
def test_shapes_and_values_are_those_of_a_run(body: str, size: Sizes) -> None:
    """Of every tensor, also behind arithmetic on shapes that inference cannot follow."""
    model = parsed(body)
    assert not differing(Evaluator(model).at((1, 3, *size)), all_outputs(model, size))


def random_window(rng: np.random.Generator) -> tuple[onnx.ModelProto, Sizes]:
    """A pool or convolution with random attributes, and a small image."""
    op = str(rng.choice(["MaxPool", "AveragePool", "LpPool", "Conv", "ConvTranspose"]))
    kernel, strides, dilations, size = (
        [int(number) for number in rng.integers(1, most, 2)] for most in (5, 5, 4, 14)
    )
    given: dict[str, Any] = {"strides": strides, "dilations": dilations}
    mode = str(rng.choice(["NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]))
    if mode == "NOTSET":
        given["pads"] = [int(rng.integers(0, side)) for side in kernel + kernel]
    else:
        given["auto_pad"] = mode
    names, weights = ["image"], []
    if op.endswith("Pool"):
        given |= {"kernel_shape": kernel, "ceil_mode": int(rng.integers(0, 2))}
    else:
        names.append("w")
        values = rng.standard_normal((3, 3, *kernel)).astype(np.float32)
        weights.append(numpy_helper.from_array(values, "w"))
    if op == "ConvTranspose":
        given["output_padding"] = [int(rng.integers(0, side)) for side in strides]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "h", "w_"])
    graph = helper.make_graph(
        [helper.make_node(op, names, ["y"], **given)],
        "window",
        [image],
        [onnx.ValueInfoProto(name="y")],
        weights,
    )
    # Rounding up in LpPool is of opset 18, dilated average pools of 19.
    imports = [helper.make_opsetid("", 19)]
    return helper.make_model(graph, opset_imports=imports, ir_version=9), (size[0], size[1])


def test_windows_are_counted_as_the_runtime_counts_them() -> None:
    """Strides, dilations, pads, automatic pads and rounding up; none where a window is too wide."""
    rng = np.random.default_rng(5)
    compared = 0
    for _ in range(400):
        model, size = random_window(rng)
        found = Evaluator(model).at((1, 3, *size))["y"].shape
        if found is None:
            continue
        try:
            real = all_outputs(model, size)["y"].shape
        except Exception:  # ONNX Runtime's errors have no common base but this
            # It lacks dilations with automatic pads, and a few other combinations.
            continue
        assert found == real, (model.graph.node[0], size)
        compared += 1
    assert compared > 250


def onnx_cases() -> list[Any]:
    """The node tests of the onnx package, which were written for backends."""
    node = pytest.importorskip("onnx.backend.test.case.node")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(node.collect_testcases(None))


def test_onnx_agrees() -> None:
    """In the published tests of operators: shapes, and values where they are computed."""
    compared = 0
    for case in onnx_cases():
        inputs, outputs = case.data_sets[0]
        arrays = all(isinstance(one, np.ndarray | np.generic) for one in [*inputs, *outputs])
        # Old versions of onnx give the bits of numbers that numpy does not know.
        bits = "FLOAT" in case.name and any(
            np.asarray(x).dtype.kind == "u" for x in [*inputs, *outputs]
        )
        if case.model.functions or not arrays or bits:
            continue
        for info, array in zip(case.model.graph.input, inputs, strict=False):
            case.model.graph.initializer.append(
                numpy_helper.from_array(np.asarray(array), info.name)
            )
        known = Evaluator(case.model, image="no input").constants
        for info, array in zip(case.model.graph.output, outputs, strict=True):
            found = known[info.name]
            if found.shape is None:
                continue
            assert found.shape == np.shape(array), case.name
            assert found.dtype == info.type.tensor_type.elem_type, case.name
            if found.value is not None and found.value.dtype.kind in "biuf":
                np.testing.assert_allclose(found.value, array, rtol=1e-5, err_msg=case.name)
            compared += 1
    assert compared > 1000


def test_an_empty_axis_is_not_an_unknown_one() -> None:
    """0 is the size of what a Slice leaves empty; what depends on the pixels is left out."""
    model = parsed("""{
        first = Constant<value = int64[1] {0}>()
        last = Constant<value = int64[1] {9}>()
        axis = Constant<value = int64[1] {2}>()
        empty = Slice(image, last, first, axis)
        found = NonZero(image)
        y = Relu(empty)
    }""")
    shapes = shapes_at(model, 16)
    assert shapes["empty"] == shapes["y"] == [1, 3, 0, 16]
    assert "found" not in shapes


HOSTILE = {
    "stride 0": "y = MaxPool<kernel_shape=[2,2], strides=[0,0]>(image)",
    "kernel 0": "y = MaxPool<kernel_shape=[0,2]>(image)",
    "negative pads": "y = AveragePool<kernel_shape=[2,2], pads=[-9,0,0,0]>(image)",
    "huge pads": f"y = MaxPool<kernel_shape=[2,2], pads=[{2**63 - 1},0,0,0]>(image)",
    "huge dilation": f"y = MaxPool<kernel_shape=[2,2], dilations=[{2**63 - 1},1]>(image)",
    "too few pads": "y = MaxPool<kernel_shape=[2,2], pads=[1]>(image)",
    "no kernel": "y = MaxPool(image)",
    "no weights": "y = Conv(image)",
    "wide window": "y = MaxPool<kernel_shape=[99,99]>(image)",
    "group 0": "w = Constant<value = float[1,1,1,1] {1}>() y = Conv<group=0>(image, w)",
    "channels": "w = Constant<value = float[1,5,1,1] {1,1,1,1,1}>() y = Conv(image, w)",
    "block 0": "y = DepthToSpace<blocksize=0>(image)",
    "axis": "y = Flatten<axis=77>(image)",
    "axis twice": "y = Transpose<perm=[0,0,1,2]>(image)",
    "division by 0": "n = Constant<value = int64[1] {0}>() d = Div(n, n) y = Reshape(image, d)",
    "smallest by -1": (
        f"n = Constant<value = int64[1] {{{-(2**63)}}}>() m = Constant<value = int64[1] {{-1}}>() "
        "d = Div(n, m) r = Mod(n, m) y = Reshape(image, d)"
    ),
    "step 0": ("n = Constant<value = int64[1] {0}>() y = Slice(image, n, n, n, n)"),
    "endless range": (
        f"a = Constant<value = int64 {{0}}>() b = Constant<value = int64 {{{2**62}}}>() "
        "c = Constant<value = int64 {1}>() y = Range(a, b, c)"
    ),
    "no step": ("a = Constant<value = int64 {0}>() y = Range(a, a, a)"),
    "huge fill": (
        f"n = Constant<value = int64[3] {{{2**40}, {2**40}, 4}}>() y = ConstantOfShape(n)"
    ),
    "huge tile": (f"n = Constant<value = int64[4] {{1, {2**62}, 1, 4}}>() y = Tile(image, n)"),
    "reshape": "n = Constant<value = int64[2] {7, -1}>() y = Reshape(image, n)",
    "two open sizes": "n = Constant<value = int64[2] {-1, -1}>() y = Reshape(image, n)",
    "scale -1": ("s = Constant<value = float[4] {1, 1, -1, 1}>() y = Resize(image, , s)"),
    "split": "n = Constant<value = int64[2] {1, 9}>() a, y = Split<axis=1>(image, n)",
    "einsum": 'y = Einsum<equation="ij->...k">(image)',
    "product": "y = MatMul(image, image)",
    "unknown operator": "y = Nonsense(image)",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_nodes_end_in_a_sentence(body: str) -> None:
    """Attributes and numbers out of range neither crash nor take memory, and give no shape."""
    model = parsed(f"{{ {body} }}")
    shapes = shapes_at(model, (31, 33))
    if "y" in shapes:
        assert max(shapes["y"]) >= 2**31, "as large as it says"
    else:
        assert not accepts(model, ["y"], (31, 33))


def test_a_contradiction_names_size_and_node() -> None:
    """In one sentence, without what the runtime would write."""
    model = parsed("{ a = Relu(image) y = MaxPool<kernel_shape=[40,40]>(a) }")
    with pytest.raises(NetworkError, match=r"no image of 33 × 31 pixels.*'y'.*window of 40"):
        shapes_at(model, (31, 33), strict=True)


def test_a_reflection_needs_more_than_it_adds() -> None:
    """So that the smallest image of a network that begins with one is not a single pixel."""
    pads = "pads = Constant<value_ints = [0, 0, 2, 2, 0, 0, 2, 2]>()"
    for mode, smallest in (("reflect", 3), ("edge", 1)):
        model = parsed(f'{{ {pads} y = Pad<mode = "{mode}">(image, pads) }}')
        assert accepted_sizes(model, ["y"]) == (smallest, 1)


def test_multiples_other_than_powers_of_two() -> None:
    """Windows of 7 on maps of half the size need sides that are multiples of 14."""
    model = parsed(
        """{
        half = MaxPool<kernel_shape=[2,2], strides=[2,2]>(image)
        channels = Shape<end=2>(half)
        side = Constant<value = int64[1] {7}>()
        open = Constant<value = int64[1] {-1}>()
        space = Shape<start=2>(half)
        count = Div(space, side)
        first = Constant<value = int64[1] {0}>()
        second = Constant<value = int64[1] {1}>()
        high = Gather<axis=0>(count, first)
        wide = Gather<axis=0>(count, second)
        shape = Concat<axis=0>(channels, high, side, wide, side)
        windows = Reshape(half, shape)
        back = Shape(half)
        map = Reshape(windows, back)
        whole = Shape(image)
        up = Resize<mode="nearest">(map, , , whole)
        y = Add(up, image)
    }"""
    )
    assert accepted_sizes(model, ["y"]) == (14, 14)


def test_constants_are_evaluated_once() -> None:
    """What does not depend on the image is known without a size."""
    model = parsed("""{
        a = Constant<value = int64[2] {3, 4}>()
        b = Add(a, a)
        c = Concat<axis=0>(b, a)
        y = Relu(image)
    }""")
    value = Evaluator(model).constants["c"].value
    assert value is not None
    assert value.tolist() == [6, 8, 3, 4]
