"""Read a network file into a plan that any framework can carry out step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from bench.errors import BenchError
from core.inference import IMAGE, attributes
from core.term import Term

Array = npt.NDArray[Any]
T = TypeVar("T")
"""A framework's tensor."""


@dataclass(frozen=True)
class Step:
    """One operator that depends on the image.

    Attributes
    ----------
    op : str
        The ONNX operator.
    inputs : tuple of str
        Tensors it reads: constants, the image, or outputs of earlier steps.
    output : str
        The tensor it makes.
    attributes : dict
        As the file has them; absent ones mean ONNX's defaults.
    drops : tuple of str
        Tensors that nothing reads after this step, so that a peer keeps no more in memory than
        a model written by hand, whose local names go out of scope.
    """

    op: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Any]
    drops: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """An objective and the part of a network that it needs.

    Attributes
    ----------
    constants : dict
        Weights, statistics and scalars by name, as plain numbers: compressed kernels are
        evaluated here, once, since a framework's user has them as float32.
    steps : tuple of Step
        In an order that can be run.
    terms : tuple of Term
        The objective; the tensors it taps are never dropped.
    """

    constants: dict[str, Array]
    steps: tuple[Step, ...]
    terms: tuple[Term, ...]


def plan_of(model: onnx.ModelProto, terms: Sequence[Term]) -> Plan:
    """Split a network into constants, evaluated, and the steps between image and objective.

    Parameters
    ----------
    model : onnx.ModelProto
        A network file by the contract of `core.network`. It is not changed.
    terms : sequence of Term
        The objective.
    """
    layers = {term.layer for term in terms}
    needed = _needed(model.graph.node, layers)
    live = {IMAGE}
    moving, still = [], []
    for node in needed:
        if live.isdisjoint(node.input):
            still.append(node)
        else:
            live.update(node.output)
            moving.append(node)
    read = {name for node in moving for name in node.input if name and name not in live}
    return Plan(_constants(model, still, read), _steps(moving, layers, live), tuple(terms))


def carry_out(
    plan: Plan,
    image: T,
    constants: Mapping[str, T],
    operators: Mapping[str, Callable[[Step, list[T]], T]],
) -> dict[str, T]:
    """Run the steps with a framework's own operators, and return the tensors that are tapped.

    Parameters
    ----------
    plan : Plan
        What to run.
    image : tensor
        The batch of images, in the framework's layout.
    constants : mapping
        The plan's constants as the framework's tensors.
    operators : mapping
        For each ONNX operator a function of the step and its inputs.
    """
    tensors = {**constants, IMAGE: image}
    for step in plan.steps:
        made = operators[step.op](step, [tensors[name] for name in step.inputs])
        for name in step.drops:
            del tensors[name]
        tensors[step.output] = made
    return {term.layer: tensors[term.layer] for term in plan.terms}


def refuse_unknown(plan: Plan, operators: Iterable[str], framework: str) -> None:
    """Raise `BenchError` where the plan has an operator that a peer's table lacks."""
    known = set(operators)
    for step in plan.steps:
        if step.op not in known:
            raise BenchError(
                f"the {framework} peer does not know {step.op} ({step.output!r}); "
                f"it knows {', '.join(sorted(known))}"
            )


def padding_of(step: Step) -> tuple[int, int]:
    """Rows and columns of padding; `BenchError` unless given as numbers, equal at both ends."""
    top, left, bottom, right = step.attributes.get("pads") or (0, 0, 0, 0)
    automatic = step.attributes.get("auto_pad", "NOTSET") != "NOTSET"
    if automatic or step.attributes.get("ceil_mode", 0) or (top, left) != (bottom, right):
        raise BenchError(
            f"{step.op} ({step.output!r}) pads in a way that the frameworks do not share; "
            f"equal numbers at both ends are allowed, without auto_pad or ceil_mode"
        )
    return top, left


def pair_of(step: Step, name: str) -> tuple[int, int]:
    """An attribute of two numbers, such as `strides`; ONNX's default for all of them is 1, 1."""
    first, second = step.attributes.get(name) or (1, 1)
    return first, second


def _needed(nodes: Sequence[onnx.NodeProto], names: Iterable[str]) -> list[onnx.NodeProto]:
    wanted, found = set(names), []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            found.append(node)
            wanted.update(node.input)
    return found[::-1]


def _steps(nodes: Sequence[onnx.NodeProto], layers: set[str], live: set[str]) -> tuple[Step, ...]:
    last: dict[str, int] = {}
    for number, node in enumerate(nodes):
        last.update(dict.fromkeys((name for name in node.input if name in live), number))
    return tuple(
        Step(
            node.op_type,
            tuple(node.input),
            node.output[0],
            attributes(node),
            tuple(name for name, at in last.items() if at == number and name not in layers),
        )
        for number, node in enumerate(nodes)
    )


def _constants(
    model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto], names: set[str]
) -> dict[str, Array]:
    """The values of tensors that do not depend on the image."""
    stored = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    made = {name for node in nodes for name in node.output}
    graph = onnx.helper.make_graph(
        nodes,
        "constants",
        inputs=[],
        outputs=[onnx.ValueInfoProto(name=name) for name in sorted(names & made)],
        initializer=model.graph.initializer,
    )
    part = onnx.helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version
    )
    results = ReferenceEvaluator(part).run(None, {})
    values = dict(zip(sorted(names & made), results, strict=True))
    # Copies, since arrays over a file's bytes are read-only, which frameworks complain about.
    return {name: np.array(values[name] if name in made else stored[name]) for name in names}
