"""Find what a classifier gives for each class: its logits, or else its probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from dreamlayer.core.errors import LayerError, bare, shown
from dreamlayer.core.graph.inference import Dim, attributes, inferred

_PASSING = {"Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"}
"""Operators that leave the classes in their order."""

_NORMALIZING = {"LogSoftmax", "Sigmoid", "Softmax"}
_SUBJECT = 1
_FLOATS = {
    *(onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16),
    onnx.TensorProto.DOUBLE,
}


@dataclass(frozen=True)
class ClassOutput:
    """A tensor with a number for each class.

    Attributes
    ----------
    tensor : str
        Its name. The classes lie along its second axis, or its only one.
    count : int or None
        The number of classes; None where it depends on the size of images.
    normalized : str
        What the network makes of it, such as ``Softmax 'probabilities'``; empty where it is an
        output itself.
    """

    tensor: str
    count: int | None
    normalized: str

    def check(self, index: int) -> None:
        """Raise `LayerError` for a class that it does not have."""
        if self.count is not None and index >= self.count:
            raise LayerError(
                f"class {index} is out of range: {shown(self.tensor)} has classes 0 to "
                f"{self.count - 1}"
            )

    def told(self) -> str:
        """Which tensor it is, as part of a sentence."""
        if not self.normalized:
            return f"{bare(self.tensor)}, as the network gives it"
        return f"{bare(self.tensor)}, before {self.normalized}"


def class_output(network: onnx.ModelProto, size: tuple[int, int] | None = None) -> ClassOutput:
    """Find the one output of a network that has a number for each class.

    Logits go before what Softmax, LogSoftmax or Sigmoid makes of them, whose gradient vanishes
    where the network is sure.

    Parameters
    ----------
    network
        The network file.
    size
        Height and width of the images, if they are known.

    Raises
    ------
    LayerError
        It has none, or several.
    """
    image = None if size is None else (1, 3, *size)
    known = inferred(network, image=image)
    producers = {name: node for node in network.graph.node for name in node.output}
    outputs = [info.name for info in network.graph.output]
    found = [
        name
        for name in outputs
        if known.dtypes.get(name, onnx.TensorProto.FLOAT) in _FLOATS
        and _holds_classes(known.shapes.get(name))
    ]
    if len(found) != 1:
        listed = ", ".join(f"{bare(name)} {_written(known.shapes.get(name))}" for name in outputs)
        raise LayerError(
            f"the network has {'several outputs' if found else 'no output'} that may be classes "
            f"(it has {listed}); name the tensor and the class with --layer NAME:1:CLASS:mean"
        )
    output = found[0]
    node = producers.get(output)
    while node is not None and node.op_type in _PASSING:
        node = producers.get(node.input[0])
    if node is not None and node.op_type in _NORMALIZING:
        source = node.input[0]
        dims = known.shapes.get(source)
        if _holds_classes(dims) and _along_classes(node, dims):
            return ClassOutput(source, _count(dims), f"{node.op_type} {shown(node.output[0])}")
    return ClassOutput(output, _count(known.shapes.get(output)), "")


def _holds_classes(dims: list[Dim] | None) -> bool:
    """Whether a tensor of these sizes is one of classes: [c], [batch, c] or [batch, c, h, w]."""
    return dims is not None and len(dims) in (1, 2, 4) and _count(dims) != 1


def _count(dims: list[Dim] | None) -> int | None:
    count = None if not dims else dims[min(_SUBJECT, len(dims) - 1)]
    return count if isinstance(count, int) else None


def _along_classes(node: onnx.NodeProto, dims: list[Dim] | None) -> bool:
    """Whether what normalizes does so along the axis of the classes."""
    if node.op_type == "Sigmoid":
        return True
    rank = len(dims or ())
    return int(attributes(node).get("axis", -1)) % rank == min(_SUBJECT, rank - 1)


def _written(dims: list[Dim] | None) -> str:
    if dims is None:
        return "of unknown rank"
    return f"[{', '.join('?' if dim is None else bare(str(dim)) for dim in dims)}]"
