"""Activations that are written as several nodes, such as x · sigmoid(x): which node ends each."""

from __future__ import annotations

import math
from collections.abc import Iterable

import onnx

ACTIVATIONS = frozenset(
    {
        *("Relu", "LeakyRelu", "PRelu", "ThresholdedRelu", "Elu", "Selu", "Celu", "Clip"),
        *("Sigmoid", "HardSigmoid", "HardSwish", "Swish", "Tanh", "Softplus", "Softsign"),
        *("Gelu", "Mish", "Shrink", "Erf"),
    }
)
"""Operators that are activations, or parts of one."""

_ARITHMETIC = frozenset({"Add", "Sub", "Mul", "Div", "Pow", "Neg", "Min", "Max", "Sum"})
_COPIES = frozenset({"Identity", "Cast", "Dropout"})
_OTHERS = frozenset({"Exp", "Log", "Sqrt", "Reciprocal", "Abs", "Sin", "Sign", "Where"})


def parts_of_activations(graph: onnx.GraphProto) -> set[str]:
    """Find the tensors that are only steps of an activation.

    An activation is a function of one tensor, element by element. Where that tensor enters it more
    than once, as in x · sigmoid(x), x · clip(x + 3, 0, 6) / 6 or x / 2 · (1 + erf(x / √2)), all
    nodes but the last are steps. So are sums and products with a single number, which is what
    follows or precedes a written-out activation, or scales a layer that is there already.

    Parameters
    ----------
    graph
        A network.

    Returns
    -------
    set of str
        Names of tensors that are no layers of their own.
    """
    return _Regions(graph).parts()


class _Regions:
    """For each node that works element by element on one tensor, that tensor: its root."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._outputs = {info.name for info in graph.output}
        self._numbers = _numbers(graph)
        self._readers: dict[str, list[onnx.NodeProto]] = {}
        self._roots: dict[str, str] = {}
        self._nodes: list[onnx.NodeProto] = []
        for node in graph.node:
            for name in dict.fromkeys(node.input):
                self._readers.setdefault(name, []).append(node)
            if node.op_type in ACTIVATIONS | _ARITHMETIC | _COPIES | _OTHERS:
                roots = {self._roots.get(name, name) for name in self._tensors(node)}
                if len(roots) == 1:
                    self._roots[node.output[0]] = roots.pop()
                    self._nodes.append(node)

    def parts(self) -> set[str]:
        """See `parts_of_activations`."""
        joining: set[str] = set()  # tensors that only lead to a join
        for node in reversed(self._nodes):
            readers = self._inside(node.output[0])
            if readers and all(self._joins(one) or one.output[0] in joining for one in readers):
                joining.add(node.output[0])
        found = set(joining)
        joined: set[str] = set()  # tensors behind a join, up to the last factor
        for node in self._nodes:
            name = node.output[0]
            factor = self._scales(node)
            if self._joins(node) or (factor and joined.intersection(node.input)):
                joined.add(name)
                readers = self._inside(name)
                if readers and all(map(self._scales, readers)):
                    found.add(name)
            elif factor:
                found.add(name)
        return found

    def _tensors(self, node: onnx.NodeProto) -> list[str]:
        """What a node reads, without single numbers."""
        if node.op_type in ("Clip", "Cast", "Dropout", "PRelu"):
            return list(node.input[:1])
        return [name for name in node.input if name and name not in self._numbers]

    def _inside(self, name: str) -> list[onnx.NodeProto]:
        """The readers of a tensor, if all of them belong to the same activation."""
        readers = self._readers.get(name, [])
        root = self._roots[name]
        own = all(self._roots.get(one.output[0]) == root for one in readers)
        return readers if own and name not in self._outputs else []

    def _joins(self, node: onnx.NodeProto) -> bool:
        """Whether two branches of an activation meet in a node."""
        return len(set(self._tensors(node))) > 1

    def _scales(self, node: onnx.NodeProto) -> bool:
        """Whether a node calculates with one tensor and numbers, or copies."""
        plain = node.op_type in _ARITHMETIC | _COPIES
        return plain and not self._joins(node) and node.output[0] in self._roots


def _numbers(graph: onnx.GraphProto) -> set[str]:
    """Names of constants that are a single number."""
    found = {tensor.name for tensor in graph.initializer if math.prod(tensor.dims) == 1}
    for node in graph.node:
        if node.op_type == "Constant" and _is_number(node.attribute):
            found.add(node.output[0])
    return found


def _is_number(attributes: Iterable[onnx.AttributeProto]) -> bool:
    return any(
        one.name in ("value_float", "value_int")
        or (one.name == "value" and math.prod(one.t.dims) == 1)
        for one in attributes
    )
