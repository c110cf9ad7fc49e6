"""Decode a libvips image into upright float32 RGB and alpha, band by band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import MemoryLimitError, PictureError
from dreamlayer.core.images.streams import library

_BAND_ROWS = 256
_TYPES: dict[str, np.dtype[Any]] = {
    "uchar": np.dtype(np.uint8),
    "ushort": np.dtype(np.uint16),
    "float": np.dtype(np.float32),
    "double": np.dtype(np.float64),
}
LAB = ("lab", "labs", "labq")


@dataclass(frozen=True)
class Layout:
    """The channels of a file.

    Parameters
    ----------
    colors
        Number of color channels: 1 grey, 3 RGB or Lab, 4 CMYK.
    has_alpha
        Whether there is an alpha channel too.
    depth
        Bits per channel: 8, 16, or 32 for float.
    """

    colors: int
    has_alpha: bool
    depth: int


def channel_layout(image: Any, name: str) -> Layout:
    """Channel layout of a `pyvips.Image` whose header has been read.

    Raises
    ------
    PictureError
        The picture called `name` has channels that cannot become RGB.
    """
    if image.interpretation == "cmyk":
        colors = 4
    elif image.interpretation in LAB:
        colors = 3
    else:
        colors = 1 if image.bands <= 2 else 3
    # LabQ packs three channels into four bytes.
    bands = 3 if image.interpretation == "labq" else image.bands
    if bands not in (colors, colors + 1):
        raise PictureError(
            f"{name} has {bands} channels, but only grey, RGB and CMYK, with or without alpha, "
            "can be read; export it as RGB"
        )
    if image.interpretation in LAB:
        bits = image.get("bits-per-sample") if image.get_typeof("bits-per-sample") else 16
        depth = 8 if bits <= 8 else 16
    elif image.format in _TYPES:
        depth = {1: 8, 2: 16}.get(_TYPES[image.format].itemsize, 32)
    else:
        raise PictureError(
            f"{name} stores its channels as {image.format}, but only 8 bit, 16 bit and floating "
            "point can be read; export it with 16 bits per channel"
        )
    if depth == 32 and colors == 4:
        raise PictureError(
            f"{name} is CMYK in floating point, which cannot be read; export it as RGB"
        )
    return Layout(colors, bands == colors + 1, depth)


def to_rgb(image: Any, layout: Layout, name: str) -> tuple[Any, bytes | None]:
    """Convert a `pyvips.Image` to grey or RGB with its alpha, and return it with its profile.

    CMYK, Lab, and grey with a profile of its own are converted to sRGB, using the embedded
    profile if there is one; anything else is left unchanged.

    Raises
    ------
    PictureError
        The picture called `name` is grey in floating point with a profile, which is not converted.
    """
    profile = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else None
    space = (profile or b"")[16:20]
    if image.interpretation in LAB:
        lab = image.extract_band(0, n=3) if layout.has_alpha else image
        color = lab.colourspace("srgb" if layout.depth == 8 else "rgb16")
        return _with_alpha(color, image, layout), None
    if layout.colors == 4 or (layout.colors == 1 and space == b"GRAY"):
        if layout.depth == 32:
            raise PictureError(
                f"{name} is grey in floating point with a colour profile, which cannot be "
                "converted; export it as RGB"
            )
        color = image.extract_band(0, n=layout.colors)
        if layout.colors == 4 and profile is not None and space != b"CMYK":
            color = color.copy()
            color.remove("icc-profile-data")
        color = color.icc_transform(
            "srgb",
            # For CMYK without a profile: the coated-paper profile built into libvips.
            input_profile="cmyk" if layout.colors == 4 else "srgb",
            embedded=True,
            intent="relative",
            black_point_compensation=True,
            depth=layout.depth,
        )
        return _with_alpha(color, image, layout), color.get("icc-profile-data")
    # An RGB profile describes grey too; a profile of any other color space does not fit.
    return image, profile if space == b"RGB " else None


def _with_alpha(color: Any, image: Any, layout: Layout) -> Any:
    if not layout.has_alpha:
        return color
    return color.bandjoin(image.extract_band(layout.colors).cast(color.format))


def decode(
    image: Any, orientation: int, name: str
) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any] | None]:
    """Decode a grey or RGB `pyvips.Image`, from top to bottom, into upright arrays.

    Memory: the result and bands of 256 rows.

    Parameters
    ----------
    image
        One to four bands; values 0..1 if float, else up to the maximum of their type.
    orientation
        Exif orientation, 1..8.
    name
        What messages call the picture.

    Returns
    -------
    pixels : ndarray
        float32 `[height, width, 3]`, integers scaled to 0..1.
    alpha : ndarray or None
        `[height, width]`, of the image's own type.

    Raises
    ------
    PictureError
        A value is infinite or not a number.
    MemoryLimitError
        The arrays do not fit into memory.
    """
    kind = _TYPES[image.format]
    is_float = kind.kind == "f"
    scale = np.float32(1 if is_float else np.iinfo(kind).max)
    colors = 1 if image.bands <= 2 else 3
    has_alpha = image.bands > colors
    width, height = image.width, image.height
    upright = (width, height) if orientation >= 5 else (height, width)
    try:
        pixels = np.empty((*upright, 3), np.float32)
        alpha = np.empty(upright, np.float32 if is_float else kind) if has_alpha else None
    except MemoryError as failure:
        raise MemoryLimitError(
            f"{name} needs {width * height * 12 / 1e9:.1f} GB of memory, more than is available; "
            "scale it down"
        ) from failure
    stored_pixels = _as_stored(pixels, orientation)
    stored_alpha = None if alpha is None else _as_stored(alpha, orientation)
    region = library().Region.new(image)
    for top in range(0, height, _BAND_ROWS):
        rows = min(_BAND_ROWS, height - top)
        raw = region.fetch(0, top, width, rows)
        band = np.frombuffer(raw, kind).reshape(rows, width, image.bands)
        if is_float and not np.isfinite(band).all():
            raise PictureError(
                f"{name} has pixels that are infinite or not numbers (NaN); export it again"
            )
        here = slice(top, top + rows)
        out = stored_pixels[here]
        np.divide(band[..., :colors], scale, out=out, dtype=np.float32, casting="same_kind")
        if stored_alpha is not None:
            stored_alpha[here] = band[..., colors]
    return pixels, alpha


def _as_stored(upright: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Return a view of `upright` in the file's row order (Exif 2.3, tag 0x0112).

    Filling the view rotates the picture without a second copy.
    """
    across = upright.swapaxes(0, 1)
    return {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: across,
        6: across[::-1],
        7: across[::-1, ::-1],
        8: across[:, ::-1],
    }[orientation]
