"""What is known of a tensor at one size of image, and how a rule sees the node that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import onnx

Shape = tuple[int, ...]
Array = npt.NDArray[Any]

LARGEST_INT = 2**63 - 1
_PLAIN = 2**31
"""Bound of the numbers that are accepted in sizes' arithmetic where no size comes near."""


class UnknownSizeError(Exception):
    """A size depends on what is not known without running the network."""


class UnfitError(Exception):
    """A node contradicts the sizes of what it reads; the message is part of a sentence."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """What is known of a tensor.

    Attributes
    ----------
    dtype : int
        Element type as in `onnx.TensorProto`; 0 if unknown.
    shape : tuple of int, optional
        All its sizes, or None.
    value : array, optional
        Its elements, where they are few and depend on sizes and constants only.
    """

    dtype: int
    shape: Shape | None = None
    value: Array | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A node, parsed once for many sizes of image.

    Attributes
    ----------
    op : str
        Operator of the standard; with its domain in front if it is of another.
    inputs, outputs : tuple of str
        Names of tensors, '' for those left out.
    attributes : dict
        As of `core.graph.inference.attributes`.
    opset : int
        Version of the standard operators.
    proto : onnx.NodeProto
        The node itself.
    """

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    opset: int
    proto: onnx.NodeProto


@dataclass(frozen=True, slots=True)
class Call:
    """A node with what is known of its inputs; None for inputs that are left out."""

    step: Step
    inputs: Sequence[Tensor | None]

    @property
    def attributes(self) -> dict[str, Any]:
        """The node's attributes."""
        return self.step.attributes

    @property
    def count(self) -> int:
        """The number of outputs."""
        return len(self.step.outputs)

    def has(self, index: int) -> bool:
        """Whether an optional input is given."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def tensor(self, index: int = 0) -> Tensor:
        """A required input."""
        tensor = self.inputs[index] if index < len(self.inputs) else None
        if tensor is None:
            raise UnfitError(f"lacks input {index + 1}")
        return tensor

    def shape(self, index: int = 0) -> Shape:
        """The shape of a required input."""
        shape = self.tensor(index).shape
        if shape is None:
            raise UnknownSizeError
        return shape

    def value(self, index: int = 0) -> Array:
        """The elements of a required input."""
        value = self.tensor(index).value
        if value is None:
            raise UnknownSizeError
        return value

    def numbers(self, index: int, name: str | None = None) -> list[int] | None:
        """Integers that are an input or, in older versions, an attribute; None if left out."""
        if self.has(index):
            return [int(number) for number in self.value(index).reshape(-1)]
        given = self.attributes.get(name) if name is not None else None
        if given is None:
            return None
        return [int(number) for number in (given if isinstance(given, list | tuple) else [given])]

    def sides(self, name: str, axes: int, default: int) -> list[int]:
        """An attribute with a number for each spatial axis."""
        given = self.attributes.get(name)
        if given is None:
            return [default] * axes
        return checked(given, name, axes)


def checked(given: Sequence[int], name: str, count: int) -> list[int]:
    """Numbers of an attribute, as many as needed and none so large that no image has it."""
    numbers = [int(number) for number in given]
    if len(numbers) != count:
        raise UnfitError(f"has {len(numbers)} {name}, but needs {count}")
    if any(abs(number) > _PLAIN for number in numbers):
        raise UnfitError(f"has {name} out of range")
    return numbers


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front."""
    if not -rank <= axis < rank:
        raise UnfitError(f"has axis {axis}, but its input has {rank} axes")
    return axis % rank


def axes_of(axes: Sequence[int], rank: int) -> list[int]:
    """Axes counted from the front, none of them twice."""
    found = [axis_of(axis, rank) for axis in axes]
    if len(set(found)) < len(found):
        raise UnfitError("names an axis twice")
    return found


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The shape of tensors of these shapes together, by ONNX's (numpy's) rules."""
    first = shapes[0]
    if all(shape == first for shape in shapes):
        return first
    rank = max(map(len, shapes))
    result = [1] * rank
    for shape in shapes:
        for axis, size in enumerate(shape, rank - len(shape)):
            if size == 1 or size == result[axis]:
                continue
            if result[axis] != 1:
                raise UnfitError(f"combines sizes {result[axis]} and {size}")
            result[axis] = size
    return tuple(result)
