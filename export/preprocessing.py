"""From RGB in 0..1 to the pixels that a network was trained on, as ONNX nodes and as arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.core.graph.names import IMAGE

RANGES: dict[str, tuple[float, float]] = {
    "0..1": (1.0, 0.0),
    "0..255": (255.0, 0.0),
    "-1..1": (2.0, -1.0),
}
"""Factor and offset from 0..1, by the name of a range."""

LAYOUTS = ("nchw", "nhwc")
TO_NHWC, TO_NCHW = (0, 2, 3, 1), (0, 3, 1, 2)


@dataclass(frozen=True)
class Pixels:
    """The pixels that a network expects.

    Attributes
    ----------
    input
        Name of its input.
    layout, channels, range
        One of `LAYOUTS`, ``rgb`` or ``bgr``, and one of `RANGES`.
    mean, std
        Red, green, blue, in units of the range; the network sees (value - mean) / std.
    element_type
        ONNX element type of the input.
    shape
        Of the input as declared; None for a symbolic axis.
    notes
        How each of these was found out, a line each, for the terminal.
    """

    input: str
    layout: str = "nchw"
    channels: str = "rgb"
    range: str = "0..1"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    element_type: int = TensorProto.FLOAT
    shape: tuple[int | None, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def images(self) -> int:
        """How many images the source takes at a time; 1 for any number."""
        return (self.shape[0] if self.shape else None) or 1

    def record(self) -> dict[str, Any]:
        """Return the description for the file's metadata."""
        return {
            "layout": self.layout,
            "channels": self.channels,
            "range": self.range,
            "mean": list(self.mean),
            "std": list(self.std),
        }

    def preprocess(self, image: Any) -> Any:
        """Do by arithmetic what the nodes of `build` do, to check them.

        Parameters
        ----------
        image
            ``[batch, height, width, 3]``, RGB in 0..1: an array or a tensor of TensorFlow.

        Returns
        -------
        array or tensor
            What the network sees, its channels last.
        """
        factor, offset = RANGES[self.range]
        values = (image * factor + offset - list(self.mean)) / list(self.std)
        return values[..., ::-1] if self.channels == "bgr" else values

    def preprocess_planes(self, image: NDArray[np.float32]) -> NDArray[np.float64]:
        """Do the same to ``[batch, 3, height, width]``, and return it in the network's layout."""
        values: NDArray[np.float64] = self.preprocess(np.moveaxis(image.astype(np.float64), 1, -1))
        return values if self.layout == "nhwc" else np.moveaxis(values, -1, 1)


def build(pixels: Pixels, output: str) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Make the nodes that turn ``image`` into the pixels that a network expects.

    Parameters
    ----------
    pixels
        What it expects.
    output
        Name of the resulting tensor.

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


def cancel_transposes(nodes: list[onnx.NodeProto], graph: onnx.GraphProto) -> None:
    """Remove a transposition to NHWC that the graph undoes at once.

    Parameters
    ----------
    nodes
        What `build` gave; its last node is removed where every reader in `graph` undoes it.
    graph
        The network after it; changed in place.
    """
    last = nodes[-1]
    readers = [node for node in graph.node if last.output[0] in node.input]
    undone = [node.op_type == "Transpose" and _permutation(node) == TO_NCHW for node in readers]
    if last.op_type != "Transpose" or not all(undone) or len(nodes) == 1:
        return
    nodes.pop()
    for reader in readers:
        # An Identity, not another name for the prepared tensor: the result may be an output.
        reader.CopyFrom(
            helper.make_node("Identity", [nodes[-1].output[0]], reader.output, name=reader.name)
        )


def _permutation(node: onnx.NodeProto) -> tuple[int, ...]:
    """Return the axes of a Transpose."""
    return tuple(helper.get_node_attr_value(node, "perm")) if node.attribute else ()
