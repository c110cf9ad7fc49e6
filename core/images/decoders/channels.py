"""Which channels of a picture are colors, which is transparency, and which are something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dreamlayer.core.images.decoders.refusals import unsupported

DEPTHS = {"uchar": 8, "ushort": 16, "float": 32}
"""Bits per channel of the types that libvips calls so."""

MAX_CHANNELS = 56
"""As many as Photoshop allows; a damaged file may claim 65,535."""


@dataclass(frozen=True)
class Layout:
    """The channels of a file, as they lie in its decoded image.

    Parameters
    ----------
    colors
        Number of color channels, which come first: 1 grey, 3 RGB, YCbCr or Lab, 4 CMYK.
    alpha
        Index of the channel that is transparency, or None.
    depth
        Bits per channel: 8, 16, or 32 for float.
    space
        What the color channels are: "grey", "rgb", "cmyk", "lab" (as TIFF's CIELab: a and b are
        signed), "icclab" (a and b are offset) or "ycbcr".
    extras
        Indices of the channels that are neither, such as a saved selection or infrared.
    associated
        Whether the colors are multiplied by alpha.
    """

    colors: int
    alpha: int | None
    depth: int
    space: str
    extras: tuple[int, ...] = ()
    associated: bool = False

    @property
    def has_alpha(self) -> bool:
        """Whether there is transparency."""
        return self.alpha is not None


def channel_layout(image: Any, kind: str, name: str) -> Layout:
    """Channel layout of a `pyvips.Image` of any format but TIFF, whose header has been read.

    Parameters
    ----------
    image
        The image.
    kind
        Its format with an article, such as "a JPEG".
    name
        What messages call the picture.

    Raises
    ------
    PictureError
        It has channels that cannot become RGB.
    """
    cmyk = image.interpretation == "cmyk"
    colors = 4 if cmyk else 1 if image.bands <= 2 else 3
    if image.bands not in (colors, colors + 1):
        raise unsupported(name, f"{kind} of {image.bands} channels", "grey, RGB and CMYK")
    if image.format not in DEPTHS:
        raise unsupported(name, f"{kind} of {image.format} values", "8 and 16 bits and float32")
    space = "cmyk" if cmyk else "grey" if colors == 1 else "rgb"
    alpha = colors if image.bands > colors else None
    return Layout(colors, alpha, DEPTHS[image.format], space)


def check_profile(layout: Layout, profile: bytes | None, name: str) -> None:
    """Refuse floating point whose colors would have to be converted, which libvips cannot do.

    Raises
    ------
    PictureError
        The picture called `name` is of that kind.
    """
    if layout.depth != 32 or layout.space == "rgb":
        return
    if layout.space == "cmyk":
        raise unsupported(name, "CMYK in floating point", "CMYK of 8 and 16 bits")
    if layout.space == "grey" and (profile or b"")[16:20] == b"GRAY":
        raise unsupported(
            name, "grey in floating point with a color profile", "such pictures without a profile"
        )
