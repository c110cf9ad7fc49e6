"""Fold products and sums with a number for each channel into the convolutions beside them.

Exporters write batch normalizations and layer scales so, and networks without normalization scale
their feature maps. Folded, they need no pass over a feature map, and none over its gradient.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from dreamlayer.core.graph.inference import Dim, TensorInfo, attributes, inferred, names_read

_CONVOLUTIONS = ("Conv", "ConvTranspose")
_AFFINE = ("Mul", "Add", "Div", "Sub")


def fold_affines(model: onnx.ModelProto, image: str, keep: Iterable[str]) -> onnx.ModelProto:
    """Make one convolution of each and the products and sums next to it.

    Behind a convolution, Mul, Div, Add and Sub with constants for each channel change its kernels
    and its bias; so do Mul and Div in front of one, and Add and Sub where nothing is padded. Those
    of the image itself, its preprocessing, stay. Kernels and biases remain expressions of the
    stored weights, which ONNX Runtime evaluates once when it loads the model.

    Parameters
    ----------
    model : onnx.ModelProto
        A network for inference; it is not changed.
    image : str
        The input that all tensors but weights depend on.
    keep : iterable of str
        Tensors that must remain, such as the layers of an objective.

    Returns
    -------
    onnx.ModelProto
        The same function of the image, to rounding; the model itself if nothing is folded.
    """
    folding = _Folding(model, image, {*keep, *(output.name for output in model.graph.output)})
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        nodes += folding.behind(node) or folding.in_front(node) or [node]
        folding.note(nodes[-1])
    if not folding.gone:
        return model
    result = copy.deepcopy(model)
    del result.graph.node[:]
    result.graph.node.extend(n for n in nodes if n.output[0] not in folding.gone)
    result.graph.initializer.extend(folding.constants)
    return result


@dataclass
class _Folding:
    """What is known of the nodes so far."""

    model: onnx.ModelProto
    image: str
    kept: set[str]
    gone: set[str] = field(default_factory=set)
    """Outputs of nodes that became part of a convolution."""
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def __post_init__(self) -> None:
        nodes = self.model.graph.node
        self._readers = Counter(name for node in nodes for name in names_read(node))
        self._known: TensorInfo = inferred(self.model)
        self._moving, self._mapped = {self.image}, set[str]()
        self._made: dict[str, onnx.NodeProto] = {}

    def note(self, node: onnx.NodeProto) -> None:
        """Remember a node that stays, or takes the place of others."""
        read = set(names_read(node))
        if self._moving & read:
            self._moving.update(node.output)
        if node.op_type in (*_CONVOLUTIONS, "MatMul", "Gemm") or self._mapped & read:
            self._mapped.update(node.output)
        self._made[node.output[0]] = node

    def behind(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """The convolution that takes the place of a node and the convolution before it, if any."""
        if node.op_type not in _AFFINE:
            return []
        for source, number in self._operands(node):
            conv = self._made.get(source)
            if conv is None or conv.op_type not in _CONVOLUTIONS or not self._only_reader(source):
                continue
            part = self._convolution(conv)
            if part is None or not part.fits(self._known.shapes.get(number), part.outs):
                continue
            self.gone.add(source)
            return self._learnt(part, part.scaled_behind(node, number))
        return []

    def in_front(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """The convolution that takes the place of one and of the node before it, if any."""
        affine = self._made.get(node.input[0]) if node.op_type in _CONVOLUTIONS else None
        if affine is None or affine.op_type not in _AFFINE:
            return []
        if not self._only_reader(affine.output[0]):
            return []
        part = self._convolution(node)
        for source, number in self._operands(affine):
            if part is None or source not in self._mapped:
                continue
            if affine.op_type in ("Add", "Sub") and not part.unpadded:
                continue
            if part.fits(self._known.shapes.get(number), part.ins):
                self.gone.add(affine.output[0])
                return self._learnt(part, part.scaled_in_front(affine, source, number))
        return []

    def _learnt(self, part: _Convolution, nodes: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
        """The nodes of a changed convolution; its kernel has the sizes and type that it had."""
        kernel = nodes[-1].input[1]
        self._known.shapes[kernel] = list(part.kernel)
        self._known.dtypes[kernel] = self._known.dtypes[part.node.input[1]]
        return nodes

    def _only_reader(self, name: str) -> bool:
        return self._readers[name] == 1 and name not in self.kept

    def _operands(self, node: onnx.NodeProto) -> list[tuple[str, str]]:
        """A tensor that depends on the image, and a constant of the same type, in that order."""
        pairs = [(node.input[0], node.input[1])]
        if node.op_type in ("Mul", "Add"):
            pairs.append((node.input[1], node.input[0]))
        types = self._known.dtypes
        return [
            (a, b)
            for a, b in pairs
            if a in self._moving
            and b not in self._moving
            and b in types
            and types[b] == types.get(a)
        ]

    def _convolution(self, node: onnx.NodeProto) -> _Convolution | None:
        """A convolution with constant weights of known sizes."""
        weights = [name for name in node.input[1:] if name]
        if self._moving.intersection(weights):
            return None
        dims = self._known.shapes.get(weights[0], [])
        sizes = [d for d in dims if isinstance(d, int)]
        if len(sizes) < 3 or len(sizes) < len(dims):
            return None
        return _Convolution(node, sizes, self.constants)


@dataclass(frozen=True)
class _Convolution:
    """A convolution, and how numbers for each channel change its weights."""

    node: onnx.NodeProto
    kernel: list[int]
    """The kernel's sizes."""
    constants: list[onnx.TensorProto]

    @property
    def groups(self) -> int:
        return int(attributes(self.node).get("group", 1))

    @property
    def outs(self) -> int:
        """Channels of the output."""
        return self.kernel[0] if self._plain else self.kernel[1] * self.groups

    @property
    def ins(self) -> int:
        """Channels of the input."""
        return self.kernel[1] * self.groups if self._plain else self.kernel[0]

    @property
    def unpadded(self) -> bool:
        """Whether every output is computed from as many inputs."""
        given = attributes(self.node)
        padded = any(given.get("pads", ())) or given.get("auto_pad", "").startswith("SAME")
        return self._plain and not padded

    @property
    def _plain(self) -> bool:
        return self.node.op_type == "Conv"

    def fits(self, dims: list[Dim] | None, channels: int) -> bool:
        """Whether a constant of this shape is one number, or one for each of the channels."""
        if dims is None or len(dims) > len(self.kernel):
            return False
        full = [1] * (len(self.kernel) - len(dims)) + list(dims)
        return full[1] in (1, channels) and all(d == 1 for i, d in enumerate(full) if i != 1)

    def scaled_behind(self, affine: onnx.NodeProto, number: str) -> list[onnx.NodeProto]:
        """The convolution with its output multiplied or added to."""
        emit = _Emitter(f"folded/behind/{affine.output[0]}", self.constants)
        vector = emit("Reshape", number, emit.ints(-1))
        bias = self.node.input[2] if len(self.node.input) > 2 else ""
        kernel = self.node.input[1]
        if affine.op_type in ("Mul", "Div"):
            kernel = self._times(emit, affine.op_type, kernel, vector, outputs=True)
            bias = emit(affine.op_type, bias, vector) if bias else ""
        elif bias:
            bias = emit(affine.op_type, bias, vector)
        else:
            every = emit("Expand", vector, emit.ints(self.outs))
            bias = every if affine.op_type == "Add" else emit("Neg", every)
        return [*emit.nodes, self._with(self.node.input[0], kernel, bias, affine.output[0])]

    def scaled_in_front(
        self, affine: onnx.NodeProto, source: str, number: str
    ) -> list[onnx.NodeProto]:
        """The convolution with its input multiplied or added to."""
        emit = _Emitter(f"folded/before/{self.node.output[0]}", self.constants)
        vector = emit("Reshape", number, emit.ints(-1))
        bias = self.node.input[2] if len(self.node.input) > 2 else ""
        kernel = self.node.input[1]
        if affine.op_type in ("Mul", "Div"):
            kernel = self._times(emit, affine.op_type, kernel, vector, outputs=False)
        else:
            weighed = self._times(emit, "Mul", kernel, vector, outputs=False)
            axes = emit.ints(*range(1, len(self.kernel)))
            added = emit("ReduceSum", weighed, axes, keepdims=0)
            if bias:
                bias = emit(affine.op_type, bias, added)
            else:
                bias = added if affine.op_type == "Add" else emit("Neg", added)
        return [*emit.nodes, self._with(source, kernel, bias, self.node.output[0])]

    def _times(self, emit: _Emitter, op: str, kernel: str, vector: str, *, outputs: bool) -> str:
        """The kernel times, or by, numbers for each channel of its outputs or inputs."""
        rest = [1] * (len(self.kernel) - 2)
        if outputs == self._plain:
            return emit(op, kernel, emit("Reshape", vector, emit.ints(-1, 1, *rest)))
        if self.groups == 1:
            return emit(op, kernel, emit("Reshape", vector, emit.ints(1, -1, *rest)))
        # The second axis has the channels of one group.
        count = self.kernel[1] * self.groups
        each = emit("Expand", vector, emit.ints(count))
        by_group = emit("Reshape", each, emit.ints(self.groups, 1, self.kernel[1], *rest))
        split = emit.ints(self.groups, -1, *self.kernel[1:])
        product = emit(op, emit("Reshape", kernel, split), by_group)
        return emit("Reshape", product, emit.ints(*self.kernel))

    def _with(self, source: str, kernel: str, bias: str, output: str) -> onnx.NodeProto:
        joint = copy.deepcopy(self.node)
        del joint.input[:], joint.output[:]
        joint.input.extend([source, kernel, *([bias] if bias else [])])
        joint.output.append(output)
        return joint


class _Emitter:
    """Collects nodes that compute weights."""

    def __init__(self, stem: str, constants: list[onnx.TensorProto]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._stem, self._constants = stem, constants

    def __call__(self, op: str, *inputs: str, **attrs: Any) -> str:
        name = f"{self._stem}/{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attrs))
        return name

    def ints(self, *numbers: int) -> str:
        """A constant vector."""
        name = f"{self._stem}/ints_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.array(numbers, np.int64), name))
        return name
