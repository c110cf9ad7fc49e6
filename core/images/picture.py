"""A picture in memory: its pixels, and the metadata that goes from input to output file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.images.containers.png_chunks import Chunk


@dataclass(eq=False)
class Picture:
    """A decoded picture, upright, with the metadata of its file.

    Parameters
    ----------
    pixels
        float32 `[height, width, 3]`, C-contiguous, RGB, encoded as `profile` says; 0..1, but
        values beyond that in a float32 TIFF are preserved.
    alpha
        `[height, width]` in the file's own type (uint8, uint16 or float32), or None; it is
        written back bit for bit if the output has the same depth.
    depth
        Bits per channel: 8, 16, or 32 for float.
    profile
        ICC profile of `pixels`; None means sRGB.
    resolution
        Pixels per millimetre across and down, or None where the file has none.
    exif
        Exif block (a TIFF structure without the `Exif` marker), without its thumbnail, or None.
    xmp
        XMP packet, including an earlier recipe if there was one, or None.
    iptc
        Photoshop's image resources that hold the IPTC fields, or None.
    comments
        Comments of a JPEG or GIF file.
    png_chunks
        Chunks of a PNG file: text, color that no profile overrides, and others that editors may
        copy unread.
    recipe
        Recipe that an earlier dream stored in this picture, or None.
    format
        The source's format: a key of `READ`.
    extras
        `[height, width, channels]` in the file's own type: channels of a TIFF that are neither
        colors nor transparency, such as a saved selection or infrared. None where there are none.
    notes
        What the file said that is not in this picture, each a sentence without its end.
    """

    pixels: npt.NDArray[np.float32]
    alpha: npt.NDArray[Any] | None = None
    depth: int = 8
    profile: bytes | None = None
    resolution: tuple[float, float] | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    comments: tuple[str, ...] = ()
    png_chunks: tuple[Chunk, ...] = ()
    recipe: str | None = None
    format: str = "png"
    extras: npt.NDArray[Any] | None = None
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def extra_channels(self) -> int:
        """Number of channels that are neither colors nor alpha."""
        return 0 if self.extras is None else int(self.extras.shape[2])

    @property
    def has_alpha(self) -> bool:
        """Whether the picture has an alpha channel."""
        return self.alpha is not None
