"""The uses of each operator that its gradient rule is tested on."""

from __future__ import annotations

import numpy as np
import product_cases
import selection_cases
import window_cases
from finite_differences import Case, distinct, f32, i64, scalar

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


def reductions(*ops: str, x: np.ndarray = SMALL) -> list[Case]:
    cases = []
    for op in ops:
        for keep in (0, 1):
            cases += [
                Case(op, (x, i64(1)), {"keepdims": keep}),
                Case(op, (x, i64(-1, 0)), {"keepdims": keep}),
                Case(op, (x,), {"keepdims": keep}),
            ]
        cases.append(Case(op, (x, i64(0, 2)), {"keepdims": 0}))
        cases.append(Case(op, (x, i64()), {"noop_with_empty_axes": 1}))
        cases.append(Case(op, (x, i64()), {"keepdims": 1}, note="no axes"))
    return cases


def normalizations() -> list[Case]:
    channels = [distinct(4, low=0.5, high=1.5, seed=s) for s in range(4)]
    lrn = [{"size": n, "alpha": 0.9, "beta": 0.6, "bias": 1.2} for n in (1, 3, 5)]
    return [
        Case("BatchNormalization", (X4, *channels), {"epsilon": 0.01}),
        Case("BatchNormalization", (distinct(3, 4), *channels)),
        *[Case("BatchNormalization", (X4, *channels), {"epsilon": 0.01}, i) for i in (1, 2, 3, 4)],
        Case("InstanceNormalization", (X4, *channels[:2]), {"epsilon": 0.01}),
        Case("InstanceNormalization", (distinct(2, 4, 7), *channels[:2])),
        *[Case("InstanceNormalization", (X4, *channels[:2]), {}, i) for i in (1, 2)],
        Case("LayerNormalization", (SMALL, distinct(4, seed=2), distinct(4))),
        Case("LayerNormalization", (SMALL, distinct(3, 4)), {"axis": 1, "epsilon": 0.02}),
        *[
            Case("LayerNormalization", (X4, distinct(5, 6), distinct(6)), {"axis": 2}, i)
            for i in (1, 2)
        ],
        *group_normalizations(),
        Case("RMSNormalization", (X4, distinct(6)), {}, 0, opset=23),
        Case("RMSNormalization", (X4, distinct(4, 1, 6)), {"axis": 1}, 0, opset=23),
        Case("RMSNormalization", (X4, distinct(5, 6)), {"axis": -2, "epsilon": 0.1}, 1, opset=23),
        *unary("MeanVarianceNormalization"),
        *unary("MeanVarianceNormalization", axes=[-1, 1]),
        *unary("MeanVarianceNormalization", x=SMALL, axes=[2]),
        *[
            Case("LpNormalization", (x,), {"p": p, "axis": axis})
            for x, axis in ((X4, 1), (X4, -1), (SMALL, 0))
            for p in (1, 2)
        ],
        *unary("LpNormalization"),
        *[Case("LRN", (distinct(2, 6, 3, 4),), a) for a in lrn],
    ]


def group_normalizations() -> list[Case]:
    """With weights for each group, and since opset 21 for each channel."""
    cases = []
    for opset, count in ((18, 2), (18, 4), (21, 2), (21, 4), (21, 1)):
        weights = [distinct(count if opset < 21 else 4, low=0.5, high=1.5, seed=s) for s in (0, 1)]
        attrs = {"num_groups": count, "epsilon": 0.01}
        for i in (0, 1, 2):
            cases.append(Case("GroupNormalization", (X4, *weights), attrs, i, opset=opset))
    flat = distinct(3, 6, 5)
    weights = [distinct(6, seed=s) for s in (0, 1)]
    cases.append(Case("GroupNormalization", (flat, *weights), {"num_groups": 3}, opset=21))
    return cases


def losses() -> list[Case]:
    scores, weights = distinct(3, 4), distinct(4, low=0.5, high=1.5)
    planes, labels = distinct(2, 4, 5), np.array([[0, 3, 1, 1, 2], [2, 2, 0, 3, 1]])
    cases = []
    for op in ("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"):
        for how in ("mean", "sum", "none"):
            cases.append(Case(op, (scores, i64(1, 3, 0)), {"reduction": how}))
            cases.append(Case(op, (planes, labels, weights), {"reduction": how, "ignore_index": 2}))
        cases.append(Case(op, (planes, labels, weights), {}, 2))
    return cases


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
        *[Case("Clip", (X4, scalar(-0.7), scalar(1.1)), {}, i) for i in (1, 2)],
        *[Case("Clip", (X4, scalar(0.7), scalar(-0.4)), {}, i) for i in (0, 1, 2)],
        Case("Clip", (X4, None, scalar(0.4)), {}, 2),
        Case("Clip", (X4, scalar(0.4)), {}, 1),
        *unary("Shrink"),
        *unary("Shrink", lambd=0.3, bias=0.2),
        *[
            Case("SwiGLU", (SMALL, distinct(2, 3, 4, seed=1)), a, i, opset=28, reference=True)
            for a in ({}, {"alpha": 0.7})
            for i in (0, 1)
        ],
        *[Case("Swish", (X4,), attrs, opset=24) for attrs in ({}, {"alpha": 1.7})],
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
        *unary("Tan", "Asin", "Acos", "Atanh", x=distinct(2, 3, 4, low=-0.8, high=0.8)),
        *unary("Atan", "Sinh", "Cosh", "Asinh"),
        *unary("Acosh", x=POSITIVE + 1),
        *[Case("Mod", (X4, distinct(5, 1, low=0.6)), {"fmod": 1}, i) for i in (0, 1)],
        *[Case("Mod", (SMALL, -distinct(4, low=0.6)), {"fmod": 1}, i) for i in (0, 1)],
        Case("CastLike", (SMALL, np.float64(1))),
        *[Case("Range", (scalar(0.3), scalar(4.0), scalar(0.7)), {}, i) for i in (0, 2)],
        *[Case("Where", (choice, distinct(2, 3, 4), distinct(3, 1)), {}, i) for i in (1, 2)],
    ]


CASES = [
    *arithmetic(),
    *activations(),
    *reductions("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceSumSquare"),
    *reductions("ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceProd"),
    *reductions("ReduceLogSum", x=POSITIVE),
    *normalizations(),
    *losses(),
    *selection_cases.CASES,
    *product_cases.CASES,
    *window_cases.CASES,
]
