"""The element types of what operators compute."""

from __future__ import annotations

from onnx import TensorProto

from dreamlayer.core.graph.evaluation.tensor import Call

_BOOL = {
    "And",
    "Equal",
    "Greater",
    "GreaterOrEqual",
    "IsInf",
    "IsNaN",
    "Less",
    "LessOrEqual",
    "Not",
    "Or",
    "Xor",
}
_INT64 = {"ArgMax", "ArgMin", "NonZero", "Shape", "Size"}
_INT32 = {"ConvInteger", "MatMulInteger"}
_RANDOM = {
    "Bernoulli",
    "EyeLike",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
}


def output_type(call: Call, place: int) -> int:
    """The element type of an output, as in `onnx.TensorProto`; 0 if unknown."""
    op, given = call.step.op, call.attributes
    if op in _BOOL:
        return int(TensorProto.BOOL)
    if op in _INT64 or (place == 1 and op in ("MaxPool", "TopK")):
        return int(TensorProto.INT64)
    if op in _INT32:
        return int(TensorProto.INT32)
    if place == 1 and op == "Dropout":
        return int(TensorProto.BOOL)
    if op == "Cast":
        return int(given["to"])
    if op in ("Where", "CastLike", "DequantizeLinear", "QuantizeLinear"):
        source = {"QuantizeLinear": 2}.get(op, 1)
        if op == "QuantizeLinear" and not call.has(2):
            return int(given.get("output_dtype", 0) or TensorProto.UINT8)
        return call.tensor(source).dtype
    if op == "DynamicQuantizeLinear":
        return int(TensorProto.FLOAT if place == 1 else TensorProto.UINT8)
    if op in ("QLinearConv", "QLinearMatMul"):
        return call.tensor(7).dtype
    if op == "OneHot":
        return call.tensor(2).dtype
    if op == "ConstantOfShape":
        return int(given["value"].data_type if "value" in given else TensorProto.FLOAT)
    if op == "Constant":
        return _constant(call)
    if op in _RANDOM and "dtype" in given:
        return int(given["dtype"])
    return call.tensor().dtype if call.inputs else int(TensorProto.FLOAT)


def _constant(call: Call) -> int:
    given = call.attributes
    if "value" in given:
        return int(given["value"].data_type)
    if "sparse_value" in given:
        return int(given["sparse_value"].values.data_type)
    for name, kind in (("int", TensorProto.INT64), ("float", TensorProto.FLOAT)):
        if f"value_{name}" in given or f"value_{name}s" in given:
            return int(kind)
    return int(TensorProto.STRING)
