"""The device backend: images are buffers, and ONNX graphs compute on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnx

from dreamlayer.core.ascent.backend import Backend, Formula, OctaveStep, Size, clipped_share
from dreamlayer.core.ascent.normalize import Shares
from dreamlayer.core.ascent.progress import ProgressTracker
from dreamlayer.core.ascent.tile import Tile
from dreamlayer.core.device.buffers import Buffer, Device
from dreamlayer.core.device.graphs import BoundGraph, Graphs, LoadedGraph
from dreamlayer.core.device.step_graph import (  # fmt: skip
    CHANGE,
    DIVISOR,
    MEAN,
    SQUARE,
    WEIGHTS,
    kernels,
    step_model,
)
from dreamlayer.core.device.tile_graph import (  # fmt: skip
    ORIGINAL,
    PICTURE,
    SUM,
    TOTAL,
    Layout,
    Numbers,
    index_inputs,
    layout_of,
)
from dreamlayer.core.device.trace import RESULT, traced
from dreamlayer.core.graph.edit import DOUBLE, FLOAT, new_graph, to_model
from dreamlayer.core.images.compact import CompactPixels
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]
_LARGE = 1_000_000
"""Pixels from which a rarely run graph releases its working memory."""

_MAX_TILE_GRAPHS = 64
"""Limit of bound graphs of tiles; random tiles rarely have the same size twice."""


class TileObjective(Protocol):
    """The part of `core.device.objective.DeviceObjective` that a backend uses."""

    graphs: Graphs
    fixed: Mapping[str, Buffer]
    scale: float

    def tile_graph(
        self, recipe: Recipe, layout: Layout, shapes: Mapping[str, tuple[int, ...]], runs: int
    ) -> LoadedGraph:
        """The graph of tiles with a layout."""


class DeviceBackend(Backend[Buffer]):
    """Images as buffers of a device, float32 [3, height, width].

    Parameters
    ----------
    recipe : Recipe
        As for `core.ascent.backend.Backend`.
    objective : TileObjective
        The loaded objective, with the device.
    """

    def __init__(self, recipe: Recipe, objective: TileObjective) -> None:
        super().__init__(recipe)
        self.objective, self._device = objective, objective.graphs.device

    def upload(self, image: Array | CompactPixels) -> Buffer:
        """Copy to the device."""
        planes = image.planes() if isinstance(image, CompactPixels) else image
        return self._device.upload(np.asarray(planes, np.float32))

    def download(self, image: Buffer) -> Array:
        """Copy from the device."""
        return np.asarray(self._device.read(image), np.float32)

    def size(self, image: Buffer) -> Size:
        """Height and width in pixels."""
        return image.shape[1], image.shape[2]

    def map(self, formula: Formula, *images: Buffer, out: Buffer | None = None) -> Buffer:
        """Apply a formula by one graph, which is cached for its sizes."""
        sizes = [self.size(image) for image in images]
        model, size = traced(formula, sizes, self.recipe.resample)
        pixels = max(h * w for h, w in [*sizes, size])
        graph = self.objective.graphs.get(model, pixels, release_memory=pixels > _LARGE)
        result = out or self._device.empty((3, *size))
        inputs = {f"image{n}": image for n, image in enumerate(images)}
        graph.bind(inputs, {RESULT: result}).run(f"an image of {size[1]} × {size[0]} pixels")
        return result

    def clip(self, image: Buffer) -> Buffer:
        """Clip in place."""
        return self.map(lambda filters, planes: filters.clip(planes), image, out=image)

    def octave_step(
        self, image: Buffer, original: Buffer | None, weights: Array | None = None
    ) -> OctaveStep:
        """Prepare an octave; its gradient takes as much device memory as the image."""
        return DeviceOctaveStep(self, image, original, weights)


class DeviceOctaveStep(OctaveStep):
    """The steps of one octave, on a device."""

    def __init__(
        self,
        backend: DeviceBackend,
        image: Buffer,
        original: Buffer | None,
        weights: Array | None,
    ) -> None:
        self._recipe, self._objective, self._image = backend.recipe, backend.objective, image
        self._device = backend.objective.graphs.device
        self._height, self._width = image.shape[1:]
        self._inputs = _SmallInputs(self._device)
        self._total = self._device.empty((3, self._height * self._width))
        self._sum = self._device.empty((1,), np.float64)
        self._divisor = self._device.empty((1,), np.float64)
        self._pictures = {PICTURE: image} | ({} if original is None else {ORIGINAL: original})
        self._weights: dict[str, Buffer] = {}
        if weights is not None:
            shares = Shares.of(weights)
            arrays = {WEIGHTS: weights, MEAN: shares.mean, SQUARE: shares.square}
            self._weights = {
                name: self._device.upload(np.ascontiguousarray(array))
                for name, array in arrays.items()
            }
        self._tiles: dict[tuple[object, ...], BoundGraph] = {}
        self._zero: BoundGraph | None = None
        self._step: BoundGraph | None = None

    def accumulate(self, tiles: Sequence[Tile], tracker: ProgressTracker) -> float:
        """Run one tile after another; only the objective is downloaded."""
        size = self._height, self._width
        scale, runs = self._objective.scale, len(tiles) * self._recipe.steps
        inputs = [index_inputs(tile, self._recipe, *size, scale) for tile in tiles]
        # All are bound before the first adds to the sums: binding a recording graph runs it.
        graphs = [self._bound(*both, runs) for both in zip(tiles, inputs, strict=True)]
        if not layout_of(tiles[0], *size).whole:
            self._clear()
        for tile, graph, arrays in zip(tiles, graphs, inputs, strict=True):
            tracker.check_cancelled()
            for name, array in arrays.items():
                self._inputs.write(name, array)
            _run_tile(graph, tile)
            tracker.count_tile(tile)
        return float(self._device.read(self._sum)[0]) / sum(tile.pixels for tile in tiles)

    def _bound(self, tile: Tile, arrays: dict[str, Numbers], runs: int) -> BoundGraph:
        """The graph of tiles like this one, bound to its buffers."""
        size = self._height, self._width
        layout = layout_of(tile, *size)
        shapes = {name: array.shape for name, array in arrays.items()}
        key = (layout, *sorted(shapes.items()))
        found = self._tiles.pop(key, None)
        if found is None:
            while len(self._tiles) >= _MAX_TILE_GRAPHS:
                del self._tiles[next(iter(self._tiles))]
            inputs = {name: self._inputs.write(name, array) for name, array in arrays.items()}
            inputs |= {**self._pictures, **self._objective.fixed}
            outputs = {"new/sum": self._sum, "new/total": self._total}
            if layout.whole:
                outputs["new/total"] = self._total.view(3, *size)
            else:
                inputs |= {SUM: self._sum, TOTAL: self._total}
            shapes |= {PICTURE: self._image.shape, TOTAL: self._total.shape}
            graph = self._objective.tile_graph(self._recipe, layout, shapes, runs)
            found = graph.bind(inputs, outputs)
            if graph.recording:
                _run_tile(found, tile)
        self._tiles[key] = found
        return found

    def _clear(self) -> None:
        """Set the sums to zero."""
        if self._zero is None:
            model = _zeros_model(self._height, self._width)
            graph = self._objective.graphs.get(model, self._height * self._width)
            zero = self._device.upload(np.zeros(1, np.float32))
            self._zero = graph.bind({"zero": zero}, {TOTAL: self._total, SUM: self._sum})
        self._zero.run("the sums of a step")

    def apply(self, step: int) -> float:
        """Run one graph; only the divisor is downloaded."""
        arrays = kernels(self._recipe, step)
        inputs = {name: self._inputs.write(name, array) for name, array in arrays.items()}
        if self._step is None:
            weighed = bool(self._weights)
            model = step_model(self._recipe, self._height, self._width, weighed=weighed)
            graph = self._objective.graphs.get(model, self._height * self._width)
            outputs = {
                CHANGE: self._total.view(*self._image.shape),
                f"new/{PICTURE}": self._image,
                DIVISOR: self._divisor,
            }
            inputs |= {PICTURE: self._image, TOTAL: self._total, **self._weights}
            self._step = graph.bind(inputs, outputs)
        self._step.run(f"a step on {self._width} × {self._height} pixels")
        return float(self._device.read(self._divisor)[0])

    def change(self) -> Array:
        """Copy from the device."""
        change = self._device.read(self._total.view(*self._image.shape))
        return np.asarray(change, np.float32)

    def clipped(self) -> float:
        """Counted in a copy of the image."""
        return clipped_share(self._device.read(self._image))


def _run_tile(graph: BoundGraph, tile: Tile) -> None:
    height, width = tile.rows.length, tile.columns.length
    graph.run(f"a tile of {width} × {height} pixels", (height, width))


class _SmallInputs:
    """Vectors and scalars on the device, a buffer per name and shape, written only if changed."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._written: dict[tuple[str, tuple[int, ...]], tuple[Buffer, Numbers]] = {}

    def write(self, name: str, array: Numbers) -> Buffer:
        key = name, array.shape
        buffer, last = self._written.get(key, (None, None))
        if buffer is None:
            buffer = self._device.upload(array)
        elif last is None or not np.array_equal(last, array):
            self._device.write(buffer, array)
        self._written[key] = buffer, array
        return buffer


def _zeros_model(height: int, width: int) -> onnx.ModelProto:
    """Zero sums, from a zero that is an input, so that ONNX Runtime cannot fold them."""
    graph = new_graph({"zero": (FLOAT, [1])}, "zeros")
    zero = graph.value("zero")
    total = graph.emit("Expand", zero, graph.ints(3, height * width))
    return to_model(graph, {TOTAL: total, SUM: graph.emit("Cast", zero, to=DOUBLE, dtype=DOUBLE)})
