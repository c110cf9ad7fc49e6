"""Thumbnails of layers and channels: from the package, from the cache, or dreamt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dreamlayer.core.errors import CancelledError, LayerError
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.networks import SHIPPED_NETWORKS
from dreamlayer.core.visualize.gallery import Gallery
from dreamlayer.core.visualize.layers import whole_layers
from dreamlayer.core.visualize.thumbnails import (
    _CODE,
    FOLDER,
    Thumbnail,
    _code,
    shipped,
    thumbnails,
)

MOST_BYTES = 3_000_000


def shown(name: str, layer: str | None, *channels: int, side: int = 32, **more: Any) -> Any:
    """The thumbnails of one request."""
    run: Any = {"load": Network, "provider": "cpu", "threads": 0, **more}
    return list(thumbnails(name, layer, channels, side, **run))


def none(name: str) -> Network:
    """Stands in for the loading of a network that is not needed."""
    raise AssertionError(name)


def test_what_ships_is_small() -> None:
    """All files together."""
    assert sum(path.stat().st_size for path in FOLDER.glob("*/*")) < MOST_BYTES


@pytest.mark.parametrize("name", SHIPPED_NETWORKS)
def test_layers_of_a_shipped_network_have_thumbnails(name: str) -> None:
    """All of the default, main ones of the other; refresh them with `python docs/gallery.py`."""
    network, ready = Network(name), shipped(name)
    assert ready.digest == network.digest
    assert ready.main == [one.layer for one in whole_layers(network)]
    for term in whole_layers(network, everything=name == SHIPPED_NETWORKS[0]):
        found = ready.find(term.layer, None, 96)
        assert found is not None, term.layer
        assert found.pixels.std() > 2, term.layer


@pytest.mark.parametrize("name", ["default", *SHIPPED_NETWORKS])
def test_shipped_thumbnails_need_no_network(name: str) -> None:
    """Of main layers, of a layer, and of channels, at any smaller side."""
    made = shown(name, None, load=none)
    assert [one.layer for one in made] == shipped(_named(name)).main
    assert all(one.pixels.shape == (32, 32, 3) and one.channel is None for one in made)
    layer = made[-1].layer
    (one,) = shown(name, layer, load=none, side=96)
    assert one.pixels.shape == (96, 96, 3)
    channels = shown(name, layer, 3, 0, load=none)
    assert [one.channel for one in channels] == [3, 0]
    assert (channels[0].pixels != channels[1].pixels).any()


def _named(name: str) -> str:
    return SHIPPED_NETWORKS[0] if name == "default" else name


def test_the_default_is_the_network_with_the_layer() -> None:
    """As in recipes."""
    (one,) = shown("default", "mixed3", load=none)
    (other,) = shown("inception_v3_mixed5", "mixed3", load=none)
    np.testing.assert_array_equal(one.pixels, other.pixels)


def test_others_are_dreamt_once(small_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then they come from the cache, at another side too, and are the same."""
    first = shown(str(small_network), "deep", 1, 0)

    def fail(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(Gallery, "dream", fail)
    again = shown(str(small_network), "deep", 0, 1)
    assert [one.channel for one in again] == [0, 1]
    for one, other in zip(first, reversed(again), strict=True):
        assert same(one, other)
    assert shown(str(small_network), "deep", 1, side=20)[0].pixels.shape == (20, 20, 3)
    with pytest.raises(AssertionError):
        shown(str(small_network), "deep", 1, side=200)


def test_other_code_makes_other_thumbnails(
    small_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was cached by an earlier version of the rooms that dream is not shown."""
    (first,) = shown(str(small_network), "deep", 1)
    monkeypatch.setattr("dreamlayer.core.visualize.thumbnails._CODE", ("ascent/loop.py",))
    _code.cache_clear()
    made: list[object] = []
    dream = Gallery.dream

    def counted(*given: Any, **more: Any) -> Any:
        made.append(given)
        return dream(*given, **more)

    monkeypatch.setattr(Gallery, "dream", counted)
    try:
        (again,) = shown(str(small_network), "deep", 1)
    finally:
        _code.cache_clear()
    assert len(made) == 1
    assert same(first, again)


@pytest.mark.parametrize("room", ["ascent", "device", "dreaming", "visualize"])
def test_rooms_that_shape_a_thumbnail_are_in_its_key(room: str) -> None:
    """Each pattern finds files."""
    core = Path(thumbnails.__code__.co_filename).parents[1]
    covered = {path for pattern in _CODE for path in core.glob(pattern)}
    assert covered >= set((core / room).glob("*.py"))
    assert all(any(core.glob(pattern)) for pattern in _CODE)


def same(one: Thumbnail, other: Thumbnail) -> bool:
    """Whether two thumbnails are equal in all they have."""
    facts = (one.layer, one.channel, one.silent) == (other.layer, other.channel, other.silent)
    return facts and np.array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize(
    ("layer", "channels"), [("none", ()), ("deep", (9999,)), ("none", (1,)), ("deep", (0, 9999))]
)
def test_mistake_is_told_before_the_first(
    small_network: Path, layer: str, channels: tuple[int, ...]
) -> None:
    """One sentence, and nothing is dreamt."""
    made = thumbnails(str(small_network), layer, channels, 32, Network, provider="cpu", threads=0)
    with pytest.raises(LayerError):
        next(made)


def test_cancelled_between_channels(small_network: Path) -> None:
    """What was asked for first is there; no more comes."""
    asked: list[int] = []
    made = thumbnails(
        str(small_network),
        "deep",
        (0, 1, 2),
        32,
        Network,
        provider="cpu",
        threads=0,
        cancelled=lambda: bool(asked),
    )
    assert next(made).channel == 0
    asked.append(1)
    with pytest.raises(CancelledError, match="the gallery was cancelled"):
        next(made)
