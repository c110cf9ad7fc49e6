"""The image sizes that an objective takes, checked before its gradient is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dreamlayer.core.errors import NetworkError, OptionError, bare
from dreamlayer.core.graph.geometry import Geometry
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.graph.sizes import accepts
from dreamlayer.core.network.network import Network

_USUAL = (
    *(224, 299, 256, 384, 192, 112, 96, 64, 32, 128, 160, 240, 288, 320, 260, 300, 331, 380),
    *(448, 456, 480, 512, 528, 600, 28),
)
"""Sides in pixels that classifiers are made for, to propose one."""


@dataclass(frozen=True)
class Sizes:
    """The images that a model takes.

    Attributes
    ----------
    fixed : (int, int) or None
        Height and width, if it takes one size only.
    smallest : int or None
        Pixels of the smallest side that the layers exist for; None where they exist for one size
        only.
    multiple : int
        What sides must be a multiple of.
    """

    fixed: tuple[int, int] | None
    smallest: int | None
    multiple: int = 1

    def sample(self) -> tuple[int, int]:
        """A height and a width to try the model with, not alike if it takes any."""
        if self.fixed:
            return self.fixed
        smallest, step = self.smallest or 1, self.multiple
        height = Geometry(smallest, 1, step).accepted_side(max(smallest + 9, 67))
        return height, height + step * -(-12 // step)


def sizes_of(network: Network, layers: Sequence[str], size: tuple[int, int] | None) -> Sizes:
    """Check a size against what the layers of an objective need.

    Parameters
    ----------
    network
        The network.
    layers
        The layers of the objective and those that become outputs.
    size
        Height and width that the user asks for; None for any.

    Raises
    ------
    OptionError
        The size is too small, or not a multiple of what it must be.
    NetworkError
        The layers exist for one size only, and none was given, or for no size such as this.
    """
    only = network.image_size
    if only is not None:
        if size not in (None, only):
            raise OptionError(
                f"network {network.name} takes images of {_pixels(only)} only, but --size asks for "
                f"{_pixels(size or only)}; leave it out"
            )
        return Sizes(only, None)
    network.prepare(layers)
    real = [layer for layer in layers if layer != IMAGE]
    try:
        geometry = network.geometry(layers)
        any_size = _takes_others(network, real, geometry)
    except NetworkError:
        any_size = False
    if not any_size:
        if size is not None and accepts(network.model, real, size):
            return Sizes(size, None)
        known = next((side for side in _USUAL if accepts(network.model, real, side)), None)
        remedy = f"--size {_typed((known, known))}" if known else "--size HEIGHTxWIDTH"
        if size is None:
            raise NetworkError(
                f"{bare(layers[-1])} does not exist for images of every size; say for which one "
                f"with {remedy}"
            )
        raise OptionError(
            f"these layers do not exist for images of {_pixels(size)}; give the size that the "
            f"network was made for, {remedy}"
        )
    if size is not None:
        if min(size) < geometry.minimum:
            raise OptionError(
                f"--size {_typed(size)} is too small; these layers need at least "
                f"{geometry.minimum} pixels on each side"
            )
        if any(side % geometry.multiple for side in size):
            raise OptionError(
                f"--size {_typed(size)} is not possible; the sides must be multiples of "
                f"{geometry.multiple} pixels, such as {_typed(_near(size, geometry))}"
            )
    return Sizes(size, geometry.minimum, geometry.multiple)


def _takes_others(network: Network, layers: Sequence[str], geometry: Geometry) -> bool:
    """Whether layers exist for more than the one size that was found first."""
    larger = geometry.accepted_side(2 * geometry.minimum + 1)
    size = larger, larger + geometry.multiple
    return not layers or accepts(network.model, layers, size)


def _near(size: tuple[int, int], geometry: Geometry) -> tuple[int, int]:
    height, width = (geometry.accepted_side(side) for side in size)
    return height, width


def _typed(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _pixels(size: tuple[int, int]) -> str:
    height, width = size
    return f"{width} × {height} pixels"
