"""Which images an adopted network is to take: of any size, or of one only."""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from dreamlayer.core.errors import NetworkError, OptionError, shown
from dreamlayer.core.network.image_size import LARGEST_SIDE
from dreamlayer.export.adopt.free_sizes import Freed, free_sizes
from dreamlayer.export.adopt.layers import find_layers
from dreamlayer.export.adopt.one_size import fix_size

Size = tuple[int, int]

AUTO, ANY = "auto", "any"


@dataclass(frozen=True)
class Settled:
    """A network that takes the images that it is to take.

    Attributes
    ----------
    network : onnx.ModelProto
        With the input ``image``, symbolic or of one size.
    only : (int, int) or None
        Height and width of the only images that it takes.
    notes : list of str
        Lines that say so, and why.
    """

    network: onnx.ModelProto
    only: Size | None
    notes: list[str]


def parse_size(text: str) -> str | Size:
    """The value of ``--size``: `auto`, `any`, or height and width in pixels.

    Raises
    ------
    OptionError
        It is neither.
    """
    if text in (AUTO, ANY):
        return text
    sides = [int(side) for side in text.split("x") if side.isascii() and side.isdecimal()]
    if len(sides) != 2 or text.count("x") != 1 or not all(1 <= n <= LARGEST_SIDE for n in sides):
        raise OptionError(
            f"{shown(text)} is not a size; give auto, any, or HEIGHTxWIDTH such as 224x224, each "
            f"of 1 to {LARGEST_SIDE} pixels"
        )
    return sides[0], sides[1]


def settle_size(network: onnx.ModelProto, own: Size | None, asked: str | Size = AUTO) -> Settled:
    """Free the sizes of a network, or restrict it to one.

    Parameters
    ----------
    network : onnx.ModelProto
        With the input ``image``, whose sizes are symbolic; it may be changed in place.
    own : (int, int) or None
        Height and width that it was exported for; None for any.
    asked : str or (int, int)
        `auto` for any size if that costs no layer, else its own; `any` for any size, whatever that
        costs; or the one size.

    Raises
    ------
    NetworkError
        It does not take images of the size that is asked for.
    """
    if own is None or asked == own:
        return Settled(network, None, []) if isinstance(asked, str) else _fixed(network, asked, "")
    freed = free_sizes(network, own)
    if not isinstance(asked, str):
        if freed.stuck and _layers(freed.model, asked) < _layers(network, own):
            raise NetworkError(
                f"the network takes images of {_told(own)} pixels only ({freed.stuck[0]} takes no "
                f"other), not of {_told(asked)}; leave --size out"
            )
        return _fixed(freed.model, asked, "")
    if asked == AUTO and _loses_layers(freed.model, own):
        return _fixed(network, own, next(iter(freed.stuck), ""))
    return Settled(freed.model, None, _freed(freed, own))


def _loses_layers(freed: onnx.ModelProto, own: Size) -> bool:
    """Whether some layers exist at one size only; those of one size at any do not count."""
    try:
        return bool(find_layers(freed, usual=own).refused)
    except NetworkError:
        return True


def _layers(network: onnx.ModelProto, only: Size | None = None) -> int:
    """How many layers there are for any size of image, or for one."""
    try:
        return len(find_layers(network, only).maps)
    except NetworkError:
        return 0


def _fixed(network: onnx.ModelProto, size: Size, reason: str) -> Settled:
    fix_size(network, size)
    why = f", since {reason} takes no other" if reason else ""
    told = f"Size      {_told(size)} only{why}; pictures are dreamed in tiles of that size"
    return Settled(network, size, [told])


def _freed(freed: Freed, own: Size) -> list[str]:
    if not freed.changed:
        return []
    count = "1 node" if freed.changed == 1 else f"{freed.changed} nodes"
    return [f"Size      any: {count} had numbers for images of {_told(own)} pixels"]


def _told(size: Size) -> str:
    """A size as people write it, the width first."""
    return f"{size[1]} × {size[0]}"
