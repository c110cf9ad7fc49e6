"""Find what a classifier gives for each class: its logits, or else its probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx

from dreamlayer.core.errors import LayerError, bare, shown
from dreamlayer.core.graph.inference import Dim, TensorInfo, attributes, inferred
from dreamlayer.core.graph.sizes import probe, shapes_at

_PASSING = {"Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"}
"""Operators that leave the classes in their order."""

_NORMALIZING = {"LogSoftmax", "Sigmoid", "Softmax"}
_SUBJECT, _MAP = 1, 4
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
    known = inferred(network, image=None if size is None else (1, 3, *size))
    # What is computed is known even where inference finds no number.
    for name, dims in shapes_at(network, size or probe(network)).items():
        known.shapes[name] = [*dims]
    producers = {name: node for node in network.graph.node for name in node.output}
    outputs = [info.name for info in network.graph.output]
    candidates = [_candidate(name, producers, known) for name in outputs]
    found = [one for one in candidates if one is not None]
    if len(found) != 1:
        listed = ", ".join(f"{bare(name)} {_written(known.shapes.get(name))}" for name in outputs)
        raise LayerError(
            f"the network has {'several outputs' if found else 'no output'} that may be classes "
            f"(it gives {listed}); name the tensor and the class with --layer NAME:1:CLASS:mean"
        )
    return found[0]


def _candidate(
    output: str, producers: Mapping[str, onnx.NodeProto], known: TensorInfo
) -> ClassOutput | None:
    """What a network's output says of classes; None where it is something else."""
    dims = known.shapes.get(output)
    if known.dtypes.get(output, onnx.TensorProto.FLOAT) not in _FLOATS:
        return None
    node = producers.get(output)
    while node is not None and node.op_type in _PASSING:
        node = producers.get(node.input[0])
    if node is not None and node.op_type in _NORMALIZING:
        source = node.input[0]
        before = known.shapes.get(source)
        if _holds_classes(before) and _along_classes(node, before):
            return ClassOutput(source, _count(before), f"{node.op_type} {shown(node.output[0])}")
    # A map of scores that nothing normalizes cannot be told from a layer's features.
    is_map = len(dims or ()) == _MAP and (dims or [])[2:] != [1, 1]
    return ClassOutput(output, _count(dims), "") if _holds_classes(dims) and not is_map else None


def _holds_classes(dims: list[Dim] | None) -> bool:
    """Whether a tensor of these sizes may be one of classes: [c], [batch, c], [batch, c, h, w]."""
    return dims is not None and len(dims) in (1, 2, _MAP) and _count(dims) != 1


def _count(dims: list[Dim] | None) -> int | None:
    count = None if not dims else dims[min(_SUBJECT, len(dims) - 1)]
    return count if isinstance(count, int) else None


def _along_classes(node: onnx.NodeProto, dims: list[Dim] | None) -> bool:
    """Whether what normalizes does so along the axis of the classes."""
    rank = len(dims or ())
    if node.op_type == "Sigmoid":
        # Of a map, it may be a mask.
        return rank < _MAP
    return int(attributes(node).get("axis", -1)) % rank == min(_SUBJECT, rank - 1)


def _written(dims: list[Dim] | None) -> str:
    if dims is None:
        return "of unknown rank"
    return f"[{', '.join('?' if dim is None else bare(str(dim)) for dim in dims)}]"
