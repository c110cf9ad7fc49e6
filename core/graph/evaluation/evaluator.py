"""Walks a model node by node for one size of image: values where they are few, else shapes.

Shape inference leaves open what shape arithmetic computes at run time, and rounds some windows
otherwise than runtimes do. Here every size is a number, so all that depends on sizes and constants
alone can be computed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.helper import np_dtype_to_tensor_dtype

from dreamlayer.core.errors import NetworkError, shown
from dreamlayer.core.graph.evaluation.fallback import inferred_outputs
from dreamlayer.core.graph.evaluation.rules import SHAPES
from dreamlayer.core.graph.evaluation.tensor import (
    LARGEST_INT,
    Array,
    Call,
    Shape,
    Step,
    Tensor,
    UnfitError,
    UnknownSizeError,
)
from dreamlayer.core.graph.evaluation.types import output_type
from dreamlayer.core.graph.evaluation.values import FROM_SHAPES, VALUES
from dreamlayer.core.graph.inference import attributes, names_read
from dreamlayer.core.graph.names import IMAGE

Tensors = dict[str, Tensor]

_MOST = 4096
"""Elements of the largest tensor whose value is computed."""

_MOST_FLOATS = 64
"""The same for weights, which are seldom sizes."""

_MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What rules raise where attributes or inputs are not of the operator's kind."""

_UNKNOWN = Tensor(0)


class Evaluator:
    """A model, prepared to be evaluated at many sizes of image.

    Parameters
    ----------
    model : onnx.ModelProto
        A network of any version; it is not changed.
    nodes : iterable of onnx.NodeProto, optional
        Those to evaluate, in topological order; all of the model's where None.
    image : str
        The input whose size is given.
    """

    def __init__(
        self,
        model: onnx.ModelProto,
        nodes: Iterable[onnx.NodeProto] | None = None,
        image: str = IMAGE,
    ) -> None:
        self._image = image
        self._opset = max((o.version for o in model.opset_import if not o.domain), default=1)
        self._constants: Tensors = {}
        for info in model.graph.input:
            self._constants[info.name] = _declared(info)
        for tensor in model.graph.initializer:
            self._constants[tensor.name] = _stored(tensor)
        for sparse in model.graph.sparse_initializer:
            kind = sparse.values.data_type
            self._constants[sparse.values.name] = Tensor(kind, tuple(sparse.dims))
        self._steps: list[Step] = []
        self._problems: dict[str, str] = {}
        depends = {image}
        for node in model.graph.node if nodes is None else nodes:
            step = self._parsed(node)
            if depends.intersection(names_read(node)):
                depends.update(step.outputs)
                self._steps.append(step)
            else:
                self._evaluate(step, self._constants, self._problems)

    @property
    def steps(self) -> Sequence[Step]:
        """The nodes that depend on the image."""
        return self._steps

    @property
    def constants(self) -> Mapping[str, Tensor]:
        """What does not depend on the image: weights, and what is computed from them."""
        return self._constants

    def at(self, shape: Sequence[int], *, strict: bool = False) -> Tensors:
        """Evaluate for an image.

        Parameters
        ----------
        shape : sequence of int
            Sizes of the image, [batch, channels, height, width] in a network file.
        strict : bool
            Refuse a size that contradicts the graph.

        Returns
        -------
        dict
            All tensors; `Tensor.shape` is None where it is not known.

        Raises
        ------
        NetworkError
            The graph does not accept this size, and `strict` is set.
        """
        tensors = dict(self._constants)
        tensors[self._image] = Tensor(self._constants[self._image].dtype, tuple(shape))
        problems = dict(self._problems)
        for step in self._steps:
            self._evaluate(step, tensors, problems)
            if strict and problems:
                name, problem = next(iter(problems.items()))
                size = " × ".join(map(str, shape[:-3:-1]))
                raise NetworkError(
                    f"the network takes no image of {size} pixels: the node that makes "
                    f"{shown(name)} {problem}; choose another size, or layers nearer to the image"
                )
        return tensors

    def add(self, node: onnx.NodeProto, tensors: Tensors) -> str | None:
        """Add the outputs of one more node to what is known at one size.

        Returns
        -------
        str or None
            What contradicts the sizes, as part of a sentence; None if nothing does.
        """
        problems: dict[str, str] = {}
        self._evaluate(self._parsed(node), tensors, problems)
        return next(iter(problems.values()), None)

    def shapes(self, shape: Sequence[int], *, strict: bool = False) -> dict[str, list[int]]:
        """The shapes that are known for an image; see `at`."""
        tensors = self.at(shape, strict=strict)
        return {name: list(t.shape) for name, t in tensors.items() if t.shape is not None}

    def _parsed(self, node: onnx.NodeProto) -> Step:
        op = node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"
        return Step(op, tuple(node.input), tuple(node.output), attributes(node), self._opset, node)

    def _evaluate(self, step: Step, tensors: Tensors, problems: dict[str, str]) -> None:
        """Add the outputs of a node to what is known."""
        try:
            inputs = [tensors.get(name, _UNKNOWN) if name else None for name in step.inputs]
            found = self._outputs(step, inputs, tensors)
        except UnknownSizeError:
            found = []
        except UnfitError as error:
            problems[next(iter(step.outputs), "")] = f"({step.op}) {error}"
            found = []
        except _MALFORMED:
            problems[next(iter(step.outputs), "")] = f"({step.op}) is malformed"
            found = []
        for place, name in enumerate(step.outputs):
            if name:
                tensors[name] = found[place] if place < len(found) else _UNKNOWN

    def _outputs(self, step: Step, inputs: list[Tensor | None], tensors: Tensors) -> list[Tensor]:
        if step.op == "If":
            return self._chosen(step, inputs, tensors)
        call = Call(step, inputs)
        rule = SHAPES.get(step.op)
        if rule is None:
            return inferred_outputs(call)
        result = rule(call)
        shapes = [result] if isinstance(result, tuple) else result
        for shape in shapes:
            _check(shape)
        values = self._values(call, shapes)
        kinds = [output_type(call, place) for place in range(len(shapes))]
        if values is None:
            return [Tensor(kind, shape) for kind, shape in zip(kinds, shapes, strict=True)]
        return [_known(value, kind) for value, kind in zip(values, kinds, strict=False)]

    def _values(self, call: Call, shapes: list[Shape]) -> list[Array] | None:
        """The outputs' elements, if those of all inputs are known, and few."""
        evaluate = VALUES.get(call.step.op)
        if evaluate is None or any(math.prod(shape) > _MOST for shape in shapes):
            return None
        if call.step.op not in FROM_SHAPES and any(
            tensor is not None and tensor.value is None for tensor in call.inputs
        ):
            return None
        try:
            with np.errstate(all="ignore"):
                value = evaluate(call)
        except UnknownSizeError:
            return None
        return value if isinstance(value, list) else [np.asarray(value)]

    def _chosen(self, step: Step, inputs: list[Tensor | None], tensors: Tensors) -> list[Tensor]:
        """The outputs of an If: of the branch that is taken, or what both have in common."""
        condition = inputs[0] if inputs else None
        names = ["then_branch", "else_branch"]
        if condition is not None and condition.value is not None:
            names = names[:1] if bool(condition.value.reshape(-1)[0]) else names[1:]
        results = [self._branch(step.attributes[name], tensors) for name in names]
        if len(results) == 1:
            return results[0]
        pairs = zip(*results, strict=True)
        return [Tensor(a.dtype, a.shape) if a.shape == b.shape else _UNKNOWN for a, b in pairs]

    def _branch(self, graph: onnx.GraphProto, tensors: Tensors) -> list[Tensor]:
        inner = dict(tensors)
        for tensor in graph.initializer:
            inner[tensor.name] = _stored(tensor)
        problems: dict[str, str] = {}
        for node in graph.node:
            self._evaluate(self._parsed(node), inner, problems)
        return [inner.get(output.name, _UNKNOWN) for output in graph.output]


def _check(shape: Shape) -> None:
    elements = 1
    for size in shape:
        elements *= max(size, 1)
        if not 0 <= size <= LARGEST_INT or elements > LARGEST_INT:
            raise UnfitError(f"would make a tensor of sizes {shown(list(shape))}")


_TYPES: dict[Any, int] = {
    np.dtype(np.int64): int(TensorProto.INT64),
    np.dtype(np.float32): int(TensorProto.FLOAT),
    np.dtype(np.bool_): int(TensorProto.BOOL),
}


def _known(value: Array, kind: int) -> Tensor:
    if kind == 0:
        kind = _TYPES.get(value.dtype) or np_dtype_to_tensor_dtype(value.dtype)
    return Tensor(kind, value.shape, value)


def _declared(info: onnx.ValueInfoProto) -> Tensor:
    """What an input's declaration tells."""
    tensor = info.type.tensor_type
    if not tensor.HasField("shape"):
        return Tensor(tensor.elem_type)
    dims = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim]
    return Tensor(tensor.elem_type, None if min(dims, default=0) < 0 else tuple(dims))


def _stored(tensor: onnx.TensorProto) -> Tensor:
    """What is known of an initializer; numbers only where they may be sizes."""
    shape = tuple(tensor.dims)
    integers = tensor.data_type in (TensorProto.INT64, TensorProto.INT32)
    inside = tensor.data_location != TensorProto.EXTERNAL
    if min(shape, default=0) < 0:
        return Tensor(tensor.data_type)
    if inside and math.prod(shape) <= (_MOST if integers else _MOST_FLOATS):
        try:
            value = np.asarray(numpy_helper.to_array(tensor))
        except (TypeError, ValueError):
            return Tensor(tensor.data_type)
        return Tensor(tensor.data_type, shape, value)
    return Tensor(tensor.data_type, shape)
