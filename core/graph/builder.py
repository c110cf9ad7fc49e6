"""Build ONNX nodes with ordinary arithmetic: `Value` stands for a tensor, `Graph` for the model."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.core.errors import NetworkError, shown
from dreamlayer.core.graph.evaluation.evaluator import Evaluator
from dreamlayer.core.graph.inference import Dim, after_ceil_mode, inferred
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.graph.results import folded, result_type
from dreamlayer.core.installation import command


@dataclass(frozen=True)
class Value:
    """A tensor of a graph; arithmetic on it appends nodes and returns new values."""

    graph: Graph
    name: str
    dtype: int

    def __add__(self, other: Operand) -> Value:
        return self.graph.emit("Add", self, self.graph.like(self, other))

    def __sub__(self, other: Operand) -> Value:
        return self.graph.emit("Sub", self, self.graph.like(self, other))

    def __mul__(self, other: Operand) -> Value:
        return self.graph.emit("Mul", self, self.graph.like(self, other))

    def __truediv__(self, other: Operand) -> Value:
        return self.graph.emit("Div", self, self.graph.like(self, other))

    def __radd__(self, other: float) -> Value:
        return self.graph.like(self, other) + self

    def __rsub__(self, other: float) -> Value:
        return self.graph.like(self, other) - self

    def __rmul__(self, other: float) -> Value:
        return self.graph.like(self, other) * self

    def __rtruediv__(self, other: float) -> Value:
        return self.graph.like(self, other) / self

    def __neg__(self) -> Value:
        return self.graph.emit("Neg", self)

    def __gt__(self, other: Operand) -> Value:
        return self.graph.emit("Greater", self, self.graph.like(self, other))

    def __ge__(self, other: Operand) -> Value:
        return self.graph.emit("GreaterOrEqual", self, self.graph.like(self, other))

    def __lt__(self, other: Operand) -> Value:
        return self.graph.emit("Less", self, self.graph.like(self, other))

    def __le__(self, other: Operand) -> Value:
        return self.graph.emit("LessOrEqual", self, self.graph.like(self, other))

    @property
    def dims(self) -> list[Dim] | None:
        """Its shape as far as inference knows it; None if the rank is unknown."""
        return self.graph.shapes.get(self.name)

    @property
    def rank(self) -> int:
        """Its number of axes; `NetworkError` if shape inference does not know it."""
        if self.dims is None:
            raise NetworkError(
                f"the number of axes of tensor {shown(self.name)} is not known, so its gradient "
                f"cannot be built; export the network with shape information (value_info) for it"
            )
        return len(self.dims)

    def static(self, axis: int) -> int | None:
        """The size along `axis` if it is a known number, else None."""
        dim = self.dims[axis] if self.dims is not None and axis < len(self.dims) else None
        return dim if isinstance(dim, int) else None

    def node(self) -> onnx.NodeProto | None:
        """The node that computes it, or None for an input or initializer."""
        return self.graph.producers.get(self.name)


Operand = Value | float


def same_shape(a: Value, b: Value) -> bool:
    """Whether both tensors have the same shape, as far as inference and trials know."""
    if a.name == b.name or (a.dims is not None and None not in a.dims and a.dims == b.dims):
        return True
    return broadcast_axes(a, b) == []


def broadcast_axes(whole: Value, part: Value) -> list[int] | None:
    """The axes along which `part`, of as many axes, was broadcast to `whole`, by trials.

    They are the same in all sizes of images that were tried; see `Graph.try_sizes`. None if they
    differ, or no trial tells.
    """
    found: list[list[int]] = []
    for shapes in whole.graph.trials:
        long, short = shapes.get(whole.name), shapes.get(part.name)
        if long is None or short is None or len(short) != len(long):
            return None
        pairs = list(enumerate(zip(short, long, strict=True)))
        if not all(isinstance(b, int) and a in (1, b) for _, (a, b) in pairs):
            return None
        found.append([axis for axis, (a, b) in pairs if a != b])
    return found[0] if found and all(axes == found[0] for axes in found) else None


class Graph:
    """A model under construction: appends nodes to an ONNX model, equal ones only once.

    Parameters
    ----------
    model : onnx.ModelProto
        The forward network, opset 18 or later; it is copied, not changed.
    stem : str
        Prefix of the names of new tensors.

    Attributes
    ----------
    opset : int
        The version of the model's operators.
    shapes : dict
        Dimensions by tensor name, if the rank is known.
    trials : list of dict
        The same for each size of image that was tried.
    """

    def __init__(self, model: onnx.ModelProto, stem: str = "gradient") -> None:
        opset = max(
            (o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=0
        )
        if opset < 18:
            raise NetworkError(
                f"the network uses ONNX opset {opset}; 18 or later is needed: "
                f"convert it with `{command('export')} adopt`"
            )
        self.model, self.opset = copy.deepcopy(model), opset
        self.shapes: dict[str, list[Dim]] = {}
        self.trials: list[dict[str, list[Dim]]] = []
        self.dtypes: dict[str, int] = {}
        self.producers: dict[str, onnx.NodeProto] = {}
        self._emitted: dict[tuple[Any, ...], tuple[Value, ...]] = {}
        self._constants: dict[tuple[Any, ...], Value] = {}
        self._numbers: dict[str, npt.NDArray[np.int64]] = {}
        self._count, self._stem = 0, stem
        self.learn_shapes()
        for node in self.model.graph.node:
            for output in node.output:
                self.producers[output] = node
        self._taken = set(self.dtypes) | set(self.producers)

    def learn_shapes(self) -> None:
        """Find the shapes of all tensors, including those of appended nodes.

        By inference; where the image has one size, by evaluation too, which knows more. Not behind
        pools of which it also knows better, since runtimes check graphs by inference.
        """
        found = inferred(self.model)
        self.dtypes |= found.dtypes
        self.shapes |= found.shapes
        image = found.shapes.get(IMAGE, [None])
        size = [dim for dim in image if isinstance(dim, int)]
        if len(size) == len(image) and not after_ceil_mode(self.model):
            self.shapes |= _open(Evaluator(self.model).shapes(size))

    def try_sizes(self, *sizes: tuple[int, int, int, int]) -> None:
        """Find all shapes for images of some sizes, [batch, 3, height, width].

        Where sizes are symbolic, inference often does not see that two tensors are of one shape.
        """
        evaluator = Evaluator(self.model)
        self.trials = [_open(evaluator.shapes(size)) for size in sizes]
        if len(self.model.graph.input) > 1:
            # What is computed with inputs of any size, such as a guide's, inference alone knows.
            self.trials = [
                {**inferred(self.model, size).shapes, **known}
                for size, known in zip(sizes, self.trials, strict=True)
            ]

    def __contains__(self, name: str) -> bool:
        return name in self.dtypes or name in self.producers

    def value(self, name: str) -> Value:
        """The tensor called `name`, as float32 if inference does not know its type."""
        return Value(self, name, self.dtypes.get(name, TensorProto.FLOAT))

    def like(self, reference: Value, operand: Operand) -> Value:
        """Convert a Python number to a scalar constant of `reference`'s type."""
        if isinstance(operand, Value):
            return operand
        return self.constant(np.asarray(operand, helper.tensor_dtype_to_np_dtype(reference.dtype)))

    def constant(self, array: npt.ArrayLike) -> Value:
        """Store `array` as an initializer, once for equal arrays."""
        data = np.asarray(array)
        key = (data.dtype.str, data.shape, data.tobytes())
        if key not in self._constants:
            name = self._fresh("constant")
            tensor = numpy_helper.from_array(np.ascontiguousarray(data).reshape(data.shape), name)
            self.model.graph.initializer.append(tensor)
            self.dtypes[name] = tensor.data_type
            self.shapes[name] = list(data.shape)
            self._constants[key] = self.value(name)
            if data.dtype == np.int64 and data.ndim <= 1:
                self._numbers[name] = data
        return self._constants[key]

    def numbers(self, value: Value) -> list[int] | None:
        """The numbers of an int64 constant with at most one axis, else None."""
        data = self._numbers.get(value.name)
        return None if data is None else data.reshape(-1).tolist()

    def ints(self, *numbers: int) -> Value:
        """A one-dimensional int64 constant."""
        return self.constant(np.array(numbers, np.int64))

    def input(self, name: str, shape: Sequence[Dim]) -> Value:
        """Declare another float32 input of the model, once for each name."""
        if name not in {info.name for info in self.model.graph.input}:
            info = helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
            self.model.graph.input.append(info)
            self.dtypes[name], self.shapes[name] = TensorProto.FLOAT, list(shape)
        return self.value(name)

    def emit(self, op: str, *inputs: Value | None, dtype: int | None = None, **attrs: Any) -> Value:
        """Append one node with one output and return it; an equal node is not emitted twice.

        Sums, products and concatenations of known sizes become constants.
        """
        known = folded(op, [self._numbers.get(v.name) if v is not None else None for v in inputs])
        if known is not None:
            return self.constant(known)
        return self.emit_many(op, 1, *inputs, dtype=dtype, **attrs)[0]

    def emit_many(
        self, op: str, outputs: int, *inputs: Value | None, dtype: int | None = None, **attrs: Any
    ) -> tuple[Value, ...]:
        """Append one node with several outputs, all of the first input's type or of `dtype`."""
        names = [v.name if v is not None else "" for v in inputs]
        while names and not names[-1]:
            names.pop()
        attrs = {k: v for k, v in attrs.items() if v is not None}
        key = (op, outputs, *names, *sorted((k, repr(v)) for k, v in attrs.items()))
        if key not in self._emitted:
            fresh = [self._fresh(op) for _ in range(outputs)]
            node = helper.make_node(op, names, fresh, name=fresh[0], **attrs)
            self.model.graph.node.append(node)
            kinds = [v.dtype if v is not None else None for v in inputs]
            kind = dtype if dtype is not None else result_type(op, kinds)
            for name in fresh:
                self.dtypes[name] = kind
                self.producers[name] = self.model.graph.node[-1]
            self._emitted[key] = tuple(self.value(name) for name in fresh)
        return self._emitted[key]

    def add_output(self, value: Value, index: int, dtype: int) -> Value:
        """Request optional output number `index` of an existing node, and return it."""
        node = self.producers[value.name]
        while len(node.output) <= index:
            node.output.append("")
        if not node.output[index]:
            node.output[index] = self._fresh(node.op_type)
        self.dtypes[node.output[index]] = dtype
        self.producers[node.output[index]] = node
        return self.value(node.output[index])

    def _fresh(self, stem: str) -> str:
        while True:
            self._count += 1
            name = f"{self._stem}/{stem}_{self._count}"
            if name not in self._taken:
                self._taken.add(name)
                return name


def _open(shapes: Mapping[str, Sequence[int]]) -> dict[str, list[Dim]]:
    return {name: list(dims) for name, dims in shapes.items()}
