"""Compare a network file with its source: activations and gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from dreamlayer.core.errors import MemoryLimitError
from dreamlayer.core.graph import sizes
from dreamlayer.core.graph.edit import tap
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.runtime.installed import runtime
from dreamlayer.core.runtime.protocol import is_shortage

Array = NDArray[np.float32]
Source = Callable[[Sequence[str], Array], tuple[Mapping[str, Array], Mapping[str, Array]]]
"""Takes names of layers and an image; returns what `TensorFlowNetwork.results` returns."""

SIDE = 107  # px; quick, and every layer of InceptionV3 has at least 2 × 2 positions
MARGIN = 32  # px added to the smallest image of a layer that needs more than SIDE
ATTEMPTS = 3
ACTIVATION_LIMIT = 1e-3
GRADIENT_LIMIT = 1e-4
COSINE_LIMIT = 0.9999


@dataclass(frozen=True)
class Row:
    """How well one layer agrees.

    Attributes
    ----------
    layer
        Its name.
    activation_error
        Largest difference of activations over the largest activation.
    gradient_error
        The same for the gradient of mean(a²) with respect to the image, with ONNX Runtime's
        graph optimisation off.
    cosine
        Between the two gradients as vectors, with graph optimisation on.
    """

    layer: str
    activation_error: float
    gradient_error: float
    cosine: float


def noise_image(side: int = SIDE, seed: int = 0) -> Array:
    """Return one image of uniform noise, float32 ``[1, 3, side, side]`` in 0..1."""
    return np.random.default_rng(seed).random((1, 3, side, side), dtype=np.float32)


def relative_error(value: Array, reference: Array) -> float:
    """Return the largest absolute difference over the largest absolute value of `reference`."""
    return float(np.abs(value - reference).max() / max(float(np.abs(reference).max()), 1e-30))


def cosine(value: Array, reference: Array) -> float:
    """Return the cosine of the angle between two arrays taken as vectors."""
    left = value.astype(np.float64).ravel()
    right = reference.astype(np.float64).ravel()
    lengths = float(np.linalg.norm(left)) * float(np.linalg.norm(right))
    return float(left @ right) / max(lengths, 1e-300)


def open_session(model: onnx.ModelProto, *, optimize: bool = True) -> Any:
    """Open a model on ONNX Runtime's CPU provider.

    Parameters
    ----------
    model
        Any ONNX model under 2 GiB.
    optimize
        False to run every node as it is written.

    Returns
    -------
    onnxruntime.InferenceSession
        It logs fatal errors only.
    """
    ort = runtime()
    options = ort.SessionOptions()
    options.log_severity_level = 4
    if not optimize:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    # Else weights that are dequantized before a product make it compute in 8 bits throughout.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    content = model.SerializeToString()
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def check_memory(error: Exception) -> None:
    """Raise `MemoryLimitError` where a session's error is that there was no memory left."""
    if is_shortage(str(error)):
        raise MemoryLimitError(
            "memory ran out while the network was tried; close other programs"
        ) from error


def activations(network: onnx.ModelProto, layers: Sequence[str], image: Array) -> dict[str, Array]:
    """Run `network` and return the activations of `layers`, NCHW, by name."""
    session = open_session(tap(network, layers))
    return dict(zip(layers, session.run(None, {IMAGE: image}), strict=True))


def gradients(network: onnx.ModelProto, layer: str, image: Array) -> tuple[Array, Array]:
    """Compute the gradient of mean(a²) of a layer with respect to the image, by ONNX Runtime.

    Parameters
    ----------
    network
        The network file.
    layer
        Name of a tensor in it.
    image
        float32 ``[1, 3, height, width]`` in 0..1.

    Returns
    -------
    tuple of ndarray
        With graph optimisation off, and on.
    """
    from dreamlayer.core.network.gradient_model import gradient_model
    from dreamlayer.core.recipe.term import Term

    model = gradient_model(tap(network, [layer]), [Term(layer, kind="squares")])
    plain, optimized = (
        open_session(model, optimize=optimize).run(["gradient"], {IMAGE: image})
        for optimize in (False, True)
    )
    return plain[0], optimized[0]


def compare(network: onnx.ModelProto, source: Source, layers: Sequence[str]) -> list[Row]:
    """Compare a network file with its source, on images of noise.

    Where a ReLU's input is within rounding of zero, or two values in a pooling window are within
    rounding of each other, two correct programs decide differently, and the gradient differs in
    that unit's receptive field by 1e-3 and more (as it does between Keras in float32 and in
    float64). The image is small to make that rare, and a layer that differs is compared again on
    another image, three times at most; a wrong gradient is wrong on each. A classifier that needs a
    larger image is compared once: in an image of that size some decision always differs.

    Parameters
    ----------
    network
        The network file.
    source
        The network that it was made from.
    layers
        Which layers to compare.

    Returns
    -------
    list of Row
        One for each layer.
    """
    small = [name for name in layers if sizes.accepts(network, [name], SIDE)]
    rows: dict[str, Row] = {}
    for seed in range(ATTEMPTS):
        doubtful = [n for n in small if n not in rows or rows[n].gradient_error > GRADIENT_LIMIT]
        rows |= _rows(network, source, doubtful, SIDE, seed)
    if large := [name for name in layers if name not in small]:
        side = sizes.minimum_size(network, large) + MARGIN
        rows |= _rows(network, source, large, side, seed=0)
    return [rows[name] for name in layers]


def _rows(
    network: onnx.ModelProto, source: Source, layers: Sequence[str], side: int, seed: int
) -> dict[str, Row]:
    """Compare some layers on one image."""
    if not layers:
        return {}
    image = noise_image(side, seed)
    expected, expected_gradients = source(layers, image)
    found = activations(network, layers, image)
    rows = {}
    for name in layers:
        plain, optimized = gradients(network, name, image)
        rows[name] = Row(
            layer=name,
            activation_error=relative_error(found[name], expected[name]),
            gradient_error=relative_error(plain, expected_gradients[name]),
            cosine=cosine(optimized, expected_gradients[name]),
        )
    return rows


def agrees(rows: Sequence[Row]) -> bool:
    """Tell whether every layer agrees well enough to be written."""
    return all(
        row.activation_error <= ACTIVATION_LIMIT and row.cosine >= COSINE_LIMIT for row in rows
    )


def format_table(rows: Sequence[Row], source: str) -> str:
    """Return `rows` as an aligned table, with a heading that says what was compared and how."""
    width = max([len("layer"), *(len(row.layer) for row in rows)])
    lines = [
        f"Against {source}, largest error over largest value:",
        f"{'layer':<{width}}  {'activation':>10}  {'gradient':>8}  {'cosine':>10}",
    ]
    lines += [
        f"{row.layer:<{width}}  {row.activation_error:>10.1e}  {row.gradient_error:>8.1e}"
        f"  {row.cosine:>10.8f}"
        for row in rows
    ]
    return "\n".join(lines)
