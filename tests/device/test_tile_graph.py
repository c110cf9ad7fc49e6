"""The graph of one tile: what it reads of the image, and what it is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from dreamlayer.core.ascent.tile import Span, Tile, add, cut
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.device.tile_graph import Layout, index_inputs, layout_of, tile_model
from dreamlayer.core.graph.edit import tap
from dreamlayer.core.graph.geometry import Geometry
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term

TERMS = (Term("deep"), Term("first", 1.0, (), "original"))


def model_of(network: Path, layout: Layout) -> onnx.ModelProto:
    """The graph for an objective that compares with the original too."""
    found = Network(str(network))
    originals = tap(found.model, ["first"])
    return tile_model(found.gradient_model(TERMS), originals, Recipe(), layout)


def readers(model: onnx.ModelProto, name: str) -> list[onnx.NodeProto]:
    """The nodes that read a tensor."""
    return [node for node in model.graph.node if name in node.input]


def test_tile_costs_what_its_own_pixels_do(small_network: Path) -> None:
    """Images are but reshaped, which copies nothing, and read and written at the tile's places."""
    model = model_of(small_network, Layout(0, 0))
    onnx.checker.check_model(_with_shapes(model))
    for picture in ("dream/picture", "dream/original"):
        (flat,) = readers(model, picture)
        assert flat.op_type == "Reshape"
        assert [node.op_type for node in readers(model, flat.output[0])] == ["Gather"]
    (added,) = readers(model, "dream/total")
    assert added.op_type == "ScatterElements"
    assert added.output[0] == "new/total", "another pass over the image"


def _with_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """The checker wants shapes of outputs, if only that they have some."""
    for output in model.graph.output:
        output.type.tensor_type.shape.dim.add()
    return model


@pytest.mark.parametrize("layout", [Layout(1, 1), Layout(3, 1), Layout(0, 2), Layout(0, 0)])
def test_weights_are_stored_once(small_network: Path, layout: Layout) -> None:
    """The original's layers are computed with the same ones; no name is given twice."""
    model = model_of(small_network, layout)
    names = [tensor.name for tensor in model.graph.initializer]
    assert names.count("w1") == names.count("w2") == 1
    made = [name for node in model.graph.node for name in node.output if name]
    assert len({*made, *names}) == len(made) + len(names)
    named = [node.name for node in model.graph.node if node.name]
    assert len(set(named)) == len(named)


def test_whole_image_needs_no_scatter(small_network: Path) -> None:
    """Copies of a repeated image are gathered, in an order that stays."""
    model = model_of(small_network, Layout(3, 2))
    assert "ScatterElements" not in {node.op_type for node in model.graph.node}
    assert {"dream/total", "dream/sum"}.isdisjoint(info.name for info in model.graph.input)


def test_layout_tells_whole_axes_from_parts() -> None:
    """A tile that sees more than its own part is one of several, as is one with part of an axis."""
    grid = Grid(40, overlap=4, geometry=Geometry(minimum=30))
    (small,) = grid.cover(10, 40, (3, 5))
    assert layout_of(small, 10, 40) == Layout(3, 1)
    assert {layout_of(tile, 10, 90) for tile in grid.cover(10, 90)} == {Layout(3, 0)}
    assert layout_of(Tile(Span(0, 32, 0, 20), Span(0, 32, 0, 32)), 20, 32) == Layout(0, 1)


@pytest.mark.parametrize("size", [(30, 50), (7, 50), (7, 9)])
def test_places_are_those_that_numpy_cuts_and_adds(size: tuple[int, int]) -> None:
    """Whatever the shift, each pixel is read and added to where `core.ascent.tiles` has it."""
    height, width = size
    image = np.random.default_rng(0).random((3, *size), np.float32)
    for tile in Grid(24, overlap=3, geometry=Geometry(minimum=20)).cover(height, width, (11, 45)):
        layout = layout_of(tile, height, width)
        given = index_inputs(tile, Recipe(), height, width, 4.0)
        if layout.whole:
            seen = image[:, given["tile/rows"]][:, :, given["tile/columns"]]
        else:
            places = given["tile/rows"][:, np.newaxis] + given["tile/columns"]
            seen = image.reshape(3, -1)[:, places]
        np.testing.assert_array_equal(seen, cut(image, tile))
        assert given["tile/share"] == np.float32(tile.pixels / (height * width) / 4)
        assert given["tile/pixels"] == tile.pixels / 4
        expected = np.zeros_like(image)
        add(expected, tile, np.ones_like(seen))
        counts = [
            given[f"{name}/there"].sum(axis=0)
            if f"{name}/there" in given
            else np.bincount(
                (tile_start + np.arange(len(given[name]))) % length,
                given[f"{name}/own"],
                minlength=length,
            )
            for name, tile_start, length in (
                ("tile/rows", tile.rows.start, height),
                ("tile/columns", tile.columns.start, width),
            )
        ]
        np.testing.assert_array_equal(expected[0], np.outer(*counts))
