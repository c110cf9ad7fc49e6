"""The uses of each operator that its gradient rule is tested on."""

from __future__ import annotations

import numpy as np
from finite_differences import Case, distinct

i64 = lambda *n: np.array(n, np.int64)  # noqa: E731
f32 = lambda *n: np.array(n, np.float32)  # noqa: E731
scalar = np.float32

X4 = distinct(2, 4, 5, 6)
POSITIVE = distinct(2, 3, 4, 5, low=0.3, high=3.0)
SMALL = distinct(2, 3, 4)


def unary(*ops: str, x: np.ndarray = X4, **attrs: object) -> list[Case]:
    return [Case(op, (x,), dict(attrs)) for op in ops]


def binary(*ops: str, positive: bool = False) -> list[Case]:
    """Both inputs, of equal shape and broadcast either way."""
    low = 0.4 if positive else -2.0
    shapes = [
        ((2, 3, 4), (2, 3, 4)),
        ((2, 3, 4), (3, 1)),
        ((4,), (2, 3, 4)),
        ((2, 1, 4), (1, 3, 1)),
    ]
    return [
        Case(op, (distinct(*a, low=low), distinct(*b, low=low, seed=5)), {}, wrt)
        for op in ops
        for a, b in shapes
        for wrt in (0, 1)
    ]


def reductions(*ops: str) -> list[Case]:
    cases = []
    for op in ops:
        for keep in (0, 1):
            cases += [
                Case(op, (SMALL, i64(1)), {"keepdims": keep}),
                Case(op, (SMALL, i64(-1, 0)), {"keepdims": keep}),
                Case(op, (SMALL,), {"keepdims": keep}),
            ]
        cases.append(Case(op, (SMALL, i64(0, 2)), {"keepdims": 0}))
    return cases


def convolutions() -> list[Case]:
    x, w, b = distinct(2, 4, 7, 8), distinct(6, 4, 3, 3, seed=1), distinct(6)
    grouped, depthwise = distinct(6, 2, 3, 3), distinct(8, 1, 3, 2)
    single = distinct(4, 1, 3, 3)
    cases = [
        Case("Conv", (x, w), {}),
        Case("Conv", (x, w, b), {"pads": [1, 1, 1, 1]}),
        Case("Conv", (x, w), {"pads": [2, 0, 1, 2]}),
        Case("Conv", (x, w), {"pads": [4, 3, 3, 4]}, note="pads beyond the kernel"),
        Case("Conv", (x, w), {"strides": [2, 2]}),
        Case("Conv", (x, w), {"strides": [2, 3], "pads": [1, 0, 2, 1]}),
        Case("Conv", (x, w), {"strides": [4, 5]}, note="stride beyond the kernel"),
        Case("Conv", (x, w), {"dilations": [2, 3]}),
        Case("Conv", (x, w), {"dilations": [2, 1], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
        Case("Conv", (x, grouped), {"group": 2}),
        Case("Conv", (x, grouped), {"group": 2, "strides": [2, 2], "pads": [1, 1, 1, 1]}),
        Case("Conv", (x, depthwise), {"group": 4, "pads": [1, 0, 1, 1]}),
        Case("Conv", (x, single), {"group": 4, "strides": [2, 2], "pads": [1, 1, 1, 1]}),
        Case("Conv", (x, single), {"group": 4, "strides": [2, 3], "pads": [0, 1, 1, 0]}),
        Case("Conv", (x, single), {"group": 4, "strides": [3, 2], "dilations": [1, 2]}),
        Case("Conv", (x, single), {"group": 4, "strides": [2, 2], "pads": [3, 3, 3, 3]}),
        Case("Conv", (x, distinct(5, 4, 1, 1)), {}),
        Case("Conv", (x, distinct(5, 4, 1, 1)), {"strides": [2, 2]}),
        Case("Conv", (x, distinct(6, 2, 1, 1)), {"group": 2, "strides": [3, 2]}),
        Case("Conv", (distinct(2, 3, 9), distinct(4, 3, 1)), {"strides": [2]}),
        Case("Conv", (x, distinct(5, 4, 1, 7)), {"pads": [0, 3, 0, 3]}),
        Case("Conv", (distinct(2, 3, 9), distinct(4, 3, 3)), {"strides": [2]}),
        Case("Conv", (distinct(1, 2, 4, 5, 4), distinct(3, 2, 2, 3, 2)), {"strides": [1, 2, 1]}),
    ]
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        for stride in (1, 2, 3):
            attrs = {"auto_pad": mode, "strides": [stride, stride]}
            cases.append(Case("Conv", (x, w), attrs))
            cases.append(Case("Conv", (x, distinct(5, 4, 2, 4)), attrs))
    return cases


def transposed_convolutions() -> list[Case]:
    x, w, b = distinct(2, 4, 4, 5), distinct(4, 3, 3, 3), distinct(3)
    cases = [
        Case("ConvTranspose", (x, w), {}),
        Case("ConvTranspose", (x, w, b), {"strides": [2, 2]}),
        Case("ConvTranspose", (x, w), {"strides": [2, 3], "pads": [1, 0, 2, 1]}),
        Case("ConvTranspose", (x, w), {"strides": [2, 2], "output_padding": [1, 1]}),
        Case("ConvTranspose", (x, w), {"dilations": [2, 1], "pads": [1, 1, 1, 1]}),
        Case("ConvTranspose", (x, distinct(4, 2, 3, 3)), {"group": 2, "strides": [2, 1]}),
        Case("ConvTranspose", (x, w), {"strides": [2, 2], "output_shape": [8, 10]}),
        Case("ConvTranspose", (distinct(2, 3, 6), distinct(3, 2, 4)), {"strides": [2]}),
    ]
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        cases += [
            Case("ConvTranspose", (x, w), {"auto_pad": mode}),
            Case("ConvTranspose", (x, w), {"auto_pad": mode, "strides": [2, 2]}),
        ]
    return cases


def pools(op: str) -> list[Case]:
    x = distinct(2, 3, 7, 8)
    every: list[dict[str, object]] = [
        {"kernel_shape": [2, 2], "strides": [2, 2]},
        {"kernel_shape": [3, 3], "strides": [2, 2]},
        {"kernel_shape": [3, 3]},
        {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]},
        {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 2, 1]},
        {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1},
        {"kernel_shape": [3, 3], "strides": [2, 3], "pads": [1, 1, 0, 0], "ceil_mode": 1},
        {"kernel_shape": [1, 1], "strides": [3, 3]},
        {"kernel_shape": [3, 4], "strides": [1, 1], "auto_pad": "SAME_UPPER"},
        {"kernel_shape": [3, 4], "strides": [2, 2], "auto_pad": "SAME_UPPER"},
        {"kernel_shape": [3, 4], "strides": [2, 2], "auto_pad": "SAME_LOWER"},
        {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "VALID"},
    ]
    if op == "MaxPool":
        every.append({"kernel_shape": [2, 3], "dilations": [2, 2]})
        every.append({"kernel_shape": [3, 3], "strides": [2, 2], "storage_order": 1})
    else:
        padded = [a for a in every if "pads" in a or "auto_pad" in a]
        every += [{**a, "count_include_pad": 1} for a in padded]
    cases = [Case(op, (x,), attrs) for attrs in every]
    if op == "AveragePool":
        dilated = {"kernel_shape": [2, 3], "dilations": [2, 2], "pads": [1, 0, 0, 1]}
        cases.append(Case(op, (x,), dilated, opset=19))
    cases.append(Case(op, (distinct(2, 3, 9),), {"kernel_shape": [3], "strides": [2]}))
    cases.append(Case(op, (distinct(1, 2, 4, 5, 4),), {"kernel_shape": [2, 2, 2]}))
    return cases


def resizes() -> list[Case]:
    x, empty = distinct(2, 3, 4, 5), f32()
    up, down = f32(1, 1, 2, 2), f32(1, 1, 0.6, 0.75)
    modes = ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
    cases = []
    for mode in ("nearest", "linear"):
        for at in modes:
            attrs = {"mode": mode, "coordinate_transformation_mode": at}
            cases += [
                Case("Resize", (x, None, up), attrs),
                Case("Resize", (x, None, down), attrs, note="down"),
                Case("Resize", (x, None, None, i64(2, 3, 7, 3)), attrs, note="sizes"),
            ]
    for rounding in ("floor", "ceil", "round_prefer_ceil"):
        attrs = {
            "mode": "nearest",
            "nearest_mode": rounding,
            "coordinate_transformation_mode": "asymmetric",
        }
        cases.append(Case("Resize", (x, empty, up), attrs))
    cases.append(Case("Resize", (x, None, None, i64(7, 3)), {"mode": "linear", "axes": [2, 3]}))
    cases.append(Case("Resize", (x, None, f32(1, 1, 1, 3)), {"mode": "linear"}))
    cases.append(Case("Resize", (x, None, f32(1, 2, 2, 1)), {"mode": "linear"}))
    cases.append(Case("Resize", (x, None, f32(1, 2, 2, 1)), {"mode": "nearest"}))
    cases.append(Case("Resize", (distinct(4, 5), None, f32(2, 3)), {"mode": "linear"}))
    return cases


def rearrangements() -> list[Case]:
    x = distinct(2, 8, 4, 6)
    three = distinct(3, 4, 5)
    return [
        Case("Reshape", (three, i64(5, -1))),
        Case("Reshape", (three, i64(0, 2, 10))),
        Case("Flatten", (three,), {"axis": 2}),
        Case("Squeeze", (distinct(1, 3, 1, 4), i64(0, 2))),
        Case("Squeeze", (distinct(1, 3, 1, 4),)),
        Case("Unsqueeze", (three, i64(0, -1))),
        Case("Transpose", (three,), {"perm": [2, 0, 1]}),
        Case("Transpose", (three,)),
        Case("Expand", (distinct(3, 1, 5), i64(2, 3, 4, 1))),
        Case("Expand", (distinct(3, 1), i64(3, 4))),
        *[Case("Concat", (three, distinct(3, 2, 5), three), {"axis": 1}, i) for i in (0, 1, 2)],
        Case("Concat", (three, three), {"axis": -1}, 1),
        Case("Split", (x, i64(3, 1, 4)), {"axis": 1}, outputs=3),
        Case("Split", (x,), {"axis": -1, "num_outputs": 3}, outputs=3),
        Case("Slice", (three, i64(1, 0), i64(3, 4), i64(1, 2))),
        Case("Slice", (three, i64(-3, 1), i64(-1, 2**31), i64(-1, 0))),
        Case("Slice", (three, i64(3, 4), i64(0, -6), i64(1, 2), i64(-2, -1)), note="backwards"),
        Case("Slice", (three, i64(0), i64(5), i64(2), i64(3))),
        Case("Slice", (three, i64(0, 1, 1), i64(2, 3, 3))),
        Case("Gather", (three, i64(2, 0, 2, -1)), {"axis": 1}),
        Case("Gather", (three, np.array([[0, 1], [2, 2]])), {"axis": -1}),
        Case("Gather", (three, np.int64(1)), {"axis": 0}),
        Case("Pad", (three, i64(0, 1, 2, 1, 0, 3))),
        Case("Pad", (three, i64(0, -1, 2, 1, 0, -2))),
        Case("Pad", (three, i64(1, 2, 0, 1), scalar(0.5), i64(0, 2))),
        *[Case("Pad", (three, i64(0, 2, 1, 0, 1, 3)), {"mode": m}) for m in ("reflect", "edge")],
        Case("Pad", (three, i64(0, 2, 1, 0, 1, 3)), {"mode": "wrap"}, opset=19),
        Case("DepthToSpace", (x,), {"blocksize": 2, "mode": "DCR"}),
        Case("DepthToSpace", (x,), {"blocksize": 2, "mode": "CRD"}),
        Case("SpaceToDepth", (x,), {"blocksize": 2}),
        Case("Identity", (three,)),
        Case("Dropout", (three, scalar(0.5))),
        Case("Dropout", (three, scalar(0.5), np.array(False))),
        Case("Cast", (three,), {"to": 11}),
    ]


def products() -> list[Case]:
    a, b = distinct(3, 4), distinct(4, 5)
    cases = []
    for left, right in (
        (a, b),
        (distinct(2, 3, 4), b),
        (distinct(2, 3, 4), distinct(2, 4, 5)),
        (a, distinct(2, 4, 5)),
        (distinct(2, 1, 3, 4), distinct(3, 4, 5)),
        (distinct(4), b),
        (distinct(4), distinct(2, 4, 5)),
        (a, distinct(4)),
        (distinct(2, 3, 4), distinct(4)),
        (distinct(4), distinct(4, seed=3)),
    ):
        cases += [Case("MatMul", (left, right), {}, i) for i in (0, 1)]
    for ta in (0, 1):
        for tb in (0, 1):
            left, right = (a.T.copy() if ta else a), (b.T.copy() if tb else b)
            attrs = {"transA": ta, "transB": tb, "alpha": 0.5, "beta": 2.0}
            cases += [Case("Gemm", (left, right, distinct(5)), attrs, i) for i in (0, 1, 2)]
    cases.append(Case("Gemm", (a, b)))
    cases.append(Case("Gemm", (a, b, distinct(3, 1)), {}, 2))
    return cases


def normalizations() -> list[Case]:
    channels = [distinct(4, low=0.5, high=1.5, seed=s) for s in range(4)]
    lrn = [{"size": n, "alpha": 0.9, "beta": 0.6, "bias": 1.2} for n in (1, 3, 5)]
    return [
        Case("BatchNormalization", (X4, *channels), {"epsilon": 0.01}),
        Case("BatchNormalization", (distinct(3, 4), *channels)),
        Case("InstanceNormalization", (X4, *channels[:2]), {"epsilon": 0.01}),
        Case("InstanceNormalization", (distinct(2, 4, 7), *channels[:2])),
        Case("LayerNormalization", (SMALL, distinct(4, seed=2), distinct(4))),
        Case("LayerNormalization", (SMALL, distinct(3, 4)), {"axis": 1, "epsilon": 0.02}),
        *[Case("LRN", (distinct(2, 6, 3, 4),), a) for a in lrn],
    ]


def activations() -> list[Case]:
    return [
        *unary("Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Sigmoid", "HardSigmoid", "HardSwish"),
        *unary("Tanh", "Softplus", "Softsign", "Mish", "Softmax", "LogSoftmax", "ThresholdedRelu"),
        *unary("LeakyRelu", "Elu", "Celu", "ThresholdedRelu", alpha=0.3),
        *unary("Selu", alpha=1.2, gamma=0.7),
        *unary("HardSigmoid", alpha=0.4, beta=0.4537),
        *unary("HardSwish", x=distinct(2, 3, 7, low=-5, high=5)),
        *unary("Softmax", "LogSoftmax", axis=1),
        *[Case("Gelu", (X4,), {"approximate": a}, opset=20) for a in ("none", "tanh")],
        *[Case("PRelu", (X4, distinct(4, 1, 1)), {}, i) for i in (0, 1)],
        Case("PRelu", (X4, f32(0.3))),
        Case("Clip", (X4, scalar(-0.7), scalar(1.1))),
        Case("Clip", (X4, None, scalar(0.4))),
        Case("Clip", (X4, scalar(0.1))),
        Case("Clip", (X4,)),
    ]


def arithmetic() -> list[Case]:
    choice = distinct(2, 3, 4) > 0
    several = (distinct(2, 3, 4), distinct(3, 1, seed=3), distinct(2, 3, 4, seed=9))
    return [
        *binary("Add", "Sub", "Mul"),
        *binary("Div", "Pow", positive=True),
        Case("Pow", (distinct(2, 5), scalar(2))),
        Case("Pow", (distinct(2, 5), np.int64(3))),
        *unary("Neg", "Abs", "Exp", "Sin", "Cos", "Erf"),
        *unary("Log", "Sqrt", "Reciprocal", x=POSITIVE),
        *[Case(op, several, {}, i) for op in ("Sum", "Mean", "Max", "Min") for i in (0, 1, 2)],
        *[Case("Where", (choice, distinct(2, 3, 4), distinct(3, 1)), {}, i) for i in (1, 2)],
    ]


CASES = [
    *arithmetic(),
    *activations(),
    *rearrangements(),
    *resizes(),
    *reductions("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceSumSquare"),
    *reductions("ReduceL1", "ReduceL2", "ReduceLogSumExp"),
    *products(),
    *convolutions(),
    *transposed_convolutions(),
    *pools("MaxPool"),
    *pools("AveragePool"),
    *unary("GlobalMaxPool", "GlobalAveragePool"),
    *unary("GlobalMaxPool", "GlobalAveragePool", x=distinct(2, 3, 7)),
    *normalizations(),
]
