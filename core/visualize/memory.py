"""Whether a sheet, and what is drawn on it, fits into memory: told before the work."""

from __future__ import annotations

import math
from collections.abc import Iterable

from dreamlayer.core.dreaming.memory import available, held, in_units
from dreamlayer.core.errors import MemoryLimitError
from dreamlayer.core.graph.edit import ancestors
from dreamlayer.core.graph.inference import IMAGE, names_read
from dreamlayer.core.graph.sizes import shapes_at
from dreamlayer.core.network.network import Network

_BASE = 130e6
"""Interpreter, numpy, Pillow, onnx and ONNX Runtime, in bytes."""

_LOADED, _DIFFERENTIATED = 12, 34
"""Bytes of a weight: as stored, as float32 and in blocked layout; for a gradient turned over too,
as `core.dreaming.memory` has it."""

_FORWARD_SHARE, _GRADIENT_SHARE = 1.8, 1.2
"""What ONNX Runtime takes, relative to the feature maps that must be held at once, 1.3 to 1.8
measured on InceptionV3; for a gradient, to all of them, as `core.dreaming.memory` has it."""

_PICTURE, _PLANES = 24, 36
"""Bytes of a pixel of the picture, as read and clipped; of what the network is given: planar,
clipped, and as it is reduced."""

_SHEET = 28
"""Bytes of a pixel of a sheet: its cells, as it is drawn, as floats, and the encoder's."""

_SHARE_OF_FREE = 0.9
_PROBE = 1024


def check_features(
    network: Network, layer: str, picture: tuple[int, int], size: tuple[int, int]
) -> None:
    """Refuse to run a network on a picture, reduced to a size, where memory is too little.

    Parameters
    ----------
    network : Network
        Which.
    layer : str
        Where it ends.
    picture, size : (int, int)
        Height and width of the picture as it is read and as the network is given it.

    Raises
    ------
    MemoryLimitError
        With what is needed, what is free, and the option that changes it.
    """
    area = size[0] * size[1]
    needed = _BASE + _weights(network) * _LOADED + area * _PLANES
    needed += picture[0] * picture[1] * _PICTURE
    needed += area * forward_bytes(network, layer) * _FORWARD_SHARE
    what = f"looking at {size[1]} × {size[0]} pixels at layer {layer!r}"
    _check(needed, what, "use a smaller --max-side")


def check_gallery(
    network: Network, layers: Iterable[str], cell: int, sheet: tuple[int, int]
) -> None:
    """Refuse to dream of layers in cells where that, with the sheet, is too much.

    Raises
    ------
    MemoryLimitError
        As for `check_features`.
    """
    maps = network.activation_bytes(list(dict.fromkeys(layers))) * _GRADIENT_SHARE
    needed = _BASE + _weights(network) * _DIFFERENTIATED + cell**2 * (maps + _PLANES)
    needed += sheet[0] * sheet[1] * _SHEET
    _check(needed, f"a gallery of {sheet[1]} × {sheet[0]} pixels", "use a smaller --cell or --most")


def check_drawing(sheet: tuple[int, int]) -> None:
    """Refuse to draw a sheet of a height and width where memory is too little.

    Raises
    ------
    MemoryLimitError
        As for `check_features`.
    """
    needed = _BASE + sheet[0] * sheet[1] * _SHEET
    _check(needed, f"a sheet of {sheet[1]} × {sheet[0]} pixels", "use a smaller --cell or --most")


def forward_bytes(network: Network, layer: str) -> float:
    """Size of the feature maps that must be held at once on the way to a layer.

    Returns
    -------
    float
        Bytes per pixel of the image; each map is let go after the last that reads it.
    """
    if layer == IMAGE:
        return 0.0
    shapes = shapes_at(network.model, _PROBE, [layer])
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
    return 4.0 * most / _PROBE**2


def _weights(network: Network) -> int:
    return sum(math.prod(tensor.dims) for tensor in network.model.graph.initializer)


def _check(needed: float, what: str, remedy: str) -> None:
    free = available() + held()
    if needed > free * _SHARE_OF_FREE:
        raise MemoryLimitError(
            f"{what} needs about {in_units(needed)} of memory, but only {in_units(free)} are "
            f"free; {remedy}, or close other programs"
        )
