"""Restrict a network to images of one size."""

from __future__ import annotations

import onnx
from onnx import helper

from dreamlayer.core.graph.names import IMAGE
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
    del network.graph.value_info[:]
    for output in network.graph.output:
        output.type.tensor_type.ClearField("shape")
    metadata = {entry.key: entry.value for entry in network.metadata_props}
    del network.metadata_props[:]
    helper.set_model_props(network, metadata | {IMAGE_SIZE: f"{size[0]}x{size[1]}"})
