"""Why tensors of a foreign network that look like layers are not offered as such."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import onnx

from dreamlayer.core.errors import shown
from dreamlayer.core.graph.edit import prune
from dreamlayer.core.graph.inference import names_read
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.graph.randomness import random_tensors
from dreamlayer.export.adopt.maps import Shapes, Size
from dreamlayer.export.verify import check_memory, open_session

CONSTANT = "has the same size whatever the image's is"
"""The end of a reason: no other size of the source would help."""


def size_reasons(
    network: onnx.ModelProto, lost: Iterable[str], sizes: Sequence[Size], shapes: Sequence[Shapes]
) -> dict[str, str]:
    """Why tensors that are feature maps at one size are not at others.

    Parameters
    ----------
    network
        With the input ``image``.
    lost
        Their names.
    sizes, shapes
        Height and width of images, and the shapes that are known for each.

    Returns
    -------
    dict
        Clauses by name.
    """
    blamed: dict[str, str] = {}
    for node in network.graph.node:
        earlier = next((blamed[name] for name in names_read(node) if name in blamed), None)
        if earlier is None:
            earlier = _refused(node, sizes, shapes)
        if earlier is not None:
            blamed.update(dict.fromkeys(node.output, earlier))
    return {name: blamed.get(name, f"{shown(name)} {CONSTANT}") for name in lost}


def _refused(node: onnx.NodeProto, sizes: Sequence[Size], shapes: Sequence[Shapes]) -> str | None:
    """Say for which image a node, all of whose inputs have a shape, gives nothing."""
    for (height, width), known in zip(sizes, shapes, strict=True):
        if _first_unknown(node, known):
            return f"{_called(node)} does not take images of {width} × {height} pixels"
    return None


def _first_unknown(node: onnx.NodeProto, known: Shapes) -> bool:
    """Whether what a node gives is unknown, and what it reads is not."""
    read = all(name in known for name in node.input if name)
    return read and any(name and name not in known for name in node.output[:1])


def random_reasons(network: onnx.ModelProto) -> dict[str, str]:
    """Why tensors that depend on random numbers are no layers, as clauses by name."""
    return {
        name: f"{_called(node)} draws random numbers; export the network for inference"
        for name, node in random_tensors(network.graph).items()
    }


def unknown_size_reasons(network: onnx.ModelProto, known: Shapes) -> dict[str, str]:
    """Why the sizes of tensors are unknown at every size, such as those behind a loop.

    Parameters
    ----------
    network
        With the input ``image``.
    known
        The shapes that are known for an image that the network takes.

    Returns
    -------
    dict
        Clauses by name, for each tensor of unknown shape.
    """
    blamed: dict[str, str] = {}
    for node in network.graph.node:
        why = next((blamed[name] for name in names_read(node) if name in blamed), None)
        if why is None and _first_unknown(node, known):
            why = f"sizes behind {_called(node)} cannot be told; export the network without it"
        if why is not None:
            blamed.update((name, why) for name in node.output if name not in known)
    return blamed


def shapes_by_running(network: onnx.ModelProto, names: Sequence[str], size: Size) -> Shapes:
    """The shapes of tensors for one image, of what ONNX Runtime computes.

    Parameters
    ----------
    network
        With the input ``image``.
    names
        The tensors.
    size
        Height and width of the image.

    Returns
    -------
    dict
        Sizes by name; empty where ONNX Runtime does not run the network for this image.
    """
    tapped = onnx.ModelProto()
    tapped.CopyFrom(network)
    del tapped.graph.output[:]
    # Neither their types nor their shapes need to be declared.
    tapped.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    prune(tapped)
    try:
        found = open_session(tapped).run(list(names), {IMAGE: np.zeros((1, 3, *size), np.float32)})
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        check_memory(error)
        return {}
    return {name: list(np.shape(value)) for name, value in zip(names, found, strict=True)}


def _called(node: onnx.NodeProto) -> str:
    return f"{node.op_type} {shown(node.name or node.output[0])}"
