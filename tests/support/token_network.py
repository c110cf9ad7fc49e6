"""Small vision networks whose layers are tokens, or have their channels last."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PATCH = 8
WIDTH = 6
FIXED = (32, 48)
"""Height and width of the networks that take one size."""


class Writer:
    """Collects nodes and weights; the input is `pixels`, float32 [batch, 3, height, width]."""

    def __init__(self, size: tuple[int, int] | None = None) -> None:
        self.size = size
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []
        self._rng = np.random.default_rng(4)

    def node(self, kind: str, name: str, *inputs: str, **attributes: Any) -> str:
        """Append a node that is named as torch's exporter would, and return what it computes."""
        result = f"/{name}_output_0"
        self._nodes.append(helper.make_node(kind, inputs, [result], f"/{name}", **attributes))
        return result

    def weight(self, *shape: int, scale: float = 0.4) -> str:
        """The name of new random weights."""
        return self.constant(self._rng.normal(0, scale, shape).astype(np.float32))

    def ints(self, *numbers: int) -> str:
        """The name of an int64 vector."""
        return self.constant(np.array(numbers, np.int64))

    def number(self, value: float) -> str:
        """The name of a float32 scalar."""
        return self.constant(np.array(value, np.float32))

    def constant(self, value: np.ndarray) -> str:
        """The name of a constant."""
        name = f"onnx::Constant_{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(value, name))
        return name

    def linear(self, name: str, x: str, inputs: int, outputs: int) -> str:
        """A product with weights, and a bias."""
        product = self.node("MatMul", f"{name}/MatMul", x, self.weight(inputs, outputs))
        return self.node("Add", f"{name}/Add", self.weight(outputs), product)

    def norm(self, name: str, x: str) -> str:
        """A layer normalization over the channels, which come last."""
        weights = self.weight(WIDTH, scale=1.0), self.weight(WIDTH)
        return self.node("LayerNormalization", f"{name}/LayerNormalization", x, *weights)

    def gelu(self, name: str, x: str) -> str:
        """x / 2 · (1 + erf(x / √2)), as torch writes it."""
        inner = self.node("Div", f"{name}/Div", x, self.number(2**0.5))
        erf = self.node("Erf", f"{name}/Erf", inner)
        gate = self.node("Add", f"{name}/Add", erf, self.number(1.0))
        product = self.node("Mul", f"{name}/Mul", x, gate)
        return self.node("Mul", f"{name}/Mul_1", product, self.number(0.5))

    def model(self, result: str, opset: int = 18) -> onnx.ModelProto:
        """The network whose output is `result`."""
        height, width = self.size or ("height", "width")
        sides = [1 if self.size else "batch", 3, height, width]
        graph = helper.make_graph(
            self._nodes,
            "tokens",
            [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, sides)],
            [helper.make_tensor_value_info(result, TensorProto.FLOAT, None)],
            self._weights,
        )
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9
        )


def _patches(w: Writer) -> str:
    """Patches as tokens: [batch, count, WIDTH]."""
    weights = w.weight(WIDTH, 3, PATCH, PATCH), w.weight(WIDTH)
    conv = w.node("Conv", "patch_embed/proj/Conv", "pixels", *weights, strides=[PATCH, PATCH])
    flat = w.node("Reshape", "patch_embed/Reshape", conv, w.ints(0, WIDTH, -1))
    return w.node("Transpose", "patch_embed/Transpose", flat, perm=[0, 2, 1])


def vision_transformer(leading: int, size: tuple[int, int] | None = None) -> onnx.ModelProto:
    """One block of a ViT; `leading` tokens come before those of the image."""
    w = Writer(size)
    x = _patches(w)
    if leading:
        batch = w.node("Shape", "Shape", x, start=0, end=1)
        counts = w.node("Concat", "Concat", batch, w.ints(leading, WIDTH), axis=0)
        classes = w.node("Expand", "Expand", w.weight(1, leading, WIDTH), counts)
        x = w.node("Concat", "Concat_1", classes, x, axis=1)
    normed = w.norm("blocks/blocks.0/norm1", x)
    block = "blocks/blocks.0/attn"
    query, key, value = (w.linear(f"{block}/{name}", normed, WIDTH, WIDTH) for name in "qkv")
    turned = w.node("Transpose", f"{block}/Transpose", key, perm=[0, 2, 1])
    near = w.node("Softmax", f"{block}/Softmax", w.node("MatMul", f"{block}/MatMul", query, turned))
    mixed = w.node("MatMul", f"{block}/MatMul_1", near, value)
    x = w.node("Add", "blocks/blocks.0/Add", x, w.linear(f"{block}/proj", mixed, WIDTH, WIDTH))
    hidden = w.linear("blocks/blocks.0/mlp/fc1", w.norm("blocks/blocks.0/norm2", x), WIDTH, 9)
    active = w.gelu("blocks/blocks.0/mlp/act", hidden)
    out = w.linear("blocks/blocks.0/mlp/fc2", active, 9, WIDTH)
    x = w.node("Add", "blocks/blocks.0/Add_1", x, out)
    first = w.node("Gather", "Gather", x, w.constant(np.array(0)), axis=1)
    return w.model(w.node("Gemm", "head/Gemm", first, w.weight(WIDTH, 5), w.weight(5)))


def channels_last() -> onnx.ModelProto:
    """A block as in ConvNeXt: its linear layers see [batch, height, width, channels]."""
    w = Writer()
    weights = w.weight(WIDTH, 3, 2, 2), w.weight(WIDTH)
    x = w.node("Conv", "stem/Conv", "pixels", *weights, strides=[2, 2])
    deep = w.node(
        "Conv", "block/dwconv/Conv", x, w.weight(WIDTH, 1, 3, 3), group=WIDTH, pads=[1] * 4
    )
    last = w.node("Transpose", "block/Transpose", deep, perm=[0, 2, 3, 1])
    hidden = w.linear("block/pwconv1", w.norm("block/norm", last), WIDTH, 8)
    out = w.linear("block/pwconv2", w.gelu("block/act", hidden), 8, WIDTH)
    back = w.node("Transpose", "block/Transpose_1", out, perm=[0, 3, 1, 2])
    return w.model(w.node("Add", "block/Add", x, back))


def windows() -> onnx.ModelProto:
    """Rolled windows of 2 × 2 tokens, and patches merged two by two, as in Swin."""
    w = Writer()
    weights = w.weight(WIDTH, 3, PATCH, PATCH), w.weight(WIDTH)
    conv = w.node("Conv", "features.0.0/Conv", "pixels", *weights, strides=[PATCH, PATCH])
    x = w.node("Transpose", "features.0.1/Transpose", conv, perm=[0, 2, 3, 1])
    normed = w.norm("features.1.norm1", x)
    end = w.ints(2**31 - 1)
    first = w.node("Slice", "features.1.attn/Slice", normed, w.ints(0), w.ints(1), w.ints(1))
    rest = w.node("Slice", "features.1.attn/Slice_1", normed, w.ints(1), end, w.ints(1))
    rolled = w.node("Concat", "features.1.attn/Concat", rest, first, axis=1)
    height = w.node("Shape", "features.1.attn/Shape", rolled, start=1, end=2)
    width = w.node("Shape", "features.1.attn/Shape_1", rolled, start=2, end=3)
    batch = w.node("Shape", "features.1.attn/Shape_2", rolled, start=0, end=1)
    rows = w.node("Div", "features.1.attn/Div", height, w.ints(2))
    columns = w.node("Div", "features.1.attn/Div_1", width, w.ints(2))
    sides = [batch, rows, w.ints(2), columns, w.ints(2), w.ints(WIDTH)]
    six = w.node("Concat", "features.1.attn/Concat_1", *sides, axis=0)
    split = w.node("Reshape", "features.1.attn/Reshape", rolled, six)
    apart = w.node("Transpose", "features.1.attn/Transpose", split, perm=[0, 1, 3, 2, 4, 5])
    pieces = w.node("Reshape", "features.1.attn/Reshape_1", apart, w.ints(-1, 4, WIDTH))
    seen = w.linear("features.1.attn.proj", pieces, WIDTH, WIDTH)
    sides = [batch, rows, columns, w.ints(2), w.ints(2), w.ints(WIDTH)]
    six = w.node("Concat", "features.1.attn/Concat_2", *sides, axis=0)
    apart = w.node("Reshape", "features.1.attn/Reshape_2", seen, six)
    joined = w.node("Transpose", "features.1.attn/Transpose_1", apart, perm=[0, 1, 3, 2, 4, 5])
    whole = w.node("Shape", "features.1.attn/Shape_3", rolled)
    back = w.node("Reshape", "features.1.attn/Reshape_3", joined, whole)
    last = w.node("Slice", "features.1.attn/Slice_2", back, w.ints(-1), end, w.ints(1))
    rest = w.node("Slice", "features.1.attn/Slice_3", back, w.ints(0), w.ints(-1), w.ints(1))
    back = w.node("Concat", "features.1.attn/Concat_3", last, rest, axis=1)
    x = w.node("Add", "features.1/Add", x, back)
    quarters = [
        w.node(
            "Slice",
            f"features.2/Slice_{2 * row + column}",
            *(x, w.ints(row, column), w.ints(2**31 - 1, 2**31 - 1), w.ints(1, 2), w.ints(2, 2)),
        )
        for column in (0, 1)
        for row in (0, 1)
    ]
    merged = w.node("Concat", "features.2/Concat", *quarters, axis=-1)
    return w.model(w.linear("features.2.reduction", merged, 4 * WIDTH, 8))


def normed_tokens() -> onnx.ModelProto:
    """Tokens whose products are followed by batch norms of [tokens, channels], as in LeViT."""
    w = Writer()
    x = _patches(w)
    product = w.node("MatMul", "blocks.0.qkv.linear/MatMul", x, w.weight(WIDTH, 12))
    flat = w.node("Flatten", "blocks.0.qkv.bn/Flatten", product, axis=2)
    numbers = [
        w.constant(np.linspace(low, 1.5, 12, dtype=np.float32)) for low in (0.5, -1, -0.4, 1)
    ]
    normed = w.node("BatchNormalization", "blocks.0.qkv.bn/BatchNormalization", flat, *numbers)
    shape = w.node("Shape", "blocks.0.qkv/Shape", product)
    x = w.node("Reshape", "blocks.0.qkv/Reshape", normed, shape)
    heads = w.node("Reshape", "blocks.0/Reshape", x, w.ints(0, 0, 3, 4))
    turned = w.node("Transpose", "blocks.0/Transpose", heads, perm=[0, 2, 1, 3])
    x = w.node("ReduceMean", "blocks.0/ReduceMean", turned, w.ints(1), keepdims=0)
    return w.model(w.linear("blocks.0.proj", x, 4, WIDTH))


def mixer() -> onnx.ModelProto:
    """A block as in MLP-Mixer, which mixes channels and then tokens of a fixed number."""
    w = Writer(FIXED)
    count = (FIXED[0] // PATCH) * (FIXED[1] // PATCH)
    x = _patches(w)
    turned = w.node("Transpose", "blocks/Transpose", w.norm("blocks/norm1", x), perm=[0, 2, 1])
    hidden = w.gelu("blocks/tokens/act", w.linear("blocks/tokens/fc1", turned, count, 7))
    mixed = w.linear("blocks/tokens/fc2", hidden, 7, count)
    back = w.node("Transpose", "blocks/Transpose_1", mixed, perm=[0, 2, 1])
    x = w.node("Add", "blocks/Add", x, back)
    pooled = w.node("ReduceMean", "ReduceMean", x, w.ints(1), keepdims=0)
    return w.model(w.node("Gemm", "head/Gemm", pooled, w.weight(WIDTH, 5), w.weight(5)))
