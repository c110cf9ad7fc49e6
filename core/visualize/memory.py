"""Check before the work that a sheet, and what is drawn on it, fits into memory."""

from __future__ import annotations

import math
from collections.abc import Iterable

from dreamlayer.core.dreaming.free_memory import fits, shortage, usable
from dreamlayer.core.errors import shown
from dreamlayer.core.graph.edit import ancestors
from dreamlayer.core.graph.inference import names_read
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.graph.sizes import probe, shapes_at
from dreamlayer.core.network.network import Network

_BASE = 130e6
"""Interpreter, numpy, Pillow, onnx and ONNX Runtime, in bytes."""

_LOADED, _DIFFERENTIATED = 12, 34
"""Bytes per weight: as stored, as float32 and in blocked layout; for a gradient also transposed, as
in `core.dreaming.memory`."""

_FORWARD_SHARE, _GRADIENT_SHARE = 1.8, 1.2
"""What ONNX Runtime uses relative to the feature maps that are needed at the same time, 1.3 to 1.8
measured on InceptionV3; for a gradient, relative to all, as in `core.dreaming.memory`."""

_PICTURE, _PLANES = 24, 36
"""Bytes per pixel of the picture, as read and clipped; of the network's input: planar, clipped, and
while it is reduced."""

_SHEET = 28
"""Bytes per pixel of a sheet: its cells, as it is drawn, as floats, and the encoder's."""


def check_features(
    network: Network, layer: str, picture: tuple[int, int], size: tuple[int, int]
) -> None:
    """Refuse to run a network on a picture, reduced to a size, if memory is short.

    Parameters
    ----------
    network : Network
        The network to run.
    layer : str
        The layer at which it ends.
    picture, size : (int, int)
        Height and width of the picture as it is read, and of the network's input.

    Raises
    ------
    MemoryLimitError
        The message says what is needed, what is free, and which option to change.
    """
    area = size[0] * size[1]
    needed = _BASE + network.weight_count * _LOADED + area * _PLANES
    needed += picture[0] * picture[1] * _PICTURE
    needed += area * forward_bytes(network, layer) * _FORWARD_SHARE
    what = f"showing {size[1]} × {size[0]} pixels at layer {shown(layer)}"
    _check(needed, what, "use a smaller --max-side")


def check_gallery(
    network: Network, layers: Iterable[str], cell: int, sheet: tuple[int, int]
) -> None:
    """Refuse to dream of layers in cells if that, with the sheet, does not fit.

    Raises
    ------
    MemoryLimitError
        As for `check_features`.
    """
    maps = network.activation_bytes(list(dict.fromkeys(layers))) * _GRADIENT_SHARE
    needed = _BASE + network.weight_count * _DIFFERENTIATED + cell**2 * (maps + _PLANES)
    needed += sheet[0] * sheet[1] * _SHEET
    _check(needed, f"a gallery of {sheet[1]} × {sheet[0]} pixels", "use a smaller --cell or --most")


def check_drawing(sheet: tuple[int, int]) -> None:
    """Refuse to draw a sheet of a height and width if memory is short.

    Raises
    ------
    MemoryLimitError
        As for `check_features`.
    """
    needed = _BASE + sheet[0] * sheet[1] * _SHEET
    _check(needed, f"a sheet of {sheet[1]} × {sheet[0]} pixels", "use a smaller --cell or --most")


def forward_bytes(network: Network, layer: str) -> float:
    """Size of the feature maps that are needed at the same time to compute a layer.

    Returns
    -------
    float
        Bytes per pixel of the image; each map is freed after the last node that reads it.
    """
    if layer == IMAGE:
        return 0.0
    layer = network.tensor(layer)
    height, width = probe(network.model)
    shapes = shapes_at(network.model, (height, width), [layer])
    nodes = ancestors(network.model, [layer])
    last = {name: place for place, node in enumerate(nodes) for name in names_read(node)}
    last[layer] = len(nodes)
    alive: dict[str, int] = {}
    most = 0
    for place, node in enumerate(nodes):
        made = [name for name in node.output if len(shapes.get(name, ())) == 4]
        alive |= {name: math.prod(shapes[name]) for name in made}
        most = max(most, sum(alive.values()))
        alive = {name: size for name, size in alive.items() if last.get(name, 0) > place}
    return 4.0 * most / (height * width)


def _check(needed: float, what: str, remedy: str) -> None:
    free = usable()
    if not fits(needed, free):
        raise shortage(what, needed, free, remedy)
