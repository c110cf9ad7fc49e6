"""Frees the number of images that an exporter wrote into a network that takes several at a time."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

from dreamlayer.core.graph.inference import infer_shapes

_AS_BEFORE = {"Reshape": 0, "Expand": 1}
"""What stands for the length that the axis had before, by operator."""


def free_batch(model: onnx.ModelProto, images: int) -> None:
    """Let a network take one image, in place.

    Where the first number of a Reshape or Expand is the number of images, and what it reads has as
    many along its first axis, it keeps the length of that axis.

    Parameters
    ----------
    model : onnx.ModelProto
        Its input declares the number of images.
    images : int
        That number.
    """
    graph = model.graph
    inferred = infer_shapes(model).graph
    first = {
        info.name: info.type.tensor_type.shape.dim[0].dim_value
        for info in (*inferred.input, *inferred.value_info)
        if info.type.tensor_type.shape.dim
    }
    weights = {tensor.name: tensor for tensor in graph.initializer}
    taken = {*weights, *(name for node in graph.node for name in node.output)}
    for node in graph.node:
        shape = weights.get(node.input[1]) if node.op_type in _AS_BEFORE else None
        if shape is None or first.get(node.input[0]) != images:
            continue
        if any(one.name == "allowzero" and one.i for one in node.attribute):
            continue
        numbers = numpy_helper.to_array(shape)
        if not numbers.size or numbers[0] != images:
            continue
        name = f"{shape.name}/one_image"
        while name in taken:
            name += "_"
        taken.add(name)
        new = np.array([_AS_BEFORE[node.op_type], *numbers[1:]], np.int64)
        graph.initializer.append(numpy_helper.from_array(new, name))
        node.input[1] = name
