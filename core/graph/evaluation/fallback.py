"""Sizes of the operators without a rule of ours, by onnx's inference of a single node."""

from __future__ import annotations

import onnx
from onnx import TensorProto, TypeProto, helper, numpy_helper

from dreamlayer.core.graph.evaluation.tensor import Call, Tensor, UnfitError, UnknownSizeError

_PLAIN = 2**31
"""Beyond it the inference, in C++, may overflow, which can end the process."""

_KNOWN_BY_ONNX = """
AffineGrid Attention DFT Det GRU LSTM LinearAttention
Multinomial RNN RotaryEmbedding SwiGLU
"""
"""Those that are left, but for operators with subgraphs, sequences and strings."""


def inferred_outputs(call: Call) -> list[Tensor]:
    """The outputs of a node as far as onnx's inference knows them.

    Raises
    ------
    UnknownSizeError
        It does not know the operator, or what the node reads is not known.
    UnfitError
        The node contradicts its inputs.
    """
    step = call.step
    if step.op not in _KNOWN_BY_ONNX.split():
        raise UnknownSizeError
    for number in _numbers(call):
        if abs(number) > _PLAIN:
            raise UnfitError(f"has a number out of range, {number}")
    types, data = {}, {}
    for place, name in enumerate(step.inputs):
        if not name:
            continue
        shape = call.shape(place)
        if 0 in shape or max(shape, default=1) > _PLAIN:
            raise UnknownSizeError
        tensor = call.tensor(place)
        types[name] = helper.make_tensor_type_proto(tensor.dtype or TensorProto.FLOAT, shape)
        if tensor.value is not None:
            data[name] = numpy_helper.from_array(tensor.value, name)
    opset = helper.make_opsetid("", step.opset)
    try:
        schema = onnx.defs.get_schema(step.op, step.opset)
        found = onnx.shape_inference.infer_node_outputs(
            schema, step.proto, types, data, opset_imports=[opset]
        )
    except onnx.defs.SchemaError as error:
        raise UnknownSizeError from error
    except (onnx.shape_inference.InferenceError, RuntimeError) as error:
        raise UnfitError("contradicts its inputs") from error
    return [_tensor(found[name]) if name in found else Tensor(0) for name in step.outputs]


def _numbers(call: Call) -> list[int]:
    """All integers that a node is given."""
    found: list[int] = []
    for given in call.attributes.values():
        found += [
            one for one in (given if isinstance(given, list) else [given]) if type(one) is int
        ]
    for tensor in call.inputs:
        if tensor is not None and tensor.value is not None and tensor.value.dtype.kind in "iu":
            found += [int(one) for one in tensor.value.reshape(-1)]
    return found


def _tensor(kind: TypeProto) -> Tensor:
    tensor = kind.tensor_type
    if not tensor.HasField("shape"):
        return Tensor(tensor.elem_type)
    dims = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim]
    return Tensor(tensor.elem_type, None if min(dims, default=0) < 0 else tuple(dims))
