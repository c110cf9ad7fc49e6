"""Decide whether a foreign network takes images of any size, or of one size only."""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.adopt.free_sizes import free_sizes
from dreamlayer.export.adopt.layers import Found, find_layers
from dreamlayer.export.adopt.maps import Size
from dreamlayer.export.adopt.one_size import fix_size

ANY, AUTO = "any", "auto"


@dataclass(frozen=True)
class Sized:
    """A network with the sizes that it takes.

    Attributes
    ----------
    network
        Its input is symbolic, or fixed to `only`.
    only
        Height and width of the images that it takes; None for any.
    found
        Its layers.
    note
        A line that says so, where that was decided.
    """

    network: onnx.ModelProto
    only: Size | None
    found: Found
    note: str = ""


def with_sizes(network: onnx.ModelProto, own: Size | None, asked: Size | str = AUTO) -> Sized:
    """Free a network of the size that it was exported for, unless that loses layers.

    Parameters
    ----------
    network
        With the input ``image``, whose sizes are symbolic; it may be changed in place.
    own
        Height and width that its source was exported for; None if it takes any.
    asked
        The one size that is wanted, ``any``, or ``auto``.

    Returns
    -------
    Sized
        A network for any size, or one that pictures are dreamed with in tiles of its size.

    Raises
    ------
    NetworkError
        It has no layers, at any size or at the one that is asked for.
    """
    if isinstance(asked, tuple):
        free = network if own in (None, asked) else free_sizes(network, own).model
        return _fixed(free, asked, "as asked")
    if own is None:
        return Sized(network, None, find_layers(network))
    freed = free_sizes(network, own)
    if asked == ANY:
        return _free(freed.model, own, freed.changed)
    try:
        sized = _free(freed.model, own, freed.changed)
    except NetworkError:
        sized = None
    if sized is not None and not sized.found.refused:
        return sized
    reason = next(iter(sized.found.refused.values() if sized else freed.stuck), "")
    return _fixed(network, own, f"since {reason}")


def _free(network: onnx.ModelProto, own: Size, changed: int) -> Sized:
    """A network that takes any size."""
    note = f"Size      any, freed of {_written(own)} in {changed} places" if changed else ""
    return Sized(network, None, find_layers(network, usual=own), note)


def _fixed(network: onnx.ModelProto, only: Size, reason: str) -> Sized:
    """A network that takes one size."""
    fix_size(network, only)
    told = f"Size      {_written(only)} only, {reason}; pictures are dreamed in tiles of that size"
    return Sized(network, only, find_layers(network, only), told)


def _written(size: Size) -> str:
    return f"{size[1]} × {size[0]} pixels"
