"""The image sizes that a network accepts, computed from its graph.

They cannot be found by trying: on a convolution of an empty map, ONNX Runtime 1.31 divides by zero,
which ends the process.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence

import onnx

from dreamlayer.core.errors import NetworkError, bare
from dreamlayer.core.graph.edit import ancestors
from dreamlayer.core.graph.evaluation.evaluator import Evaluator
from dreamlayer.core.graph.geometry import round_up
from dreamlayer.core.graph.names import IMAGE

LARGEST = 2048
MULTIPLES = sorted({*range(1, 33), *range(40, 129, 8), *range(160, 513, 32), *range(28, 513, 28)})
"""Numbers that all sides may have to be a multiple of: small ones, and what networks that halve
their maps and divide them into windows come to."""
_FIRST = 257
_SAMPLES = (0, 1, 3, 4, 9, 14)
"""Sides from 257 pixels on, or from the next multiple, that are tried for each multiple."""
_RANGE = 32
"""Consecutive sides that are tried for the multiple that is found."""
_PROBE = 1024

Shapes = dict[str, list[int]]
Size = tuple[int, int]


def shapes_at(
    model: onnx.ModelProto,
    side: int | Size,
    layers: Sequence[str] | None = None,
    *,
    strict: bool = False,
) -> Shapes:
    """Compute the shape of every tensor for one image.

    Parameters
    ----------
    model : onnx.ModelProto
        A network whose input is `image`.
    side : int or (int, int)
        The side of a square image, or height and width, in pixels.
    layers : sequence of str, optional
        Restrict it to the nodes that these depend on.
    strict : bool
        Refuse a size that contradicts the graph instead of computing what is possible.

    Returns
    -------
    dict
        Sizes by tensor name, for each tensor whose shape is fully known; 0 is an empty axis.

    Raises
    ------
    NetworkError
        The graph does not accept this size, and `strict` is set.
    """
    return _evaluator(model, layers).shapes(_image(side), strict=strict)


def accepts(model: onnx.ModelProto, layers: Sequence[str], side: int | Size) -> bool:
    """Whether every layer exists for an image, and no feature map on the way to it is empty."""
    return _accepts(_evaluator(model, layers), layers, side)


def accepted_sizes(model: onnx.ModelProto, layers: Sequence[str]) -> tuple[int, int]:
    """Find the images for which every layer exists.

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
        None of the multiples that are tried, up to 512 pixels, works.
    """
    evaluator = _evaluator(model, layers)
    tried = functools.cache(lambda size: _accepts(evaluator, layers, size))
    for multiple in MULTIPLES:
        few = all(tried(size) for size in _samples(multiple, _SAMPLES))
        if few and all(tried(size) for size in _samples(multiple, range(_RANGE))):
            return _minimum(evaluator, layers, multiple), multiple
    minimum_size(model, layers)
    raise NetworkError(
        f"the layers {bare(layers[0])} to {bare(layers[-1])} exist at some sizes only, which are "
        f"not the multiples of a number up to {MULTIPLES[-1]} that networks ask for; choose layers "
        f"nearer to the image, or export the network with symbolic sizes"
    )


def minimum_size(model: onnx.ModelProto, layers: Sequence[str], multiple: int = 1) -> int:
    """The smallest side, a multiple of `multiple`, for which every layer has a position.

    Raises
    ------
    NetworkError
        No side up to 2048 pixels works.
    """
    return _minimum(_evaluator(model, layers), layers, multiple)


def probe(model: onnx.ModelProto) -> Size:
    """Height and width of a large image that a network accepts, to measure it by.

    1024 pixels or the next multiple that the network asks for; its own size where that is fixed.
    """
    side = round_up(_PROBE, _multiple(model))
    height, width = _fixed(model)
    return height or side, width or side


def strides(model: onnx.ModelProto, layers: Sequence[str] | None = None) -> dict[str, int]:
    """Pixels of the image from one position to the next, for each tensor with positions."""
    evaluator = _evaluator(model, layers)
    height, width = probe(model)
    near = evaluator.shapes(_image((height, width)))
    if _fixed(model)[0]:
        maps = {name: dims[2] for name, dims in near.items() if len(dims) == 4}
        return {name: _whole_stride(height / rows) for name, rows in maps.items() if rows > 1}
    far = evaluator.shapes(_image((2 * height, width if _fixed(model)[1] else 2 * width)))
    grown = {
        name: far[name][2] - dims[2]
        for name, dims in near.items()
        if len(dims) == len(far.get(name, ())) == 4
    }
    return {name: round(height / more) for name, more in grown.items() if more > 0}


def _whole_stride(ratio: float) -> int:
    """The stride of a map, by the ratio of the image's height to its own, at one size alone.

    Maps without padding are somewhat smaller than their share of the image: unless that is even,
    the nearest power of two is taken.
    """
    return round(ratio if ratio == int(ratio) else 2 ** round(math.log2(max(ratio, 1))))


def stride(model: onnx.ModelProto, layers: Sequence[str]) -> int:
    """Pixels of the image from one position of the deepest of `layers` to the next."""
    found = strides(model, layers)
    return max([1, *(found[name] for name in layers if name in found)])


def activation_bytes(model: onnx.ModelProto, layers: Sequence[str]) -> float:
    """Size of the float32 feature maps that `layers` depend on, in bytes per pixel of the image.

    Maps of three axes count too, as those of transformers.
    """
    layers = [name for name in layers if name != IMAGE]
    if not layers:
        return 0.0
    height, width = probe(model)
    shapes = shapes_at(model, (height, width), layers)
    outputs = [name for node in ancestors(model, layers) for name in node.output]
    elements = [math.prod(shapes[name]) for name in outputs if len(shapes.get(name, ())) in (3, 4)]
    return 4.0 * sum(elements) / (height * width)


def _evaluator(model: onnx.ModelProto, layers: Sequence[str] | None) -> Evaluator:
    return Evaluator(model, None if layers is None else ancestors(model, layers))


def _accepts(evaluator: Evaluator, layers: Sequence[str], side: int | Size) -> bool:
    try:
        tensors = evaluator.at(_image(side), strict=True)
    except NetworkError:
        return False
    # Layers that the network does not have are refused elsewhere, by name.
    found = [tensors[name].shape for name in layers if name in tensors]
    return all(shape is not None and 0 not in shape for shape in found)


def _image(side: int | Size) -> tuple[int, int, int, int]:
    height, width = (side, side) if isinstance(side, int) else side
    return 1, 3, height, width


def _samples(multiple: int, offsets: Sequence[int]) -> Iterator[Size]:
    """Square images and, since tiles may be longer than high, others."""
    first = -(-_FIRST // multiple)
    for offset in offsets:
        side = (first + offset) * multiple
        yield side, side
    yield first * multiple, (first + 1) * multiple
    yield (first + 2) * multiple, first * multiple


def _minimum(evaluator: Evaluator, layers: Sequence[str], multiple: int) -> int:
    top = multiple
    while not _accepts(evaluator, layers, top):
        top *= 2
        if top > max(LARGEST, multiple):
            if len(layers) == 1:
                said = f"the layer {bare(layers[0])} does not exist"
            else:
                said = f"the layers {bare(layers[0])} to {bare(layers[-1])} do not all exist"
            raise NetworkError(
                f"{said} at any size up to {LARGEST} pixels; choose layers nearer to the image"
            )
    low = top // 2
    while top - low > multiple:
        middle = (low + top) // (2 * multiple) * multiple
        if _accepts(evaluator, layers, middle):
            top = middle
        else:
            low = middle
    return top


def _multiple(model: onnx.ModelProto) -> int:
    """What sides must be a multiple of, as the network file records it."""
    found = {entry.key: entry.value for entry in model.metadata_props}
    return int(found.get("dreamlayer.size_multiple", 1))


def _fixed(model: onnx.ModelProto) -> tuple[int, int]:
    """Height and width that the input is fixed to; 0 where it takes any."""
    for info in model.graph.input:
        dims = info.type.tensor_type.shape.dim
        if info.name == IMAGE and len(dims) == 4:
            return dims[2].dim_value, dims[3].dim_value
    return 0, 0
