"""Try whether a network whose sizes were freed computes at other sizes what it should.

At its own size it must give what its source gives. At two others, one higher and one wider, it must
run, its maps must grow with the image, and the corner that both images share must look the same to
it: windows, strides or crops that were guessed wrong do not survive that. What is computed from the
whole image, as by a global pool, is held for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from dreamlayer.core.graph.edit import tap
from dreamlayer.core.graph.inference import attributes
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.runtime.reasons import reason_of
from dreamlayer.export.adopt.baked.trials import Length, Trials, grows
from dreamlayer.export.verify import open_session

Array = npt.NDArray[np.float32]
Size = tuple[int, int]

_FAR = 256
"""Pixels of the shorter side, at least, beyond which a corner hardly sees what differs."""

_MAPPING = frozenset({"Conv", "ConvTranspose", "MaxPool", "AveragePool"})
_PHASE = 32
_SAMPLES = 6
_EQUAL, _SIMILAR = 1e-5, 0.05
"""How far outputs at the own size, and corners at two others, may differ, relative to their mean
magnitude. A wrong guess changes them as a whole."""


def problem_with(
    source: onnx.ModelProto,
    freed: onnx.ModelProto,
    trials: Trials,
    size: Size,
    *,
    several: bool = False,
) -> str | None:
    """What is wrong with a freed network, as part of a sentence; None if nothing is.

    Parameters
    ----------
    source, freed : onnx.ModelProto
        Before and after, both with the input ``image`` of symbolic sizes.
    trials : Trials
        Knows the sizes of the freed one's tensors.
    size : (int, int)
        Height and width that the source was exported for.
    several : bool
        Whether several images at a time are tried too.
    """
    for node in freed.graph.node:
        if node.op_type in _MAPPING and _stays(trials, node.output[0]):
            return f"{node.output[0]} does not grow with the image"
    rng = np.random.default_rng(0)
    own = rng.random((1, 3, *size), np.float32)
    outputs = [info.name for info in source.graph.output]
    maps = _sampled(freed, trials)
    held = _from_whole_image(freed, trials)
    uneven = _uneven(freed, trials)
    local = [name for name in maps if name not in uneven]
    pair = np.concatenate([own, own[:, :, ::-1]])
    try:
        (expected,) = _runs(source, outputs, own)
        found, *both = _runs(freed, [*outputs, *held], own, *[pair][: int(several)])
        for name in outputs:
            if any(_apart(one[name][:1], expected[name]) > _EQUAL for one in (found, *both)):
                return f"{name} differs from the source's at its own size"
        images = _other_images(size, rng)
        results = _runs(_holding(freed, {name: found[name] for name in held}), maps, *images)
        for name in maps:
            for image, values in zip(images, results, strict=True):
                if not _in_proportion(values[name], trials.own(name), image, size):
                    return f"{name} does not grow with the image"
        for name in local:
            if _apart(*(values[name][:, :, :2, :2] for values in results)) > _SIMILAR:
                return f"{name} depends on the image's size where it should not"
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        return f"it does not run at other sizes: {reason_of(error)}"
    return None


def _other_images(size: Size, rng: np.random.Generator) -> tuple[Array, Array]:
    """A higher and a wider image that share a corner, in multiples of the own size.

    Their sides have the same phase: padding depends on whether a side is odd, and its half.
    """
    step = 1 if all(side % _PHASE == 0 for side in size) else 2
    times = 1
    while times * min(size) < _FAR:
        times += step
    height, width = times * size[0], times * size[1]
    higher = rng.random((1, 3, height + step * size[0], width), np.float32)
    wider = rng.random((1, 3, height, width + step * size[1]), np.float32)
    wider[:, :, :height, :width] = higher[:, :, :height, :width]
    return higher, wider


def _runs(
    model: onnx.ModelProto, names: Sequence[str], *images: Array
) -> list[Mapping[str, Array]]:
    """Some tensors of a model for each of some images."""
    if not names:
        return [{} for _ in images]
    session = open_session(tap(model, names))
    return [dict(zip(names, session.run(None, {IMAGE: one}), strict=True)) for one in images]


def _apart(one: Array, two: Array) -> float:
    """The mean difference of two arrays, relative to their mean magnitude; infinite if shapes
    differ."""
    if one.shape != two.shape:
        return float("inf")
    scale = float(np.abs(two).mean()) if two.size else 0.0
    return float(np.abs(one - two).mean()) / scale if scale > 0 else 0.0


def _in_proportion(found: Array, own: Sequence[int] | None, image: Array, size: Size) -> bool:
    """Whether rows and columns of a map grow as the image does, up to what borders take."""
    if own is None:
        return False
    pairs = zip(found.shape[2:], own[2:], image.shape[2:], size, strict=True)
    return all(
        abs(now - before * side / whole) <= 1 + side / whole + 0.1 * now
        for now, before, side, whole in pairs
    )


def _growing(trials: Trials, name: str) -> list[Length] | None:
    """The lengths of a feature map's axes, if its rows and columns grow with the image's."""
    lengths = trials.lengths(name) if trials.depends(name) and trials.is_float(name) else None
    if lengths is None or len(lengths) != 4:
        return None
    # The second image is the wider one, the third the higher. Attention grows with both.
    rows, columns = lengths[2:]
    return lengths if rows[1] < rows[2] and columns[1] > columns[2] else None


def _stays(trials: Trials, name: str) -> bool:
    """Whether a map of several rows and columns has other rows and columns than the image's."""
    lengths = trials.lengths(name) if trials.depends(name) else None
    if lengths is None or len(lengths) != 4 or lengths[2][0] == 1 or lengths[3][0] == 1:
        return False
    return _growing(trials, name) is None


def _sampled(model: onnx.ModelProto, trials: Trials) -> list[str]:
    """A few feature maps of all depths, the deepest first."""
    maps = [name for node in model.graph.node for name in node.output[:1] if _growing(trials, name)]
    step = max(1, (len(maps) - 1) // (_SAMPLES - 1)) if maps else 1
    return list(dict.fromkeys([*maps[-1:], *maps[::-step]]))[:_SAMPLES]


def _from_whole_image(model: onnx.ModelProto, trials: Trials) -> list[str]:
    """What has one size for all images, is computed from what grows, and is read by such again."""
    found = []
    for node in model.graph.node:
        read = [trials.lengths(name) for name in node.input if trials.depends(name)]
        if not any(lengths and any(map(grows, lengths)) for lengths in read):
            continue
        for name in node.output:
            lengths = trials.lengths(name)
            if lengths and trials.is_float(name) and not any(map(grows, lengths)):
                found.append(name)
    return found


def _holding(model: onnx.ModelProto, values: Mapping[str, Array]) -> onnx.ModelProto:
    """A copy of a model in which some tensors are constants."""
    held = onnx.ModelProto()
    held.CopyFrom(model)
    for node in held.graph.node:
        for place, name in enumerate(node.output):
            if name in values:
                node.output[place] = f"{name}/computed"
    held.graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in values.items()
    )
    return held


def _uneven(model: onnx.ModelProto, trials: Trials) -> set[str]:
    """What depends on statistics of the whole image, or on attention between all its parts."""
    found: set[str] = set()
    for node in model.graph.node:
        if found.intersection(node.input) or _is_global(node, trials):
            found.update(node.output)
    return found


def _is_global(node: onnx.NodeProto, trials: Trials) -> bool:
    lengths = trials.lengths(node.input[0]) if node.input else None
    if not lengths or not trials.depends(node.input[0]):
        return False
    given = attributes(node)
    if node.op_type == "Softmax":
        return grows(lengths[given.get("axis", -1)])
    if node.op_type in ("InstanceNormalization", "GroupNormalization"):
        return any(map(grows, lengths[2:]))
    if node.op_type == "LayerNormalization":
        return any(map(grows, lengths[given.get("axis", -1) :]))
    return False
