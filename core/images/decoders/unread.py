"""A picture that no reader of libvips takes: its header, and how its pixels are decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import PictureError
from dreamlayer.core.images.decoders.channels import Layout
from dreamlayer.core.images.decoders.failures import too_large
from dreamlayer.core.images.streams import library

_INTERPRETATIONS = {("grey", 8): "b-w", ("grey", 16): "grey16", ("rgb", 8): "srgb"}


@dataclass(frozen=True)
class Unread:
    """A picture whose header has been read, and whose pixels Pillow will decode.

    Parameters
    ----------
    width, height
        Size in pixels.
    layout
        Its channels.
    decode
        Gives the pixels, uint8 or uint16 `[height, width, channels]`.
    blobs
        What libvips calls the metadata of other formats, with their content.
    resolution
        Pixels per millimetre across and down; 1 for unknown, as libvips has it.
    """

    width: int
    height: int
    layout: Layout
    decode: Callable[[], npt.NDArray[Any]]
    blobs: dict[str, bytes] = field(default_factory=dict)
    resolution: tuple[float, float] = (1.0, 1.0)

    def header(self) -> Any:
        """A `pyvips.Image` that has the metadata, and no pixels yet."""
        return self._described(library().Image.black(self.width, self.height))

    def image(self, name: str) -> Any:
        """A `pyvips.Image` with the pixels.

        Raises
        ------
        PictureError
            The file, called `name`, is damaged.
        MemoryLimitError
            It does not fit into memory.
        """
        try:
            values = self.decode()
        except MemoryError as failure:
            raise too_large(name) from failure
        height, width, bands = values.shape
        if (width, height) != (self.width, self.height):
            raise PictureError(
                f"{name} is damaged or truncated (its header says {self.width} × {self.height} "
                f"pixels, but it has {width} × {height}); use an intact copy"
            )
        kind = "uchar" if values.dtype == np.uint8 else "ushort"
        image = library().Image.new_from_memory(
            np.ascontiguousarray(values).data, width, height, bands, kind
        )
        return self._described(image)

    def _described(self, image: Any) -> Any:
        space = _INTERPRETATIONS.get((self.layout.space, self.layout.depth), "rgb16")
        image = image.copy(interpretation=space, xres=self.resolution[0], yres=self.resolution[1])
        for name, data in self.blobs.items():
            image.set_type(library().GValue.blob_type, name, data)
        return image
