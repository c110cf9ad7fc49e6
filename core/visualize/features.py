"""What a layer sees in a picture: the feature map of each channel, on one sheet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from dreamlayer.core.errors import LayerError, PictureError
from dreamlayer.core.graph.inference import IMAGE
from dreamlayer.core.images.resampling import resize
from dreamlayer.core.network.activations import Activations
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import check_channels
from dreamlayer.core.runtime.providers import AUTO
from dreamlayer.core.visualize.colormaps import colour
from dreamlayer.core.visualize.memory import check_features
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
_PLAIN = 3
"""From so many pixels a position on, positions are drawn as rectangles."""


@dataclass(frozen=True)
class Features:
    """A layer's answer to a picture.

    Attributes
    ----------
    layer : str
        Which.
    maps : array
        float32 [channels, h, w]; of a layer without rows and columns, [channels, 1, 1].
    picture : array
        float32 [3, height, width], 0..1: what the network was given.
    spatial : bool
        Whether the layer has rows and columns.
    """

    layer: str
    maps: Array
    picture: Array
    spatial: bool

    @property
    def activity(self) -> Array:
        """What channels are ranked by, float32 [channels].

        The mean size of a map's values, after a ReLU their mean; of a classifier the value itself.
        """
        if not self.spatial:
            return self.maps[:, 0, 0]
        return np.asarray(np.abs(self.maps).mean(axis=(1, 2)), np.float32)

    def choose(
        self, channels: tuple[int, ...] = (), sort: str = "activity", most: int = 0
    ) -> list[int]:
        """Numbers of the channels to show.

        Parameters
        ----------
        channels : tuple of int
            Among which; empty for all.
        sort : str
            `activity`, the most active first, or `number`, as they were given.
        most : int
            At most so many, by `sort`; 0 for all.

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
    """Run a network on a picture and keep one layer.

    Parameters
    ----------
    network : Network
        Which.
    pixels : array
        float32 [height, width, 3], 0 black to 1 white; values beyond are cut off.
    layer : str
        Name of a layer.
    max_side : int
        Larger pictures are reduced to this longer side; 0 for their own.
    provider, threads
        As for `core.runtime.sessions.open_session`.

    Raises
    ------
    LayerError
        There is no such layer, or its activations are neither maps nor a row of numbers.
    PictureError
        The picture, reduced, is smaller than the network takes.
    MemoryLimitError
        Its feature maps do not fit into memory.
    """
    network.check_layers([layer])
    planes = np.ascontiguousarray(np.clip(pixels, 0, 1).transpose(2, 0, 1), np.float32)
    size = fed_size(network, layer, planes.shape[1], planes.shape[2], max_side)
    check_features(network, layer, (planes.shape[1], planes.shape[2]), size)
    if planes.shape[1:] != size:
        planes = np.clip(resize(planes, size), 0, 1)
    found = Activations(network, [layer], provider, threads)(planes)[layer]
    if found.ndim not in (2, 4) or 0 in found.shape:
        raise LayerError(
            f"layer {layer!r} has values of the shape {list(found.shape)}, which are neither "
            f"feature maps nor one number a channel; choose another layer"
        )
    maps = np.asarray(found[0], np.float32)
    spatial = maps.ndim == 3
    return Features(layer, maps if spatial else maps[:, np.newaxis, np.newaxis], planes, spatial)


def fed_size(
    network: Network, layer: str, height: int, width: int, max_side: int
) -> tuple[int, int]:
    """Height and width at which a network is given a picture.

    Raises
    ------
    PictureError
        That would be smaller than the network takes.
    """
    grid = network.grid([layer], max(height, width), 0)
    scale = min(1.0, max_side / max(height, width)) if max_side else 1.0
    sides = [
        max(round(side * scale / grid.multiple), 1) * grid.multiple for side in (height, width)
    ]
    if min(sides) < grid.minimum:
        reduced = f", reduced to {sides[1]} × {sides[0]}" if scale < 1 else ""
        remedy = "raise --max-side" if min(height, width) >= grid.minimum else "enlarge it first"
        raise PictureError(
            f"the picture is {width} × {height} pixels{reduced}, but network {network.name} needs "
            f"{grid.minimum} at least for layer {layer!r}; {remedy}, or choose a layer nearer to "
            f"the image"
        )
    return sides[0], sides[1]


@dataclass(frozen=True)
class Looks:
    """How feature maps are shown.

    Attributes
    ----------
    cell : int
        Longer side of each map in pixels.
    columns : int
        Maps side by side; 0 for a sheet somewhat wider than high.
    colormap : str
        One of `colormaps.COLORMAPS`, or `auto`: viridis where no value is negative, else
        diverging.
    scale : str
        `each`: each map has colours for its own values; `all`: the same for all.
    smooth : bool
        Interpolate where maps are enlarged; else each position is a rectangle.
    """

    cell: int = 128
    columns: int = 0
    colormap: str = AUTO_COLORMAP
    scale: str = "each"
    smooth: bool = False


def feature_layout(count: int, picture: tuple[int, int], looks: Looks) -> Layout:
    """Where the picture and `count` maps of it lie; `picture` is its height and width."""
    scale = looks.cell / max(picture)
    box = max(1, round(picture[0] * scale)), max(1, round(picture[1] * scale))
    columns = min(looks.columns, count + 1) or columns_for(count + 1, box)
    return Layout(count + 1, columns, box, lines=2, legend=looks.scale == "all")


def feature_sheet(
    found: Features, chosen: list[int], title: str, line: str, looks: Looks
) -> Pixels:
    """Draw the picture and the maps of the chosen channels.

    Parameters
    ----------
    found : Features
        Of a layer with rows and columns.
    chosen : list of int
        Numbers of channels.
    title, line : str
        What is written above; how the colours are meant is added.
    looks : Looks
        How.

    Returns
    -------
    array
        uint8 [height, width, 3].
    """
    maps = found.maps[chosen]
    signed = bool(maps.min() < 0)
    colormap = looks.colormap
    if colormap == AUTO_COLORMAP:
        colormap = "diverging" if signed else "viridis"
    layout = feature_layout(len(chosen), found.picture.shape[1:], looks)
    shared = looks.scale == "all"
    whole = _limits(maps, colormap)
    photo = _photo(found.picture, layout.box)
    cells = [Cell(photo, "picture", _size(found.picture))]
    for channel, one in zip(chosen, maps, strict=True):
        low, high = whole if shared else _limits(one, colormap)
        cells.append(
            Cell(_shown(one, layout.box, colormap, low, high, looks), str(channel), _note(one))
        )
    legend = Legend(colormap, *whole) if shared else None
    return draw_sheet(cells, layout, title, [line, _meaning(colormap, signed, shared)], legend)


def _limits(maps: Array, colormap: str) -> tuple[float, float]:
    """What the ends of a colour map stand for: around zero where it has a middle."""
    low, high = float(maps.min()), float(maps.max())
    if colormap == "diverging":
        size = max(-low, high)
        return -size, size
    return min(low, 0.0), max(high, 0.0)


def _shown(
    one: Array, box: tuple[int, int], colormap: str, low: float, high: float, looks: Looks
) -> Pixels:
    larger = box[1] / one.shape[1]
    how = Image.Resampling.NEAREST
    # Positions of one or two pixels would come out uneven, and nobody could tell them apart.
    if looks.smooth or larger < _PLAIN:
        how = Image.Resampling.BICUBIC if larger > 1 else Image.Resampling.BOX
    if low == high == 0.0:
        # Nothing anywhere: the colour of zero, which in a map with a middle is that.
        low, high = (-1.0, 1.0) if colormap == "diverging" else (0.0, 1.0)
    resized = np.asarray(Image.fromarray(one).resize((box[1], box[0]), how))
    return colour(resized, colormap, low, high)


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


def _meaning(colormap: str, signed: bool, shared: bool) -> str:
    """How to read the colours."""
    if shared:
        return "All maps share these colours."
    if colormap == "diverging":
        return "Colours of each map by itself: white is 0, red above, blue below."
    least = "its least value" if signed else "0"
    ends = ("black", "white") if colormap == "grey" else ("dark", "bright")
    return f"Colours of each map by itself: {ends[0]} is {least}, {ends[1]} its maximum."


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
