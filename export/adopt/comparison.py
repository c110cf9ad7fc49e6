"""Compares what an adopted network computes with its source, and refuses it where that differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from dreamlayer.core.errors import NetworkError, bare
from dreamlayer.core.graph.edit import tap
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.graph.randomness import random_tensors
from dreamlayer.core.runtime.reasons import reason_of
from dreamlayer.export import network_file
from dreamlayer.export.adopt.input_guess import INTEGERS
from dreamlayer.export.adopt.passes.constants import lift_constants
from dreamlayer.export.adopt.passes.functions import inline_functions
from dreamlayer.export.adopt.passes.precision import to_float32
from dreamlayer.export.adopt.passes.quantized import is_quantized, remove_quantizers
from dreamlayer.export.preprocessing import Pixels
from dreamlayer.export.verify import check_memory, open_session

LIMIT = 1e-3
"""Largest difference of an output that is adopted, relative to the output's largest number."""

_IMAGES = 4
"""So many images of noise are tried."""

_UNSTEADY = 0.1
"""Where the source differs from itself by more than this part of the difference, run with and
without optimizations, it amplifies rounding on that image."""

Array = np.ndarray[Any, Any]


def compare(
    source: onnx.ModelProto,
    network: onnx.ModelProto,
    pixels: Pixels,
    size: tuple[int, int],
    limit: float = LIMIT,
) -> list[str]:
    """Compare all outputs with the source's, on noise, but for those that are random.

    A source in another precision or with quantizers is compared in float32 and without them, since
    that is what is adopted; how far it differs as it is, is told. Where the difference is too large
    on noise on which the source amplifies rounding, other noise is taken.

    Parameters
    ----------
    source, network
        The foreign network, and what was made of it.
    pixels
        What the source expects.
    size
        Height and width of the image, which the network accepts.
    limit
        The largest difference that is allowed, relative to the largest number of an output.

    Returns
    -------
    list of str
        Lines for the terminal.

    Raises
    ------
    NetworkError
        An output differs by more, or ONNX Runtime cannot run the network.
    """
    plain, changed = _plain(source)
    random = random_tensors(network.graph)
    drawn = [info.name in random for info in network.graph.output]
    chance = np.random.default_rng(0)
    for left in reversed(range(_IMAGES)):
        image = chance.random((1, 3, *size), dtype=np.float32)
        expected = _outputs_of(plain, pixels, image)
        found = _run(network if expected else _last_layer(network), image, pixels.images)
        if expected is None:
            return [
                "Checked   not against the source, which ONNX Runtime does not run for this image"
            ]
        if pixels.element_type in INTEGERS:
            return []  # the source was given rounded pixels
        if drawn and all(drawn):
            return ["Checked   not against the source, whose outputs are random numbers"]
        found, expected = (_without(drawn, outputs) for outputs in (found, expected))
        difference = _difference(found, expected)
        if difference <= limit:
            break
        again = _outputs_of(plain, pixels, image, optimize=False) if left else None
        if not again or _difference(_without(drawn, again), expected) <= _UNSTEADY * difference:
            raise _too_different(difference, limit)
    notes = [f"Checked   outputs differ from the source's by at most {difference:.1e}"]
    if left < _IMAGES - 1:
        number = _IMAGES - left
        notes[0] += f" on noise {number}; on that before, the source amplifies rounding"
    if changed:
        notes[0] += f" {changed}"
        original = _outputs_of(source, pixels, image)
        if original is not None:
            apart = _difference(found, _without(drawn, original))
            notes[0] += f", and by {apart:.1e} from the source as it is"
    if any(drawn):
        named = [info.name for info, one in zip(network.graph.output, drawn, strict=True) if one]
        notes[0] += f"; not compared, since random: {', '.join(map(bare, named))}"
    return notes


def _too_different(difference: float, limit: float) -> NetworkError:
    return NetworkError(
        f"the adopted network's outputs differ from the source's by {difference:.2g} of their "
        f"largest number, more than the {limit:g} that are allowed; export the source again with "
        f"opset {network_file.OPSET} or newer, or allow it with --allow-difference"
    )


def _without(left_out: Sequence[bool], outputs: Sequence[Array]) -> list[Array]:
    return [one for one, out in zip(outputs, left_out, strict=True) if not out]


def _plain(source: onnx.ModelProto) -> tuple[onnx.ModelProto, str]:
    """The source in float32 and without quantizers, and what that changed."""
    plain = onnx.ModelProto()
    plain.CopyFrom(inline_functions(source))
    other, quantized = to_float32(plain), is_quantized(plain)
    if quantized:
        lift_constants(plain.graph)
        remove_quantizers(plain)
    ways = ["in float32"] * (other is not None) + ["without quantizers"] * quantized
    return plain, " and ".join(ways)


def _outputs_of(
    model: onnx.ModelProto, pixels: Pixels, image: Array, *, optimize: bool = True
) -> list[Array] | None:
    """What a source computes; None if it is too old for ONNX Runtime, or takes no such image."""
    kinds = {info.name: info.type.tensor_type.elem_type for info in model.graph.input}
    kind = kinds.get(pixels.input, TensorProto.FLOAT)
    values = np.ascontiguousarray(
        pixels.preprocess_planes(image), helper.tensor_dtype_to_np_dtype(kind)
    )
    try:
        # A network for several images at a time is given the same one several times.
        outputs: list[Array] = open_session(model, optimize=optimize).run(
            None, {pixels.input: values.repeat(pixels.images, axis=0)}
        )
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        check_memory(error)
        return None
    return [_first(output, pixels.images) for output in outputs]


def _first(output: Array, batch: int) -> Array:
    """What belongs to the first image of a batch."""
    if batch == 1 or not output.ndim or output.shape[0] % batch:
        return output
    return output[: output.shape[0] // batch]


def ranks_of(model: onnx.ModelProto, outputs: list[str], size: tuple[int, int]) -> dict[str, int]:
    """The number of axes of each output, by running a network with the input ``image``.

    Parameters
    ----------
    model
        As ONNX Runtime takes it; shapes of outputs need not be declared.
    outputs
        Their names.
    size
        Height and width of an image that it takes.

    Returns
    -------
    dict
        As many as there are outputs.

    Raises
    ------
    NetworkError
        It does not run for this image.
    """
    image = np.zeros((1, 3, *size), np.float32)
    try:
        found = open_session(model).run(outputs, {IMAGE: image})
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        check_memory(error)
        height, width = size
        raise NetworkError(
            f"nothing is known of the network's output {bare(outputs[0])}, since ONNX Runtime does "
            f"not run it for an image of {width} × {height} pixels ({reason_of(error)}); export it "
            f"again"
        ) from error
    return {name: np.ndim(value) for name, value in zip(outputs, found, strict=True)}


def _last_layer(network: onnx.ModelProto) -> onnx.ModelProto:
    return tap(network, network_file.layer_names(network)[-1:])


def _run(network: onnx.ModelProto, image: Array, images: int) -> list[Array]:
    try:
        outputs: list[Array] = open_session(network).run(None, {IMAGE: image})
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        check_memory(error)
        reason = reason_of(error)
        if images > 1:
            raise NetworkError(
                f"the network takes {images} images at a time, and does not run with a single one; "
                f"export it again for one image, or for any number of them ({reason})"
            ) from error
        raise NetworkError(
            f"ONNX Runtime cannot run the network ({reason}); export it again"
        ) from error
    return outputs


def _difference(found: Sequence[Array], expected: Sequence[Array]) -> float:
    """The largest difference, relative to each output's largest number; NaN equals NaN.

    Integers, such as the number of the likeliest class, are left out: near-ties change them.
    """
    worst = 0.0
    for a, b in zip(found, expected, strict=True):
        if a.shape != b.shape:
            return float("inf")
        if not b.size or b.dtype.kind not in "fV":
            continue
        ours, theirs = (one.astype(np.float64) for one in (a, b))
        same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
        with np.errstate(invalid="ignore"):
            apart = np.where(same, 0.0, np.abs(ours - theirs))
        largest = np.abs(theirs[np.isfinite(theirs)]).max(initial=1e-30)
        worst = max(worst, float(np.nan_to_num(apart, nan=np.inf).max() / largest))
    return worst
