"""Makes float32 networks of those in float16, bfloat16 or float64."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

_OTHERS = {TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE}
_NAMES = {
    TensorProto.FLOAT16: "float16",
    TensorProto.BFLOAT16: "bfloat16",
    TensorProto.DOUBLE: "float64",
}
_TYPED = {"to", "dtype", "stash_type"}


def to_float32(model: onnx.ModelProto) -> str | None:
    """Convert weights, casts and declared types to float32, in place.

    Nothing is done where only some arithmetic on sizes is in another type.

    Returns
    -------
    str or None
        The type that weights or image had, None if they are float32.
    """
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    found = [t.data_type for t in graph.initializer if len(t.dims) > 2]
    found += [i.type.tensor_type.elem_type for i in graph.input if i.name not in weights]
    others = _OTHERS.intersection(found)
    if not others:
        return None
    _convert(graph)
    return " and ".join(sorted(_NAMES[kind] for kind in others))


def _convert(graph: onnx.GraphProto) -> None:
    for tensor in graph.initializer:
        _widen(tensor)
    for info in [*graph.input, *graph.output, *graph.value_info]:
        if info.type.tensor_type.elem_type in _OTHERS:
            info.type.tensor_type.elem_type = TensorProto.FLOAT
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name in _TYPED and attribute.i in _OTHERS:
                attribute.i = TensorProto.FLOAT
            for tensor in (attribute.t, *attribute.tensors):
                _widen(tensor)
            for inner in (attribute.g, *attribute.graphs):
                _convert(inner)


def _widen(tensor: onnx.TensorProto) -> None:
    if tensor.data_type in _OTHERS:
        values = np.asarray(numpy_helper.to_array(tensor)).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
