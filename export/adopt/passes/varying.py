"""Which numbers of a network's shape arithmetic change with the image, and which never do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx

from dreamlayer.core.graph.evaluation.evaluator import Evaluator, Tensors
from dreamlayer.core.graph.evaluation.tensor import Array, Call, Step, Tensor
from dreamlayer.core.graph.evaluation.values import FROM_SHAPES, VALUES

_SIDES = ((1, 224, 448), (1, 672, 224), (2, 448, 896))
"""Batch, height and width of images that differ in each; networks of patches and windows take
them."""

_MOVING = {
    *("Concat", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Split", "Squeeze"),
    *("Tile", "Transpose", "Unsqueeze"),
}
"""Operators whose outputs are elements of their input, or of all inputs of Concat."""

_ELEMENTWISE = {
    *("Abs", "Add", "And", "Cast", "Ceil", "Div", "Equal", "Floor", "Greater", "GreaterOrEqual"),
    *("Less", "LessOrEqual", "Max", "Min", "Mod", "Mul", "Neg", "Not", "Or", "Round", "Sqrt"),
    *("Sub", "Sum", "Where", "Xor"),
}


def independent_values(model: onnx.ModelProto, image: str) -> dict[str, Array]:
    """Values of tensors that are computed from shapes, but do not change with the image's size.

    Such as the number of channels and what follows from it. Sizes that are the same for three
    images which differ in batch, height and width are constant; a number is if none that it is
    computed from varies.

    Parameters
    ----------
    model
        Any network.
    image
        Name of its input.

    Returns
    -------
    dict
        Arrays by name of tensor.
    """
    images = _images(model, image)
    if not images:
        return {}
    evaluator = Evaluator(model, image=image)
    runs = [evaluator.at(shape) for shape in images]
    varying: dict[str, Array] = {}
    found: dict[str, Array] = {}
    for step in evaluator.steps:
        for place, name in enumerate(step.outputs):
            values = _values(runs, name)
            if values is None:
                continue
            varying[name] = _varying(step, place, runs, varying, values)
            if not varying[name].any() and all(
                np.array_equal(values[0], other) for other in values[1:]
            ):
                found[name] = values[0]
    return found


def _images(model: onnx.ModelProto, image: str) -> list[tuple[int, ...]]:
    """Shapes of the input; none if it is no color image."""
    for info in model.graph.input:
        dims = info.type.tensor_type.shape.dim
        if info.name == image and len(dims) == 4:
            last = dims[3].dim_value == 3 and dims[1].dim_value != 3
            return [(n, h, w, 3) if last else (n, 3, h, w) for n, h, w in _SIDES]
    return []


def _values(runs: Sequence[Tensors], name: str) -> list[Array] | None:
    """A tensor's values in all runs, if known and of one shape."""
    values = [run[name].value for run in runs if name in run]
    known = [value for value in values if value is not None]
    if len(known) < len(runs) or any(value.shape != known[0].shape for value in known):
        return None
    return known


def _varying(
    step: Step,
    place: int,
    runs: Sequence[Tensors],
    varying: Mapping[str, Array],
    values: Sequence[Array],
) -> Array:
    """Which elements of an output vary."""
    shape = values[0].shape
    if step.op in FROM_SHAPES:
        return np.asarray(np.any([value != values[0] for value in values], axis=0)).reshape(shape)
    masks = [
        varying.get(name, np.zeros(_shape(runs[0], name), bool)) for name in step.inputs if name
    ]
    if not any(mask.any() for mask in masks):
        return np.zeros(shape, bool)
    if step.op in _ELEMENTWISE:
        joined = np.zeros(shape, bool)
        for mask in masks:
            joined = joined | mask
        return joined
    moved = len(masks) if step.op == "Concat" else 1
    if step.op in _MOVING and not any(mask.any() for mask in masks[moved:]):
        return _moved(step, place, runs[0], masks[:moved])
    return np.ones(shape, bool)


def _moved(step: Step, place: int, run: Tensors, masks: Sequence[Array]) -> Array:
    """The masks, treated as the operator treats its inputs."""
    inputs = [run[name] if name else None for name in step.inputs]
    for index, mask in enumerate(masks):
        inputs[index] = Tensor(0, mask.shape, mask)
    result = VALUES[step.op](Call(step, inputs))
    return np.asarray(result[place] if isinstance(result, list) else result)


def _shape(run: Tensors, name: str) -> tuple[int, ...]:
    return run[name].shape or ()
