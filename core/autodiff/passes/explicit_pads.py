"""Give the pools of a network of known size plain padding, ahead of differentiation.

With explicit pads and without a window that ceil_mode drops, shape inference and all runtimes agree
on their sizes, and the gradient of max-pools can compare taps (`rules.max_pool_compare`).
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import onnx
from onnx import helper

from dreamlayer.core.graph.evaluation.evaluator import Evaluator
from dreamlayer.core.graph.inference import attributes
from dreamlayer.core.graph.names import IMAGE


def explicit_pads(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replace auto_pad of max-pools and ceil_mode of all pools by pads, where they are known.

    Parameters
    ----------
    model : onnx.ModelProto
        A network with an image of known size; it is not changed.

    Returns
    -------
    onnx.ModelProto
        The same function.
    """
    result = copy.deepcopy(model)
    pools = [node for node in result.graph.node if _automatic(node)]
    if not pools:
        return result
    image = next(info for info in result.graph.input if info.name == IMAGE)
    size = [dim.dim_value for dim in image.type.tensor_type.shape.dim]
    tensors = Evaluator(result).at(size)
    for node in pools:
        shape = tensors[node.input[0]].shape
        if shape is not None:
            _make_explicit(node, shape[2:])
    return result


def _automatic(node: onnx.NodeProto) -> bool:
    given = attributes(node)
    if node.op_type == "MaxPool" and given.get("auto_pad", "NOTSET").startswith("SAME"):
        return True
    pools = ("AveragePool", "LpPool", "MaxPool")
    return node.op_type in pools and bool(given.get("ceil_mode", 0))


@dataclass(frozen=True)
class _Windows:
    """The windows along an axis: their pads, and whether the last ones given were too many."""

    begin: int
    end: int
    given: int
    fit: bool


def _make_explicit(node: onnx.NodeProto, sizes: tuple[int, ...]) -> None:
    """Set the pads that give the same windows, if there are any."""
    given = attributes(node)
    found = [_windows(given, axis, size) for axis, size in enumerate(sizes)]
    axes = [windows for windows in found if windows is not None]
    if len(axes) < len(found):
        return
    ends = [max(windows.end, 0) for windows in axes]
    gone = {"auto_pad", "ceil_mode", "pads"}
    if given.get("count_include_pad", 0):
        # What a window covers beyond these pads is not counted, so they must not grow.
        gone.discard("ceil_mode")
        ends = [min(end, windows.given) for end, windows in zip(ends, axes, strict=True)]
    elif not all(windows.fit for windows in axes):
        return
    pads = [*(windows.begin for windows in axes), *ends]
    kept = [attribute for attribute in node.attribute if attribute.name not in gone]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute("pads", pads)])


def _windows(given: dict[str, Any], axis: int, size: int) -> _Windows | None:
    """The windows along an axis; None where runtimes disagree about them."""
    kernel = given["kernel_shape"]
    ones = [1] * len(kernel)
    stride = given.get("strides", ones)[axis]
    extent = (kernel[axis] - 1) * given.get("dilations", ones)[axis] + 1
    mode = given.get("auto_pad", "NOTSET")
    behind = 0
    if mode.startswith("SAME"):
        windows = math.ceil(size / stride)
        needed = (windows - 1) * stride + extent - size
        if needed < 0:
            # Between such windows are gaps.
            return None
        begin = needed - needed // 2 if mode == "SAME_LOWER" else needed // 2
        behind = needed - begin
    else:
        pads = given.get("pads", [0] * 2 * len(kernel)) if mode == "NOTSET" else None
        begin = 0 if pads is None else pads[axis]
        behind = 0 if pads is None else pads[axis + len(kernel)]
        windows = math.ceil((size + begin + behind - extent) / stride) + 1
        if (windows - 1) * stride >= size + begin:
            # It would start in the padding behind; runtimes drop it.
            windows -= 1
    end = (windows - 1) * stride + extent - size - begin
    if windows < 1 or end <= -stride:
        return None
    return _Windows(begin, end, behind, end < kernel[axis])
