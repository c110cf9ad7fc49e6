"""The interface of backends, which hold images and compute on them: numpy, or a GPU.

Ascent, octave schemes and previews are written once, over this interface. `numpy_backend` is the
reference, which `core.device` must agree with.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.progress import ProgressTracker
from dreamlayer.core.ascent.tile import Tile
from dreamlayer.core.images.compact import CompactPixels
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]
Size = tuple[int, int]
Image = TypeVar("Image")
"""A backend's image, float32 [3, height, width]: an array, or a buffer on a device."""


class Filters(Protocol):
    """Operations of formulas on planes, besides +, - and * (with planes or numbers)."""

    def resize(self, planes: Any, size: Size, method: str | None = None) -> Any:
        """Resample to (height, width), by default with the recipe's method."""

    def blur(self, planes: Any, sigma: float) -> Any:
        """Gaussian blur, sigma in pixels; edges are mirrored."""

    def clip(self, planes: Any) -> Any:
        """Clip pixels to 0..1."""


Formula = Callable[..., Any]
"""Function of `Filters` and the planes of some images that returns planes. Numpy calls it for one
color at a time, to save memory; a device traces it once into a graph for all colors."""


class OctaveStep(ABC):
    """The steps of one octave: its image, and the gradient summed over its tiles."""

    @abstractmethod
    def accumulate(self, tiles: Sequence[Tile], tracker: ProgressTracker) -> float:
        """Sum the gradients of one step's tiles, and return the objective.

        Raises
        ------
        CancelledError
            The dream was cancelled; this is checked before every tile.
        NetworkError, MemoryLimitError
            The network fails on a tile.
        """

    @abstractmethod
    def apply(self, step: int) -> float:
        """Normalize the summed gradient for step `step`, from 0, and add it to the image.

        Returns
        -------
        float
            The gradient's divisor. If it is not finite, neither is the gradient, and the image is
            invalid.
        """

    @abstractmethod
    def change(self) -> Array:
        """The last step's change before clipping, float32 [3, height, width].

        The next step may overwrite it.
        """

    @abstractmethod
    def clipped(self) -> float:
        """The share of the image's pixels that are 0 or 1, or beyond, in any channel."""


def clipped_share(planes: Array) -> float:
    """What `OctaveStep.clipped` returns for an image, float32 [3, height, width]."""
    found = np.zeros(planes.shape[1:], bool)
    for plane in planes:
        found |= (plane <= 0) | (plane >= 1)
    return float(found.mean())


class Backend(ABC, Generic[Image]):
    """Holds images and computes on them.

    Parameters
    ----------
    recipe : Recipe
        The source of `resample`, `clip` and the parameters of tiles and gradients.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    @abstractmethod
    def upload(self, image: Array | CompactPixels) -> Image:
        """Make an image from pixels, float32 [3, height, width].

        Compact ones make one that must not be changed.
        """

    @abstractmethod
    def download(self, image: Image) -> Array:
        """The pixels of an image, float32 [3, height, width]."""

    @abstractmethod
    def size(self, image: Image) -> Size:
        """Height and width in pixels."""

    @abstractmethod
    def map(self, formula: Formula, *images: Image, out: Image | None = None) -> Image:
        """Apply a formula to images.

        Parameters
        ----------
        formula : callable
            Function of `Filters` and the planes of each of the images.
        out : image, optional
            One of the images, to be overwritten with the result. It must have the result's size,
            and the formula must use it pixel by pixel.

        Returns
        -------
        image
            A new one, or `out`.
        """

    @abstractmethod
    def clip(self, image: Image) -> Image:
        """The image clipped to 0..1; the argument may be overwritten."""

    @abstractmethod
    def octave_step(
        self, image: Image, original: Image | None, weights: Array | None = None
    ) -> OctaveStep:
        """Prepare the steps of an octave, which change `image` in place.

        Parameters
        ----------
        original : image or None
            The original at the same size, for terms that compare with it.
        weights : array, optional
            float32 [height, width] of that size, 0..1: how much each pixel counts.
        """

    def release(self) -> None:
        """Release memory that only steps need, where the next step can take it again."""

    def run(
        self,
        function: ImageFunction,
        start: Array | CompactPixels,
        original: Array | CompactPixels,
    ) -> Array:
        """Upload two arrays, float32 [3, height, width], call a function, download its result."""
        uploaded = self.upload(original)
        first = uploaded if start is original else self.upload(start)
        return self.download(function(self, first, uploaded))

    def copy(self, image: Image) -> Image:
        """An independent copy."""
        return self.map(lambda _, planes: planes, image)

    def resize(self, image: Image, size: Size) -> Image:
        """A copy resampled to another size by the recipe's method."""
        return self.map(lambda filters, planes: filters.resize(planes, size), image)


class ImageFunction(Protocol):
    """A function of images on any backend."""

    def __call__(self, backend: Backend[Image], start: Image, original: Image) -> Image:
        """Compute an image from the initial and the original one."""
