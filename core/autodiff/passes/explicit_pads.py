"""Give the max-pools of a network of known size plain padding, ahead of differentiation.

With explicit pads and without ceil_mode, shape inference and all runtimes agree on their sizes, and
their gradient can compare taps (`rules.max_pool_compare`).
"""

from __future__ import annotations

import copy
import math

import onnx
from onnx import helper

from dreamlayer.core.graph.inference import attributes, inferred


def explicit_pads(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replace auto_pad and ceil_mode of max-pools by pads, where the input's size is known.

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
    left = [node for node in result.graph.node if _automatic(node)]
    while left:
        shapes = inferred(result).shapes
        ready = [node for node in left if _spatial(shapes.get(node.input[0], [])) is not None]
        for node in ready:
            _make_explicit(node, _spatial(shapes[node.input[0]]) or [])
        if not ready:
            break
        # Sizes behind a pool with ceil_mode become known only now.
        left = [node for node in left if all(node is not done for done in ready)]
    return result


def _automatic(node: onnx.NodeProto) -> bool:
    given = attributes(node)
    rounds_up = bool(given.get("ceil_mode", 0))
    return node.op_type == "MaxPool" and (
        rounds_up or given.get("auto_pad", "NOTSET").startswith("SAME")
    )


def _spatial(dims: list[int | str | None]) -> list[int] | None:
    """The sizes of the spatial axes, if all are known."""
    found = [dim for dim in dims[2:] if isinstance(dim, int)]
    return found if found and len(found) == len(dims) - 2 else None


def _make_explicit(node: onnx.NodeProto, sizes: list[int]) -> None:
    """Set the pads that give the same windows, if there are any."""
    given = attributes(node)
    kernel = given["kernel_shape"]
    ones = [1] * len(kernel)
    begins, ends = [], []
    for axis, size in enumerate(sizes):
        stride = given.get("strides", ones)[axis]
        extent = (kernel[axis] - 1) * given.get("dilations", ones)[axis] + 1
        mode = given.get("auto_pad", "NOTSET")
        if mode.startswith("SAME"):
            windows = math.ceil(size / stride)
            needed = (windows - 1) * stride + extent - size
            if needed < 0:
                # Between such windows are gaps, and runtimes disagree on where.
                return
            begin = needed - needed // 2 if mode == "SAME_LOWER" else needed // 2
        else:
            pads = given.get("pads", [0] * 2 * len(kernel)) if mode == "NOTSET" else None
            begin = 0 if pads is None else pads[axis]
            behind = 0 if pads is None else pads[axis + len(kernel)]
            windows = math.ceil((size + begin + behind - extent) / stride) + 1
            if (windows - 1) * stride >= size + begin:
                # It would start in the padding behind; runtimes drop it.
                windows -= 1
        end = (windows - 1) * stride + extent - size - begin
        if windows < 1 or not -stride < end < kernel[axis]:
            return
        begins.append(begin)
        ends.append(max(end, 0))
    kept = [a for a in node.attribute if a.name not in ("auto_pad", "ceil_mode", "pads")]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute("pads", begins + ends)])
