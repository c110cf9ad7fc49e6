"""The feature maps of a layer for a picture, one per channel, on one sheet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from dreamlayer.core.errors import LayerError, PictureError, shown
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.images.resampling import resize, resized_to_cover
from dreamlayer.core.network.activations import Activations
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import check_channels
from dreamlayer.core.runtime.providers import AUTO, Execution
from dreamlayer.core.visualize.colormaps import DIVERGING, apply_colormap
from dreamlayer.core.visualize.memory import check_features
from dreamlayer.core.visualize.overlay import overlay
from dreamlayer.core.visualize.sheets import (
    Cell,
    Layout,
    Legend,
    Pixels,
    columns_for,
    draw_sheet,
    number,
)

Array = npt.NDArray[np.float32]

AUTO_COLORMAP = "auto"
_MIN_RECTANGLE = 3
"""From this many pixels per position, positions are drawn as rectangles."""


@dataclass(frozen=True)
class Features:
    """A layer's activations for a picture.

    Attributes
    ----------
    layer : str
        Name of the layer.
    maps : array
        float32 [channels, h, w]; of a layer without rows and columns, [channels, 1, 1].
    picture : array
        float32 [3, height, width], 0..1: the network's input.
    spatial : bool
        Whether the layer has rows and columns.
    """

    layer: str
    maps: Array
    picture: Array
    spatial: bool

    @property
    def activity(self) -> Array:
        """The values that channels are ranked by, float32 [channels].

        The mean absolute value of a map; for a layer without rows and columns, the value itself.
        """
        if not self.spatial:
            return self.maps[:, 0, 0]
        return np.asarray(np.abs(self.maps).mean(axis=(1, 2)), np.float32)

    def choose(
        self, channels: tuple[int, ...] = (), sort: str = "activity", most: int = 0
    ) -> list[int]:
        """Choose channels to show, by their numbers.

        Parameters
        ----------
        channels : tuple of int
            Channels to choose from; empty for all.
        sort : str
            `activity`, the most active first, or `number`, in the given order.
        most : int
            Maximum number of channels; 0 for all.

        Raises
        ------
        LayerError
            The layer has no such channel.
        """
        check_channels(channels, self.layer, len(self.maps))
        chosen = list(channels) or list(range(len(self.maps)))
        if sort == "activity":
            activity = self.activity
            chosen.sort(key=lambda channel: (-float(activity[channel]), channel))
        return chosen[:most] if most else chosen


def features(
    network: Network,
    pixels: Array,
    layer: str,
    *,
    max_side: int = 512,
    provider: str = AUTO,
    threads: int = 0,
) -> Features:
    """Run a network on a picture and return one layer.

    Parameters
    ----------
    network : Network
        The network to run.
    pixels : array
        float32 [height, width, 3], 0 black to 1 white; values beyond are clipped.
    layer : str
        Name of a layer.
    max_side : int
        Larger pictures are reduced to this longer side; 0 for no limit. A network of one size sees
        the middle of the picture at that size.
    provider, threads
        As for `core.runtime.providers.Execution`.

    Raises
    ------
    LayerError
        There is no such layer, or its activations are neither maps nor a row of numbers.
    PictureError
        The picture, once reduced, is smaller than the network allows.
    MemoryLimitError
        The feature maps do not fit into memory.
    """
    network.check_layers([layer])
    planes = np.ascontiguousarray(np.clip(pixels, 0, 1).transpose(2, 0, 1), np.float32)
    size = input_size(network, layer, planes.shape[1], planes.shape[2], max_side)
    check_features(network, layer, (planes.shape[1], planes.shape[2]), size)
    if network.image_size is not None:
        planes = resized_to_cover(planes, size)
    elif planes.shape[1:] != size:
        planes = np.clip(resize(planes, size), 0, 1)
    found = Activations(network, [layer], Execution(provider, threads))(planes)[layer]
    if found.ndim not in (2, 4) or 0 in found.shape:
        raise LayerError(
            f"layer {shown(layer)} has values of the shape {list(found.shape)}, which are neither "
            f"feature maps nor one number per channel; choose another layer"
        )
    maps = np.asarray(found[0], np.float32)
    spatial = maps.ndim == 3
    return Features(layer, maps if spatial else maps[:, np.newaxis, np.newaxis], planes, spatial)


def input_size(
    network: Network, layer: str, height: int, width: int, max_side: int
) -> tuple[int, int]:
    """Height and width of the network's input for a picture.

    Raises
    ------
    PictureError
        That would be smaller than the network allows.
    """
    geometry = network.geometry([layer])
    if geometry.exact is not None:
        return geometry.exact
    scale = min(1.0, max_side / max(height, width)) if max_side else 1.0
    sides = [
        max(round(side * scale / geometry.multiple), 1) * geometry.multiple
        for side in (height, width)
    ]
    if min(sides) < geometry.minimum:
        reduced = f", reduced to {sides[1]} × {sides[0]}" if scale < 1 else ""
        remedy = (
            "raise --max-side" if min(height, width) >= geometry.minimum else "enlarge it first"
        )
        raise PictureError(
            f"the picture is {width} × {height} pixels{reduced}, but network {network.name} needs "
            f"{geometry.minimum} at least for layer {shown(layer)}; {remedy}, or choose a layer "
            f"nearer to the image"
        )
    return sides[0], sides[1]


@dataclass(frozen=True)
class Appearance:
    """Appearance of feature maps.

    Attributes
    ----------
    cell : int
        Longer side of each map in pixels.
    columns : int
        Maps side by side; 0 for a sheet somewhat wider than high.
    colormap : str
        One of `colormaps.COLORMAPS`, or `auto`: viridis, or heat for an overlay, if no value is
        negative, else diverging.
    scale : str
        `each`: colors span the values of each map; `all`: those of all maps.
    smooth : bool
        Interpolate enlarged maps; else each position is a rectangle.
    overlay : bool
        Lay each map over the picture, interpolated, instead of showing it alone.
    """

    cell: int = 128
    columns: int = 0
    colormap: str = AUTO_COLORMAP
    scale: str = "each"
    smooth: bool = False
    overlay: bool = False


def feature_layout(count: int, picture: tuple[int, int], appearance: Appearance) -> Layout:
    """Layout of a picture, given by height and width, and `count` maps."""
    scale = appearance.cell / max(picture)
    box = max(1, round(picture[0] * scale)), max(1, round(picture[1] * scale))
    columns = min(appearance.columns, count + 1) or columns_for(count + 1, box)
    return Layout(count + 1, columns, box, lines=2, legend=appearance.scale == "all")


def feature_sheet(
    found: Features, chosen: list[int], title: str, line: str, appearance: Appearance
) -> Pixels:
    """Draw the picture and the maps of the chosen channels.

    Parameters
    ----------
    found : Features
        From a layer with rows and columns.
    chosen : list of int
        Channel numbers.
    title, line : str
        Texts at the top; the meaning of the colors is added.
    appearance : Appearance
        How the maps are drawn.

    Returns
    -------
    array
        uint8 [height, width, 3].
    """
    maps = found.maps[chosen]
    signed = bool(maps.min() < 0)
    colormap = appearance.colormap
    if colormap == AUTO_COLORMAP:
        plain = "heat" if appearance.overlay else "viridis"
        colormap = DIVERGING if signed else plain
    layout = feature_layout(len(chosen), found.picture.shape[1:], appearance)
    shared = appearance.scale == "all"
    whole = _limits(maps, colormap)
    photo = _photo(found.picture, layout.box)
    cells = [Cell(photo, "picture", _size(found.picture))]
    for channel, one in zip(chosen, maps, strict=True):
        low, high = whole if shared else _limits(one, colormap)
        drawn = _drawn(one, photo, colormap, low, high, appearance)
        cells.append(Cell(drawn, str(channel), _note(one)))
    legend = Legend(colormap, *whole) if shared else None
    meaning = _meaning(colormap, signed, shared, appearance.overlay)
    return draw_sheet(cells, layout, title, [line, meaning], legend)


def _limits(maps: Array, colormap: str) -> tuple[float, float]:
    """Values of a color map's ends: symmetric for the diverging one, else including 0."""
    low, high = float(maps.min()), float(maps.max())
    if colormap == DIVERGING:
        size = max(-low, high)
        return -size, size
    return min(low, 0.0), max(high, 0.0)


def _drawn(
    one: Array, photo: Pixels, colormap: str, low: float, high: float, appearance: Appearance
) -> Pixels:
    """One map, at the size of the photo."""
    height, width = photo.shape[:2]
    scale = width / one.shape[1]
    how = Image.Resampling.NEAREST
    # Positions of one or two pixels would be of uneven size and hard to tell apart.
    if appearance.smooth or appearance.overlay or scale < _MIN_RECTANGLE:
        how = Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.BOX
    if low == high == 0.0:
        # All values are 0: the color of zero, which is the middle of the diverging map.
        low, high = (-1.0, 1.0) if colormap == DIVERGING else (0.0, 1.0)
    resized = np.asarray(Image.fromarray(one).resize((width, height), how))
    if appearance.overlay:
        return overlay(photo, resized, colormap, low, high)
    return apply_colormap(resized, colormap, low, high)


def _photo(planes: Array, box: tuple[int, int]) -> Pixels:
    small = np.clip(resize(planes, box), 0, 1).transpose(1, 2, 0)
    return np.rint(small * 255).astype(np.uint8)


def _size(picture: Array) -> str:
    return f"{picture.shape[2]}  x  {picture.shape[1]}"


def _note(one: Array) -> str:
    low, high = float(one.min()), float(one.max())
    if low == high == 0:
        return "silent"
    if low < 0:
        return f"{number(low)} to {number(high)}"
    return f"mean {number(float(one.mean()))}  max {number(high)}"


def _meaning(colormap: str, signed: bool, shared: bool, over: bool) -> str:
    """Explanation of the colors."""
    if shared:
        return "All maps share these colors."
    what = "Each map by itself over the picture" if over else "Colors of each map by itself"
    if colormap == DIVERGING:
        return f"{what}: {'bare' if over else 'white'} is 0, red above, blue below."
    least = "its least value" if signed else "0"
    low, high = ("black", "white") if colormap == "grey" else ("dark", "bright")
    return f"{what}: {'bare' if over else low} is {least}, {high} its maximum."


def describe(found: Features, chosen: list[int], network: str, sort: str) -> tuple[str, str]:
    """Title and first line of a sheet.

    Returns
    -------
    (str, str)
        Such as ``mixed5 of network small`` and ``64 most active of 768 channels, 17 x 17 each``.
    """
    total = len(found.maps)
    if len(chosen) == total:
        which = f"All {total} channels" + (", the most active first" if sort == "activity" else "")
    elif sort == "activity":
        which = f"{len(chosen)} most active of {total} channels"
    else:
        which = f"{len(chosen)} of {total} channels"
    shape = f", {found.maps.shape[2]} x {found.maps.shape[1]} each" if found.spatial else ""
    title = "the picture itself" if found.layer == IMAGE else found.layer
    return f"{title} of network {network}", f"{which}{shape}"
