"""The feature maps of an exported file that a user would look for, found by running it.

This is the yardstick of what adoption offers, and shares no code with it: convolutions, activations
and concatenations of channels or tokens whose results have more than one position.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from activations import all_tensors, as_planes, map_of
from onnx import numpy_helper

Array = npt.NDArray[Any]

CONVOLUTIONS = frozenset({"Conv", "ConvTranspose"})
ACTIVATIONS = frozenset(
    [
        "Relu",
        "LeakyRelu",
        "PRelu",
        "Elu",
        "Selu",
        "Celu",
        "ThresholdedRelu",
        "HardSwish",
        "Swish",
        "Gelu",
        "Mish",
        "Softsign",
    ]
)
GATES = frozenset(["Sigmoid", "HardSigmoid", "Tanh", "Erf", "Clip", "Softplus", "Min"])
"""Operators that are an activation alone, or the core of one such as x · sigmoid(x)."""
ARITHMETIC = frozenset(["Mul", "Div", "Add", "Sub", "Neg", "Pow", "Tanh", "Max", "Min"])


@dataclass(frozen=True)
class SourceMap:
    """A feature map of the source, and tensors that count as the same one.

    Attributes
    ----------
    tensor : str
        Its name in the source's file.
    kind : str
        `convolution`, `activation` or `concatenation`.
    planes : list of array
        Its values, [batch, channels, rows, columns]; for a convolution followed by a batch norm
        alone, those behind the norm too, since exporters and adoption fold the two.
    """

    tensor: str
    kind: str
    planes: list[Array]


def source_maps(
    file: Path, feeds: Mapping[str, Array], image_size: tuple[int, int]
) -> list[SourceMap]:
    """All convolutions, activations and concatenations of a file that have positions."""
    graph = _Graph(onnx.load(file))
    values = all_tensors(file, feeds)
    # What is the same for another image, such as a bias by position, is a weight and no map.
    other = all_tensors(file, {name: 1 - value for name, value in feeds.items()})
    values = {name: one for name, one in values.items() if not np.array_equal(one, other[name])}
    found: list[SourceMap] = []
    seen: set[str] = set()
    for node in graph.nodes:
        for kind, tensor in graph.kinds(node):
            planes = _planes(values.get(tensor), image_size)
            if planes is None or tensor in seen or _puts_rows_together(node, values, image_size):
                continue
            seen.add(tensor)
            others = [_planes(values.get(name), image_size) for name in graph.normed(tensor, kind)]
            found.append(SourceMap(tensor, kind, [planes, *(x for x in others if x is not None)]))
    return found


def _puts_rows_together(
    node: onnx.NodeProto, values: Mapping[str, Array], image_size: tuple[int, int]
) -> bool:
    """Whether a map is composed of parts of the picture, as where it is rolled around."""
    if node.op_type != "Concat" or node.output[0] not in values:
        return False
    if values[node.output[0]].ndim != 4:
        return False
    form = map_of(values[node.output[0]].shape, image_size)
    axis = next(one.i for one in node.attribute if one.name == "axis") % 4
    return form is not None and axis != (3 if form.channels_last else 1)


def _planes(values: Array | None, image_size: tuple[int, int]) -> Array | None:
    form = None if values is None else map_of(values.shape, image_size)
    return None if form is None or values is None else as_planes(values, form)


class _Graph:
    """Nodes, constants and who reads what."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.nodes = list(model.graph.node)
        self.constants = {x.name: numpy_helper.to_array(x) for x in model.graph.initializer}
        for node in self.nodes:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                self.constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        self.producer = {name: node for node in self.nodes for name in node.output}
        self.consumers: dict[str, list[onnx.NodeProto]] = {}
        for node in self.nodes:
            for name in node.input:
                self.consumers.setdefault(name, []).append(node)
        gates = [node for node in self.nodes if node.op_type in GATES]
        paths = [self._path(node) for node in gates]
        self._ends = {node.output[0]: path[-1] for node, path in zip(gates, paths, strict=True)}
        # Gates within the activation of another, such as the Tanh behind the Softplus of Mish.
        self._within = {name for path in paths for name in path[1:]}

    def kinds(self, node: onnx.NodeProto) -> list[tuple[str, str]]:
        """What a node's output counts as, and under which name."""
        tensor = node.output[0] if node.output else ""
        if node.op_type in CONVOLUTIONS:
            return [("convolution", self._biased(tensor))]
        if node.op_type == "Concat":
            return [("concatenation", tensor)]
        if node.op_type in ACTIVATIONS:
            return [("activation", tensor)]
        if node.op_type in GATES:
            return [] if tensor in self._within else [("activation", self._ends[tensor])]
        return []

    def _biased(self, tensor: str) -> str:
        """The end of a convolution whose bias is added by a node of its own."""
        reader = self._only_reader(tensor)
        if reader is not None and reader.op_type == "Add" and self._constant_beside(reader, tensor):
            return str(reader.output[0])
        return tensor

    def normed(self, tensor: str, kind: str) -> list[str]:
        """What follows a convolution in the form of a batch norm: the operator, or Mul and Add."""
        names: list[str] = []
        reader = self._only_reader(tensor) if kind == "convolution" else None
        while reader is not None and len(names) < 3:
            if reader.op_type == "BatchNormalization":
                return [*names, reader.output[0]]
            constant = self._constant_beside(reader, tensor)
            if not (reader.op_type in {"Mul", "Add", "Sub"} and constant):
                break
            tensor = reader.output[0]
            names.append(tensor)
            reader = self._only_reader(tensor)
        return names

    def _only_reader(self, tensor: str) -> onnx.NodeProto | None:
        readers = self.consumers.get(tensor, [])
        return readers[0] if len(readers) == 1 else None

    def _constant_beside(self, node: onnx.NodeProto, tensor: str) -> bool:
        return all(name in self.constants for name in node.input if name != tensor)

    def _path(self, node: onnx.NodeProto) -> list[str]:
        """From a gate to the last product of its activation, as x · sigmoid(x)."""
        base = self._base(node.input[0])
        path = [node.output[0]]
        end = 1
        while True:
            readers = self.consumers.get(path[-1], [])
            if len(readers) != 1 or readers[0].op_type not in ARITHMETIC:
                return path[:end]
            reader = readers[0]
            others = [name for name in reader.input if name != path[-1] and name]
            if not all(self._scalar(name) or self._base(name) == base for name in others):
                return path[:end]
            path.append(reader.output[0])
            # A shift after a ReLU6 belongs to something else; a product with x to the activation.
            if reader.op_type in {"Mul", "Div"}:
                end = len(path)

    def _base(self, tensor: str) -> str:
        """What a tensor was before scalar arithmetic."""
        while True:
            node = self.producer.get(tensor)
            if node is None or node.op_type not in ARITHMETIC:
                return tensor
            inner = [name for name in node.input if name and not self._scalar(name)]
            bases = {self._base(name) for name in inner} if len(inner) > 1 else set(inner)
            if len(bases) != 1:
                return tensor
            tensor = bases.pop()

    def _scalar(self, tensor: str) -> bool:
        return tensor in self.constants and self.constants[tensor].size == 1
