"""Floating-point operations of a gradient, counted from the network's graph."""

from __future__ import annotations

import math

import onnx

from bench.peers.plan import Plan
from dreamlayer.core.graph.inference import infer_shapes
from dreamlayer.core.graph.names import IMAGE

COUNTED = (
    "Operations are counted from the graph: two for each multiplication and addition of a "
    "convolution, once for the forward pass and once more for the gradient of its input, which "
    "takes as many; everything else (batch normalisations, activations, pooling) is not counted."
)


def gradient_operations(model: onnx.ModelProto, plan: Plan, height: int, width: int) -> float:
    """Count the operations of one gradient of a tile.

    Parameters
    ----------
    model : onnx.ModelProto
        The network file.
    plan : Plan
        The part of it that the objective needs.
    height, width : int
        Size of the tile.
    """
    shapes = _shapes(model, height, width)
    forward = 0.0
    for step in plan.steps:
        if step.op == "Conv":
            # The first of [out, in, rows, columns] is in the result's shape already.
            kernel = plan.constants[step.inputs[1]].shape
            forward += 2.0 * math.prod(shapes[step.output]) * math.prod(kernel[1:])
    return 2.0 * forward


def _shapes(model: onnx.ModelProto, height: int, width: int) -> dict[str, list[int]]:
    sized = onnx.ModelProto()
    sized.CopyFrom(model)
    image = next(info for info in sized.graph.input if info.name == IMAGE)
    for dim, size in zip(image.type.tensor_type.shape.dim, (1, 3, height, width), strict=True):
        dim.dim_value = size
    graph = infer_shapes(sized).graph
    return {
        info.name: [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        for info in [*graph.value_info, *graph.output]
    }
