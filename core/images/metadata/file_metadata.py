"""What a file says of its picture, apart from the pixels, as far as it is true of a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from dreamlayer.core.images.containers.heif_boxes import BadHeifError, read_header
from dreamlayer.core.images.containers.heif_boxes import has_credentials as has_heif_credentials
from dreamlayer.core.images.containers.png_chunks import Chunk
from dreamlayer.core.images.metadata.exif import exif_resolution, renewed_exif
from dreamlayer.core.images.metadata.gif_metadata import read_gif
from dreamlayer.core.images.metadata.jpeg_segments import SECOND_PICTURES, JpegMetadata, read_jpeg
from dreamlayer.core.images.metadata.photoshop import renewed_resources
from dreamlayer.core.images.metadata.png_metadata import PngMetadata, color_chunks, read_png
from dreamlayer.core.images.metadata.tiff_exif import (
    read_tiff_exif,
    read_tiff_field,
    tiff_losses,
)
from dreamlayer.core.images.metadata.webp_chunks import has_credentials
from dreamlayer.core.images.metadata.xmp import read_recipe, renewed
from dreamlayer.core.images.metadata.xmp_packet import XmpError
from dreamlayer.core.images.metadata.xmp_rules import (
    CREDENTIALS,
    DEPTH_MAP,
    EXTENDED,
    GAIN_MAP,
    names_local_path,
)
from dreamlayer.core.images.metadata.xmp_writing import joined
from dreamlayer.core.images.profiles.sound_profile import sound_profile

_IPTC, _PHOTOSHOP, _CREDENTIALS = 33723, 34377, 52545


@dataclass(frozen=True)
class Metadata:
    """What goes from an input file to an output file beside the pixels.

    Parameters
    ----------
    exif, xmp, iptc, comments, png_chunks, recipe, resolution, notes
        As in `Picture`.
    profile
        The file's ICC profile, whatever its color space, or None where it has none that is sound.
    """

    profile: bytes | None = None
    resolution: tuple[float, float] | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    comments: tuple[str, ...] = ()
    png_chunks: tuple[Chunk, ...] = ()
    recipe: str | None = None
    notes: tuple[str, ...] = ()


def read_metadata(
    file: BinaryIO,
    format: str,
    field: Callable[[str], Any],
    *,
    orientation: int = 1,
    stored: tuple[int, int] = (0, 0),
    converted: bool = False,
    png: PngMetadata | None = None,
) -> Metadata:
    """Read a file's metadata, without what tells of the old file, its container or its old pixels.

    Parameters
    ----------
    file
        A seekable file; its position is changed.
    format
        A key of `FORMATS`, or any other, whose metadata come from `field` alone.
    field
        The value of a field of libvips's image, such as "exif-data"; None where it is missing.
    orientation
        How the pixels are turned upright, 1..8.
    stored
        Width and height in the file.
    converted
        Whether the colors are converted to sRGB.
    png
        What `read_png` has read of the file already, or None.
    """
    jpeg = JpegMetadata()
    exif, xmp, iptc = (_bytes(field(name)) for name in ("exif-data", "xmp-data", "iptc-data"))
    comments: list[str] = []
    chunks: tuple[Chunk, ...] = ()
    lost: list[str] = []
    if format == "jpeg":
        jpeg = read_jpeg(file)
        exif, xmp, iptc, comments = jpeg.exif, jpeg.xmp, jpeg.photoshop, jpeg.comments
        lost += jpeg.lost
    elif format == "png":
        png = png or read_png(file)
        exif, xmp, iptc, chunks = png.exif, png.xmp, png.iptc, png.chunks
        lost += png.lost
    elif format == "tiff":
        exif = read_tiff_exif(file)
        photoshop, fields = (read_tiff_field(file, tag) for tag in (_PHOTOSHOP, _IPTC))
        lost += [
            "its Photoshop resources and IPTC fields, which are damaged or longer than 32 MiB"
        ] * (b"" in (photoshop, fields))
        iptc = _with_fields(photoshop, fields)
        lost += [CREDENTIALS] * (read_tiff_field(file, _CREDENTIALS) is not None)
        has_profile = field("icc-profile-data") is not None
        lost += tiff_losses(file, has_profile=has_profile or converted)
    elif format == "webp":
        lost += [CREDENTIALS] * has_credentials(file)
    elif format == "gif":
        gif = read_gif(file)
        xmp, comments = gif.xmp, gif.comments
        lost += gif.lost
    elif format in ("avif", "heic"):
        lost += _heif_losses(file)
    recipe = read_recipe(xmp)
    xmp, about_xmp = renewed(xmp, orientation=orientation, stored=stored)
    if jpeg.extended is not None:
        further, about_further = renewed(jpeg.extended, orientation=orientation, stored=stored)
        damaged = further is None and bool(about_further)
        xmp, whole = _joined(xmp, further)
        if whole and not damaged:
            about_xmp = (*(one for one in about_xmp if one != EXTENDED), *about_further)
    about_exif: tuple[str, ...] = ()
    resolution = None if exif is None else exif_resolution(exif.removeprefix(b"Exif\0\0"))
    if exif is not None:
        exif, about_exif = renewed_exif(exif, orientation=orientation, converted=converted)
    raw = _bytes(field("icc-profile-data"))
    if not converted and format in ("png", "jpeg"):
        # libpng takes some only, and libvips cuts long ones of JPEG.
        raw = jpeg.profile if png is None else png.profile
    profile, about_profile = _profile(raw, converted=converted)
    lost += [*about_xmp, *about_exif, *about_profile]
    return Metadata(
        profile=profile,
        resolution=resolution,
        exif=exif,
        xmp=xmp,
        iptc=None if iptc is None else renewed_resources(iptc),
        comments=tuple(one for one in comments if one.strip() and not names_local_path(one)),
        png_chunks=tuple(one for one in chunks if not (converted and color_chunks([one]))),
        recipe=recipe,
        notes=left_out(lost),
    )


def _heif_losses(file: BinaryIO) -> list[str]:
    """What is beside the picture in a HEIF file, each as it ends "written without ..."."""
    lost = [CREDENTIALS] * has_heif_credentials(file)
    try:
        header = read_header(file)
    except BadHeifError:
        return lost
    lost += [GAIN_MAP] * header.has_gain_map + [DEPTH_MAP] * header.has_depth
    return lost + [SECOND_PICTURES] * header.has_others


def left_out(lost: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each thing that is left out, once."""
    return tuple(f"written without {what}" for what in dict.fromkeys(lost))


def _joined(xmp: bytes | None, further: bytes | None) -> tuple[bytes | None, bool]:
    """A packet with its extension, and whether that is in it; both may have nothing left."""
    if xmp is None or further is None:
        return xmp or further, True
    try:
        return joined(xmp, further), True
    except XmpError:
        return xmp, False


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def _with_fields(photoshop: bytes | None, fields: bytes | None) -> bytes | None:
    """A TIFF file's Photoshop resources; where they have no IPTC fields, with those of the file."""
    kept = None if photoshop is None else renewed_resources(photoshop)
    if fields is not None and fields[3:4] == b"\x1c" and len(fields) % 4 == 0:
        # Some programs store the bytes as 32-bit numbers, in the file's byte order.
        fields = b"".join(fields[at : at + 4][::-1] for at in range(0, len(fields), 4))
    if fields is None or not fields.startswith(b"\x1c") or b"8BIM\x04\x04" in (kept or b""):
        return kept
    return (renewed_resources(fields) or b"") + (kept or b"")


def _profile(profile: bytes | None, *, converted: bool) -> tuple[bytes | None, list[str]]:
    if profile is None:
        return None, []
    space = profile[16:20]
    if space in (b"GRAY", b"CMYK") and not converted:
        return None, [f"its color profile, which is for {space.decode()} and not for RGB"]
    if space == b"Lab " and converted:
        # It says what the conversion does without it.
        return None, []
    sound = sound_profile(profile, space)
    return sound, [] if sound else ["its color profile, which is damaged or of an unknown kind"]
