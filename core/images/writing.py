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
from dreamlayer.core.images.arrays import as_type
from dreamlayer.core.images.containers.png_chunks import ChunkInserter
from dreamlayer.core.images.containers.tiff_values import Directory, Value, short, shorts
from dreamlayer.core.images.formats import NAMES, output_format
from dreamlayer.core.images.metadata.exif import MAX_RESOLUTION
from dreamlayer.core.images.metadata.jpeg_segments import SegmentInserter, jfif, metadata_segments
from dreamlayer.core.images.metadata.packet import Packet, packet_for
from dreamlayer.core.images.metadata.photoshop import iptc_fields
from dreamlayer.core.images.metadata.tiff_exif import write_tiff_exif
from dreamlayer.core.images.metadata.webp_chunks import WebpExtender
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.reading import Source
from dreamlayer.core.images.streams import Stream, library
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
_ENCODER_BYTES = {"webp": 30.0}
"""Bytes per pixel that an encoder takes which needs the whole picture, measured at 12 and 100
megapixels; the others write bands of rows."""

_EXTRA_SAMPLES = 0x0152
_ORIENTATION, _XMP, _IPTC, _PHOTOSHOP, _PROFILE = 0x0112, 0x02BC, 0x83BB, 0x8649, 0x8773
_DEFAULT_RESOLUTION = 72 / 25.4
_SPOOL_BYTES = 64 << 20


def check_target(
    target: str | os.PathLike[str],
    format: str | None = None,
    picture: Picture | Source | None = None,
    *,
    recipe: str | None = None,
    metadata: bool = True,
) -> tuple[str, ...]:
    """Raise the errors that `write` would raise, before the work and without touching a file.

    Parameters
    ----------
    target, format, recipe, metadata
        As for `write`.
    picture
        What will be written, or its source: what stands beside the pixels is made now, so that
        none of it can fail later.

    Returns
    -------
    tuple of str
        What `write` will return: what the file said that the new one does not. Empty without a
        picture.

    Raises
    ------
    OutputError
        The format is unknown or cannot hold the picture or the recipe, the target is a folder or a
        device, its folder does not exist, or writing is not permitted.
    PictureError
        libvips does not load.
    """
    kind = output_format(target, format)
    notes: tuple[str, ...] = ()
    if picture is not None:
        _check_fits(picture, kind)
        notes = _packet(picture, kind, recipe, metadata=metadata).notes
    if target != "-":
        check_writable(target)
    # What encodes it is loaded while there is memory.
    library()
    return notes


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
    metadata: bool = True,
) -> tuple[str, ...]:
    """Write a picture atomically: the target is the old file or the complete new one.

    PNG and TIFF keep 8 and 16 bits, TIFF also float32; else 8 bits are written, values rounded
    to the nearest and clipped to 0..1. PNG, TIFF (deflate) and WebP are lossless, JPEG has
    quality 95 without chroma subsampling. Extra channels are kept bit for bit in TIFF, the only
    format that can hold them. What the metadata say of the subject is preserved
    (docs/metadata.md), as far as the format can hold it; what they say of the old file, its
    container or its old pixels is renewed or left out.

    Memory: the encoder streams from `picture.pixels`, in bands of rows; only
    WebP's encoder needs the whole picture in 8 bits and work space.

    Parameters
    ----------
    picture
        The picture; not changed.
    target
        A path, or '-' for standard output.
    recipe
        Text to store instead of `picture.recipe`. With neither, the file holds no recipe.
    format
        A key of `core.images.formats.FORMATS`; by default the file extension decides, PNG for '-'.
    metadata
        False leaves out all but what shows the pixels right: the profile or what says the same,
        and the resolution. Then no recipe is stored either.

    Returns
    -------
    tuple of str
        What the picture's file said and the new one does not: `picture.notes`, and what the format
        cannot hold; each a sentence without its end.

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
    ()
    """
    kind = output_format(target, format)
    _check_fits(picture, kind)
    packet = _packet(picture, kind, recipe, metadata=metadata)
    if target == "-":
        _write_to_standard_output(picture, kind, packet)
    else:
        check_writable(target)
        with replacing(target) as file:
            _encode(picture, kind, packet, file)
    return packet.notes


def _packet(picture: Picture | Source, kind: str, recipe: str | None, *, metadata: bool) -> Packet:
    of = picture if isinstance(picture, Picture) else picture.metadata
    text = of.recipe if recipe is None else recipe
    size = (picture.width, picture.height)
    return packet_for(of, kind, size, text, metadata=metadata)


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


def _write_to_standard_output(picture: Picture, kind: str, packet: Packet) -> None:
    """Encode first, then copy, so that a failure leaves the output empty."""
    try:
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
            _encode(picture, kind, packet, cast(BinaryIO, spool))
            spool.seek(0)
            shutil.copyfileobj(spool, sys.stdout.buffer, 1 << 20)
            sys.stdout.buffer.flush()
    except OSError as failure:
        raise OutputError(
            f"cannot write to standard output: {failure.strerror or failure}; check the program "
            "or the disk that it goes to"
        ) from failure


def _encode(picture: Picture, kind: str, packet: Packet, file: BinaryIO) -> None:
    depth = picture.depth if picture.depth in _DEPTHS[kind] else min(picture.depth, 16)
    depth = depth if depth in _DEPTHS[kind] else 8
    options = dict(_SAVERS[kind])
    if kind == "tiff":
        options["predictor"] = "float" if depth == 32 else "horizontal"
        channels = (4 if picture.has_alpha else 3) + _extra_channels(picture)
        raw = picture.width * picture.height * channels * depth // 8
        # Classic TIFF ends at 4 GB, and deflate can make noise a little longer.
        options["bigtiff"] = raw > 3.8e9
    stream = Stream(_with_packet(picture, kind, packet, file))
    with _reporting(stream):
        # What stands beside the pixels is ours: libvips would drop some and change some of it.
        getattr(_as_vips(picture, depth), f"{kind}save_target")(
            stream.as_target(), keep="none", **options
        )
    # libvips may miss a failure of its last calls.
    if stream.failure is not None:
        raise stream.failure
    if kind == "tiff":
        write_tiff_exif(file, packet.exif, _tiff_fields(packet) | _channel_fields(picture))


def _with_packet(picture: Picture, kind: str, packet: Packet, file: BinaryIO) -> BinaryIO:
    """A file-like object that adds the packet to what is written through it."""
    if kind == "png":
        return cast(BinaryIO, ChunkInserter(file, packet.chunks))
    if kind == "jpeg":
        head = jfif(_resolution(picture)) + metadata_segments(
            exif=packet.exif,
            xmp=packet.xmp,
            profile=packet.profile,
            photoshop=packet.iptc,
            comments=packet.comments,
        )
        return cast(BinaryIO, SegmentInserter(file, head))
    if kind == "webp":
        extender = WebpExtender(
            file,
            (picture.width, picture.height),
            has_alpha=picture.has_alpha,
            profile=packet.profile,
            exif=packet.exif,
            xmp=packet.xmp,
        )
        return cast(BinaryIO, extender)
    return file


def _tiff_fields(packet: Packet) -> Directory:
    """The packet's parts that are fields of a TIFF file, but for Exif."""
    iptc = packet.iptc
    blocks = {
        _XMP: (1, packet.xmp),
        _IPTC: (7, None if iptc is None else iptc_fields(iptc)),
        _PHOTOSHOP: (1, iptc),
        _PROFILE: (7, packet.profile),
    }
    fields: Directory = {
        tag: Value(kind, len(data), data)
        for tag, (kind, data) in blocks.items()
        if data is not None
    }
    return fields | {_ORIENTATION: short(1)}


def _channel_fields(picture: Picture) -> Directory:
    """What the channels beyond the colors are, where libvips would call them all alpha."""
    if picture.extras is None:
        return {}
    return {_EXTRA_SAMPLES: shorts(*[2] * picture.has_alpha, *[0] * _extra_channels(picture))}


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
    across, down = _resolution(picture)
    return image.copy(interpretation=_SPACES[depth], xres=across, yres=down)


def _from_array(array: npt.NDArray[Any], kind: str) -> Any:
    height, width, bands = array.shape
    return library().Image.new_from_memory(array.data, width, height, bands, kind)


def _resolution(picture: Picture) -> tuple[float, float]:
    """Pixels per millimetre across and down, as libvips takes them."""
    across, down = picture.resolution or (_DEFAULT_RESOLUTION, _DEFAULT_RESOLUTION)
    return min(max(across, 1e-3), MAX_RESOLUTION), min(max(down, 1e-3), MAX_RESOLUTION)


def _alpha_at(alpha: npt.NDArray[Any], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Convert alpha to type `kind`, rounding to the nearest; unchanged if it is that already."""
    if alpha.dtype == kind:
        return alpha
    if alpha.dtype.kind != "f":
        alpha = alpha / np.float32(np.iinfo(alpha.dtype).max)
    return as_type(alpha, kind)
