"""Write GELU and HardSwish as products with a gate, x · gate(x), ahead of differentiation.

Exporters write them in many ways; in this one they take fewest passes over a layer, and the
gradient reuses the gate (`rules.gates`).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.core.autodiff.rules.gates import HARD, NORMAL, hard_sigmoid_is
from dreamlayer.core.graph.inference import attributes, inferred

_CLOSE = 1e-4
"""Relative tolerance of constants, which some exporters round."""


def gate_activations(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replace each GELU and HardSwish by a product with its gate.

    Recognized are the operators Gelu and HardSwish, and in any order of their factors
    x / 2 · (1 + erf(x / √2)), x · HardSigmoid(x) and x · Clip(x + 3, 0, 6) / 6.

    Parameters
    ----------
    model : onnx.ModelProto
        A network; it is not changed.

    Returns
    -------
    onnx.ModelProto
        The same function, to rounding; the model itself if it has none of them.
    """
    reading = _Reading(model)
    gates = {node.output[0]: gate for node in model.graph.node if (gate := reading.gate(node))}
    if not gates:
        return model
    types = inferred(model).dtypes
    gates = {name: gate for name, gate in gates.items() if types.get(gate.x) == TensorProto.FLOAT}
    result = copy.deepcopy(model)
    del result.graph.node[:]
    for node in model.graph.node:
        gate = gates.get(node.output[0])
        if gate is None:
            result.graph.node.append(node)
        else:
            result.graph.node.extend(_product(gate, node.output[0], result.graph))
    return result


_GELU, _HARD_SWISH = "gelu", "hard_swish"


@dataclass(frozen=True)
class _Gate:
    """An activation of a tensor."""

    kind: str
    x: str


def _product(gate: _Gate, output: str, graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """The nodes of x · gate(x); constants are added to the graph."""
    stem = f"gate/{output}"
    source, constants = gate.x, HARD
    if gate.kind == _GELU:
        root = np.asarray(math.sqrt(0.5), np.float32)
        graph.initializer.append(numpy_helper.from_array(root, f"{stem}/root"))
        yield helper.make_node("Mul", [gate.x, f"{stem}/root"], [f"{stem}/scaled"])
        yield helper.make_node("Erf", [f"{stem}/scaled"], [f"{stem}/erf"])
        source, constants = f"{stem}/erf", NORMAL
    alpha, beta = constants
    yield helper.make_node("HardSigmoid", [source], [stem], alpha=alpha, beta=beta)
    yield helper.make_node("Mul", [gate.x, stem], [output], name=output)


@dataclass(frozen=True)
class _Factors:
    """A product of a number and tensors."""

    number: float = 1.0
    tensors: tuple[str, ...] = ()

    def times(self, other: _Factors) -> _Factors:
        return _Factors(self.number * other.number, self.tensors + other.tensors)


@dataclass
class _Reading:
    """A model's nodes and numbers by the tensors that they give."""

    model: onnx.ModelProto
    makers: Mapping[str, onnx.NodeProto] = field(init=False)
    numbers: Mapping[str, float] = field(init=False)

    def __post_init__(self) -> None:
        nodes = self.model.graph.node
        self.makers = {name: node for node in nodes for name in node.output}
        constants = {tensor.name: tensor for tensor in self.model.graph.initializer}
        for node in nodes:
            if node.op_type == "Constant":
                value = attributes(node).get("value")
                if value is not None:
                    constants[node.output[0]] = value
        self.numbers = {
            name: float(numpy_helper.to_array(tensor).item())
            for name, tensor in constants.items()
            if math.prod(tensor.dims) == 1 and tensor.data_type == TensorProto.FLOAT
        }

    def gate(self, node: onnx.NodeProto) -> _Gate | None:
        """The activation that a node computes or ends."""
        if node.op_type == "HardSwish":
            return _Gate(_HARD_SWISH, node.input[0])
        if node.op_type == "Gelu" and attributes(node).get("approximate", "none") == "none":
            return _Gate(_GELU, node.input[0])
        if node.op_type not in ("Mul", "Div"):
            return None
        root = node.output[0]
        for factor in self._factors(root).tensors:
            made = self.makers.get(factor)
            if made is None:
                continue
            for kind, number, x in self._gates(made):
                whole = self._factors(root, but=x)
                if _near(whole.number, number) and sorted(whole.tensors) == sorted((x, factor)):
                    return _Gate(kind, x)
        return None

    def _gates(self, made: onnx.NodeProto) -> Iterator[tuple[str, float, str]]:
        """What a factor may be the gate of: the activation, the number beside it, and x."""
        if made.op_type == "Add":
            erf = self.makers.get(self._plus(made, 1.0))
            scaled = erf.input[0] if erf is not None and erf.op_type == "Erf" else ""
            for x in self.makers[scaled].input if scaled in self.makers else ():
                found = self._factors(scaled, but=x)
                if found.tensors == (x,) and _near(found.number, math.sqrt(0.5)):
                    yield _GELU, 0.5, x
        elif made.op_type == "HardSigmoid":
            if hard_sigmoid_is(made, HARD):
                yield _HARD_SWISH, 1.0, made.input[0]
        elif made.op_type == "Clip" and self._bounds(made) == (0.0, 6.0):
            shifted = self.makers.get(made.input[0])
            x = "" if shifted is None or shifted.op_type != "Add" else self._plus(shifted, 3.0)
            if x:
                yield _HARD_SWISH, 1 / 6, x

    def _factors(self, name: str, but: str = "") -> _Factors:
        """A tensor as a product; tensor `but` is not taken apart."""
        if name in self.numbers:
            return _Factors(self.numbers[name])
        made = self.makers.get(name)
        if name == but or made is None or made.op_type not in ("Mul", "Div"):
            return _Factors(tensors=(name,))
        first, second = (self._factors(part, but) for part in made.input)
        if made.op_type == "Mul":
            return first.times(second)
        if second.tensors or not second.number:
            return _Factors(tensors=(name,))
        return first.times(_Factors(1 / second.number))

    def _plus(self, made: onnx.NodeProto, number: float) -> str:
        """The other summand of a sum with a number; empty if it is another sum."""
        for this, other in (made.input, reversed(made.input)):
            if other in self.numbers and _near(self.numbers[other], number):
                return str(this)
        return ""

    def _bounds(self, made: onnx.NodeProto) -> tuple[float | None, ...]:
        return tuple(self.numbers.get(name) for name in made.input[1:])


def _near(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=_CLOSE)
