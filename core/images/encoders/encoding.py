"""Encode a picture by libvips, band by band, into a file that also holds a packet."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import OutputError
from dreamlayer.core.images.arrays import as_type
from dreamlayer.core.images.encoders.packing import resolution_of, tiff_fields, with_packet
from dreamlayer.core.images.metadata.packet import Packet
from dreamlayer.core.images.metadata.tiff_exif import write_tiff_exif
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.streams import Stream, library
from dreamlayer.core.interruption import deferred

_DEPTHS = {"png": (8, 16), "tiff": (8, 16, 32), "jpeg": (8,), "webp": (8,)}
_TYPES: dict[int, np.dtype[Any]] = {
    8: np.dtype(np.uint8),
    16: np.dtype(np.uint16),
    32: np.dtype(np.float32),
}
_VIPS_TYPES = {8: "uchar", 16: "ushort", 32: "float"}
_SPACES = {8: "srgb", 16: "rgb16", 32: "scrgb"}
_SAVERS: dict[str, dict[str, Any]] = {
    "png": {"filter": "all"},
    # Optimized Huffman tables would hold all coefficients in memory to save a few per cent.
    "jpeg": {"Q": 95, "subsample_mode": "off"},
    "tiff": {"compression": "deflate"},
    # `exact` keeps the colors of transparent pixels.
    "webp": {"lossless": True, "exact": True},
}


def encode(picture: Picture, kind: str, packet: Packet, file: BinaryIO) -> None:
    """Encode a picture into an empty file.

    Parameters
    ----------
    picture
        The picture, which fits into the format; not changed.
    kind
        The format, a key of `FORMATS`.
    packet
        All that is to stand beside the pixels.
    file
        A writable binary file; for TIFF it is read and sought too.

    Raises
    ------
    OutputError
        libvips cannot encode it.
    OSError
        The system refused to write.
    """
    depth = picture.depth if picture.depth in _DEPTHS[kind] else min(picture.depth, 16)
    depth = depth if depth in _DEPTHS[kind] else 8
    options = dict(_SAVERS[kind])
    if kind == "tiff":
        options["predictor"] = "float" if depth == 32 else "horizontal"
        channels = (4 if picture.has_alpha else 3) + picture.extra_channels
        raw = picture.width * picture.height * channels * depth // 8
        # Classic TIFF ends at 4 GB, and deflate can make noise a little longer.
        options["bigtiff"] = raw > 3.8e9
    stream = Stream(with_packet(picture, kind, packet, file))
    with _reporting(stream):
        # What stands beside the pixels is ours: libvips would drop some and change some of it.
        getattr(_as_vips(picture, depth), f"{kind}save_target")(
            stream.as_target(), keep="none", **options
        )
    # libvips may miss a failure of its last calls.
    if stream.failure is not None:
        raise stream.failure
    if kind == "tiff":
        write_tiff_exif(file, packet.exif, tiff_fields(picture, packet))


@contextlib.contextmanager
def _reporting(stream: Stream) -> Iterator[None]:
    try:
        with deferred():
            yield
    except library().Error as failure:
        if stream.failure is not None:
            raise stream.failure from None
        detail = (failure.detail or failure.message).strip().splitlines()[0]
        raise OutputError(
            f"the picture cannot be encoded ({detail}); choose another format"
        ) from failure


def _as_vips(picture: Picture, depth: int) -> Any:
    """Set up the conversion to `depth` bits, which libvips runs band by band while it encodes."""
    pixels = np.ascontiguousarray(picture.pixels, np.float32)
    image = _from_array(pixels, "float")
    if depth != 32:
        top = float(np.iinfo(_TYPES[depth]).max)
        # As `arrays.to_levels` rounds: exact in float64. The cast truncates, and clips by itself.
        image = image.cast("double").linear(top, 0.5).cast(_VIPS_TYPES[depth])
    if picture.alpha is not None:
        alpha = np.ascontiguousarray(_alpha_at(picture.alpha, _TYPES[depth]))
        image = image.bandjoin(_from_array(alpha[..., np.newaxis], _VIPS_TYPES[depth]))
    if picture.extras is not None:
        extras = np.ascontiguousarray(_alpha_at(picture.extras, _TYPES[depth]))
        image = image.bandjoin(_from_array(extras, _VIPS_TYPES[depth]))
    across, down = resolution_of(picture)
    return image.copy(interpretation=_SPACES[depth], xres=across, yres=down)


def _from_array(array: npt.NDArray[Any], kind: str) -> Any:
    height, width, bands = array.shape
    return library().Image.new_from_memory(array.data, width, height, bands, kind)


def _alpha_at(alpha: npt.NDArray[Any], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Convert alpha to type `kind`, rounding to the nearest; unchanged if it is that already."""
    if alpha.dtype == kind:
        return alpha
    if alpha.dtype.kind != "f":
        alpha = alpha / np.float32(np.iinfo(alpha.dtype).max)
    return as_type(alpha, kind)
