"""Which tensors of an exported file are the outputs of which modules, found by their values.

Only what ONNX Runtime computes is compared; dreamlayer is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

Array = npt.NDArray[Any]
TOLERANCE = 2e-3
LEADING = (0, 1, 2)  # class and distillation tokens
HEADS = frozenset({"avgpool", "global_pool"})
"""What pools for a classifier are called, whose maps are no layers."""


@dataclass(frozen=True)
class Map:
    """How a tensor holds a feature map: its rows and columns, and tokens before the first."""

    height: int
    width: int
    leading: int = 0
    channels_last: bool = False


@dataclass(frozen=True)
class Candidate:
    """A tensor of the file that equals a module's output."""

    tensor: str
    module: str
    leading: int


def map_of(shape: tuple[int, ...], image: tuple[int, int]) -> Map | None:
    """How a tensor of `shape` holds a feature map of an image, None if it does not.

    Of several ways, the one whose rows and columns are most like the image's.
    """
    forms: list[Map] = []
    if len(shape) == 4 and shape[0] == 1:
        # Ones at two sides are left by a pool of everything; the other side holds channels then.
        pooled = {shape[2:], shape[1:3]} & {(1, 1)}
        forms = [Map(shape[2], shape[3]), Map(shape[1], shape[2], channels_last=True)]
        forms = [] if pooled else forms
    elif len(shape) == 3 and shape[0] == 1:
        for leading in LEADING:
            tokens = shape[1] - leading
            height = round((tokens * image[0] / image[1]) ** 0.5) if tokens > 0 else 0
            if height and tokens % height == 0:
                forms.append(Map(height, tokens // height, leading, True))
    fitting = [(fit, form) for form in forms if (fit := _misfit(form, image)) is not None]
    return min(fitting, key=lambda one: one[0])[1] if fitting else None


def _misfit(form: Map, image: tuple[int, int]) -> float | None:
    """How much the strides of rows and columns differ; None if it cannot be a map of the image."""
    height, width = form.height, form.width
    if height * width < 2 or height > image[0] + 8 or width > image[1] + 8:
        return None
    # Borders take a few positions of small maps.
    misfit = abs(height / image[0] - width / image[1])
    return misfit if misfit <= 3.0 / min(image) else None


def as_planes(values: Array, form: Map) -> Array:
    """A tensor as [batch, channels, rows, columns]."""
    if not form.channels_last:
        return values
    values = values[:, form.leading :] if values.ndim == 3 else values
    return np.moveaxis(values.reshape(len(values), form.height, form.width, -1), 3, 1)


def positions_of(values: Any, leading: int) -> Any:
    """A tensor of numpy or torch without the tokens that have no position."""
    return values[:, leading:] if leading else values


def all_tensors(file: Path, feeds: Mapping[str, Array]) -> dict[str, Array]:
    """Run a file in ONNX Runtime, without optimizations, and return all float tensors by name."""
    model = onnx.load(file)
    wanted = [name for node in model.graph.node for name in node.output if name]
    del model.graph.output[:]
    inferred = onnx.shape_inference.infer_shapes(model).graph.value_info
    kinds = {info.name: info.type.tensor_type.elem_type for info in inferred}
    floats = [name for name in wanted if kinds.get(name, 1) == onnx.TensorProto.FLOAT]
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in floats
    )
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return dict(zip(floats, session.run(floats, dict(feeds)), strict=True))


def equal(a: Array, b: Array) -> bool:
    """Whether two tensors are the same but for rounding."""
    if a.shape != b.shape or not a.size:
        return False
    return bool(np.abs(a - b).max() <= TOLERANCE * max(np.abs(b).max(), 1e-20))


def choose(
    file: Path, feeds: Mapping[str, Array], outputs: Mapping[str, Array], layout: str = "nchw"
) -> dict[str, Candidate]:
    """The middle and the last of the tensors that are feature maps and outputs of modules.

    What the classifier pools is left out.
    """
    (image,) = feeds.values()
    size = image.shape[2:] if layout == "nchw" else image.shape[1:3]
    tensors = all_tensors(file, feeds)
    by_size: dict[int, list[str]] = {}
    for module, values in outputs.items():
        if module.partition(":")[0].split(".")[-1] not in HEADS:
            by_size.setdefault(values.size, []).append(module)
    found: list[Candidate] = []
    for tensor, values in tensors.items():
        for module in by_size.get(values.size, ()):
            theirs = outputs[module]
            form = map_of(theirs.shape, (size[0], size[1]))
            if form is None or np.ptp(theirs) == 0:
                continue
            if equal(values, theirs) or _equal_planes(values, theirs, form):
                found.append(Candidate(tensor, module, form.leading))
                break
    if not found:
        raise SystemExit("no tensor of the file equals the output of a module")
    return {"middle": found[len(found) // 2], "late": found[-1]}


def _equal_planes(values: Array, theirs: Array, form: Map) -> bool:
    """Whether planes of a file equal the channels-last map of a module."""
    return values.ndim == 4 and form.channels_last and equal(values, as_planes(theirs, form))
