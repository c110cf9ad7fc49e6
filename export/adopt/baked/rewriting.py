"""Nodes with sizes as numbers, written with sizes of the tensors that they read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from dreamlayer.core.graph.inference import attributes
from dreamlayer.export.adopt.baked.reshape import Guesses, NoMatchError, matched
from dreamlayer.export.adopt.baked.trials import Length, Place, Trials, varies

_END = np.iinfo(np.int64).max
_GLOBAL = 4
"""From this side on, a pool of a whole map without padding is meant to be of any whole map."""


class Rewriter:
    """Writes nodes again, one after the other.

    Parameters
    ----------
    model : onnx.ModelProto
        The network, to know who reads what; not changed.
    trials : Trials
        Knows the sizes of what came before.
    guesses : Guesses
        For splits of axes.

    Attributes
    ----------
    nodes : list of onnx.NodeProto
        The network's, in topological order.
    weights : list of onnx.TensorProto
        New constants.
    """

    def __init__(self, model: onnx.ModelProto, trials: Trials, guesses: Guesses) -> None:
        self.trials, self.guesses = trials, guesses
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._readers: dict[str, list[onnx.NodeProto]] = {}
        for node in model.graph.node:
            for name in node.input:
                self._readers.setdefault(name, []).append(node)
        self._taken = {name for node in model.graph.node for name in [*node.input, *node.output]}
        self._taken |= {tensor.name for tensor in model.graph.initializer}

    def add(self, node: onnx.NodeProto) -> tuple[str | None, bool]:
        """Add a node, rewritten where it has sizes as numbers.

        Returns
        -------
        (str or None, bool)
            What keeps it from other sizes, and whether it was rewritten.
        """
        rewrite = _REWRITES.get(node.op_type)
        new = None
        if rewrite is not None and self.trials.depends(node.input[0]):
            self.trials.add(node, final=False)
            new = rewrite(self, node, self.trials.lengths(node.output[0]))
        self.nodes.append(new or node)
        return self.trials.add(self.nodes[-1]), new is not None

    def constant(self, *numbers: int, scalar: bool = False) -> str:
        """The name of a new constant of whole numbers."""
        name = self._fresh("size")
        value = np.array(numbers[0] if scalar else numbers, np.int64)
        self.weights.append(numpy_helper.from_array(value, name))
        self.trials.constant(name, value)
        return name

    def emit(self, kind: str, *inputs: str, **given: Any) -> str:
        """Append a node, and return what its output is called."""
        name = self._fresh(kind.lower())
        node = helper.make_node(kind, inputs, [name], name=name, **given)
        self.nodes.append(node)
        self.trials.add(node)
        return name

    def length_of(self, place: Place) -> str:
        """A vector of one element, the length of an axis."""
        shape = self.emit("Shape", place[0])
        return self.emit("Gather", shape, self.constant(place[1]), axis=0)

    def shape(self, wanted: Sequence[str | int]) -> str:
        """A vector of numbers and of vectors of one element."""
        if all(isinstance(one, int) for one in wanted):
            return self.constant(*(one for one in wanted if isinstance(one, int)))
        parts = [self.constant(one) if isinstance(one, int) else one for one in wanted]
        return self.emit("Concat", *parts, axis=0)

    def reference(self, node: onnx.NodeProto, size: Sequence[int]) -> list[Place] | None:
        """Rows and columns of a height and width that what a node makes is put together with."""
        seen, waiting, joined = set[str](), [node.output[0]], False
        while waiting and len(seen) < _FARTHEST:
            name = waiting.pop(0)
            seen.add(name)
            for reader in self._readers.get(name, ()):
                others = [one for one in reader.input if one not in seen]
                if reader.op_type in _JOINS and others:
                    joined = True
                    for other in others:
                        lengths = self.trials.lengths(other) if self.trials.depends(other) else None
                        if lengths is not None and len(lengths) == 4:
                            fits = [x[0] for x in lengths[2:]] == list(size)
                            if fits and all(map(varies, lengths[2:])):
                                return [(other, 2), (other, 3)]
                waiting += [one for one in reader.output if one not in seen]
        # What it is put together with may be computed later, from what has the size already.
        pairs = self.trials.pairs(*size) if joined else iter(())
        return next(([rows, columns] for _, rows, columns in pairs), None)

    def _fresh(self, base: str) -> str:
        number = 0
        while (name := f"free/{base}_{number}") in self._taken:
            number += 1
        self._taken.add(name)
        return name


_FARTHEST = 12
_JOINS = frozenset({"Concat", "Add", "Sum", "Mul", "Sub", "Max", "Where"})


def _reshape(
    rewriter: Rewriter, node: onnx.NodeProto, as_it_is: list[Length] | None
) -> onnx.NodeProto | None:
    """Reshape: numbers become axes of what it reads, one is left open, others are looked up."""
    trials = rewriter.trials
    before, own = trials.lengths(node.input[0]), trials.own(node.output[0])
    if before is None or own is None:
        return None
    if as_it_is is not None and trials.depends(node.input[1]):
        return None
    try:
        after = matched(before, own, trials, rewriter.guesses, as_it_is)
    except NoMatchError:
        return None
    if after == as_it_is:
        return None
    wanted: list[str | int] = []
    unknown: list[int] = []
    for axis, length in enumerate(after):
        if not varies(length):
            wanted.append(length[0])
        elif axis < len(before) and before[axis] == length:
            wanted.append(0)
        else:
            wanted.append(-1)
            unknown.append(axis)
    # One axis follows from the others; it is the first that no tensor has.
    if len(unknown) > 1:
        lacking = [axis for axis in unknown if trials.place_of(after[axis]) is None]
        follows = lacking[0] if lacking else unknown[0]
        for axis in unknown:
            if axis != follows:
                found = _looked_up(rewriter, node.input[0], before, after[axis])
                if found is None:
                    return None
                wanted[axis] = found
    return _with_inputs(node, {1: rewriter.shape(wanted)}, without=("allowzero",))


def _looked_up(
    rewriter: Rewriter, name: str, before: Sequence[Length], length: Length
) -> str | None:
    """A vector of one element, a length: that of some axis, or the quotient of some by a number."""
    place = rewriter.trials.place_of(length)
    if place is not None:
        return rewriter.length_of(place)
    for first in range(len(before)):
        for last in range(first + 1, len(before) + 1):
            axes = range(first, last)
            whole = [math.prod(numbers) for numbers in zip(*before[first:last], strict=True)]
            parts = {one / two for one, two in zip(whole, length, strict=True)}
            part = parts.pop()
            if parts or part != int(part):
                continue
            product = rewriter.length_of((name, axes[0]))
            for axis in axes[1:]:
                product = rewriter.emit("Mul", product, rewriter.length_of((name, axis)))
            return rewriter.emit("Div", product, rewriter.constant(int(part)))
    return None


def _expand(
    rewriter: Rewriter, node: onnx.NodeProto, as_it_is: list[Length] | None
) -> onnx.NodeProto | None:
    """Expand: where the size is that of what is expanded, 1 says so for any size."""
    trials = rewriter.trials
    before, wanted = trials.lengths(node.input[0]), trials.value(node.input[1])
    if as_it_is is not None or before is None or wanted is None or wanted.size < len(before):
        return None
    numbers = [int(one) for one in wanted]
    for axis, length in enumerate(before, len(numbers) - len(before)):
        if varies(length) and numbers[axis] == length[0]:
            numbers[axis] = 1
    return _with_inputs(node, {1: rewriter.constant(*numbers)})


def _resize(
    rewriter: Rewriter, node: onnx.NodeProto, as_it_is: list[Length] | None
) -> onnx.NodeProto | None:
    """Resize: the size of what its result is put together with, else the same multiple."""
    trials = rewriter.trials
    before, own = trials.lengths(node.input[0]), trials.own(node.output[0])
    named = attributes(node).get("axes")
    if len(node.input) < 4 or before is None or own is None or len(own) != 4 or named is not None:
        return None
    if as_it_is is not None and all(map(varies, as_it_is[2:])):
        return None
    sides: list[str | int] = []
    reference = rewriter.reference(node, own[2:])
    for axis in (2, 3):
        if reference is not None:
            sides.append(rewriter.length_of(reference[axis - 2]))
        elif varies(before[axis]):
            times = rewriter.emit(
                "Mul", rewriter.length_of((node.input[0], axis)), rewriter.constant(own[axis])
            )
            sides.append(rewriter.emit("Div", times, rewriter.constant(before[axis][0])))
        else:
            return None
    outer = [rewriter.length_of((node.input[0], axis)) for axis in (0, 1)]
    return _with_inputs(node, {3: rewriter.shape([*outer, *sides])})


def _slice(
    rewriter: Rewriter, node: onnx.NodeProto, _: list[Length] | None
) -> onnx.NodeProto | None:
    """Slice: up to the last position is up to the end."""
    trials = rewriter.trials
    before = trials.lengths(node.input[0])
    if before is None or len(node.input) < 3:
        return None
    ends = trials.value(node.input[2])
    axes = trials.value(node.input[3]) if len(node.input) > 3 and node.input[3] else None
    if ends is None or ends.ndim != 1 or trials.depends(node.input[2]):
        return None
    places = range(len(ends)) if axes is None else [int(axis) for axis in axes]
    new = [
        _END if varies(before[axis]) and end == before[axis][0] else int(end)
        for axis, end in zip(places, ends, strict=False)
    ]
    return None if new == list(ends) else _with_inputs(node, {2: rewriter.constant(*new)})


def _pool(
    rewriter: Rewriter, node: onnx.NodeProto, _: list[Length] | None
) -> onnx.NodeProto | None:
    """A pool of a whole map is one of whole maps."""
    before, given = rewriter.trials.lengths(node.input[0]), attributes(node)
    if before is None or len(before) != 4 or len(node.output) > 1 or any(given.get("pads", ())):
        return None
    sides = [length[0] for length in before[2:]]
    if list(given["kernel_shape"]) != sides or min(sides) < _GLOBAL:
        return None
    return helper.make_node(f"Global{node.op_type}", node.input, node.output, name=node.name)


def _with_inputs(
    node: onnx.NodeProto, inputs: Mapping[int, str], without: Sequence[str] = ()
) -> onnx.NodeProto:
    """A copy of a node that reads other tensors, without some attributes."""
    new = onnx.NodeProto()
    new.CopyFrom(node)
    for place, name in inputs.items():
        new.input[place] = name
    kept = [one for one in node.attribute if one.name not in without]
    del new.attribute[:]
    new.attribute.extend(kept)
    return new


Rewrite = Callable[[Rewriter, onnx.NodeProto, "list[Length] | None"], "onnx.NodeProto | None"]
_REWRITES: dict[str, Rewrite] = {
    "Reshape": _reshape,
    "Expand": _expand,
    "Resize": _resize,
    "Slice": _slice,
    "AveragePool": _pool,
    "MaxPool": _pool,
}
