"""Values that are published of Keras's ImageNet weights, and what they prove of a file's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

KERNEL, BIAS = 0, 1
Value = tuple[int, tuple[int, ...], float]
"""`KERNEL` or `BIAS`, an index (of a kernel as Keras has it: row, column, input, output), and the
float32 there."""

_TOLERANCE = 1e-6  # relative: training changes every weight of a layer by more than rounding


def _first(kernel: float, bias: float) -> list[Value]:
    return [(KERNEL, (0, 0, 0, 0), kernel), (BIAS, (0,), bias)]


# The first values are those of the VGG group's own file, imagenet-vgg-verydeep-16 for MatConvNet,
# as notebooks of Knet.jl print them; Keras ported that network, and has blue first in
# block1_conv1, where that file has red. The others were printed from Keras itself.
KNOWN: Mapping[str, Mapping[str, Sequence[Value]]] = {
    "vgg16": {
        "block1_conv1": [
            *_first(0.42947057, 0.73429835),
            (KERNEL, (0, 0, 0, 1), 0.117273867),
            (KERNEL, (0, 0, 0, 2), 0.0340129584),
            (KERNEL, (0, 0, 1, 0), 0.550379455),
            (KERNEL, (0, 0, 2, 0), 0.480015397),
            (BIAS, (25,), 0.7446502),
        ],
        "block1_conv2": [
            *_first(0.16621928, -0.30912212),
            (KERNEL, (2, 2, 63, 63), 0.016082443),
        ],
        "block2_conv1": [*_first(-0.008902963, -0.04577766), (BIAS, (1,), 0.06440781)],
        "block2_conv2": _first(-0.0023012366, -0.06418542),
        "block3_conv1": _first(0.002486315, -0.074358866),
        "block3_conv2": _first(-0.0103266295, 0.019675018),
        "block3_conv3": _first(0.0024918285, 0.035415243),
        "block4_conv1": _first(-0.012453815, 0.013485669),
        "block4_conv2": _first(0.007116542, 0.023680462),
        "block4_conv3": _first(-0.0041355654, 0.03757768),
        "block5_conv1": [
            *_first(-0.0006068934, 0.09722325),
            (KERNEL, (1, 0, 63, 269), -0.011236359),
        ],
        "block5_conv2": [*_first(-0.0011261065, 0.21327873), (BIAS, (510,), 0.23517226)],
        "block5_conv3": [
            *_first(0.00040788297, 0.18837857),
            (KERNEL, (0, 2, 0, 400), -0.008714244),
        ],
    },
}
"""By network and layer."""


@dataclass(frozen=True)
class Proof:
    """How far the weights of a file are known to be Keras's.

    Attributes
    ----------
    lines
        What was compared, a line for each block, for the terminal.
    summary
        The same in one clause, for the file's metadata.
    complete
        Whether all known values of every layer agree.
    """

    lines: tuple[str, ...]
    summary: str
    complete: bool


def prove(model: Any, kind: str, title: str) -> Proof:
    """Compare the weights of a Keras model with the known values of its ImageNet weights.

    Parameters
    ----------
    model
        The Keras model.
    kind, title
        The network, as `KNOWN` and as people call it.

    Returns
    -------
    Proof
        A value that differs shows that its layer was trained further, or otherwise. Values that
        agree show that it was not, since training changes all of a layer's; the values between
        them are not compared.
    """
    known = KNOWN.get(kind)
    if known is None:
        nothing = f"not proven to be those of Keras's {title}, of which no values are known here"
        return Proof((f"Origin   {nothing}",), nothing, False)
    blocks: dict[str, list[str]] = {}
    count = 0
    for layer, values in known.items():
        weights = model.get_layer(layer).get_weights()
        wrong = [value for value in values if not _agrees(weights, value)]
        blocks.setdefault(layer.split("_")[0], []).extend(
            [_difference(layer, weights, wrong[0])] if wrong else []
        )
        count += len(values)
    proven = [name for name, wrong in blocks.items() if not wrong]
    lines = [
        f"Origin   {name}: {wrong[0] if wrong else f'all known values are those of {title}'}"
        for name, wrong in blocks.items()
    ]
    if len(proven) == len(blocks):
        summary = (
            f"its {count} known values in all {len(known)} convolutions are those of Keras's "
            f"{title} for ImageNet; the values between them were not compared"
        )
        return Proof((*lines, f"         {summary}"), summary, True)
    some = f"proven for {', '.join(proven)} alone" if proven else "not proven for any block"
    summary = f"that the weights are those of Keras's {title} for ImageNet is {some}"
    hint = (
        f"If it was trained on other pixels than Keras's {title}, `adopt` with its own range and "
        "mean suits it better."
    )
    return Proof((*lines, f"         {summary}", f"         {hint}"), summary, False)


def _agrees(weights: Sequence[Any], value: Value) -> bool:
    which, index, number = value
    return bool(np.isclose(weights[which][index], number, rtol=_TOLERANCE, atol=0))


def _difference(layer: str, weights: Sequence[Any], value: Value) -> str:
    which, index, number = value
    what = f"{layer}'s {('kernel', 'bias')[which]} at {', '.join(map(str, index))}"
    return f"not proven: {what} is {weights[which][index]:.8g}, not {number:.8g}"
