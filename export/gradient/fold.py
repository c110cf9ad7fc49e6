"""Constant folding: what depends on weights, or on the image's size alone, becomes an initializer.

Sizes are known from one run of ONNX Runtime, which also computes the constants, so that they are
the numbers that it would have computed itself.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.edit import ancestors, prune, untyped
from dreamlayer.core.graph.inference import names_read
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.runtime.reasons import reason_of
from dreamlayer.export.verify import open_session

_SMALL = 64
"""Elements of a tensor that counts as arithmetic on sizes, not as a weight."""

_LARGE = 1 << 16
"""Elements from which on what only repeats its input stays computed."""

_REPEATING = {"ConstantOfShape", "Expand", "EyeLike", "OneHot", "Pad", "Range", "Resize", "Tile"}
_RANDOM = {"Bernoulli", "Multinomial"}
_OF_SIZES = {"Shape", "Size"}
_FREE = {"Compress", "NonMaxSuppression", "NonZero", "Unique", "If", "Loop", "Scan"}
"""Operators whose output's size depends on what the image shows."""

_SIZED_BY_INPUTS = {
    *("AffineGrid", "CenterCropPad", "Col2Im", "ConstantOfShape", "ConvTranspose", "Expand"),
    *("MaxUnpool", "OneHot", "Pad", "Range", "Reshape", "Resize", "Slice", "Split", "Squeeze"),
    *("Tile", "TopK", "Unsqueeze"),
}
"""Operators whose output's size depends on the values of inputs behind the first."""


def fold_constants(
    model: onnx.ModelProto, size: tuple[int, int] | None, *, weights: bool
) -> onnx.ModelProto:
    """Compute ahead what does not depend on the image's pixels.

    Parameters
    ----------
    model
        Any model whose input is `image`, and maybe others; it is not changed.
    size
        Height and width of the images, one at a time, if they are known: then arithmetic on sizes
        is constant too.
    weights
        Whether to fold what is computed from weights, such as their conversion from integers;
        otherwise only arithmetic on sizes.

    Returns
    -------
    onnx.ModelProto
        The same function.

    Raises
    ------
    NetworkError
        ONNX Runtime cannot run the model at this size.
    """
    result = copy.deepcopy(model)
    kept: set[str] = set()
    while True:
        constant = _constant_nodes(result, kept, sized=size is not None, weights=weights)
        edge = _read_outside(result, constant)
        repeating = {node.output[0] for node in constant if node.op_type in _REPEATING}
        if not edge:
            return result
        values = _computed(result, sorted(edge | repeating), size)
        large = {name for name in repeating if values[name].size >= _LARGE}
        if not large:
            break
        kept |= large
    inside = {name for node in constant for name in node.output}
    nodes = [node for node in result.graph.node if not inside.intersection(node.output)]
    del result.graph.node[:]
    result.graph.node.extend(nodes)
    folded = [numpy_helper.from_array(values[name], name) for name in sorted(edge)]
    result.graph.initializer.extend(folded)
    prune(result)
    return result


def _constant_nodes(
    model: onnx.ModelProto, kept: set[str], *, sized: bool, weights: bool
) -> list[onnx.NodeProto]:
    """The nodes that do not depend on pixels, but for those that make a tensor of `kept`."""
    graph = model.graph
    known = {
        tensor.name for tensor in graph.initializer if weights or math.prod(tensor.dims) <= _SMALL
    }
    fixed = {tensor.name for tensor in graph.initializer}
    # Tensors whose size may depend on pixels, or on another input's size.
    free = {info.name for info in graph.input if info.name != IMAGE} - fixed
    found = []
    for node in graph.node:
        read = set(names_read(node))
        sized_by = [name for name in node.input[1:] if name]
        if (
            node.op_type in _FREE
            or node.op_type.startswith("Sequence")
            or read & free
            or (node.op_type in _SIZED_BY_INPUTS and not fixed.issuperset(sized_by))
        ):
            free.update(node.output)
        of_sizes = sized and node.op_type in _OF_SIZES and not read & free
        random = node.op_type in _RANDOM or node.op_type.startswith("Random")
        if (known >= read or of_sizes) and not random and not kept.intersection(node.output):
            found.append(node)
            known.update(node.output)
        if fixed >= read or of_sizes:
            fixed.update(node.output)
    return found


def _read_outside(model: onnx.ModelProto, nodes: Iterable[onnx.NodeProto]) -> set[str]:
    """What some nodes compute for the others, or for the outputs."""
    made = {name for node in nodes for name in node.output if name}
    read = {info.name for info in model.graph.output}
    for node in model.graph.node:
        if not made.intersection(node.output):
            read.update(names_read(node))
    return made & read


def _computed(
    model: onnx.ModelProto, names: list[str], size: tuple[int, int] | None
) -> Mapping[str, npt.NDArray[np.generic]]:
    """Compute some tensors, on a black image where they depend on its size."""
    part = copy.deepcopy(model)
    needed = ancestors(model, names)
    del part.graph.node[:], part.graph.output[:]
    part.graph.node.extend(needed)
    # ONNX Runtime infers the types itself.
    part.graph.output.extend(untyped(name, onnx.TensorProto.UNDEFINED) for name in names)
    for output in part.graph.output:
        output.ClearField("type")
    prune(part)
    read = {name for node in needed for name in names_read(node)}
    others = [info for info in part.graph.input if info.name in read]
    del part.graph.input[:]
    part.graph.input.extend(others)
    shape = (1, 3, *(size or (1, 1)))
    feeds = {info.name: np.zeros(shape, np.float32) for info in others if info.name == IMAGE}
    try:
        values = open_session(part, optimize=False).run(names, feeds)
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        height, width = shape[2:]
        raise NetworkError(
            f"ONNX Runtime cannot run the network on an image of {width} × {height} pixels "
            f"({reason_of(error)}); give another --size"
        ) from error
    return dict(zip(names, values, strict=True))
