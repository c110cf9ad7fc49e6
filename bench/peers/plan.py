"""A network and an objective as a plan that any framework can run step by step.

This module reads no ONNX, so that a peer that starts from a stored plan does not import it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy.typing as npt

from bench.errors import BenchError
from dreamlayer.core.recipe.term import Term

IMAGE = "image"
"""The name of the image among a plan's tensors, as in every network file."""

RELU6 = "Relu6"
"""The operator of a step that ONNX writes as a Clip to 0..6."""

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
        Tensors that it reads: constants, the image, or outputs of earlier steps.
    output : str
        The tensor that it computes.
    attributes : dict
        As the file has them; absent ones mean ONNX's defaults.
    drops : tuple of str
        Tensors that nothing reads after this step, so that a peer needs no more memory than a
        model written by hand, whose local variables go out of scope.
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
        Weights, statistics and scalars by name, as plain numbers: compressed kernels are decoded
        once, since a framework's user has them as float32.
    steps : tuple of Step
        In topological order.
    terms : tuple of Term
        The objective; the tensors that it reads are never dropped.
    """

    constants: dict[str, Array]
    steps: tuple[Step, ...]
    terms: tuple[Term, ...]


def carry_out(
    plan: Plan,
    image: T,
    constants: Mapping[str, T],
    operators: Mapping[str, Callable[[Step, list[T]], T]],
) -> dict[str, T]:
    """Run the steps with a framework's own operators, and return the tensors of the objective.

    Parameters
    ----------
    plan : Plan
        What to run.
    image : tensor
        The batch of images, in the framework's layout.
    constants : mapping
        The plan's constants as the framework's tensors.
    operators : mapping
        For each ONNX operator, a function of the step and its inputs.
    """
    tensors = {**constants, IMAGE: image}
    for step in plan.steps:
        made = operators[step.op](step, [tensors[name] for name in step.inputs])
        for name in step.drops:
            del tensors[name]
        tensors[step.output] = made
    return {term.layer: tensors[term.layer] for term in plan.terms}


def refuse_unknown(plan: Plan, operators: Iterable[str], framework: str) -> None:
    """Raise `BenchError` if the plan has an operator that a peer's table lacks."""
    known = set(operators)
    for step in plan.steps:
        if step.op not in known:
            raise BenchError(
                f"the {framework} peer does not know {step.op} ({step.output!r}); "
                f"it knows {', '.join(sorted(known))}"
            )


Pads = tuple[int, int, int, int]
"""Rows above, columns before, rows below, columns after."""


def pads_of(step: Step, kernel: tuple[int, int], size: tuple[int, int]) -> Pads:
    """The zeros around an input of `size`, height and width.

    Raises
    ------
    BenchError
        The step rounds the size of its result up, which not all frameworks do.
    """
    if step.attributes.get("ceil_mode", 0):
        raise BenchError(
            f"{step.op} ({step.output!r}) has ceil_mode, which not all frameworks have"
        )
    if not same_upper(step):
        top, left, bottom, right = step.attributes.get("pads") or (0, 0, 0, 0)
        return top, left, bottom, right
    strides, dilations = pair_of(step, "strides"), pair_of(step, "dilations")
    needed = [
        max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        for n, s, k, d in zip(size, strides, kernel, dilations, strict=True)
    ]
    top, left = (n // 2 for n in needed)
    return top, left, needed[0] - top, needed[1] - left


def same_upper(step: Step) -> bool:
    """Whether padding follows from the size as TensorFlow's SAME; `BenchError` if otherwise."""
    automatic = step.attributes.get("auto_pad", "NOTSET")
    if automatic not in ("NOTSET", "VALID", "SAME_UPPER"):
        raise BenchError(f"{step.op} ({step.output!r}) has auto_pad {automatic}, which nobody has")
    return bool(automatic == "SAME_UPPER")


def pair_of(step: Step, name: str) -> tuple[int, int]:
    """An attribute of two numbers, such as `strides`; ONNX's default for all of them is 1, 1."""
    first, second = step.attributes.get(name) or (1, 1)
    return first, second
