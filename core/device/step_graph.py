"""One step as an ONNX graph: condition the gradient, as in `core.ascent.normalize`, and add it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnx

from dreamlayer.core.ascent.colors import color_matrix
from dreamlayer.core.ascent.normalize import MIN_DIVISOR
from dreamlayer.core.ascent.pyramid import KERNEL, MIN_RMS
from dreamlayer.core.device.blur_graph import blurred, color_mixing, correlated, gaussian, radius_of
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.edit import DOUBLE, FLOAT, new_graph, to_model
from dreamlayer.core.graph.ops import at_least, cast, clipped, reshape, where
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]
PICTURE, TOTAL, CHANGE, DIVISOR = "dream/picture", "dream/total", "change", "divisor"
WEIGHTS, MEAN, SQUARE = "dream/weights", "dream/mean", "dream/square"
"""Names of the graph's inputs and outputs, beside those of `kernels`."""


def step_model(
    recipe: Recipe, height: int, width: int, *, weighed: bool = False
) -> onnx.ModelProto:
    """The graph of one step.

    Parameters
    ----------
    recipe : Recipe
        The parameters.
    height, width : int
        The octave's size.
    weighed : bool
        Whether pixels have weights.

    Returns
    -------
    onnx.ModelProto
        Inputs: `picture`, float32 [3, height, width]; `total`, the gradient, float32
        [3, height * width]; those of `kernels`; with weights, `weights`, float32 [height, width],
        and `mean` and `square`, float64 [1], the fields of `core.ascent.normalize.Shares`. Outputs:
        the new `picture`, which may share the memory of the input; `change` before clipping,
        float32 [3, height, width], which may share the
        memory of `total`; `divisor`, float64 [1], not finite if the gradient is not.
    """
    radii = _radii(recipe)
    inputs = {PICTURE: (FLOAT, [3, height, width]), TOTAL: (FLOAT, [3, height * width])}
    for number, radius in enumerate(radii):
        inputs[f"kernel{number}"] = FLOAT, [2 * radius + 1]
        if recipe.smoothing_colors:
            inputs[f"colors{number}"] = FLOAT, [3, 3]
    if weighed:
        inputs |= {WEIGHTS: (FLOAT, [height, width]), MEAN: (DOUBLE, [1]), SQUARE: (DOUBLE, [1])}
    graph = new_graph(inputs, "step")
    gradient, matrix = graph.value(TOTAL), color_matrix(recipe)
    if matrix is not None:
        gradient = graph.emit("MatMul", graph.constant(matrix), gradient)
    gradient = reshape(gradient, 3, height, width)
    share = graph.value(SQUARE) if weighed else None
    if weighed:
        gradient = gradient * graph.value(WEIGHTS)
    if recipe.pyramid:
        gradient = _normalized_bands(gradient, (height, width), recipe.pyramid, share)
    gradient = _smoothed(gradient, (height, width), radii, recipe.smoothing_colors)
    divisor = magnitude(gradient, recipe.normalize)
    if recipe.normalize != "none":
        if share is not None:
            mean = recipe.normalize == "mean"
            divisor = divisor / (graph.value(MEAN) if mean else graph.emit("Sqrt", share))
        divisor = bounded(divisor, recipe.epsilon, recipe.min_divisor)
        gradient = gradient / cast(divisor, FLOAT)
    if weighed:
        gradient = gradient * cast(graph.value(WEIGHTS) > 0, FLOAT)
    if recipe.clip_gradient:
        gradient = clipped(gradient, -recipe.clip_gradient, recipe.clip_gradient)
    change = gradient * recipe.step_size
    if recipe.headroom:
        change = _slowed_down(change, graph.value(PICTURE), recipe.headroom)
    result = graph.value(PICTURE) + change
    if recipe.clip:
        result = clipped(result, 0, 1)
    single = reshape(divisor, 1)
    return to_model(graph, {CHANGE: change, f"new/{PICTURE}": result, DIVISOR: single})


def _slowed_down(change: Value, picture: Value, headroom: float) -> Value:
    """`core.ascent.normalize.slow_down`."""
    room = where(change > 0, -picture + 1.0, picture) / headroom
    return change * clipped(room, 0, 1)


def kernels(recipe: Recipe, step: int) -> dict[str, Array]:
    """The weights of the blurs of step `step`, by the names of the graph's inputs."""
    found = {}
    sigmas, radii = _sigmas(recipe, step), _radii(recipe)
    for number, (sigma, radius) in enumerate(zip(sigmas, radii, strict=True)):
        # With sigma 0, the first blur is the identity, and the others are 0.
        weights, matrix = np.zeros(2 * radius + 1, np.float32), np.eye(3, dtype=np.float32)
        weights[radius] = number == 0
        found[f"kernel{number}"] = gaussian(sigma, radius) if sigma else weights
        if recipe.smoothing_colors:
            found[f"colors{number}"] = color_mixing(sigma) if sigma else matrix
    return found


def _sigmas(recipe: Recipe, step: int) -> list[float]:
    """Sigmas of one step's blurs; 0 at the first step of a growing blur."""
    if not (recipe.smoothing or recipe.smoothing_growth):
        return []
    sigma = recipe.smoothing
    if recipe.smoothing_growth:
        sigma += recipe.smoothing_growth * step / recipe.steps
    return [sigma * scale for scale in _SCALES] if recipe.smoothing_cascade else [sigma]


_SCALES = (1.0, 2.0, 0.5)


def _radii(recipe: Recipe) -> list[int]:
    """The largest radius of each blur; sigmas never decrease."""
    return [radius_of(sigma) for sigma in _sigmas(recipe, max(recipe.steps - 1, 0))]


def _smoothed(value: Value, size: tuple[int, int], radii: list[int], colors: bool) -> Value:
    """The sum of the blurs."""
    graph, result = value.graph, None
    for number, radius in enumerate(radii):
        source = value
        if colors:
            mixed = graph.emit("MatMul", graph.value(f"colors{number}"), reshape(value, 3, -1))
            source = reshape(mixed, 3, *size)
        part = blurred(source, size, graph.value(f"kernel{number}"), radius)
        result = part if result is None else result + part
    return value if result is None else result


def _normalized_bands(
    value: Value, size: tuple[int, int], bands: int, share: Value | None
) -> Value:
    """`core.ascent.pyramid.normalize_bands`: divide each band of a pyramid by its RMS."""
    levels, current = [], value
    for _ in range(bands):
        low = _downsampled(current, size)
        levels.append((current - _upsampled(low, size), size))
        size, current = ((size[0] + 1) // 2, (size[1] + 1) // 2), low
    current = _divided_by_rms(current, share)
    for band, size in reversed(levels):
        current = _divided_by_rms(band, share) + _upsampled(current, size)
    return current


def _divided_by_rms(band: Value, share: Value | None) -> Value:
    square = _mean(band * band)
    rms = band.graph.emit("Sqrt", square if share is None else square / share)
    return band / cast(at_least(rms, MIN_RMS), FLOAT)


def _downsampled(value: Value, size: tuple[int, int]) -> Value:
    """Every second pixel of the blurred image, as a convolution of stride 2 selects them."""
    graph = value.graph
    weights = graph.constant(np.array(KERNEL, np.float32))
    for axis, length in enumerate(size, 1):
        # These are the odd pixels of an even length, and the even ones of an odd length. Padded in
        # advance, since cuDNN only pads symmetrically.
        begin, end = [0, 0, 0], [0, 0, 0]
        begin[axis], end[axis] = 1 + length % 2, 2
        padded = graph.emit("Pad", value, graph.ints(*begin, *end))
        value = correlated(padded, weights, axis, stride=2)
    return value


def _upsampled(value: Value, size: tuple[int, int]) -> Value:
    """The transposed convolution times four: insert zeros between pixels, then blur."""
    graph = value.graph
    kernel = 2 * np.array(KERNEL, np.float32)
    for axis, length in enumerate(size, 1):
        first, tall = 1 + length % 2, axis == 1
        wide = graph.emit(
            "ConvTranspose",
            graph.emit("Unsqueeze", value, graph.ints(1)),
            graph.constant(kernel.reshape((1, 1, 5, 1) if tall else (1, 1, 1, 5))),
            strides=[2, 1] if tall else [1, 2],
        )
        wide = graph.emit("Squeeze", wide, graph.ints(1))
        bounds = (graph.ints(number) for number in (first, first + length, axis))
        value = graph.emit("Slice", wide, *bounds)
    return value


def _mean(value: Value) -> Value:
    """The mean, a float64 scalar.

    Rows are averaged in float32 and their means in float64, for precision without a copy of the
    image in float64.
    """
    rows = value.graph.emit("ReduceMean", value, value.graph.ints(-1), keepdims=0)
    return value.graph.emit("ReduceMean", cast(rows, DOUBLE), keepdims=0)


def magnitude(value: Value, kind: str) -> Value:
    """`core.ascent.normalize.magnitude`: the divisor, a float64 scalar."""
    if kind == "mean":
        return _mean(value.graph.emit("Abs", value))
    if kind == "std":
        first, second = _mean(value), _mean(value * value)
        return value.graph.emit("Sqrt", at_least(second - first * first, 0))
    # 1, or NaN if the gradient is not finite.
    return _mean(value) * 0.0 + 1.0


def bounded(divisor: Value, epsilon: float, min_divisor: float) -> Value:
    """The divisor plus `epsilon`, at least `min_divisor`, and never 0."""
    return at_least(divisor + epsilon, max(min_divisor, MIN_DIVISOR))
