"""Small networks of several kinds, from which hostile ones are made; each has the layer `deep`."""

from __future__ import annotations

import functools
import json

import numpy as np
import onnx
from onnx import parser

_HEAD = '<ir_version: 8, opset_import: ["" : 18{}]>\n'
_SIGNATURE = "net (float[batch,3,height,width] image) => (float[n,c,h,w] {})\n"

_GRAPHS = {
    "conv": """<float[8,3,3,3] w1, float[8,8,3,3] w2> {
        a = Conv<pads=[1,1,1,1], strides=[2,2]>(image, w1)
        b = Relu(a)
        deep = Conv<pads=[1,1,1,1]>(b, w2)
    }""",
    "pool": """<float[8,3,3,3] w1, float[4,8,1,1] w2> {
        a = Conv<pads=[1,1,1,1], group=1, dilations=[1,1]>(image, w1)
        b = MaxPool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1], ceil_mode=1>(a)
        c = LRN<size=3, alpha=0.1, beta=0.75, bias=1.0>(b)
        d = AveragePool<kernel_shape=[2,2], strides=[2,2]>(c)
        deep = Conv(d, w2)
    }""",
    "residual": """<float[6,3,3,3] w1, float[6,6,3,3] w2, float[6] s, float[6] o, float[6] m,
        float[6] v> {
        a = Conv<pads=[1,1,1,1]>(image, w1)
        n = BatchNormalization<epsilon=0.001>(a, s, o, m, v)
        b = Relu(n)
        c = Conv<pads=[1,1,1,1]>(b, w2)
        sum = Add(b, c)
        deep = Clip(sum)
    }""",
    "concat": """<float[4,3,3,3] w1, float[4,3,5,5] w2, float[2,4,1,1] w3,
        float[4] scales = {1.0, 1.0, 2.0, 2.0}, int64[2] parts = {4, 4}> {
        a = Conv<pads=[1,1,1,1]>(image, w1)
        b = Conv<pads=[2,2,2,2]>(image, w2)
        c = Concat<axis=1>(a, b)
        d, e = Split<axis=1>(c, parts)
        f = Resize<mode="nearest">(d, , scales)
        g = Transpose<perm=[0,2,3,1]>(f)
        h = Transpose<perm=[0,3,1,2]>(g)
        deep = Conv(h, w3)
    }""",
    "qdq": """<float[6,3,3,3] w1, float s1 = {0.02}, uint8 z1 = {128}> {
        a = Conv<pads=[1,1,1,1]>(image, w1)
        q = QuantizeLinear(a, s1, z1)
        d = DequantizeLinear(q, s1, z1)
        deep = Relu(d)
    }""",
    "tokens": """<float[8,3,4,4] w1, float[8,8] wq, int64[3] flat = {0, 8, -1},
        float scale = {0.35}, int64[1] zero = {0}, int64[1] two = {2}, int64[1] four = {4}> {
        a = Conv<strides=[4,4]>(image, w1)
        shape = Shape(a)
        rows = Reshape(a, flat)
        t = Transpose<perm=[0,2,1]>(rows)
        q = MatMul(t, wq)
        k = Transpose<perm=[0,2,1]>(q)
        qk = MatMul(q, k)
        qs = Mul(qk, scale)
        p = Softmax<axis=-1>(qs)
        v = MatMul(p, t)
        back = Transpose<perm=[0,2,1]>(v)
        deep = Reshape(back, shape)
    }""",
    "shapes": """<float[8,3,3,3] w1, int64[1] one = {1}, int64[1] three = {3},
        int64[1] two = {2}, float[4,4,1,1] w2> {
        a = Conv<pads=[1,1,1,1]>(image, w1)
        shape = Shape(a)
        c = Slice(shape, one, two)
        half = Div(c, two)
        b = Slice(a, one, half, one)
        rest = Slice(shape, two, three)
        more = Mul(rest, two)
        e = Expand(a, one)
        f = ReduceMean<keepdims=1>(e, one)
        deep = Mul(a, f)
    }""",
}

_FUNCTIONS = """<domain: "own", opset_import: ["" : 18]>
act (x) => (y) {
    s = Sigmoid(x)
    y = Mul(x, s)
}
"""
_CALLING = """<float[8,3,3,3] w1> {
    a = Conv<pads=[1,1,1,1]>(image, w1)
    b = own.act(a)
    deep = own.act(b)
}"""

LAYER = "deep"


def names() -> list[str]:
    """The kinds of networks."""
    return [*_GRAPHS, "functions"]


def base(name: str) -> onnx.ModelProto:
    """A network of a kind, with random weights; a copy that may be changed."""
    model = onnx.ModelProto()
    model.CopyFrom(_made(name))
    return model


@functools.cache
def _made(name: str) -> onnx.ModelProto:
    calling = name == "functions"
    graph = _CALLING if calling else _GRAPHS[name]
    head = _HEAD.format(', "own" : 1' if calling else "")
    text = head + _SIGNATURE.format(LAYER) + graph + (_FUNCTIONS if calling else "")
    model = parser.parse_model(text)
    rng = np.random.default_rng(0)
    given = {tensor.name for tensor in model.graph.initializer}
    for info in [one for one in model.graph.value_info if one.name not in given]:
        shape = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        if shape:
            weights = np.abs(rng.standard_normal(shape) * 0.3).astype(np.float32)
            model.graph.initializer.append(onnx.numpy_helper.from_array(weights, info.name))
    del model.graph.value_info[:]
    layers = [node.output[0] for node in model.graph.node]
    model.metadata_props.add(key="dreamlayer.layers", value=json.dumps(layers))
    return model
