"""Write pictures: libvips encodes into a temporary file, which then replaces the target."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from typing import BinaryIO, cast

from dreamlayer.core.errors import OutputError
from dreamlayer.core.files import check_writable, replacing
from dreamlayer.core.images.encoders.encoding import encode
from dreamlayer.core.images.encoders.fitting import check_fits
from dreamlayer.core.images.formats import output_format
from dreamlayer.core.images.metadata.packet import Packet, packet_for
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.source import Source
from dreamlayer.core.images.streams import library

_ENCODER_BYTES = {"webp": 30.0}
"""Bytes per pixel that an encoder takes which needs the whole picture, measured at 12 and 100
megapixels; the others write bands of rows."""

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
    ImageError
        As for `write`.
    OutputError
        The format is unknown or cannot hold the picture or the recipe, the target is a folder or a
        device, its folder does not exist, or writing is not permitted.
    PictureError
        libvips does not load.
    """
    kind = output_format(target, format)
    notes: tuple[str, ...] = ()
    if picture is not None:
        check_fits(picture, kind)
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
    ImageError
        It is no picture, or its arrays have other shapes, types or values than `Picture` says:
        whole numbers, floats from 0 to 255, or values that are not finite.
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
    check_fits(picture, kind)
    packet = _packet(picture, kind, recipe, metadata=metadata)
    if target == "-":
        _write_to_standard_output(picture, kind, packet)
    else:
        check_writable(target)
        with replacing(target) as file:
            encode(picture, kind, packet, file)
    return packet.notes


def _packet(picture: Picture | Source, kind: str, recipe: str | None, *, metadata: bool) -> Packet:
    of = picture if isinstance(picture, Picture) else picture.metadata
    text = of.recipe if recipe is None else recipe
    size = (picture.width, picture.height)
    return packet_for(of, kind, size, text, metadata=metadata)


def _write_to_standard_output(picture: Picture, kind: str, packet: Packet) -> None:
    """Encode first, then copy, so that a failure leaves the output empty."""
    try:
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
            encode(picture, kind, packet, cast(BinaryIO, spool))
            spool.seek(0)
            shutil.copyfileobj(spool, sys.stdout.buffer, 1 << 20)
            sys.stdout.buffer.flush()
    except OSError as failure:
        raise OutputError(
            f"cannot write to standard output: {failure.strerror or failure}; check the program "
            "or the disk that it goes to"
        ) from failure
