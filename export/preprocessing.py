"""The way from RGB in 0..1 to what a foreign network is fed, as nodes and as arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.core.graph.inference import IMAGE
from dreamlayer.export.pixels import RANGES, Pixels

TO_NHWC, TO_NCHW = (0, 2, 3, 1), (0, 3, 1, 2)


def build(pixels: Pixels, output: str) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Write the nodes that turn ``image`` into what the network is fed.

    Parameters
    ----------
    pixels
        What it is fed.
    output
        Name of the prepared tensor.

    Returns
    -------
    tuple of list
        Nodes and weights.
    """
    factor, offset = RANGES[pixels.range]
    std = np.array(pixels.std, np.float64)
    scale = (factor / std).astype(np.float32).reshape(1, 3, 1, 1)
    shift = ((offset - np.array(pixels.mean, np.float64)) / std).astype(np.float32)
    steps: list[tuple[str, list[str], dict[str, Any]]] = []
    weights: list[onnx.TensorProto] = []

    def constant(name: str, value: NDArray[np.generic]) -> str:
        weights.append(numpy_helper.from_array(np.asarray(value), f"preprocessing/{name}"))
        return weights[-1].name

    if np.any(scale != 1):
        steps.append(("Mul", [constant("scale", scale)], {}))
    if np.any(shift != 0):
        steps.append(("Add", [constant("shift", shift.reshape(1, 3, 1, 1))], {}))
    if pixels.channels == "bgr":
        order = constant("bgr", np.array([2, 1, 0], np.int64))
        steps.append(("Gather", [order], {"axis": 1}))
    if pixels.layout == "nhwc":
        steps.append(("Transpose", [], {"perm": list(TO_NHWC)}))
    # An 8-bit input would cut the gradient; what follows it is a Cast, which takes float as well.
    if pixels.element_type in (TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16):
        steps.append(("Cast", [], {"to": pixels.element_type}))
    steps = steps or [("Identity", [], {})]
    nodes, current = [], IMAGE
    for number, (kind, extra, attributes) in enumerate(steps, 1):
        result = output if number == len(steps) else f"preprocessing/{kind}"
        nodes.append(
            helper.make_node(
                kind, [current, *extra], [result], name=f"preprocessing/{kind}/node", **attributes
            )
        )
        current = result
    return nodes, weights


def apply(pixels: Pixels, image: NDArray[np.float32]) -> NDArray[np.float64]:
    """Do in numpy what the nodes of `build` do, to check them.

    Parameters
    ----------
    pixels
        What the network is fed.
    image
        ``[batch, 3, height, width]`` in 0..1.

    Returns
    -------
    ndarray
        In the network's layout.
    """
    fed: NDArray[np.float64] = pixels.fed(np.moveaxis(image.astype(np.float64), 1, -1))
    return fed if pixels.layout == "nhwc" else np.moveaxis(fed, -1, 1)


def cancel_transposes(nodes: list[onnx.NodeProto], graph: onnx.GraphProto) -> None:
    """Take out a transposition to NHWC that the graph undoes at once.

    Parameters
    ----------
    nodes
        What `build` gave; its last node is taken out where every reader in `graph` undoes it.
    graph
        The network behind it; changed in place.
    """
    last = nodes[-1]
    readers = [node for node in graph.node if last.output[0] in node.input]
    undone = [node.op_type == "Transpose" and _permutation(node) == TO_NCHW for node in readers]
    if last.op_type != "Transpose" or not all(undone) or len(nodes) == 1:
        return
    nodes.pop()
    for reader in readers:
        # An Identity, not a new name for the prepared tensor: the result may be an output.
        reader.CopyFrom(
            helper.make_node("Identity", [nodes[-1].output[0]], reader.output, name=reader.name)
        )


def _permutation(node: onnx.NodeProto) -> tuple[int, ...]:
    """Return the axes of a Transpose."""
    return tuple(helper.get_node_attr_value(node, "perm")) if node.attribute else ()
