"""The image sizes that a network accepts, computed from its graph.

They cannot be found by trying: on a convolution of an empty map, ONNX Runtime 1.31 divides by zero,
which ends the process.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import onnx
from onnx import helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.edit import ancestors
from dreamlayer.core.graph.geometry import round_up
from dreamlayer.core.graph.inference import add_constants, attributes, infer_shapes
from dreamlayer.core.graph.names import IMAGE

LARGEST = 2048
MULTIPLES = (1, 2, 4, 8, 16, 32, 64)
_SAMPLES = (257, 262, 271, 284, 293, 306)
_WINDOWED = ("Conv", "MaxPool", "AveragePool", "LpPool")
_PROBE = 1024

Shapes = dict[str, list[int]]


def shapes_at(
    model: onnx.ModelProto,
    side: int | tuple[int, int],
    layers: Sequence[str] | None = None,
    *,
    strict: bool = False,
) -> Shapes:
    """Infer the shape of every tensor for an image.

    Parameters
    ----------
    model : onnx.ModelProto
        A network whose input is `image`.
    side : int or (int, int)
        The image's side in pixels, or its height and width.
    layers : sequence of str, optional
        Restrict inference to the nodes that these depend on.
    strict : bool
        Refuse a size that contradicts the graph instead of inferring what is possible.

    Returns
    -------
    dict
        Sizes by tensor name; 0 for an axis that cannot be inferred.

    Raises
    ------
    NetworkError
        The graph does not accept this size, and `strict` is set.
    """
    fixed = onnx.ModelProto(ir_version=model.ir_version)
    fixed.opset_import.extend(model.opset_import)
    fixed.functions.extend(model.functions)
    graph = fixed.graph
    graph.name = "fixed"
    graph.node.extend(model.graph.node if layers is None else ancestors(model, layers))
    shape = [1, 3, *((side, side) if isinstance(side, int) else side)]
    graph.input.append(helper.make_tensor_value_info(IMAGE, onnx.TensorProto.FLOAT, shape))
    add_constants(graph, model)
    ends = [output.name for output in model.graph.output] if layers is None else layers
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in ends)
    inferred = infer_shapes(fixed, strict=strict).graph
    return {
        info.name: [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        for info in [*inferred.input, *inferred.value_info, *inferred.output]
    } | {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}


def accepts(model: onnx.ModelProto, layers: Sequence[str], side: int) -> bool:
    """Whether no feature map on the way to `layers` is empty for a square image.

    Shape inference alone is not enough: it rounds toward zero where the specification rounds down,
    and so infers size 1 for an empty map. Hence each window is checked by itself.
    """
    try:
        shapes = shapes_at(model, side, layers, strict=True)
    except NetworkError:
        return False
    windows = [n for n in ancestors(model, layers) if n.op_type in _WINDOWED]
    if not all(_window_fits(node, shapes) for node in windows):
        return False
    return all(0 not in shapes.get(name, ()) for name in layers)


def accepted_sizes(model: onnx.ModelProto, layers: Sequence[str]) -> tuple[int, int]:
    """Find the square images for which every layer exists.

    Parameters
    ----------
    model : onnx.ModelProto
        A network whose input is symbolic in height and width.
    layers : sequence of str
        Names of tensors.

    Returns
    -------
    tuple of int
        The smallest side in pixels, and the number that every side must be a multiple of: usually
        1, but 32 for a network that concatenates maps after halving and doubling them five times.

    Raises
    ------
    NetworkError
        No side up to 2048 pixels works.
    """
    for multiple in MULTIPLES:
        sides = [round_up(sample, multiple) for sample in _SAMPLES]
        if all(accepts(model, layers, side) for side in sides):
            return minimum_size(model, layers, multiple), multiple
    return minimum_size(model, layers), 1


def minimum_size(model: onnx.ModelProto, layers: Sequence[str], multiple: int = 1) -> int:
    """The smallest side, a multiple of `multiple`, for which every layer has a position.

    Raises
    ------
    NetworkError
        No side up to 2048 pixels works.
    """
    top = multiple
    while not accepts(model, layers, top):
        top *= 2
        if top > LARGEST:
            raise NetworkError(
                f"the layers {layers[0]} to {layers[-1]} do not all exist at any size up to "
                f"{LARGEST} pixels; choose layers nearer to the image"
            )
    low = top // 2
    while top - low > multiple:
        middle = (low + top) // (2 * multiple) * multiple
        if accepts(model, layers, middle):
            top = middle
        else:
            low = middle
    return top


def strides(model: onnx.ModelProto, layers: Sequence[str] | None = None) -> dict[str, int]:
    """Pixels of the image from one position to the next, for each tensor with positions."""
    near, far = (shapes_at(model, side, layers) for side in (_PROBE, 2 * _PROBE))
    grown = {
        name: far[name][2] - dims[2]
        for name, dims in near.items()
        if len(dims) == len(far.get(name, ())) == 4
    }
    return {name: round(_PROBE / more) for name, more in grown.items() if more > 0}


def strides_of_maps(shapes: Shapes, size: tuple[int, int]) -> dict[str, int]:
    """As `strides`, for a network of one size, of which there is but one set of shapes.

    Maps without padding are somewhat smaller than their share of the image: unless it divides
    evenly, the nearest power of two is taken.
    """
    found = {}
    for name, dims in shapes.items():
        if len(dims) == 4 and all(
            1 < side <= whole for side, whole in zip(dims[2:], size, strict=True)
        ):
            ratio = size[0] / dims[2]
            found[name] = round(ratio if ratio == int(ratio) else 2 ** round(math.log2(ratio)))
    return found


def stride(model: onnx.ModelProto, layers: Sequence[str]) -> int:
    """Pixels of the image from one position of the deepest of `layers` to the next."""
    found = strides(model, layers)
    return max([1, *(found[name] for name in layers if name in found)])


def activation_bytes(
    model: onnx.ModelProto, layers: Sequence[str], size: tuple[int, int] = (_PROBE, _PROBE)
) -> float:
    """Size of the float32 activations that `layers` depend on, in bytes per pixel of the image.

    They are measured for an image of one height and width: by default a large one, where feature
    maps are all that counts.
    """
    layers = [name for name in layers if name != IMAGE]
    if not layers:
        return 0.0
    shapes = shapes_at(model, size, layers)
    outputs = [name for node in ancestors(model, layers) for name in node.output]
    # Tokens and the attention between them have other ranks.
    counted = (4,) if size == (_PROBE, _PROBE) else (3, 4, 5, 6)
    elements = [math.prod(shapes[name]) for name in outputs if len(shapes.get(name, ())) in counted]
    return 4.0 * sum(elements) / math.prod(size)


def _window_fits(node: onnx.NodeProto, shapes: Shapes) -> bool:
    """Whether the window of a convolution or pool fits into its padded input."""
    given = attributes(node)
    sizes = shapes.get(node.input[0], [])[2:]
    kernel = given.get("kernel_shape") or shapes.get(node.input[1], [])[2:]
    if given.get("auto_pad", "").startswith("SAME"):
        return True
    pads = given.get("pads") or [0] * (2 * len(kernel))
    dilations = given.get("dilations") or [1] * len(kernel)
    return all(
        size + pads[axis] + pads[axis + len(kernel)] > (kernel[axis] - 1) * dilations[axis]
        for axis, size in enumerate(sizes)
        if size
    )
