"""The backend on a device: images are buffers, and all work on them is ONNX graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnx

from dreamlayer.core.ascent.backend import Backend, Formula, OctaveStep, Size
from dreamlayer.core.ascent.progress import ProgressTracker
from dreamlayer.core.ascent.tiles import Tile
from dreamlayer.core.device.buffers import Buffer, Device
from dreamlayer.core.device.graphs import BoundGraph, Graphs, LoadedGraph
from dreamlayer.core.device.step_graph import CHANGE, DIVISOR, kernels, step_model
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
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]
_LARGE = 1_000_000
"""Pixels from which a graph that is run once in a while gives its working memory back."""

_LAYOUTS = 64
"""Kinds of tiles kept bound; random ones are hardly ever of one size twice."""


class Climb(Protocol):
    """The part of `core.device.objective.DeviceObjective` that a backend needs."""

    graphs: Graphs
    fixed: Mapping[str, Buffer]
    scale: float

    def tile_graph(
        self, recipe: Recipe, layout: Layout, shapes: Mapping[str, tuple[int, ...]], runs: int
    ) -> LoadedGraph:
        """The graph of tiles that lie so."""


class DeviceBackend(Backend[Buffer]):
    """Images as buffers of a device, float32 [3, height, width].

    Parameters
    ----------
    recipe : Recipe
        As for `core.ascent.backend.Backend`.
    climb : Climb
        The loaded objective, with the device.
    """

    def __init__(self, recipe: Recipe, climb: Climb) -> None:
        super().__init__(recipe)
        self._climb, self._routines = climb, climb.graphs
        self._device = climb.graphs.device

    def upload(self, image: Array) -> Buffer:
        """A copy on the device."""
        return self._device.upload(np.asarray(image, np.float32))

    def download(self, image: Buffer) -> Array:
        """A copy of the device's."""
        return np.asarray(self._device.read(image), np.float32)

    def size(self, image: Buffer) -> Size:
        """Height and width in pixels."""
        return image.shape[1], image.shape[2]

    def map(self, formula: Formula, *images: Buffer, out: Buffer | None = None) -> Buffer:
        """One graph, made once for these sizes and kept."""
        sizes = [self.size(image) for image in images]
        model, size = traced(formula, sizes, self.recipe.resample)
        pixels = max(h * w for h, w in [*sizes, size])
        routine = self._routines.get(model, pixels, passing=pixels > _LARGE)
        result = out or self._device.empty((3, *size))
        inputs = {f"image{n}": image for n, image in enumerate(images)}
        routine.bind(inputs, {RESULT: result}).run(f"an image of {size[1]} × {size[0]} pixels")
        return result

    def clip(self, image: Buffer) -> Buffer:
        """In place."""
        return self.map(lambda filters, planes: filters.clip(planes), image, out=image)

    def octave_step(self, image: Buffer, original: Buffer | None) -> OctaveStep:
        """The octave's climb; its gradient takes as much of the device's memory as the image."""
        return DeviceOctaveStep(self.recipe, self._climb, image, original)


class DeviceOctaveStep(OctaveStep):
    """One octave under way, on a device."""

    def __init__(
        self, recipe: Recipe, climb: Climb, image: Buffer, original: Buffer | None
    ) -> None:
        self._recipe, self._climb, self._image = recipe, climb, image
        self._device = climb.graphs.device
        self._height, self._width = image.shape[1:]
        self._small = _Small(self._device)
        self._total = self._device.empty((3, self._height * self._width))
        self._sum = self._device.empty((1,), np.float64)
        self._divisor = self._device.empty((1,), np.float64)
        self._pictures = {PICTURE: image} | ({} if original is None else {ORIGINAL: original})
        self._tiles: dict[tuple[object, ...], BoundGraph] = {}
        self._zero: BoundGraph | None = None
        self._step: BoundGraph | None = None

    def gather(self, tiles: Sequence[Tile], tracker: ProgressTracker) -> float:
        """Run tile after tile; nothing but the objective comes back."""
        size = self._height, self._width
        scale, runs = self._climb.scale, len(tiles) * self._recipe.steps
        given = [index_inputs(tile, self._recipe, *size, scale) for tile in tiles]
        # All are made before the first adds to the sums: a recording one runs as it is made.
        bound = [self._bound(*both, runs) for both in zip(tiles, given, strict=True)]
        if not layout_of(tiles[0], *size).whole:
            self._clear()
        for tile, one, values in zip(tiles, bound, given, strict=True):
            tracker.ask()
            for name, array in values.items():
                self._small.write(name, array)
            sides = tile.rows.length, tile.columns.length
            one.run(f"a tile of {sides[1]} × {sides[0]} pixels", sides)
            tracker.tile(tile)
        return float(self._device.read(self._sum)[0]) / sum(tile.pixels for tile in tiles)

    def _bound(self, tile: Tile, given: dict[str, Numbers], runs: int) -> BoundGraph:
        """The graph of tiles like this one, with its buffers."""
        size = self._height, self._width
        layout = layout_of(tile, *size)
        shapes = {name: values.shape for name, values in given.items()}
        key = (layout, *sorted(shapes.items()))
        found = self._tiles.pop(key, None)
        if found is None:
            while len(self._tiles) >= _LAYOUTS:
                del self._tiles[next(iter(self._tiles))]
            inputs = {name: self._small.write(name, values) for name, values in given.items()}
            inputs |= {**self._pictures, **self._climb.fixed}
            outputs = {"new/sum": self._sum, "new/total": self._total}
            if layout.whole:
                outputs["new/total"] = self._total.seen_as(3, *size)
            else:
                inputs |= {SUM: self._sum, TOTAL: self._total}
            shapes |= {PICTURE: self._image.shape, TOTAL: self._total.shape}
            routine = self._climb.tile_graph(self._recipe, layout, shapes, runs)
            found = routine.bind(inputs, outputs)
            if routine.recording:
                sides = tile.rows.length, tile.columns.length
                found.run(f"a tile of {sides[1]} × {sides[0]} pixels", sides)
        self._tiles[key] = found
        return found

    def _clear(self) -> None:
        """Begin new sums."""
        if self._zero is None:
            model = _zeros_model(self._height, self._width)
            routine = self._climb.graphs.get(model, self._height * self._width)
            zero = self._device.upload(np.zeros(1, np.float32))
            self._zero = routine.bind({"zero": zero}, {TOTAL: self._total, SUM: self._sum})
        self._zero.run("the sums of a step")

    def climb(self, step: int) -> float:
        """One graph; nothing but the divisor comes back."""
        given = kernels(self._recipe, step)
        inputs = {name: self._small.write(name, values) for name, values in given.items()}
        if self._step is None:
            model = step_model(self._recipe, self._height, self._width)
            routine = self._climb.graphs.get(model, self._height * self._width)
            outputs = {
                CHANGE: self._total.seen_as(*self._image.shape),
                f"new/{PICTURE}": self._image,
                DIVISOR: self._divisor,
            }
            inputs |= {PICTURE: self._image, TOTAL: self._total}
            self._step = routine.bind(inputs, outputs)
        self._step.run(f"a step on {self._width} × {self._height} pixels")
        return float(self._device.read(self._divisor)[0])

    def change(self) -> Array:
        """A copy of the device's."""
        change = self._device.read(self._total.seen_as(*self._image.shape))
        return np.asarray(change, np.float32)


class _Small:
    """Vectors and scalars on the device, one buffer for each name and shape; written if changed."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._known: dict[tuple[str, tuple[int, ...]], tuple[Buffer, Numbers]] = {}

    def write(self, name: str, values: Numbers) -> Buffer:
        key = name, values.shape
        found = self._known.get(key)
        if found is None:
            found = self._device.upload(values), values
        elif not np.array_equal(found[1], values):
            self._device.write(found[0], values)
        self._known[key] = found[0], values
        return found[0]


def _zeros_model(height: int, width: int) -> onnx.ModelProto:
    """Sums that are empty yet, of a zero that is not known beforehand: none is to be stored."""
    graph = new_graph({"zero": (FLOAT, [1])}, "zeros")
    zero = graph.value("zero")
    total = graph.emit("Expand", zero, graph.ints(3, height * width))
    return to_model(graph, {TOTAL: total, SUM: graph.emit("Cast", zero, to=DOUBLE, dtype=DOUBLE)})
