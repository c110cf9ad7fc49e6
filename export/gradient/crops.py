"""Write padding that may be negative as a Slice and a Pad, which more runtimes know.

The gradient of a convolution with strides is cropped or padded to the image's extent, and which of
the two it is may depend on the image's size. ONNX allows Pad to crop; onnx's reference evaluator
refuses that, and OpenVINO fails on small images.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from dreamlayer.core.graph.edit import prune
from dreamlayer.core.graph.inference import attributes, inferred

_END = 2**31 - 1
"""An end of a Slice that no axis reaches."""

Ints = npt.NDArray[np.int64]


def crop_by_slices(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replace every Pad with zeros that crops, or may crop.

    Parameters
    ----------
    model
        Any model; it is not changed.

    Returns
    -------
    onnx.ModelProto
        The same function, in which no Pad has negative pads. What pads with a mode other than
        ``constant``, or along chosen axes, is left.
    """
    result = copy.deepcopy(model)
    ranks = {name: len(dims) for name, dims in inferred(model).shapes.items()}
    constants = {tensor.name: tensor for tensor in result.graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for number, node in enumerate(result.graph.node):
        plain = node.op_type == "Pad" and attributes(node).get("mode", "constant") == "constant"
        rank = ranks.get(node.input[0]) if plain and not any(node.input[3:]) else None
        if rank is None:
            nodes.append(node)
            continue
        known = constants.get(node.input[1])
        parts = _Parts(result.graph, f"crop_{number}")
        if known is None:
            nodes += parts.computed(node, rank)
        elif (pads := numpy_helper.to_array(known)).min() < 0:
            nodes += parts.constant(node, pads, rank)
        else:
            nodes.append(node)
    del result.graph.node[:]
    result.graph.node.extend(nodes)
    prune(result)
    return result


class _Parts:
    """The nodes in place of one Pad, whose tensors' names begin alike."""

    def __init__(self, graph: onnx.GraphProto, stem: str) -> None:
        self._graph = graph
        taken = {name for node in graph.node for name in [*node.input, *node.output]}
        while any(name.startswith(f"{stem}/") for name in taken):
            stem += "_"
        self._stem = stem

    def constant(self, node: onnx.NodeProto, pads: Ints, rank: int) -> Iterator[onnx.NodeProto]:
        """Where the pads are known; the Slice and the Pad only where there is something to do."""
        begin, end = pads[:rank], pads[rank:]
        axes = np.flatnonzero((begin < 0) | (end < 0))
        grown = np.maximum(pads, 0)
        cropped = self._name("cropped") if grown.any() else node.output[0]
        starts = np.maximum(-begin, 0)[axes]
        ends = np.where(end < 0, end, _END)[axes]
        given = [self._ints("starts", starts), self._ints("ends", ends), self._ints("axes", axes)]
        yield helper.make_node("Slice", [node.input[0], *given], [cropped], name=cropped)
        if grown.any():
            yield self._pad(node, cropped, self._ints("pads", grown))

    def computed(self, node: onnx.NodeProto, rank: int) -> Iterator[onnx.NodeProto]:
        """Where the pads are computed."""
        zero, middle = self._ints("zero", np.zeros(1)), self._ints("middle", np.array([rank]))
        last, pads, x = self._ints("last", np.array([2 * rank])), node.input[1], node.input[0]
        name = self._name
        for op, inputs, output in (
            ("Max", [pads, zero], name("pads")),
            ("Neg", [pads], name("crops")),
            ("Max", [name("crops"), zero], name("cropping")),
            ("Slice", [name("cropping"), zero, middle], name("starts")),
            ("Slice", [name("cropping"), middle, last], name("behind")),
            ("Shape", [x], name("shape")),
            ("Sub", [name("shape"), name("behind")], name("ends")),
            ("Slice", [x, name("starts"), name("ends")], name("cropped")),
        ):
            yield helper.make_node(op, inputs, [output], name=output)
        yield self._pad(node, name("cropped"), name("pads"))

    def _pad(self, node: onnx.NodeProto, x: str, pads: str) -> onnx.NodeProto:
        padding = copy.deepcopy(node)
        padding.input[0], padding.input[1] = x, pads
        return padding

    def _name(self, word: str) -> str:
        return f"{self._stem}/{word}"

    def _ints(self, word: str, numbers: npt.ArrayLike) -> str:
        array = np.asarray(numbers, np.int64)
        self._graph.initializer.append(numpy_helper.from_array(array, self._name(word)))
        return self._name(word)
