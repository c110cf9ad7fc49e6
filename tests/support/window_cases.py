"""The uses of convolutions, pools and interpolations that their rules are tested on."""

from __future__ import annotations

from typing import Any

import numpy as np
from finite_differences import Case, distinct, f32, i64


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


def kernels() -> list[Case]:
    """Kernels and biases of both convolutions."""
    x, w, b = distinct(2, 4, 7, 8), distinct(6, 4, 3, 2, seed=1), distinct(6)
    uses: list[dict[str, object]] = [
        {},
        {"pads": [1, 0, 2, 1]},
        {"strides": [2, 3], "pads": [1, 1, 0, 1]},
        {"dilations": [2, 3], "strides": [2, 1]},
        {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
        {"auto_pad": "SAME_LOWER"},
    ]
    cases = [Case("Conv", (x, w, b), attrs, i) for attrs in uses for i in (1, 2)]
    cases += [Case("Conv", (x, distinct(6, 2, 3, 2)), {**a, "group": 2}, 1) for a in uses[:3]]
    cases += [Case("Conv", (x, distinct(8, 1, 3, 2)), {**a, "group": 4}, 1) for a in uses[:3]]
    cases.append(
        Case(
            "Conv", (distinct(2, 3, 9), distinct(4, 3, 3)), {"strides": [2], "kernel_shape": [3]}, 1
        )
    )
    y, v, c = distinct(2, 4, 4, 5), distinct(4, 3, 3, 2), distinct(3)
    opposite: list[dict[str, object]] = [
        {},
        {"strides": [2, 3], "pads": [1, 0, 2, 1]},
        {"strides": [2, 2], "output_padding": [1, 1]},
        {"dilations": [2, 1]},
        {"strides": [2, 2], "output_shape": [8, 10]},
        {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
    ]
    cases += [Case("ConvTranspose", (y, v, c), attrs, i) for attrs in opposite for i in (1, 2)]
    grouped = Case("ConvTranspose", (y, distinct(4, 2, 3, 2)), {"group": 2, "dilations": [2, 1]}, 1)
    return [*cases, grouped]


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
        every.append(
            {"kernel_shape": [2, 2], "strides": [2, 2], "dilations": [2, 1], "ceil_mode": 1}
        )
    elif op == "AveragePool":
        padded = [a for a in every if "pads" in a or "auto_pad" in a]
        every += [{**a, "count_include_pad": 1} for a in padded]
    cases = [Case(op, (x,), attrs) for attrs in every]
    if op == "LpPool":
        cases += [Case(op, (x,), {**every[1], "p": p}) for p in (1, 3)]
        dilated = {"kernel_shape": [2, 3], "dilations": [2, 2], "pads": [1, 0, 0, 1]}
        cases.append(Case(op, (x,), dilated))
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
    cases.append(Case("Resize", (x, None, f32(2.5, 0.7)), {"mode": "linear", "axes": [-2, -1]}))
    for at in modes:
        attrs = {"mode": "cubic", "coordinate_transformation_mode": at}
        cases += [
            Case("Resize", (x, None, up), attrs),
            Case("Resize", (x, None, down), {**attrs, "cubic_coeff_a": -0.5}),
            Case("Resize", (x, None, None, i64(2, 3, 7, 3)), {**attrs, "exclude_outside": 1}),
        ]
    for mode in ("linear", "cubic"):
        cases.append(Case("Resize", (x, None, down), {"mode": mode, "antialias": 1}))
        cases.append(
            Case("Resize", (x, None, None, i64(2, 3, 2, 3)), {"mode": mode, "antialias": 1})
        )
    region = f32(0, 0, 0.1, 0.2, 1, 1, 0.9, 1.3)
    crop = {"coordinate_transformation_mode": "tf_crop_and_resize", "extrapolation_value": 3.0}
    for mode in ("nearest", "linear"):
        cases.append(Case("Resize", (x, region, None, i64(2, 3, 3, 4)), {**crop, "mode": mode}))
        cases.append(Case("Resize", (x, region, up), {**crop, "mode": mode}))
    for policy in ("not_larger", "not_smaller"):
        for mode in ("nearest", "linear", "cubic"):
            attrs = {"mode": mode, "axes": [2, 3], "keep_aspect_ratio_policy": policy}
            cases.append(Case("Resize", (x, None, None, i64(7, 8)), attrs))
    half = {"mode": "linear", "coordinate_transformation_mode": "half_pixel_symmetric"}
    cases.append(Case("Resize", (x, None, down), half, opset=19))
    cases.append(Case("Resize", (x, None, f32(1, 1, 1, 3)), {"mode": "linear"}))
    cases.append(Case("Resize", (x, None, f32(1, 2, 2, 1)), {"mode": "linear"}))
    cases.append(Case("Resize", (x, None, f32(1, 2, 2, 1)), {"mode": "nearest"}))
    cases.append(Case("Resize", (distinct(4, 5), None, f32(2, 3)), {"mode": "linear"}))
    return cases


def between(*shape: int, size: int, seed: int = 0) -> np.ndarray:
    """Positions on and around a map of some size, none near an element or a middle of two."""
    rng = np.random.default_rng(seed)
    whole = rng.integers(-2, size + 1, shape)
    return (whole + rng.uniform(0.15, 0.35, shape)).astype(np.float32)


def grids(*sizes: int, out: tuple[int, ...], aligned: int) -> np.ndarray:
    """A grid for GridSample over a map of these sizes, for two pictures."""
    axes = []
    for axis, size in reversed(list(enumerate(sizes))):
        at = between(2, *out, size=size, seed=axis)
        axes.append(2 * at / (size - 1) - 1 if aligned else (2 * at + 1) / size - 1)
    return np.stack(axes, -1).astype(np.float32)


def samples() -> list[Case]:
    x, deep = distinct(2, 3, 5, 6), distinct(2, 2, 3, 4, 5)
    cases = []
    for aligned in (0, 1):
        grid = grids(5, 6, out=(3, 4), aligned=aligned)
        for padding in ("zeros", "border", "reflection"):
            for mode in ("linear", "nearest", "cubic"):
                attrs = {"mode": mode, "padding_mode": padding, "align_corners": aligned}
                wanted = (0,) if mode == "nearest" else (0, 1)
                cases += [Case("GridSample", (x, grid), attrs, i, opset=20) for i in wanted]
            attrs = {"padding_mode": padding, "align_corners": aligned}
            volume = grids(3, 4, 5, out=(2, 3, 2), aligned=aligned)
            cases += [Case("GridSample", (deep, volume), attrs, i, opset=20) for i in (0, 1)]
    for mode in ("bilinear", "bicubic"):
        cases.append(Case("GridSample", (x, grids(5, 6, out=(2, 2), aligned=0)), {"mode": mode}))
    for aligned in (0, 1):
        attrs = {"align_corners": aligned}
        flat, space = distinct(2, 2, 3), distinct(2, 3, 4)
        cases.append(Case("AffineGrid", (flat, i64(2, 3, 4, 5)), attrs, opset=20))
        cases.append(Case("AffineGrid", (space, i64(2, 1, 3, 4, 2)), attrs, opset=20))
    return cases


def regions() -> list[Case]:
    """Averages over regions, at positions not near an element."""
    x, batch = distinct(2, 3, 8, 9), i64(0, 1, 1, 0)
    rois = f32(
        (0.62, 1.36, 6.05, 5.2),
        (-0.21, 1.95, 4.61, 7.4),
        (2.67, 3.69, 3.37, 4.4),
        (-1.69, -3.09, 9.08, 10.5),
    )
    uses: list[dict[str, object]] = [
        {"output_height": 3, "output_width": 2, "sampling_ratio": 2},
        {"output_height": 2, "output_width": 3, "spatial_scale": 0.7},
        {"coordinate_transformation_mode": "output_half_pixel", "sampling_ratio": 1},
        {},
    ]
    return [Case("RoiAlign", (x, rois, batch), attrs, i) for attrs in uses for i in (0, 1)]


def deformed_convolutions() -> list[Case]:
    x, w, b = distinct(2, 4, 5, 6), distinct(4, 4, 3, 2, seed=1), distinct(4)

    def offsets(parts: int, taps: int, *out: int) -> np.ndarray:
        rng = np.random.default_rng(parts + taps)
        shape = (2, parts * taps * 2, *out)
        return (rng.integers(-1, 2, shape) + rng.uniform(0.15, 0.85, shape)).astype(np.float32)

    def masks(parts: int, taps: int, *out: int) -> np.ndarray:
        return distinct(2, parts * taps, *out, low=0.2, high=1.2, seed=4)

    cases = []
    for i in range(5):
        whole = (x, w, offsets(1, 6, 3, 5), b, masks(1, 6, 3, 5))
        cases.append(Case("DeformConv", whole, {"kernel_shape": [3, 2]}, i, opset=19))
        attrs = {
            "kernel_shape": [3, 2],
            "group": 2,
            "offset_group": 2,
            "pads": [1, 0, 1, 1],
            "strides": [2, 1],
        }
        parts = (x, distinct(4, 2, 3, 2), offsets(2, 6, 3, 6), b, masks(2, 6, 3, 6))
        cases.append(Case("DeformConv", parts, attrs, i, opset=19))
    dilated = (x, w, offsets(1, 6, 1, 4))
    attrs = {"dilations": [2, 2], "kernel_shape": [3, 2]}
    cases += [Case("DeformConv", dilated, attrs, i, opset=19) for i in (0, 1, 2)]
    return cases


def columns() -> list[Case]:
    uses: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, object], tuple[int, ...]]] = [
        ((5, 5), (1, 5), {}, (1, 5, 5)),
        ((5, 6), (2, 3), {"strides": [2, 1], "pads": [1, 0, 1, 1]}, (2, 12, 15)),
        ((6, 6), (2, 2), {"dilations": [2, 3]}, (1, 8, 12)),
        ((7,), (3,), {"strides": [2], "pads": [1, 1]}, (2, 6, 4)),
        ((4, 4, 4), (2, 2, 2), {"strides": [2, 2, 2]}, (1, 16, 8)),
    ]
    return [
        Case("Col2Im", (distinct(*s), i64(*image), i64(*block)), a) for image, block, a, s in uses
    ]


def causal_convolutions() -> list[Case]:
    x, w, b, past = distinct(2, 4, 6), distinct(4, 1, 3), distinct(4), distinct(2, 4, 2)
    whole = (x, w, b, past)
    given: dict[str, Any] = {"outputs": 2, "opset": 27, "reference": True}
    return [Case("CausalConvWithState", whole, {}, i, **given) for i in range(4)]


CASES = [
    *convolutions(),
    *kernels(),
    *transposed_convolutions(),
    *deformed_convolutions(),
    *pools("MaxPool"),
    *pools("AveragePool"),
    *pools("LpPool"),
    *[
        Case(op, (x,))
        for op in ("GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool")
        for x in (distinct(2, 4, 5, 6), distinct(2, 3, 7))
    ],
    *[Case("GlobalLpPool", (distinct(2, 4, 5, 6),), {"p": p}) for p in (1, 3)],
    *resizes(),
    *samples(),
    *regions(),
    *columns(),
    *causal_convolutions(),
]
