"""Thumbnails of layers and channels for editors: from the package, from the cache, or dreamt."""

from __future__ import annotations

import functools
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from dreamlayer.core.ascent.progress import check_cancelled
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.shipped import network_for
from dreamlayer.core.recipe.term import Term, format_term
from dreamlayer.core.runtime import cache
from dreamlayer.core.visualize.gallery import LAYER_RECIPE, RECIPE, Gallery
from dreamlayer.core.visualize.layers import channel_terms, whole_layers
from dreamlayer.core.visualize.memory import check_gallery

Pixels = npt.NDArray[np.uint8]

FOLDER = Path(__file__).parents[1] / "presets" / "gallery"
"""The thumbnails that ship, made by `python docs/gallery.py`: for each network a folder with an
`index.json`, a strip `layers.jpg`, and a strip of the channels of some layers."""

_QUALITY = 90

_CODE = (
    "ascent/**/*.py",
    "device/**/*.py",
    "dreaming/**/*.py",
    "images/luminance.py",
    "images/resampling.py",
    "visualize/**/*.py",
)
"""The files of `core` that determine a thumbnail beside those in the key of every cached blob."""


@dataclass(frozen=True)
class Thumbnail:
    """What a layer, or one of its channels, dreams of.

    Attributes
    ----------
    layer : str
        As it was asked for.
    channel : int or None
        None for the whole layer.
    pixels : array
        uint8 [side, side, 3].
    silent : bool
        Whether there was no gradient, so that it shows the noise that the dream began with.
    """

    layer: str
    channel: int | None
    pixels: Pixels
    silent: bool


class Shipped:
    """The thumbnails that ship for one network.

    Parameters
    ----------
    folder : Path
        Where they are; without an index there are none.

    Attributes
    ----------
    digest : str
        Of the network that they were made of.
    side : int
        Their side in pixels.
    main : list of str
        The network's main layers.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._index: dict[str, Any] = json.loads((folder / "index.json").read_text("utf-8"))
        except OSError:
            self._index = {"digest": "", "side": 0, "main": [], "strips": {}}
        self.digest: str = self._index["digest"]
        self.side: int = self._index["side"]
        self.main: list[str] = self._index["main"]

    def find(self, layer: str, channel: int | None, side: int) -> Thumbnail | None:
        """One thumbnail, where it ships and is large enough."""
        strip, name = ("layers", layer) if channel is None else (layer, str(channel))
        about = self._index["strips"].get(strip)
        if side > self.side or about is None or name not in about["names"]:
            return None
        at = about["names"].index(name) * self.side
        pixels = self._strip(strip)[at : at + self.side]
        return Thumbnail(layer, channel, _reduced(pixels, side), name in about["silent"])

    @functools.cache  # noqa: B019 - of the few that `shipped` keeps
    def _strip(self, name: str) -> Pixels:
        with Image.open(self._folder / f"{name}.jpg") as opened:
            return np.asarray(opened.convert("RGB"))


@functools.cache
def shipped(network: str) -> Shipped:
    """The thumbnails that ship for a network of this name."""
    return Shipped(FOLDER / Path(network).name)


def thumbnails(
    name: str,
    layer: str | None,
    channels: Sequence[int],
    side: int,
    load: Callable[[str], Network],
    *,
    provider: str,
    threads: int,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[Thumbnail]:
    """Show what the main layers of a network, a layer, or some of its channels dream of.

    Parameters
    ----------
    name : str
        The network, as a recipe names it.
    layer : str or None
        The layer; None for all main layers.
    channels : sequence of int
        Channels of the layer; empty for the layer itself.
    side : int
        Side of a thumbnail in pixels.
    load : callable
        Loads a network by its name; called where not all thumbnails ship.
    provider, threads
        As for `core.visualize.gallery.Gallery`.
    cancelled : callable, optional
        If it returns True, `CancelledError` is raised.

    Raises
    ------
    DreamlayerError
        There is no such network, layer or channel, which is told before the first thumbnail; or
        one cannot be dreamt, such as where memory is short, which is told in its place.
    """
    name = network_for(name, [] if layer is None else [layer])
    ready, network = shipped(name), None
    if layer is None:
        if not ready.main or side > ready.side:
            network = load(name)
        layers = [one.layer for one in whole_layers(network)] if network else ready.main
        wanted: list[tuple[str, int | None]] = [(one, None) for one in layers]
    else:
        wanted = [(layer, one) for one in channels] or [(layer, None)]
    if network is None and not all(ready.find(*one, side) for one in wanted):
        network = load(name)
    if network is not None and layer is not None:
        if channels:
            channel_terms(network, layer, tuple(channels))
        network.check([Term(layer)])
    maker = None if network is None else Maker(network, side, provider, threads)
    for one in wanted:
        check_cancelled(cancelled, "gallery")
        found = ready.find(*one, side)
        if found is None:
            assert maker is not None
            found = maker.of(*one, cancelled)
        yield found


class Maker:
    """Makes thumbnails of one network, or takes those from the cache that were made before.

    Parameters
    ----------
    network : Network
        Has the layers.
    side : int
        Side of a thumbnail in pixels.
    provider, threads
        As for `core.visualize.gallery.Gallery`.
    """

    def __init__(self, network: Network, side: int, provider: str, threads: int) -> None:
        self._network, self._side, self._provider = network, side, provider
        self._galleries = {
            whole: Gallery(
                network, recipe.replace(canvas=max(recipe.canvas, side)), provider, threads
            )
            for whole, recipe in ((True, LAYER_RECIPE), (False, RECIPE))
        }

    def of(
        self, layer: str, channel: int | None, cancelled: Callable[[], bool] | None = None
    ) -> Thumbnail:
        """One thumbnail: of a layer, or of one of its channels."""
        whole = channel is None
        term = Term(layer) if channel is None else Term(layer, channels=(channel,), kind="mean")
        gallery = self._galleries[whole]
        recipe = gallery.recipe_of(term)
        parts = (
            "thumbnail",
            _code(),
            self._network.digest,
            self._provider,
            format_term(term),
            recipe.to_json(),
        )
        stored = cache.load_blob(*parts)
        if stored is None:
            check_gallery(self._network, [recipe.layers[0].layer], recipe.canvas, (0, 0))
            dreamt = next(gallery.dream([term], cancelled=cancelled))
            file = io.BytesIO()
            Image.fromarray(dreamt.pixels).save(file, "JPEG", quality=_QUALITY, subsampling=0)
            stored = bytes([dreamt.silent]) + file.getvalue()
            cache.store_blob(stored, *parts)
        with Image.open(io.BytesIO(stored[1:])) as opened:
            pixels = _reduced(np.asarray(opened.convert("RGB")), self._side)
        return Thumbnail(layer, channel, pixels, bool(stored[0]))


@functools.cache
def _code() -> str:
    """Digest of the code that determines a thumbnail."""
    core = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for pattern in _CODE:
        for path in sorted(core.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _reduced(pixels: Pixels, side: int) -> Pixels:
    """A square picture at a side in pixels."""
    if len(pixels) == side:
        return pixels
    small = Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(small)
