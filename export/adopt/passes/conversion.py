"""Converts a model to a newer opset with onnx's converter, and puts right what that gets wrong."""

from __future__ import annotations

import math

import onnx
from onnx import helper

from dreamlayer.core.errors import NetworkError, shown
from dreamlayer.core.graph.inference import attributes
from dreamlayer.core.runtime.reasons import reason_of

_SMALL = 4096
"""Elements of the largest constant that the converter may need to know."""


def convert(model: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """A copy that uses a newer version of the standard operators.

    Compared in ONNX Runtime, the converter of onnx 1.23 errs in two places, which are handled here:
    Upsample, and Resize of opset 10, sample asymmetrically and round down, which Resize has to be
    told from opset 11 on; and Hardmax took all axes from one on together before opset 13.

    Raises
    ------
    NetworkError
        An operator cannot be converted, or a batch normalization is in training.
    """
    given = max((entry.version for entry in model.opset_import if not entry.domain), default=1)
    if given >= opset:
        return model
    prepared, weights = _without_weights(model)
    if given < 14:
        _refuse_training(prepared.graph)
    if given < 13:
        _flatten_hardmax(prepared.graph)
    try:
        converted: onnx.ModelProto = onnx.version_converter.convert_version(prepared, opset)
    except Exception as error:  # the converter, in C++, raises RuntimeError and others
        raise NetworkError(
            f"the network cannot be converted from opset {given} to {opset} "
            f"({reason_of(error)}); export it again with opset {opset} or newer"
        ) from error
    names = {tensor.name for tensor in weights}
    inputs = [info for info in converted.graph.input if info.name not in names]
    del converted.graph.input[:]
    converted.graph.input.extend(inputs)
    converted.graph.initializer.extend(weights)
    for node in converted.graph.node:
        if node.op_type == "Resize" and given < 11:
            _sample_asymmetrically(node)
    return converted


def _without_weights(model: onnx.ModelProto) -> tuple[onnx.ModelProto, list[onnx.TensorProto]]:
    """A copy with inputs in place of large weights, and these; the converter would copy them."""
    graph = model.graph
    large = [tensor for tensor in graph.initializer if math.prod(tensor.dims) > _SMALL]
    names = {tensor.name for tensor in large}
    # Before version 4 each weight had to be an input as well, but not all exporters did that.
    copy = onnx.ModelProto(ir_version=max(model.ir_version, 4), producer_name=model.producer_name)
    copy.opset_import.extend(model.opset_import)
    copy.metadata_props.extend(model.metadata_props)
    copy.graph.name = graph.name
    copy.graph.node.extend(graph.node)
    copy.graph.output.extend(graph.output)
    copy.graph.value_info.extend(graph.value_info)
    copy.graph.initializer.extend(t for t in graph.initializer if t.name not in names)
    copy.graph.input.extend(info for info in graph.input if info.name not in names)
    copy.graph.input.extend(
        helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        for tensor in large
    )
    return copy, large


def _refuse_training(graph: onnx.GraphProto) -> None:
    """Refuse batch normalizations that compute statistics, which have several outputs."""
    for node in graph.node:
        if node.op_type == "BatchNormalization" and any(node.output[1:]):
            raise NetworkError(
                f"the batch normalization that makes {shown(node.output[0])} is in training, where "
                f"it depends on all images of a batch; export the network for inference"
            )


def _flatten_hardmax(graph: onnx.GraphProto) -> None:
    """Let each Hardmax work on two axes, where its old and new definition are the same."""
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type != "Hardmax":
            nodes.append(node)
            continue
        x, y = node.input[0], node.output[0]
        axis = attributes(node).get("axis", 1)
        nodes += [
            helper.make_node("Shape", [x], [f"{y}/shape"]),
            helper.make_node("Flatten", [x], [f"{y}/flat"], axis=axis),
            helper.make_node("Hardmax", [f"{y}/flat"], [f"{y}/chosen"], axis=1),
            helper.make_node("Reshape", [f"{y}/chosen", f"{y}/shape"], [y], name=node.name),
        ]
    del graph.node[:]
    graph.node.extend(nodes)


def _sample_asymmetrically(node: onnx.NodeProto) -> None:
    changed = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    kept = [attribute for attribute in node.attribute if attribute.name not in changed]
    del node.attribute[:]
    node.attribute.extend(kept)
    node.attribute.extend(helper.make_attribute(name, value) for name, value in changed.items())
