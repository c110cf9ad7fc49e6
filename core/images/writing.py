"""Write pictures: libvips encodes into a temporary file, which then replaces the target."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import OutputError
from dreamlayer.core.files import check_writable, replacing
from dreamlayer.core.images.exif import write_tiff_exif
from dreamlayer.core.images.formats import NAMES, output_format
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.png_chunks import ChunkInserter, xmp_chunk
from dreamlayer.core.images.reading import Source
from dreamlayer.core.images.streams import Stream, library
from dreamlayer.core.images.tiff_tags import mark_extra_samples
from dreamlayer.core.interruption import deferred

_DEPTHS = {"png": (8, 16), "tiff": (8, 16, 32), "jpeg": (8,), "webp": (8,)}
_MAX_SIDE = {"png": 1_000_000, "tiff": 10_000_000, "jpeg": 65_500, "webp": 16_383}
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
# libvips silently drops longer XMP; the format itself would hold 65,502 bytes.
_MAX_JPEG_XMP = 60_000
_ENCODER_BYTES = {"webp": 30.0}
"""Bytes per pixel that an encoder takes which needs the whole picture, measured at 12 and 100
megapixels; the others write bands of rows."""

_DEFAULT_RESOLUTION = 72 / 25.4
_SPOOL_BYTES = 64 << 20


def check_target(
    target: str | os.PathLike[str],
    format: str | None = None,
    picture: Picture | Source | None = None,
) -> None:
    """Raise the errors that `write` would raise, before the work and without touching a file.

    Parameters
    ----------
    target, format
        As for `write`.
    picture
        What will be written, or its source, to check that the format can hold it.

    Raises
    ------
    OutputError
        The format is unknown or cannot hold the picture, the target is a folder or a device, its
        folder does not exist, or writing is not permitted.
    PictureError
        libvips does not load.
    """
    kind = output_format(target, format)
    if picture is not None:
        _check_fits(picture, kind)
    if target != "-":
        check_writable(target)
    # What encodes it is loaded while there is memory.
    library()


def encoder_bytes(target: str | os.PathLike[str], format: str | None = None) -> float:
    """Bytes per pixel that writing takes beside the picture; parameters as for `write`.

    Raises
    ------
    OutputError
        The format is unknown.
    """
    return _ENCODER_BYTES.get(output_format(target, format), 0.0)


def write(
    picture: Picture,
    target: str | os.PathLike[str],
    *,
    recipe: str | None = None,
    format: str | None = None,
) -> None:
    """Write a picture atomically: the target is the old file or the complete new one.

    PNG and TIFF keep 8 and 16 bits, TIFF also float32; else 8 bits are written, values rounded
    to the nearest and clipped to 0..1. PNG, TIFF (deflate) and WebP are lossless, JPEG has
    quality 95 without chroma subsampling. Extra channels are kept bit for bit in TIFF, the only
    format that can hold them. Profile, resolution, Exif and XMP are preserved; the
    Exif orientation becomes 1, and the thumbnail, which shows the old picture, is dropped. IPTC
    and text fields are preserved if the format stays the same.

    Memory: the encoder streams from `picture.pixels`, in bands of rows; only
    WebP's encoder needs the whole picture in 8 bits and work space.

    Parameters
    ----------
    picture
        The picture; not changed.
    target
        A path, or '-' for standard output.
    recipe
        Text to store instead of `picture.recipe`.
    format
        A key of `core.images.picture.FORMATS`; by default the file extension decides, PNG for '-'.

    Raises
    ------
    OutputError
        As `check_target`, or the disk is full, or another system error.

    Examples
    --------
    >>> from dreamlayer import read, write
    >>> picture = read("photo.jpg")
    >>> picture.pixels = picture.pixels[:, ::-1]
    >>> write(picture, "mirrored.png")
    """
    # It parses XML, which nothing needs before.
    from dreamlayer.core.images.xmp import read_recipe, write_recipe

    check_target(target, format, picture)
    kind = output_format(target, format)
    text = picture.recipe if recipe is None else recipe
    xmp = picture.xmp
    if text is not None and text != read_recipe(xmp):
        xmp = write_recipe(xmp, text)
    _check_xmp(xmp, kind)
    if target == "-":
        _write_to_standard_output(picture, kind, xmp)
    else:
        with replacing(target) as file:
            _encode(picture, kind, xmp, file)


def _check_fits(picture: Picture | Source, kind: str) -> None:
    if min(picture.width, picture.height) < 1:
        raise OutputError("the picture has no pixels; give one of at least 1 × 1")
    if kind == "jpeg" and picture.has_alpha:
        raise OutputError(
            "the picture has transparency, which JPEG cannot store; choose .png, .tif or .webp"
        )
    extras = _extra_channels(picture)
    if kind != "tiff" and extras:
        which = "a channel that is" if extras == 1 else f"{extras} channels that are"
        raise OutputError(
            f"the picture has {which} neither color nor transparency (such as a saved selection), "
            f"which {NAMES[kind]} cannot store; choose .tif, or export it without"
        )
    if max(picture.width, picture.height) > _MAX_SIDE[kind]:
        raise OutputError(
            f"the picture is {picture.width} × {picture.height}, but {kind} allows at most "
            f"{_MAX_SIDE[kind]} pixels per side; choose .png or .tif"
        )
    if isinstance(picture, Picture):
        _check_shapes(picture)
        _check_xmp(picture.xmp, kind)


def _check_shapes(picture: Picture) -> None:
    for name, plane in (("alpha", picture.alpha), ("extra channels", picture.extras)):
        if plane is not None and plane.shape[:2] != picture.pixels.shape[:2]:
            raise OutputError(
                f"the picture's pixels are {picture.width} × {picture.height}, but its {name} "
                f"{plane.shape[1]} × {plane.shape[0]}; crop or scale both"
            )


def _extra_channels(picture: Picture | Source) -> int:
    if isinstance(picture, Picture):
        return 0 if picture.extras is None else picture.extras.shape[2]
    return picture.extra_channels


def _check_xmp(xmp: bytes | None, kind: str) -> None:
    if kind == "jpeg" and xmp is not None and len(xmp) > _MAX_JPEG_XMP:
        raise OutputError(
            f"the picture's XMP and recipe have {len(xmp)} bytes, but JPEG allows "
            f"{_MAX_JPEG_XMP}; choose .png, .tif or .webp"
        )


def _write_to_standard_output(picture: Picture, kind: str, xmp: bytes | None) -> None:
    """Encode first, then copy, so that a failure leaves the output empty."""
    try:
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
            _encode(picture, kind, xmp, cast(BinaryIO, spool))
            spool.seek(0)
            shutil.copyfileobj(spool, sys.stdout.buffer, 1 << 20)
            sys.stdout.buffer.flush()
    except OSError as failure:
        raise OutputError(
            f"cannot write to standard output: {failure.strerror or failure}; check the program "
            "or the disk that it goes to"
        ) from failure


def _encode(picture: Picture, kind: str, xmp: bytes | None, file: BinaryIO) -> None:
    depth = picture.depth if picture.depth in _DEPTHS[kind] else min(picture.depth, 16)
    depth = depth if depth in _DEPTHS[kind] else 8
    options = dict(_SAVERS[kind])
    if kind == "tiff":
        options["predictor"] = "float" if depth == 32 else "horizontal"
        channels = (4 if picture.has_alpha else 3) + _extra_channels(picture)
        raw = picture.width * picture.height * channels * depth // 8
        # Classic TIFF ends at 4 GB, and deflate can make noise a little longer.
        options["bigtiff"] = raw > 3.8e9
    if kind == "png":
        chunks = picture.png_chunks if picture.format == "png" else ()
        added = (xmp_chunk(xmp),) if xmp is not None else ()
        stream = Stream(cast(BinaryIO, ChunkInserter(file, (*chunks, *added))))
        xmp = None
    else:
        stream = Stream(file)
    with _reporting(stream):
        image = _with_metadata(_as_vips(picture, depth), picture, kind, xmp)
        getattr(image, f"{kind}save_target")(stream.as_target(), **options)
    # libvips may miss a failure of its last calls.
    if stream.failure is not None:
        raise stream.failure
    if kind == "tiff" and picture.extras is not None:
        # libvips calls them all alpha.
        unspecified = (0,) * _extra_channels(picture)
        mark_extra_samples(file, (2, *unspecified) if picture.has_alpha else unspecified)
    if kind == "tiff" and picture.exif is not None:
        write_tiff_exif(file, picture.exif)


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
        # Rounded first, because the cast of libvips truncates; it clips by itself.
        image = image.linear(top, 0).rint().cast(_VIPS_TYPES[depth])
    if picture.alpha is not None:
        alpha = np.ascontiguousarray(_alpha_at(picture.alpha, _TYPES[depth]))
        image = image.bandjoin(_from_array(alpha[..., np.newaxis], _VIPS_TYPES[depth]))
    if picture.extras is not None:
        extras = np.ascontiguousarray(_alpha_at(picture.extras, _TYPES[depth]))
        image = image.bandjoin(_from_array(extras, _VIPS_TYPES[depth]))
    across, down = picture.resolution or (_DEFAULT_RESOLUTION, _DEFAULT_RESOLUTION)
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
    if kind.kind == "f":
        return alpha.astype(kind)
    rounded: npt.NDArray[Any] = np.rint(np.clip(alpha, 0, 1) * np.iinfo(kind).max).astype(kind)
    return rounded


def _with_metadata(image: Any, picture: Picture, kind: str, xmp: bytes | None) -> Any:
    types = library().GValue
    blobs = {"icc-profile-data": picture.profile, "xmp-data": xmp}
    if kind != "tiff":
        blobs["exif-data"] = picture.exif
    if kind == picture.format:
        blobs["iptc-data"] = picture.iptc
    for name, data in blobs.items():
        if data is not None:
            image.set_type(types.blob_type, name, data)
    # The pixels are upright already; this resets the orientation in the Exif block too.
    image.set_type(types.gint_type, "orientation", 1)
    return image
