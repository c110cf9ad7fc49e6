"""Requests to the worker, one dataclass each; `core.worker.parsing` makes them."""

from __future__ import annotations

from dataclasses import dataclass, field

from dreamlayer.core.recipe.animation import Animation
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.worker.checks import THUMBNAIL_SIDE

Id = str | int | None


@dataclass(frozen=True)
class FurtherPicture:
    """A picture that follows the pixels and their mask: a guide or a style.

    Attributes
    ----------
    width, height : int
        Size in pixels.
    weight : float
        Of a style.
    """

    width: int
    height: int
    weight: float = 1.0


@dataclass(frozen=True)
class DreamRequest:
    """Dream on the pixels that follow.

    Attributes
    ----------
    id : str, int or None
        Repeated in the replies.
    width, height : int
        Size in pixels.
    recipe : Recipe
        All parameters of the dream.
    provider : str
        `auto`, or the short name of a provider.
    threads : int
        Processor threads, 0 for one per core.
    mask : bool
        Whether a mask follows the pixels.
    preview : int
        Longer side in pixels of the previews, 0 for none.
    pixels : str
        Type of pixels and mask, and of the result: `float32`, `uint8` or `uint16`.
    further : tuple of FurtherPicture
        The guide, if one was sent.
    """

    id: Id
    width: int
    height: int
    recipe: Recipe
    provider: str
    threads: int
    mask: bool
    preview: int
    pixels: str
    further: tuple[FurtherPicture, ...] = ()

    @property
    def what(self) -> str:
        """What it is called in messages."""
        return "dream"


@dataclass(frozen=True)
class AnimateRequest(DreamRequest):
    """Dream on the pixels that follow, and on what becomes of them, frame after frame.

    Attributes
    ----------
    animation : Animation
        How many frames, and how each follows from the one before.
    """

    animation: Animation = field(default_factory=Animation)

    @property
    def what(self) -> str:
        """What it is called in messages."""
        return "animation"


@dataclass(frozen=True)
class StyleRequest:
    """Give the pixels that follow the style of the pictures behind them.

    Attributes
    ----------
    id, width, height, provider, threads, mask, preview, pixels
        As for a dream.
    recipe : StyleRecipe
        All parameters of the style; its `styles` are those that follow.
    further : tuple of FurtherPicture
        The style pictures.
    """

    id: Id
    width: int
    height: int
    recipe: StyleRecipe
    provider: str
    threads: int
    mask: bool
    preview: int
    pixels: str
    further: tuple[FurtherPicture, ...]

    @property
    def what(self) -> str:
        """What it is called in messages."""
        return "style"


@dataclass(frozen=True)
class GalleryRequest:
    """Show what layers or channels dream of.

    Attributes
    ----------
    id : str, int or None
        Repeated in the replies.
    network : str
        The network, by name or file.
    layer : str or None
        The layer; None for the main layers of the network.
    channels : tuple of int
        Channels of the layer; empty for the layer itself.
    side : int
        Side of each thumbnail in pixels.
    provider, threads
        As for a dream.
    """

    id: Id
    network: str = DEFAULT_NETWORK
    layer: str | None = None
    channels: tuple[int, ...] = field(default=())
    side: int = THUMBNAIL_SIDE
    provider: str = "auto"
    threads: int = 0

    @property
    def what(self) -> str:
        """What it is called in messages."""
        return "gallery"


@dataclass(frozen=True)
class DescribeRequest:
    """List parameters, presets, providers and networks, and the layers of `network` if given."""

    id: Id
    network: str | None


@dataclass(frozen=True)
class CancelRequest:
    """Cancel the requests with this id that take time, or all if it is None."""

    id: Id


PixelRequest = DreamRequest | StyleRequest
"""Requests that pixels follow."""

LongRequest = DreamRequest | StyleRequest | GalleryRequest
"""Requests that can be cancelled."""

Request = LongRequest | DescribeRequest | CancelRequest
