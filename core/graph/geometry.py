"""What layers of a network require of image sizes; `core.graph.sizes` computes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Geometry:
    """Requirements of some layers of a network on image sizes.

    Attributes
    ----------
    minimum : int
        The smallest side in pixels.
    stride : int
        Pixels from one position of the deepest layer to the next.
    multiple : int
        Number that sides must be a multiple of.
    exact : (int, int) or None
        Height and width of the only images that the network takes; None if it takes any of the
        sizes that the other attributes allow. Smaller pictures are continued up to it.
    """

    minimum: int = 1
    stride: int = 1
    multiple: int = 1
    exact: tuple[int, int] | None = None

    def accepted_side(self, length: int) -> int:
        """The smallest accepted side of at least `length` pixels."""
        return round_up(max(length, self.minimum), self.multiple)


def round_up(number: int, step: int) -> int:
    """The next multiple of `step`."""
    return -(-number // step) * step
