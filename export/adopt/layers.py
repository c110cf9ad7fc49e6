"""Which tensors of a foreign network are layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import onnx

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.inference import names_read
from dreamlayer.core.graph.sizes import shapes_at
from dreamlayer.export.adopt.activations import ACTIVATIONS, parts_of_activations
from dreamlayer.export.adopt.maps import FeatureMap, Shapes, Size, find_maps
from dreamlayer.export.adopt.missing import (
    CONSTANT,
    random_reasons,
    shapes_by_running,
    size_reasons,
    unknown_size_reasons,
)
from dreamlayer.export.adopt.rearranged import rearranged_layers

_WEIGHTED = frozenset({"Conv", "ConvTranspose", "DeformConv"})
_NORMALIZATIONS = frozenset(
    {
        *("BatchNormalization", "InstanceNormalization", "GroupNormalization", "LRN"),
        *("LayerNormalization", "RMSNormalization", "LpNormalization"),
        "MeanVarianceNormalization",
    }
)
_POOLS = frozenset({"MaxPool", "AveragePool", "LpPool"})
_SUMS = frozenset({"Concat", "Add", "Sum", "Mul", "Max"})
LAYER_OPERATORS = _WEIGHTED | _NORMALIZATIONS | _POOLS | _SUMS | (ACTIVATIONS - {"Erf"})
_PRODUCTS = frozenset({"MatMul", "Gemm"})

FREE_SIZES: tuple[tuple[Size, Size, Size], ...] = (
    ((256, 320), (384, 320), (256, 448)),
    ((224, 448), (672, 448), (224, 672)),
)
"""Images to try, the second of another height and the third of another width than the first: such
as most networks take, and such as those with windows of seven do."""

_USUAL = (224, 224)


@dataclass(frozen=True)
class Found:
    """The layers of a network.

    Attributes
    ----------
    maps
        Each, by the tensor that holds it, in topological order.
    missing
        Tensors that would be layers at the source's own size, and why each is not a layer at
        others.
    hidden
        Tensors that are no layers at any size, though they look like some, and why.
    sizes
        Images for which the layers were found, height and width: three, or the only one.
    outputs
        Outputs of the network that do not exist for these.
    """

    maps: dict[str, FeatureMap]
    missing: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    sizes: tuple[Size, ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def refused(self) -> dict[str, str]:
        """Those that are missing since some size is refused, not since they do not grow with it."""
        return {name: why for name, why in self.missing.items() if not why.endswith(CONSTANT)}


def find_layers(
    network: onnx.ModelProto, only: Size | None = None, usual: Size | None = None
) -> Found:
    """Find the layers of a network.

    Parameters
    ----------
    network
        With the input ``image``.
    only
        Height and width of the one size that it takes; None if it takes any.
    usual
        A size that its source takes, to tell which layers are lost at others.

    Returns
    -------
    Found
        Convolutions, activations, normalizations, pools, concatenations and sums after the first
        layer with weights, which have more than one position and grow with the image.

    Raises
    ------
    NetworkError
        The network has none.
    """
    wanted = _candidates(network)
    if only is not None:
        shapes = [shapes_at(network, only)]
        sizes: tuple[Size, ...] = (only,)
    else:
        sizes, shapes = _any_size(network, wanted)
    every = find_maps(network, sizes, shapes)
    made = rearranged_layers(network.graph, wanted, every, shapes[0])
    maps = {n: m for n, m in every.items() if n in made or _offered(n, m, wanted)}
    usual = usual or only or _USUAL
    own = shapes[0] if usual == only else shapes_at(network, usual)
    alike = [n for n, m in find_maps(network, [usual], [own]).items() if _offered(n, m, wanted)]
    hidden = _hidden(network, wanted, [*maps, *alike], usual, own)
    maps = {name: one for name, one in maps.items() if name not in hidden}
    several = _windows(network.graph, maps, shapes)
    lost = [name for name in alike if name not in {*maps, *several, *hidden}]
    outputs = tuple(
        info.name
        for info in network.graph.output
        if info.name in own and any(info.name not in one for one in shapes)
    )
    found = Found(maps, size_reasons(network, lost, sizes, shapes), hidden, sizes, outputs)
    if not maps:
        why = next(iter([*found.missing.values(), *hidden.values()]), "")
        raise NetworkError(
            "the network has no feature map that grows with the image, so it has no layer to dream "
            f"with{why and f' ({why})'}; adopt a vision network whose input is the image"
        )
    return found


def _hidden(
    network: onnx.ModelProto,
    wanted: dict[str, onnx.NodeProto],
    maps: Sequence[str],
    usual: Size,
    own: Shapes,
) -> dict[str, str]:
    """Tensors that look like layers, but are random or of unknown size, and why.

    Parameters
    ----------
    network
        With the input ``image``.
    wanted
        What may be a layer.
    maps
        Feature maps of known sizes.
    usual, own
        An image that the source takes, and the shapes that are known for it.
    """
    random = random_reasons(network)
    found = {name: random[name] for name in maps if name in random}
    unknown = [name for name in wanted if name not in own]
    seen = shapes_by_running(network, unknown, usual) if unknown else {}
    if seen:
        reasons = unknown_size_reasons(network, own)
        for name, one in find_maps(network, [usual], [own | seen]).items():
            if name in seen and name in reasons and _offered(name, one, wanted):
                found[name] = reasons[name]
    return found


def _windows(
    graph: onnx.GraphProto, maps: dict[str, FeatureMap], shapes: Sequence[Shapes]
) -> set[str]:
    """Tensors that hold several windows of one image, which are put together to a layer later.

    At the size of the source there may be a single one, which looks like a map.
    """
    leading: set[str] = set()
    for node in reversed(graph.node):
        if any(name in maps or name in leading for name in node.output):
            leading.update(node.input)
    return {
        name for name in leading if any(one.get(name, [1])[:1] not in ([], [1]) for one in shapes)
    }


def _any_size(
    network: onnx.ModelProto, wanted: dict[str, onnx.NodeProto]
) -> tuple[tuple[Size, ...], list[Shapes]]:
    """The images that most tensors can be computed for, and the shapes for each."""
    best: tuple[int, tuple[Size, ...], list[Shapes]] = (-1, (), [])
    for sizes in FREE_SIZES:
        shapes = [shapes_at(network, size) for size in sizes]
        known = sum(all(name in one for one in shapes) for name in wanted)
        if known > best[0]:
            best = known, sizes, shapes
        if known == len(wanted):
            break
    return best[1:]


def _offered(name: str, found: FeatureMap, wanted: dict[str, onnx.NodeProto]) -> bool:
    """Whether a feature map is a layer: products with weights are if the channels come last."""
    node = wanted.get(name)
    if node is None:
        return False
    if node.op_type in _PRODUCTS:
        return not found.plain
    # Windows that are rolled around, and rows and columns that are put together, are no layer.
    joined = next((one.i for one in node.attribute if one.name == "axis"), 1)
    rank = 3 if found.leading is not None else 4
    return node.op_type != "Concat" or joined % rank == found.channels or found.leading is not None


def _candidates(network: onnx.ModelProto) -> dict[str, onnx.NodeProto]:
    """The first output of each node that may be a layer, in topological order."""
    graph = network.graph
    constants = _constants(graph)
    parts = parts_of_activations(graph)
    before, after = _around_weights(graph, constants)
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    found = {}
    for node in graph.node:
        name = node.output[0]
        weighted = node.op_type in _PRODUCTS and any(one in constants for one in node.input)
        if name not in after or name in parts or name in constants:
            continue
        if not weighted and node.op_type not in LAYER_OPERATORS:
            continue
        if _is_step(node, readers.get(name, ()), constants):
            continue
        # An average pool after the last weights is the classifier's, made for one size.
        if node.op_type != "AveragePool" or name in before:
            found[name] = node
    return found


def _is_step(node: onnx.NodeProto, readers: Sequence[onnx.NodeProto], constants: set[str]) -> bool:
    """Whether a bias is added to what a node computes, and nothing else reads it."""
    if node.op_type not in ("MatMul", "Mul") or len(readers) != 1 or readers[0].op_type != "Add":
        return False
    return any(name in constants for name in node.input) and any(
        name in constants for name in readers[0].input
    )


def _constants(graph: onnx.GraphProto) -> set[str]:
    """Tensors that do not depend on the image."""
    found = {tensor.name for tensor in graph.initializer}
    found |= {tensor.values.name for tensor in graph.sparse_initializer}
    for node in graph.node:
        if found.issuperset(names_read(node)):
            found.update(node.output)
    return found


def _around_weights(graph: onnx.GraphProto, constants: set[str]) -> tuple[set[str], set[str]]:
    """Tensors that some layer with weights depends on, and those that depend on one.

    What comes before the first is preprocessing; what comes after the last is the head.
    """

    def weighted(node: onnx.NodeProto) -> bool:
        product = node.op_type in _PRODUCTS and any(name in constants for name in node.input)
        return node.op_type in _WEIGHTED or product

    before: set[str] = set()
    after: set[str] = set()
    for node in graph.node:
        if weighted(node) or after.intersection(names_read(node)):
            after.update(node.output)
    for node in reversed(graph.node):
        if node.op_type in _WEIGHTED or before.intersection(node.output):
            before.update(names_read(node))
    return before, after
