"""The uses of operators that move, choose or accumulate elements, for tests of their rules."""

from __future__ import annotations

import numpy as np
from finite_differences import Case, distinct, f32, i64, scalar


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
        Case("Pad", (three, i64(2, 1), None, i64(-1))),
        Case("Pad", (three, i64(1, 2, 0, 1), None, i64(0, -1)), {"mode": "reflect"}),
        Case("Pad", (three, i64(0, -1, 2, 1, 0, -1)), {"mode": "edge"}),
        Case("Pad", (three, i64(0, 1, 2, 1, 0, -3), scalar(0.5)), {}, 2),
        Case("Pad", (three, i64(1, 2, 0, 1), scalar(0.5), i64(0, 2)), {}, 2),
        Case("Tile", (three, i64(2, 1, 3))),
        Case("Tile", (distinct(4), i64(3))),
        *[
            Case("Trilu", (three, *k), a)
            for k in ((), (np.int64(1),), (np.int64(-2),))
            for a in ({}, {"upper": 0})
        ],
        Case("ReverseSequence", (three, i64(2, 3, 1, 3)), {"time_axis": 0, "batch_axis": 1}),
        Case("ReverseSequence", (three, i64(1, 4, 2)), {"time_axis": 1, "batch_axis": 0}),
        Case("ReverseSequence", (three, i64(1, 3, 2, 3))),
        Case("CenterCropPad", (three, i64(5, 2)), {"axes": [0, 2]}),
        Case("CenterCropPad", (three, i64(2, 7, 5))),
        Case("CenterCropPad", (three, i64(7)), {"axes": [-1]}),
        Case("Reshape", (three, i64(5, 0, -1)), {"allowzero": 0}),
        Case("Reshape", (three, i64(4, -1, 5)), {"allowzero": 1}),
        Case("Split", (x,), {"axis": 3, "num_outputs": 4}, outputs=4),
        Case("Split", (three, i64(2, 3)), {"axis": 2}, outputs=2),
        Case("DepthToSpace", (x,), {"blocksize": 2, "mode": "DCR"}),
        Case("DepthToSpace", (x,), {"blocksize": 2, "mode": "CRD"}),
        Case("SpaceToDepth", (x,), {"blocksize": 2}),
        Case("SpaceToDepth", (x,), {"blocksize": 2, "mode": "CRD"}, opset=28, reference=True),
        Case("Identity", (three,)),
        Case("Dropout", (three, scalar(0.5))),
        Case("Dropout", (three, scalar(0.5), np.array(False))),
        Case("Cast", (three,), {"to": 11}),
    ]


def accumulations() -> list[Case]:
    three = distinct(3, 4, 5)
    cases = []
    for reverse in (0, 1):
        for exclusive in (0, 1):
            attrs = {"reverse": reverse, "exclusive": exclusive}
            cases.append(Case("CumSum", (three, np.int64(1)), attrs))
            cases.append(Case("CumSum", (three, np.int64(-1)), attrs))
            cases.append(Case("CumProd", (three, np.int64(1)), attrs, opset=26))
    cases.append(Case("CumSum", (three, np.int32(0))))
    return cases


def gathers() -> list[Case]:
    three = distinct(3, 4, 5)
    places = np.array([[[0, 2, 1], [2, 2, -1]]])
    pairs = np.array([[0, 1], [2, 3], [0, 1], [-1, -4]])
    batch = np.array([[[1, 0], [3, 4]], [[0, 0], [-1, 2]], [[1, 1], [1, 1]]])
    return [
        Case("GatherElements", (three, places)),
        Case("GatherElements", (three, np.array([[[0, 4, 4]], [[1, -1, 2]]])), {"axis": -1}),
        Case("GatherND", (three, pairs)),
        Case("GatherND", (three, np.array([[[2]], [[0]], [[2]]]))),
        Case("GatherND", (three, np.array([[1, 2, 3], [1, 2, 3]]))),
        Case("GatherND", (three, batch), {"batch_dims": 1}),
        Case(
            "GatherND",
            (distinct(2, 3, 4, 2), np.array([[[1], [0], [3]], [[2], [2], [0]]])),
            {"batch_dims": 2},
        ),
        Case("TopK", (three, i64(2)), {}, outputs=2),
        Case("TopK", (three, i64(3)), {"axis": 1, "largest": 0, "sorted": 1}, outputs=2),
        Case("Compress", (three, np.array([True, False, True, True])), {"axis": 1}),
        Case("Compress", (three, np.array([False, True, True])), {}),
        Case("Compress", (three, np.array([False, True])), {"axis": -1}),
        Case("Unique", (three,), {}),
        Case("Unique", (three,), {"sorted": 0}),
        Case("Unique", (three,), {"axis": 1}),
        Case("OneHot", (i64(1, 0, 2, 9), np.int64(3), f32(-0.5, 1.5)), {}, 2),
        Case("OneHot", (np.array([[1, 0], [-1, 2]]), np.int64(3), f32(-0.5, 1.5)), {"axis": 1}, 2),
        Case(
            "MaxUnpool",
            (distinct(1, 1, 2, 2), np.array([[[[5, 7], [13, 15]]]])),
            {"kernel_shape": [2, 2], "strides": [2, 2]},
        ),
    ]


def scatters() -> list[Case]:
    """Onto elements and rows, with each reduction; repeated indices where it allows them."""
    data = distinct(4, 5)
    once, twice = np.array([[0, 3, -1, 1, 2], [1, 0, 2, 0, 3]]), np.array([[0, 1], [0, -4]])
    rows, row_twice = np.array([[3], [-3]]), np.array([[1], [0], [1]])
    cases = []
    for reduction in ("none", "add", "mul", "max", "min"):
        attrs = {"reduction": reduction}
        repeats = reduction != "none"
        updates = distinct(2, 2 if repeats else 5, seed=3)
        indices = twice if repeats else once
        for i in (0, 2):
            cases.append(Case("ScatterElements", (data, indices, updates), attrs, i))
            nd = row_twice if repeats else rows
            cases.append(Case("ScatterND", (data, nd, distinct(len(nd), 5, seed=8)), attrs, i))
    along = np.array([[1, 2], [0, 4], [3, -1]])
    for i in (0, 2):
        use = (data, along, distinct(3, 2, seed=2))
        cases.append(Case("ScatterElements", use, {"axis": 1}, i))
        cases.append(Case("ScatterElements", use, {"axis": -1, "reduction": "add"}, i))
    points = np.array([[0, 1], [2, 2], [0, 1]])
    for i in (0, 2):
        cases.append(Case("ScatterND", (data, points, distinct(3)), {"reduction": "mul"}, i))
    cache, update, starts = distinct(2, 3, 6, 4), distinct(2, 3, 2, 4), i64(1, 4)
    for i in (0, 1):
        cases += [
            Case("TensorScatter", (cache, update, starts), {}, i, opset=24),
            Case("TensorScatter", (cache, update, i64(5, 3)), {"mode": "circular"}, i, opset=24),
            Case("TensorScatter", (cache, distinct(2, 2, 6, 4)), {"axis": 1}, i, opset=24),
        ]
    return cases


CASES = [*rearrangements(), *accumulations(), *gathers(), *scatters()]
