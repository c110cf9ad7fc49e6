"""Run what is promised: layers and gradients of an adopted network, in ONNX Runtime."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from dreamlayer.core.autodiff.rules import ZERO_GRADIENT
from dreamlayer.core.errors import DreamlayerError, MemoryLimitError, printable, shown
from dreamlayer.core.graph.edit import tap
from dreamlayer.core.graph.inference import names_read
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.reasons import reason_of
from dreamlayer.export.adopt.maps import Size
from dreamlayer.export.verify import check_memory, open_session

_ATTEMPTS = 8
_SAMPLES = 4
_USABLE = "; layers that can be dreamed"
"""Where a refusal begins to list the layers of a finished network."""

_LACKING = re.compile(r"implementation for (\w+)\(\d+\) node with name '([^']*)'")
_NODE = re.compile(r"while running (\w+) node\. Name:'([^']*)'")


def failing_layers(
    network: onnx.ModelProto, layers: Sequence[str], sizes: Sequence[Size]
) -> dict[str, str]:
    """Run all layers of a network, and their gradients, for images of some sizes.

    The gradients are made and run for the last layers together, as one objective, which takes every
    way that the gradient of an earlier one takes; and for a few layers one by one, as they are
    dreamed of.

    Parameters
    ----------
    network
        The network file.
    layers
        Its layers that have gradient rules, in topological order.
    sizes
        Height and width of the images.

    Returns
    -------
    dict
        What ONNX Runtime cannot compute, with the reason.
    """
    failing: dict[str, str] = {}
    for _ in range(_ATTEMPTS):
        left = [name for name in layers if name not in failing]
        found = _one_failure(network, left, sizes) if left else {}
        if not found:
            return failing
        failing |= found
    return failing | dict.fromkeys(left, next(iter(found.values())))


@dataclass(frozen=True)
class _Failure:
    """An error of ONNX Runtime, and the size of the image for which it came."""

    error: Exception
    size: Size

    @property
    def node(self) -> str | None:
        """The name of the node that it names."""
        found = _NODE.search(str(self.error))
        return found[2] if found else None

    def __str__(self) -> str:
        lacking = _LACKING.search(str(self.error))
        if lacking is not None:
            node = f"{lacking[1]} {shown(lacking[2])}"
            return f"ONNX Runtime has no {node} for numbers of its type; convert it to float32"
        found = _NODE.search(str(self.error))
        if found is None:
            return reason_of(self.error)
        height, width = self.size
        return f"{found[1]} {shown(found[2])} does not take images of {width} × {height} pixels"


def _one_failure(
    network: onnx.ModelProto, layers: Sequence[str], sizes: Sequence[Size]
) -> dict[str, str]:
    """The layers behind the first node that does not run, or has no gradient; none if all do."""
    failure = _run(tap(network, _ends(network, layers)), sizes)
    if failure is not None:
        return _behind(network, layers, failure)
    groups = [list(layers), *([layer] for layer in _samples(layers))]
    for group in groups:
        reason = _without_gradient(network, group, sizes)
        if reason is not None:
            return _behind_gradient(network, group, sizes, reason)
    return {}


def _without_gradient(
    network: onnx.ModelProto, layers: Sequence[str], sizes: Sequence[Size]
) -> str | None:
    """Why the gradient of some layers cannot be made, or does not run; None if it does."""
    ends = _ends(network, layers)
    try:
        model = gradient_model(tap(network, ends), [Term(layer) for layer in ends])
    except MemoryLimitError:
        raise
    except DreamlayerError as refusal:
        return printable(str(refusal).split(_USABLE)[0])
    failure = _run(model, sizes)
    return None if failure is None else f"its gradient does not run: {failure}"


def _behind_gradient(
    network: onnx.ModelProto, layers: Sequence[str], sizes: Sequence[Size], reason: str
) -> dict[str, str]:
    """The first of some layers whose gradient fails, and those that depend on it."""
    fine, failing = 0, len(layers)
    while failing - fine > 1:
        middle = (fine + failing) // 2
        earlier = _without_gradient(network, layers[:middle], sizes)
        if earlier is None:
            fine = middle
        else:
            failing, reason = middle, earlier
    behind = {layers[fine]}
    for node in network.graph.node:
        if behind.intersection(names_read(node)):
            behind.update(node.output)
    return {layer: reason for layer in layers if layer in behind}


def _run(model: onnx.ModelProto, sizes: Sequence[Size]) -> _Failure | None:
    """Run a model on noise of some sizes; the first failure but for lack of memory."""
    size = sizes[0]
    try:
        session = open_session(model)
        for size in sizes:
            image = np.random.default_rng(0).random((1, 3, *size), dtype=np.float32)
            session.run(None, {IMAGE: image})
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        check_memory(error)
        return _Failure(error, size)
    return None


def _ends(network: onnx.ModelProto, layers: Sequence[str]) -> list[str]:
    """The layers from whose values no other of them is computed.

    Who computes them, and their gradient, computes all, but need not hold all: together the layers
    of a network for one image may take gigabytes. Where only the shape of a layer is read, or
    another operator without a gradient reads it, no gradient flows to it, and ONNX Runtime may
    leave it out.
    """
    wanted, read = set(layers), set[str]()
    for node in reversed(network.graph.node):
        if node.op_type in ZERO_GRADIENT:
            continue
        if any(name in wanted or name in read for name in node.output):
            read.update(names_read(node))
    return [layer for layer in layers if layer not in read]


def _behind(network: onnx.ModelProto, layers: Sequence[str], failure: _Failure) -> dict[str, str]:
    """The layers that depend on the node that a failure names, else the first that fails."""
    behind: set[str] = set()
    for node in network.graph.node:
        if node.name == failure.node or behind.intersection(names_read(node)):
            behind.update(node.output)
    found = {layer: str(failure) for layer in layers if layer in behind}
    if found:
        return found
    fine, failing = 0, len(layers)
    while failing - fine > 1:
        middle = (fine + failing) // 2
        if _run(tap(network, _ends(network, layers[:middle])), [failure.size]) is None:
            fine = middle
        else:
            failing = middle
    return {layers[fine]: str(failure)}


def _samples(layers: Sequence[str]) -> list[str]:
    """A few layers of all depths, the last one first, which needs most of the others."""
    step = max(1, (len(layers) - 1) // (_SAMPLES - 1))
    return list(dict.fromkeys([layers[-1], *layers[::-step]]))[:_SAMPLES]
