"""What a dream is computed on: numpy, or the memory of an execution provider's device.

The ascent, the schemes of octaves and the previews are written once, over this; `numpy_backend` is
the reference, and `core.device` must equal it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.progress import ProgressTracker
from dreamlayer.core.ascent.tiles import Tile
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]
Size = tuple[int, int]
Image = TypeVar("Image")
"""How a backend holds an image, float32 [3, height, width]: an array, or a buffer of a device."""


class Filters(Protocol):
    """What a formula can do with planes beside +, - and * (with planes or numbers)."""

    def resize(self, planes: Any, size: Size, method: str | None = None) -> Any:
        """Resample to (height, width), by the recipe's method unless another is named."""

    def blur(self, planes: Any, sigma: float) -> Any:
        """Blur with a Gaussian, sigma in pixels; beyond the edges the image is mirrored."""

    def clip(self, planes: Any) -> Any:
        """Bring pixels within 0..1."""


Formula = Callable[..., Any]
"""Takes `Filters` and planes of some images, and gives planes. Numpy hands it one colour after
another, to spare memory; a device traces it once and computes all colours by the graph made."""


class OctaveStep(ABC):
    """One octave under way: its image, and the gradient that its tiles give together."""

    @abstractmethod
    def gather(self, tiles: Sequence[Tile], tracker: ProgressTracker) -> float:
        """Put the gradients of one step's tiles together, and return the objective.

        Raises
        ------
        CancelledError
            Where that is wished; it is asked for before every tile.
        NetworkError, MemoryLimitError
            Where the network does not run on a tile.
        """

    @abstractmethod
    def climb(self, step: int) -> float:
        """Bring what was gathered to the size of step `step`, from 0, and add it to the image.

        Returns
        -------
        float
            What the gradient was divided by; not finite where the gradient is not, and then the
            image is of no use.
        """

    @abstractmethod
    def change(self) -> Array:
        """What the last step added, before pixels were clipped: float32 [3, height, width].

        It is not to be kept, the next step may overwrite it.
        """


class Backend(ABC, Generic[Image]):
    """Holds images and computes with them.

    Parameters
    ----------
    recipe : Recipe
        Its parameters `resample`, `clip` and those of tiles and gradients count.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    @abstractmethod
    def upload(self, image: Array) -> Image:
        """An image of the caller's, float32 [3, height, width]; it is not changed."""

    @abstractmethod
    def download(self, image: Image) -> Array:
        """The pixels of an image, float32 [3, height, width], for the caller."""

    @abstractmethod
    def size(self, image: Image) -> Size:
        """Height and width in pixels."""

    @abstractmethod
    def map(self, formula: Formula, *images: Image, out: Image | None = None) -> Image:
        """The image that a formula gives.

        Parameters
        ----------
        formula : callable
            Takes `Filters`, then planes of each of the images.
        into : image, optional
            One of the images, where it need not be kept: of the result's size, and used by the
            formula pixel by pixel.

        Returns
        -------
        image
            A new one, or `into`.
        """

    @abstractmethod
    def clip(self, image: Image) -> Image:
        """The image with its pixels brought within 0..1; the one given is not to be used again."""

    @abstractmethod
    def octave_step(self, image: Image, original: Image | None) -> OctaveStep:
        """Make ready to climb on an image, in place.

        Parameters
        ----------
        original : image or None
            Of the same size, for terms that compare with it.
        """

    def run(self, work: Work, start: Array, original: Array) -> Array:
        """Do some work where images lie; arrays, float32 [3, height, width], go in and come out."""
        held = self.upload(original)
        begun = held if start is original else self.upload(start)
        return self.download(work(self, begun, held))

    def copy(self, image: Image) -> Image:
        """A copy that may be changed."""
        return self.map(lambda _, planes: planes, image)

    def resize(self, image: Image, size: Size) -> Image:
        """A copy of another size, by the recipe's method."""
        return self.map(lambda filters, planes: filters.resize(planes, size), image)


class Work(Protocol):
    """What can be done with images whichever backend holds them."""

    def __call__(self, backend: Backend[Image], start: Image, original: Image) -> Image:
        """The image made of the one to start from and the original."""
