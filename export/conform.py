"""The last steps of every export: the header, the layers' declarations, and a way to run it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx
from onnx import TensorProto, helper

from dreamlayer.core.graph.edit import prune
from dreamlayer.core.graph.inference import infer_shapes
from dreamlayer.core.runtime.sessions import runtime
from dreamlayer.export import network_file as contract


def declare_layers(model: onnx.ModelProto, layers: Sequence[str]) -> dict[str, int]:
    """Replace all shape declarations by fresh ones for `layers`.

    Parameters
    ----------
    model
        Changed in place: its inferred shapes are dropped, those of `layers` are written.
    layers
        Names of tensors.

    Returns
    -------
    dict
        Channel count by layer, for the layers that are feature maps ``[batch, channels, h, w]``.

    Raises
    ------
    NetworkError
        The shapes in the graph contradict each other.
    """
    del model.graph.value_info[:]
    inferred = infer_shapes(model)
    known = {info.name: info for info in [*inferred.graph.value_info, *inferred.graph.output]}
    outputs = {info.name for info in model.graph.output}
    channels: dict[str, int] = {}
    for name in layers:
        info = known.get(name)
        if info is None or not info.type.tensor_type.HasField("shape"):
            continue
        dims = info.type.tensor_type.shape.dim
        if len(dims) == 4 and dims[1].dim_value > 0:
            channels[name] = dims[1].dim_value
        if name not in outputs:
            model.graph.value_info.append(info)
    return channels


def feature_map(name: str, channels: int) -> onnx.ValueInfoProto:
    """Declare a float tensor of rank 4 with `channels`, whose other axes are symbolic."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", channels, None, None])


def unshaped(name: str) -> onnx.ValueInfoProto:
    """Declare a float tensor of which nothing more is known."""
    unknown = onnx.TypeProto(tensor_type=onnx.TypeProto.Tensor(elem_type=TensorProto.FLOAT))
    return onnx.ValueInfoProto(name=name, type=unknown)


def tapped(model: onnx.ModelProto, layers: Sequence[str]) -> onnx.ModelProto:
    """Return a copy of `model` whose outputs are `layers`, without what they do not need.

    Parameters
    ----------
    model
        A network file.
    layers
        Names of tensors in it.

    Returns
    -------
    onnx.ModelProto
        The pruned network.
    """
    known = {info.name: info for info in [*model.graph.value_info, *model.graph.output]}
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.graph.output[:]
    result.graph.output.extend(known.get(name) or unshaped(name) for name in layers)
    prune(result)
    return result


def open_session(model: onnx.ModelProto, *, optimise: bool = True) -> Any:
    """Open `model` on ONNX Runtime's CPU provider, which says only what is fatal.

    Parameters
    ----------
    model
        Any ONNX model under 2 GiB.
    optimise
        False to run every node as it is written.

    Returns
    -------
    onnxruntime.InferenceSession
        Ready to run.
    """
    ort = runtime()
    options = ort.SessionOptions()
    options.log_severity_level = 4
    if not optimise:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    content = model.SerializeToString()
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def finish(
    nodes: Sequence[onnx.NodeProto],
    initializers: Sequence[onnx.TensorProto],
    outputs: Sequence[onnx.ValueInfoProto],
    *,
    name: str,
    opset: int = contract.OPSET,
    ir_version: int = contract.IR_VERSION,
) -> onnx.ModelProto:
    """Put a graph under the header that every network file has.

    Parameters
    ----------
    nodes, initializers, outputs
        The graph, in topological order; its one input is ``image``.
    name
        Name of the graph.
    opset
        Version of the standard operators, 18 or newer.
    ir_version
        Version of the file format; a newer opset needs a newer one.

    Returns
    -------
    onnx.ModelProto
        A model without metadata.
    """
    graph = helper.make_graph(
        list(nodes), name, [contract.image_input()], list(outputs), list(initializers)
    )
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=ir_version,
        producer_name=contract.PRODUCER,
    )
