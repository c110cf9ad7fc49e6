"""Decode a libvips image into upright float32 RGB, alpha and extra channels, band by band."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import MemoryLimitError, PictureError
from dreamlayer.core.images.decoders.channels import Layout
from dreamlayer.core.images.streams import library

_BAND_ROWS = 32
_TYPES: dict[str, np.dtype[Any]] = {
    "uchar": np.dtype(np.uint8),
    "ushort": np.dtype(np.uint16),
    "float": np.dtype(np.float32),
}
Plane = npt.NDArray[Any]


def decode(
    image: Any,
    layout: Layout,
    orientation: int,
    name: str,
    check: Callable[[], None] | None = None,
) -> tuple[npt.NDArray[np.float32], Plane | None, Plane | None]:
    """Decode a grey or RGB `pyvips.Image`, from top to bottom, into upright arrays.

    Memory: the result and bands of 32 rows.

    Parameters
    ----------
    image
        As `conversion.to_rgb` returns it: values 0..1 if float, else up to the maximum of their
        type.
    layout
        Its channels.
    orientation
        Exif orientation, 1..8.
    name
        What messages call the picture.
    check
        Called after each band; raises what the decoder did not.

    Returns
    -------
    pixels : ndarray
        float32 `[height, width, 3]`, integers scaled to 0..1.
    alpha : ndarray or None
        `[height, width]`, of the image's own type.
    extras : ndarray or None
        `[height, width, channels]`, of the image's own type.

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
    colors, at, others = layout.colors, layout.alpha, list(layout.extras)
    width, height = image.width, image.height
    upright = (width, height) if orientation >= 5 else (height, width)
    try:
        pixels = np.empty((*upright, 3), np.float32)
        alpha = None if at is None else np.empty(upright, kind)
        extras = np.empty((*upright, len(others)), kind) if others else None
    except MemoryError as failure:
        rest = kind.itemsize * (image.bands - colors)
        raise MemoryLimitError(
            f"{name} needs {width * height * (12 + rest) / 1e9:.1f} GB of memory, more than is "
            "available; scale it down"
        ) from failure
    stored_pixels = _as_stored(pixels, orientation)
    stored_alpha = None if alpha is None else _as_stored(alpha, orientation)
    stored_extras = None if extras is None else _as_stored(extras, orientation)
    region = library().Region.new(image)
    for top in range(0, height, _BAND_ROWS):
        rows = min(_BAND_ROWS, height - top)
        raw = region.fetch(0, top, width, rows)
        if check is not None:
            check()
        band = np.frombuffer(raw, kind).reshape(rows, width, image.bands)
        if is_float and not np.isfinite(band[..., : colors + (at is not None)]).all():
            raise PictureError(
                f"{name} has pixels that are infinite or not numbers (NaN); export it again"
            )
        here = slice(top, top + rows)
        out = stored_pixels[here]
        np.divide(band[..., :colors], scale, out=out, dtype=np.float32, casting="same_kind")
        if stored_alpha is not None:
            stored_alpha[here] = band[..., at]
        if stored_extras is not None:
            stored_extras[here] = band[..., others]
    return pixels, alpha, extras


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
