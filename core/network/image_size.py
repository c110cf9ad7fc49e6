"""Networks that take images of one size only, as their metadata say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from dreamlayer.core.errors import bare, shown

IMAGE_SIZE = "dreamlayer.image_size"
"""The metadata of a network that takes images of one size only: `HEIGHTxWIDTH` in pixels."""

LARGEST_SIDE = 4096
"""The longest side in pixels that such a size may have."""


def image_size(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    """Height and width of the only images that a network takes, by its metadata; None if any."""
    # Python reads no number of thousands of digits.
    found = re.fullmatch("([0-9]{1,6})x([0-9]{1,6})", metadata.get(IMAGE_SIZE, ""))
    if found is None:
        return None
    height, width = int(found[1]), int(found[2])
    return (height, width) if all(1 <= side <= LARGEST_SIDE for side in (height, width)) else None


def wrong_size(dims: Sequence[int | None], metadata: Mapping[str, str]) -> Iterator[str]:
    """What contradicts the one size that a network says it takes, or that it takes any."""
    batch, _, height, width = dims
    if batch not in (None, 1):
        yield f"accepts only {batch} images at a time, but must accept single ones"
    told = metadata.get(IMAGE_SIZE)
    if told is None:
        if height is not None or width is not None:
            taken = f"{width or 'any'} × {height or 'any'}"
            yield f"accepts only images of {taken} pixels, but must accept any size"
        return
    size = image_size(metadata)
    if size is None:
        yield f"has metadata {IMAGE_SIZE} {shown(told)}, which is not a size such as 224x224"
    elif size != (height, width):
        yield (
            f"says in its metadata that it takes images of {size[1]} × {size[0]} pixels alone, but "
            f"its input is {width or 'any'} × {height or 'any'}"
        )


def other_tile(name: str, size: tuple[int, int] | None, tile: int) -> list[str]:
    """What to say where a recipe asks for tiles of a side that its network does not take.

    Parameters
    ----------
    name : str
        The network's.
    size : (int, int) or None
        From `image_size`.
    tile : int
        The recipe's, 0 for none.
    """
    if size is None or tile in (0, max(size)):
        return []
    return [
        f"network {bare(name)} takes images of {size[1]} × {size[0]} pixels only, so tiles have "
        f"that size, not {tile}"
    ]
