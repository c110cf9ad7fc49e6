"""One tile as one ONNX graph: cut from the image, differentiated, added to the whole gradient.

Its cost depends on the tile's pixels, not on the image's size.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from dreamlayer.core.ascent.tile import Span, Tile
from dreamlayer.core.device.step_graph import bounded, magnitude
from dreamlayer.core.graph.builder import Graph, Value
from dreamlayer.core.graph.edit import (  # fmt: skip
    DOUBLE,
    FLOAT,
    INT64,
    Declared,
    name_outputs,
    new_graph,
    rename,
    untyped,
)
from dreamlayer.core.graph.names import GRADIENT, IMAGE, LOSS
from dreamlayer.core.graph.ops import cast, gather, reshape
from dreamlayer.core.network.inputs import Reference
from dreamlayer.core.recipe.kinds import ORIGINALS
from dreamlayer.core.recipe.recipe import Recipe

Numbers = npt.NDArray[np.generic]
PICTURE, ORIGINAL, TOTAL, SUM = "dream/picture", "dream/original", "dream/total", "dream/sum"
"""Inputs and outputs: the octave's image and the original at its size, float32 [3, height, width];
the sum of gradients, float32 [3, height * width], and of objectives, float64 [1]."""


@dataclass(frozen=True)
class Layout:
    """The properties of tiles that share a graph.

    Attributes
    ----------
    rows, columns : int
        For an axis that the tile covers completely, how often the image repeats in it, rounded up;
        0 if the tile is one of several along that axis.
    """

    rows: int
    columns: int

    @property
    def whole(self) -> bool:
        """Whether this is the only tile of an image."""
        return bool(self.rows and self.columns)


def layout_of(tile: Tile, height: int, width: int) -> Layout:
    """The layout of a tile in an image."""
    return Layout(_repeats(tile.rows, height), _repeats(tile.columns, width))


def _repeats(span: Span, size: int) -> int:
    return -(-span.length // size) if span.own == span.length >= size else 0


def index_inputs(
    tile: Tile, recipe: Recipe, height: int, width: int, scale: float
) -> dict[str, Numbers]:
    """The inputs of a tile's graph that describe the tile: vectors along its sides, and scalars.

    Parameters
    ----------
    scale : float
        Factor of the objective, for float16.
    """
    layout = layout_of(tile, height, width)
    found: dict[str, Numbers] = {}
    axes = (
        ("tile/rows", tile.rows, height, layout.rows, 1 if layout.whole else width),
        ("tile/columns", tile.columns, width, layout.columns, 1),
    )
    for name, span, size, repeats, pitch in axes:
        places = span.places(size)
        found[name] = places * pitch
        if repeats:
            # The positions of each pixel in the tile, one per repetition.
            back = (np.arange(size, dtype=np.int64) - span.start) % size + size * np.arange(
                repeats, dtype=np.int64
            )[:, np.newaxis]
            found[f"{name}/back"] = np.minimum(back, span.length - 1)
            found[f"{name}/there"] = (back < span.length).astype(np.float32)
            places = np.arange(size, dtype=np.int64)
        else:
            at = np.arange(span.length, dtype=np.int64) - span.skip
            found[f"{name}/own"] = ((at >= 0) & (at < span.own)).astype(np.float32)
        if not layout.whole:
            found[f"{name}/to"] = places * pitch
    weighed = recipe.normalize_tiles == "none" and recipe.weigh_tiles
    share = tile.pixels / (height * width) if weighed else 1.0
    found["tile/share"] = np.array([share / scale], np.float32)
    found["tile/pixels"] = np.array([tile.pixels / scale], np.float64)
    return found


def tile_model(
    gradient: onnx.ModelProto,
    originals: onnx.ModelProto | None,
    recipe: Recipe,
    layout: Layout,
    fixed: Mapping[str, tuple[int, ...]] | None = None,
) -> onnx.ModelProto:
    """The graph of one tile.

    Parameters
    ----------
    gradient : onnx.ModelProto
        The result of `core.network.gradient_model.gradient_model`.
    originals : onnx.ModelProto, optional
        A model whose outputs are the layers that terms compare with the original.
    recipe : Recipe
        Has the parameters of a tile's gradient.
    layout : Layout
        The tile's layout in the image.
    fixed : mapping, optional
        Shapes of the inputs of `index_inputs` and of `PICTURE`, for ONNX Runtime to fold all
        arithmetic on shapes; symbolic by default.

    Returns
    -------
    onnx.ModelProto
        Inputs: those of `index_inputs`, `PICTURE`, `ORIGINAL` if needed, and the guide's, named as
        by `gradient`; for one of several tiles also `TOTAL` and `SUM`. Outputs: `new/total` and
        `new/sum`, which may share their memory; a whole image's total is [3, height, width].
    """
    opset = next(o.version for o in gradient.opset_import if o.domain in ("", "ai.onnx"))
    shapes = fixed or {}
    before = new_graph(_forward_inputs(originals is not None, shapes), "tile", opset)
    _cut(before, PICTURE, layout, IMAGE)
    middle = [*gradient.graph.node]
    constants = {tensor.name: tensor for tensor in gradient.graph.initializer}
    if originals is not None:
        _cut(before, ORIGINAL, layout, f"{_PREFIX}{IMAGE}")
        middle = [*_original_layers(originals), *middle]
        constants = {tensor.name: tensor for tensor in originals.graph.initializer} | constants
    after = new_graph(_backward_inputs(layout, shapes), "whole", opset)
    new_sum, new_total = _summed(after, recipe, layout)
    name_outputs(after, {"new/sum": new_sum, "new/total": new_total})
    model = onnx.ModelProto(ir_version=gradient.ir_version)
    model.opset_import.extend(gradient.opset_import)
    model.functions.extend(gradient.functions)
    graph = model.graph
    graph.name = "tile"
    graph.node.extend([*before.model.graph.node, *middle, *after.model.graph.node])
    for part in (before.model.graph, after.model.graph):
        constants |= {tensor.name: tensor for tensor in part.initializer}
    graph.initializer.extend(constants.values())
    made = {name for node in graph.node for name in node.output} | set(constants)
    inputs = {
        info.name: info
        for infos in (before.model.graph.input, after.model.graph.input, gradient.graph.input)
        for info in infos
        if info.name not in made
    }
    graph.input.extend(inputs.values())
    graph.output.extend([untyped("new/sum", DOUBLE), untyped("new/total", FLOAT)])
    return model


_PREFIX = "on_original/"


def _forward_inputs(original: bool, shapes: Mapping[str, tuple[int, ...]]) -> Declared:
    """The inputs that are read before the network."""
    found: dict[str, tuple[int, list[int | str | None]]] = {
        "tile/rows": (INT64, [*shapes.get("tile/rows", [None])]),
        "tile/columns": (INT64, [*shapes.get("tile/columns", [None])]),
    }
    for name in (PICTURE, ORIGINAL) if original else (PICTURE,):
        found[name] = FLOAT, [*shapes.get(PICTURE, [3, None, None])]
    return found


def _backward_inputs(layout: Layout, shapes: Mapping[str, tuple[int, ...]]) -> Declared:
    """The inputs that are read behind the network."""
    found: dict[str, tuple[int, list[int | str | None]]] = {
        LOSS: (FLOAT, []),
        GRADIENT: (FLOAT, [1, 3, None, None]),
        "tile/share": (FLOAT, [1]),
        "tile/pixels": (DOUBLE, [1]),
    }
    for name, repeats in (("tile/rows", layout.rows), ("tile/columns", layout.columns)):
        if repeats:
            at = [*shapes.get(f"{name}/back", [repeats, None])]
            found[f"{name}/back"], found[f"{name}/there"] = (INT64, at), (FLOAT, at)
        else:
            found[f"{name}/own"] = FLOAT, [*shapes.get(f"{name}/own", [None])]
        if not layout.whole:
            found[f"{name}/to"] = INT64, [*shapes.get(f"{name}/to", [None])]
    if not layout.whole:
        found[TOTAL] = FLOAT, [*shapes.get(TOTAL, [3, None])]
        found[SUM] = DOUBLE, [1]
    return found


def _cut(graph: Graph, picture: str, layout: Layout, name: str) -> None:
    """Append the nodes that cut a tile from an image, float32 [1, 3, rows, columns], to `name`."""
    image, rows, columns = (graph.value(n) for n in (picture, "tile/rows", "tile/columns"))
    if layout.whole:
        tile = gather(gather(image, rows, 1), columns, 2)
    else:
        # One axis after the other would read whole rows of the image.
        places = reshape(rows, -1, 1) + reshape(columns, 1, -1)
        tile = gather(reshape(image, 3, -1), places, 1)
    axis = graph.ints(0)
    graph.model.graph.node.append(helper.make_node("Unsqueeze", [tile.name, axis.name], [name]))


def _original_layers(originals: onnx.ModelProto) -> list[onnx.NodeProto]:
    """The nodes that compute the original's layers, with the names that the objective reads."""
    nodes = []
    for node in originals.graph.node:
        nodes.append(copy.deepcopy(node))
        nodes[-1].name = f"{_PREFIX}{node.name}" if node.name else ""
    made = {name for node in nodes for name in node.output if name} | {IMAGE}
    rename(nodes, {name: f"{_PREFIX}{name}" for name in made})
    for output in originals.graph.output:
        reference = Reference(ORIGINALS, output.name).input
        # The objective reads float32, whatever the network's type.
        nodes.append(
            helper.make_node("Cast", [f"{_PREFIX}{output.name}"], [reference], to=TensorProto.FLOAT)
        )
    return nodes


def _summed(graph: Graph, recipe: Recipe, layout: Layout) -> tuple[Value, Value]:
    """Append the nodes that add a tile's objective and gradient to the sums, and return these."""
    gradient = graph.emit("Squeeze", graph.value(GRADIENT), graph.ints(0)) * graph.value(
        "tile/share"
    )
    if recipe.normalize_tiles != "none":
        size = magnitude(gradient, recipe.normalize_tiles)
        size = bounded(size, recipe.epsilon_of_tiles, recipe.min_divisor)
        gradient = gradient / cast(size, FLOAT)
    gradient = _own_part(graph, gradient, "tile/rows", 1, layout.rows)
    gradient = _own_part(graph, gradient, "tile/columns", 2, layout.columns)
    score = cast(graph.value(LOSS), DOUBLE) * graph.value("tile/pixels")
    if layout.whole:
        return score, gradient
    places = reshape(graph.value("tile/rows/to"), -1, 1) + reshape(
        graph.value("tile/columns/to"), 1, -1
    )
    # The same positions in each plane.
    index = reshape(places, 1, -1) + graph.constant(np.zeros((3, 1), np.int64))
    total = graph.emit(
        "ScatterElements",
        graph.value(TOTAL),
        index,
        reshape(gradient, 3, -1),
        axis=1,
        reduction="add",
    )
    return graph.value(SUM) + score, total


def _own_part(graph: Graph, gradient: Value, name: str, axis: int, repeats: int) -> Value:
    """A tile's own part along one axis; or, if it repeats the image, the sum of all copies.

    Copies are gathered: scattered to the same position, they would be added in arbitrary order.
    """
    shape = (-1, 1) if axis == 1 else (1, -1)
    if not repeats:
        return gradient * reshape(graph.value(f"{name}/own"), *shape)
    result: Value | None = None
    for number in range(repeats):
        back = gather(graph.value(f"{name}/back"), [number], 0)
        copy = gather(gradient, reshape(back, -1), axis)
        if repeats > 1:
            there = gather(graph.value(f"{name}/there"), [number], 0)
            copy = copy * reshape(there, *shape)
        result = copy if result is None else result + copy
    assert result is not None
    return result
