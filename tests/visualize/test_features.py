"""Feature maps: the right channels, at the right size, in the right colors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from small_network import small_model

from dreamlayer.core.errors import LayerError, MemoryLimitError, PictureError, RecipeError
from dreamlayer.core.network.activations import Activations
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import parse_channels
from dreamlayer.core.visualize import memory
from dreamlayer.core.visualize.features import (
    Appearance,
    describe,
    feature_layout,
    feature_sheet,
    features,
)


@pytest.fixture
def network(small_network: Path) -> Network:
    """Layers `first`, a ReLU, and `deep`, a tanh."""
    return Network(str(small_network))


@pytest.fixture
def pixels() -> np.ndarray:
    """float32 [30, 50, 3]."""
    return np.random.default_rng(0).random((30, 50, 3), np.float32)


def test_maps_are_the_networks(network: Network, pixels: np.ndarray) -> None:
    """A picture that is small enough is given to the network as it is."""
    found = features(network, pixels, "first")
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    np.testing.assert_array_equal(found.maps, Activations(network, ["first"])(planes)["first"][0])
    assert found.spatial


def test_the_most_active_come_first(network: Network, pixels: np.ndarray) -> None:
    """By the mean size of their values; or by number; among those wished."""
    found = features(network, pixels, "deep")
    order = found.choose()
    sizes = np.abs(found.maps).mean(axis=(1, 2))
    assert order == sorted(range(8), key=lambda c: -sizes[c])
    assert found.choose(most=3) == order[:3]
    assert found.choose((5, 2, 7), "number") == [5, 2, 7]
    assert found.choose((), "number", 2) == [0, 1]
    with pytest.raises(LayerError, match="no channel 8; channels 0 to 7"):
        found.choose((8,))


def test_large_pictures_are_reduced(network: Network, pixels: np.ndarray) -> None:
    """To the longer side asked for, in proportion."""
    assert features(network, pixels, "first", max_side=25).picture.shape == (3, 15, 25)
    assert features(network, pixels, "first", max_side=0).picture.shape == (3, 30, 50)


def test_a_picture_below_the_minimum_is_refused() -> None:
    """With the size that is needed, and what to do."""
    tiny = np.zeros((10, 60, 3), np.float32)
    with pytest.raises(PictureError, match=r"needs 43 at least.*enlarge it first"):
        features(Network("inception_v3_mixed5"), tiny, "mixed5")
    wide = np.zeros((50, 600, 3), np.float32)
    with pytest.raises(PictureError, match=r"reduced to 100 × 8.*raise --max-side"):
        features(Network("inception_v3_mixed5"), wide, "mixed5", max_side=100)


def test_values_below_zero_get_their_own_colors(network: Network, pixels: np.ndarray) -> None:
    """`auto` takes viridis for a ReLU's maps, and the diverging map for others."""
    appearance = Appearance(cell=60)
    for layer, meaning in (("first", "viridis"), ("deep", "diverging")):
        found = features(network, pixels, layer)
        drawn = feature_sheet(found, [0, 1], "t", "l", appearance)
        chosen = feature_sheet(found, [0, 1], "t", "l", Appearance(cell=60, colormap=meaning))
        np.testing.assert_array_equal(drawn, chosen)


def test_overlays_show_the_picture_where_a_map_is_silent(
    network: Network, pixels: np.ndarray
) -> None:
    """In gray; where the map is highest, its color hides most of it. Both ends of signed ones."""
    found = features(network, pixels, "first")
    found.maps[0] = 0
    found.maps[0, :, 25:] = 5
    appearance = Appearance(cell=100, columns=2, overlay=True)
    top, left = feature_layout(1, (30, 50), appearance).place(1)
    cell = feature_sheet(found, [0], "t", "l", appearance)[top : top + 60, left : left + 100]
    bare, full = cell[:, :40].astype(int), cell[:, 60:].astype(int)
    assert np.ptp(bare, axis=2).max() <= 1
    assert bare.std() > 5
    assert (full[..., 0] - full[..., 2]).min() > 50
    found.maps[0, :, :25] = -5
    signed = feature_sheet(found, [0], "t", "l", appearance)[top : top + 60, left : left + 100]
    below, above = signed[:, :40].astype(int), signed[:, 60:].astype(int)
    assert (below[..., 2] > below[..., 0]).all()
    assert (above[..., 0] > above[..., 2]).all()


def test_the_sheet_of_overlays_has_a_scale_of_its_own(network: Network, pixels: np.ndarray) -> None:
    """`auto` takes heat; a map that is zero everywhere leaves the picture bare."""
    found = features(network, pixels, "first")
    found.maps[1] = 0
    over = Appearance(cell=60, overlay=True)
    drawn = feature_sheet(found, [0, 1], "t", "l", over)
    heat = feature_sheet(found, [0, 1], "t", "l", Appearance(60, colormap="heat", overlay=True))
    np.testing.assert_array_equal(drawn, heat)
    top, left = feature_layout(2, (30, 50), over).place(2)
    assert np.ptp(drawn[top : top + 36, left : left + 60].astype(int), axis=2).max() <= 1


def test_one_scale_for_all_has_the_same_color_for_the_same_value(
    network: Network, pixels: np.ndarray
) -> None:
    """A map that is a tenth of another looks dark beside it, but the same on its own scale."""
    found = features(network, pixels, "first")
    found.maps[1] = found.maps[0] / 10
    for scale, same in (("each", True), ("all", False)):
        appearance = Appearance(cell=100, columns=3, colormap="grey", scale=scale)
        sheet = feature_sheet(found, [0, 1], "t", "l", appearance)
        layout = feature_layout(2, (30, 50), appearance)
        cells = [sheet[t : t + 60, x : x + 100].astype(int) for t, x in map(layout.place, (1, 2))]
        assert bool(abs(cells[0] - cells[1]).max() <= 1) is same
        if not same:
            assert cells[1].max() <= 26


def test_a_layer_without_positions_is_a_row_of_numbers(tmp_path: Path, pixels: np.ndarray) -> None:
    """What a classifier says comes as one value a channel."""
    model = small_model()
    model.graph.node.extend(
        [
            onnx.helper.make_node("GlobalAveragePool", ["deep"], ["pooled"]),
            onnx.helper.make_node("Flatten", ["pooled"], ["scores"]),
        ]
    )
    onnx.save(model, tmp_path / "classifier.onnx")
    found = features(Network(str(tmp_path / "classifier.onnx")), pixels, "scores")
    assert not found.spatial
    assert found.maps.shape == (8, 1, 1)
    title, line = describe(found, found.choose(most=3), "classifier", "activity")
    assert (title, line) == ("scores of network classifier", "3 most active of 8 channels")


def test_channels_are_read() -> None:
    """Numbers and ranges, joined by + or commas, each once."""
    assert parse_channels("0-3+40, 2") == (0, 1, 2, 3, 40)
    for wrong in ("", "a", "3-", "1+:2", "-3"):
        with pytest.raises(RecipeError, match="write numbers and ranges"):
            parse_channels(wrong)
    with pytest.raises(RecipeError, match="backwards"):
        parse_channels("9-3")


def test_maps_that_do_not_fit_are_refused_beforehand(
    network: Network, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the option that helps; sheets too."""
    monkeypatch.setattr(memory, "usable", lambda: 1e6)
    with pytest.raises(MemoryLimitError, match="--max-side"):
        features(network, pixels, "deep")
    with pytest.raises(MemoryLimitError, match="--cell or --most"):
        memory.check_drawing((100, 100))
    with pytest.raises(MemoryLimitError, match="--cell or --most"):
        memory.check_gallery(network, ["deep"], 40, (100, 100))


def test_maps_are_freed_after_their_last_reader(network: Network) -> None:
    """The largest that meet are the two of 8 channels, before and after the last activation."""
    assert memory.forward_bytes(network, "deep") == 4 * 16
    assert memory.forward_bytes(network, "image") == 0
