"""From an image of libvips to upright float32 RGB and alpha in numpy, band by band."""

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
_LAB = ("lab", "labs", "labq")


@dataclass(frozen=True)
class Layout:
    """What the channels of a file are.

    Parameters
    ----------
    colours
        Channels of colour: 1 grey, 3 RGB or Lab, 4 CMYK.
    has_alpha
        Whether one more channel is transparency.
    depth
        Bits a channel: 8, 16, or 32 for float.
    """

    colours: int
    has_alpha: bool
    depth: int


def channel_layout(image: Any, name: str) -> Layout:
    """Return the layout of a `pyvips.Image` whose header has been read.

    Raises
    ------
    PictureError
        The picture called `name` has channels that cannot become RGB.
    """
    if image.interpretation == "cmyk":
        colours = 4
    elif image.interpretation in _LAB:
        colours = 3
    else:
        colours = 1 if image.bands <= 2 else 3
    # LabQ packs three channels into four bytes.
    bands = 3 if image.interpretation == "labq" else image.bands
    if bands not in (colours, colours + 1):
        raise PictureError(
            f"{name} has {bands} channels, and grey, RGB or CMYK with or without alpha can be "
            "read; export it as RGB"
        )
    if image.interpretation in _LAB:
        bits = image.get("bits-per-sample") if image.get_typeof("bits-per-sample") else 16
        depth = 8 if bits <= 8 else 16
    elif image.format in _TYPES:
        depth = {1: 8, 2: 16}.get(_TYPES[image.format].itemsize, 32)
    else:
        raise PictureError(
            f"{name} stores its channels as {image.format}, and 8 bit, 16 bit and floating point "
            "can be read; export it with 16 bits a channel"
        )
    if depth == 32 and colours == 4:
        raise PictureError(
            f"{name} is CMYK in floating point, which cannot be read; export it as RGB"
        )
    return Layout(colours, bands == colours + 1, depth)


def to_rgb(image: Any, layout: Layout, name: str) -> tuple[Any, bytes | None]:
    """Return a `pyvips.Image` as grey or RGB with its alpha, and the profile that describes it.

    CMYK, Lab, and grey with a profile of its own are converted to sRGB, through their profile
    where there is one; anything else is left as it is.

    Raises
    ------
    PictureError
        The picture called `name` is grey in floating point with a profile, which is not converted.
    """
    profile = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else None
    space = (profile or b"")[16:20]
    if image.interpretation in _LAB:
        lab = image.extract_band(0, n=3) if layout.has_alpha else image
        colour = lab.colourspace("srgb" if layout.depth == 8 else "rgb16")
        return _with_alpha(colour, image, layout), None
    if layout.colours == 4 or (layout.colours == 1 and space == b"GRAY"):
        if layout.depth == 32:
            raise PictureError(
                f"{name} is grey in floating point with a colour profile, which cannot be "
                "converted; export it as RGB"
            )
        colour = image.extract_band(0, n=layout.colours)
        if layout.colours == 4 and profile is not None and space != b"CMYK":
            colour = colour.copy()
            colour.remove("icc-profile-data")
        colour = colour.icc_transform(
            "srgb",
            # What libvips has of its own, a coated paper, for CMYK without a profile.
            input_profile="cmyk" if layout.colours == 4 else "srgb",
            embedded=True,
            intent="relative",
            black_point_compensation=True,
            depth=layout.depth,
        )
        return _with_alpha(colour, image, layout), colour.get("icc-profile-data")
    # An RGB profile describes grey too; a profile of any other space cannot be meant.
    return image, profile if space == b"RGB " else None


def _with_alpha(colour: Any, image: Any, layout: Layout) -> Any:
    if not layout.has_alpha:
        return colour
    return colour.bandjoin(image.extract_band(layout.colours).cast(colour.format))


def decode(
    image: Any, orientation: int, name: str
) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any] | None]:
    """Decode a grey or RGB `pyvips.Image`, from top to bottom, into upright arrays.

    Memory: the result and bands of 256 rows.

    Parameters
    ----------
    image
        One to four bands; values 0..1 if float, else up to their type's largest.
    orientation
        Exif orientation, 1..8.
    name
        What messages call the picture.

    Returns
    -------
    pixels : ndarray
        float32 `[height, width, 3]`, integers scaled to 0..1.
    alpha : ndarray or None
        `[height, width]` of the image's own type.

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
    colours = 1 if image.bands <= 2 else 3
    has_alpha = image.bands > colours
    width, height = image.width, image.height
    upright = (width, height) if orientation >= 5 else (height, width)
    try:
        pixels = np.empty((*upright, 3), np.float32)
        alpha = np.empty(upright, np.float32 if is_float else kind) if has_alpha else None
    except MemoryError as failure:
        raise MemoryLimitError(
            f"{name} needs {width * height * 12 / 1e9:.1f} GB of memory, more than there is; "
            "make it smaller"
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
                f"{name} holds values that are infinite or not numbers; export it again"
            )
        here = slice(top, top + rows)
        out = stored_pixels[here]
        np.divide(band[..., :colours], scale, out=out, dtype=np.float32, casting="same_kind")
        if stored_alpha is not None:
            stored_alpha[here] = band[..., colours]
    return pixels, alpha


def _as_stored(upright: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Return a view of `upright` in the file's row order (Exif 2.3, tag 0x0112).

    Filling the view turns the picture without a second copy.
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
