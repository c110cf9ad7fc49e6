"""Models in float64, for differences that are not blurred by rounding."""

from __future__ import annotations

import copy

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

FLOATS = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16)
"""The types that become float64."""


def widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with all float32 and float16 numbers as float64."""
    result = copy.deepcopy(model)
    for info in [*result.graph.input, *result.graph.output, *result.graph.value_info]:
        if info.type.tensor_type.elem_type in FLOATS:
            info.type.tensor_type.elem_type = TensorProto.DOUBLE
    for tensor in result.graph.initializer:
        _widen(tensor)
    for node in result.graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                _widen(attribute.t)
            elif attribute.name in ("to", "dtype", "softmax_precision", "stash_type"):
                attribute.i = TensorProto.DOUBLE if attribute.i in FLOATS else attribute.i
    return result


def _widen(tensor: onnx.TensorProto) -> None:
    if tensor.data_type in FLOATS:
        wide = numpy_helper.to_array(tensor).astype(np.float64)
        tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
