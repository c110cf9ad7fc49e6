"""Restrict a network to images of one size."""

from __future__ import annotations

import onnx
from onnx import helper

from dreamlayer.core.graph.inference import infer_shapes
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.graph.sizes import shapes_at
from dreamlayer.core.network.image_size import IMAGE_SIZE


def fix_size(network: onnx.ModelProto, size: tuple[int, int]) -> None:
    """Make a network take images of one size only, one at a time, and say so in its metadata.

    Parameters
    ----------
    network : onnx.ModelProto
        With the input ``image``; changed in place. Shapes that were inferred for other sizes are
        removed.
    size : (int, int)
        Height and width in pixels.
    """
    (image,) = (info for info in network.graph.input if info.name == IMAGE)
    dims = image.type.tensor_type.shape.dim
    for dim, number in zip(dims, (1, 3, *size), strict=True):
        dim.dim_value = number
    declare_outputs(network, size)
    metadata = {entry.key: entry.value for entry in network.metadata_props}
    del network.metadata_props[:]
    helper.set_model_props(network, metadata | {IMAGE_SIZE: f"{size[0]}x{size[1]}"})


def declare_outputs(network: onnx.ModelProto, size: tuple[int, int]) -> None:
    """Replace what a network declares of its outputs' shapes, and remove what it does of others.

    Parameters
    ----------
    network : onnx.ModelProto
        With the input ``image``; changed in place.
    size : (int, int)
        Height and width of an image that it takes.
    """
    graph = network.graph
    del graph.value_info[:]
    for output in graph.output:
        output.type.tensor_type.ClearField("shape")
    known = {info.name: info for info in infer_shapes(network).graph.output}
    shapes = shapes_at(network, size)
    for output in graph.output:
        output.CopyFrom(known.get(output.name, output))
        tensor = output.type.tensor_type
        if not tensor.HasField("shape"):
            tensor.shape.SetInParent()
            # The number of axes is known where their lengths are symbolic.
            for _ in shapes.get(output.name, ()):
                tensor.shape.dim.add()
