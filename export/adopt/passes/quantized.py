"""Finds the float network under the quantizers of one in QDQ form; refuses integer operators."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.edit import prune, rename
from dreamlayer.core.graph.inference import names_read

_PAIR = ("QuantizeLinear", "DequantizeLinear")

_INTEGER_OPERATORS = {
    *("ConvInteger", "MatMulInteger", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul"),
}

_SIGNED = {
    *("Add", "BatchNormalization", "Conv", "ConvTranspose", "Gemm", "InstanceNormalization"),
    *("MatMul", "Mul", "Sub", "Sum"),
}
"""Operators whose results may be negative, behind which a ReLU may have been merged."""

_RANGES: dict[int, tuple[int, int]] = {
    TensorProto.UINT8: (0, 255),
    TensorProto.INT8: (-128, 127),
    TensorProto.UINT16: (0, 65535),
    TensorProto.INT16: (-32768, 32767),
}
"""Lowest and highest number by quantized type."""

_SIX = 6.0
_NEAR = 0.03
"""Share by which the end of a calibrated range may differ from 6 where it replaced a ReLU6."""


def refuse_integers(model: onnx.ModelProto) -> None:
    """Refuse a network that computes in integers.

    Raises
    ------
    NetworkError
        It names the operators.
    """
    found = {
        node.op_type
        for node in model.graph.node
        if node.op_type in _INTEGER_OPERATORS
        or (node.domain == "com.microsoft" and node.op_type.startswith(("QLinear", "QGemm", "QA")))
    }
    if found:
        raise NetworkError(
            f"the network is quantized and computes in integers ({', '.join(sorted(found))}), "
            f"which has no gradient; adopt the network as it was before quantization, or quantized "
            f"with QuantizeLinear and DequantizeLinear (QDQ)"
        )


def is_quantized(model: onnx.ModelProto) -> bool:
    """Tell whether a network quantizes activations."""
    return any(node.op_type == "QuantizeLinear" for node in model.graph.node)


def remove_quantizers(model: onnx.ModelProto) -> int:
    """Replace pairs of QuantizeLinear and DequantizeLinear by nothing, or a ReLU, in place.

    The gradient of rounding is 0 everywhere, so what is climbed is the network without it. Where
    the lowest quantized number stands for 0, the pair may have taken the place of a ReLU or, with a
    range to 6, of a ReLU6: programs that quantize networks merge them.

    Pairs that do more, and quantized numbers that other operators read, stay.

    Returns
    -------
    int
        The number of pairs.
    """
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    makers = {name: node for node in graph.node for name in node.output}
    outputs = {info.name for info in graph.output}
    readers = Counter(name for node in graph.node for name in names_read(node))
    names: dict[str, str] = {}
    nodes: list[onnx.NodeProto] = []
    done: dict[str, str] = {}
    pairs = 0
    for node in graph.node:
        source = makers.get(node.input[0]) if node.op_type == _PAIR[1] else None
        if source is None or source.op_type != _PAIR[0] or not _same_scale(source, node, weights):
            nodes.append(node)
            continue
        pairs += 1
        end, made = done.get(source.output[0], source.input[0]), node.output[0]
        replaced = None
        if source.output[0] not in done:
            replaced = _activation(source, made, weights, makers.get(source.input[0]), graph)
        if replaced is not None:
            if readers[end] == 1 and end not in outputs and made not in outputs:
                # What was merged had this name, and what it was merged into had another.
                _give_name(replaced, makers[end])
                names[made] = made = end
            nodes.append(replaced)
            done[source.output[0]] = made
        elif made in outputs:
            nodes.append(helper.make_node("Identity", [end], [made]))
        else:
            names[made] = end
    del graph.node[:]
    graph.node.extend(nodes)
    rename(graph.node, {name: _end(name, names) for name in names})
    prune(model)
    return pairs


def _give_name(activation: onnx.NodeProto, maker: onnx.NodeProto) -> None:
    """Let an activation have the name of what it reads, which gets another."""
    name = activation.input[0]
    inner = f"{name}/before"
    maker.output[list(maker.output).index(name)] = inner
    activation.input[0] = inner
    activation.output[0] = activation.name = name


def _end(name: str, names: dict[str, str]) -> str:
    while name in names:
        name = names[name]
    return name


def _same_scale(
    one: onnx.NodeProto, other: onnx.NodeProto, weights: Mapping[str, onnx.TensorProto]
) -> bool:
    for a, b in zip(one.input[1:], other.input[1:], strict=False):
        if a != b:
            first, second = weights.get(a), weights.get(b)
            if first is None or second is None:
                return False
            if not np.array_equal(numpy_helper.to_array(first), numpy_helper.to_array(second)):
                return False
    return True


def _activation(
    node: onnx.NodeProto,
    output: str,
    weights: Mapping[str, onnx.TensorProto],
    maker: onnx.NodeProto | None,
    graph: onnx.GraphProto,
) -> onnx.NodeProto | None:
    """The ReLU or ReLU6 that a quantizer stands for, or None."""
    scale = weights.get(node.input[1])
    if maker is None or maker.op_type not in _SIGNED or scale is None or math.prod(scale.dims) != 1:
        return None
    kind, zero = int(TensorProto.UINT8), 0
    if len(node.input) > 2 and node.input[2]:
        point = weights.get(node.input[2])
        if point is None:
            return None
        kind, zero = point.data_type, int(numpy_helper.to_array(point).reshape(-1)[0])
    if kind not in _RANGES or zero != _RANGES[kind][0]:
        return None
    low, high = _RANGES[kind]
    end = float(numpy_helper.to_array(scale).reshape(-1)[0]) * (high - low)
    if abs(end - _SIX) > _NEAR * _SIX:
        return helper.make_node("Relu", [node.input[0]], [output], name=output)
    bounds = [f"{output}/{name}" for name in ("lowest", "highest")]
    for name, number in zip(bounds, (0.0, _SIX), strict=True):
        graph.initializer.append(numpy_helper.from_array(np.array(number, np.float32), name))
    return helper.make_node("Clip", [node.input[0], *bounds], [output], name=output)
