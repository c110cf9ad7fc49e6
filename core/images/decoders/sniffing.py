"""Detect the format of a picture file by its content."""

from __future__ import annotations

from typing import BinaryIO

from dreamlayer.core.errors import PictureError, shown
from dreamlayer.core.images.containers import heif_boxes
from dreamlayer.core.images.containers.png_chunks import is_animated
from dreamlayer.core.images.decoders.other_formats import HEAD_BYTES, name_of
from dreamlayer.core.images.decoders.refusals import damaged, many_pages

ALLOWED = "PNG, JPEG, TIFF, WebP, HEIC, AVIF, GIF and BMP"

_MARKS = (
    ("png", b"\x89PNG\r\n\x1a\n"),
    ("jpeg", b"\xff\xd8\xff"),
    ("tiff", b"II*\0"),
    ("tiff", b"MM\0*"),
    ("tiff", b"II+\0"),
    ("tiff", b"MM\0+"),
    ("gif", b"GIF87a"),
    ("gif", b"GIF89a"),
    ("jxl", b"\xff\x0a"),
    ("jxl", b"\0\0\0\x0cJXL \r\n\x87\n"),
)
_CODECS = {b"hvc1": "heic", b"hev1": "heic", b"av01": "avif"}
_CODEC_NAMES = {
    b"avc1": "H.264",
    b"vvc1": "VVC",
    b"evc1": "EVC",
    b"jpeg": "JPEG",
    b"j2k1": "JPEG 2000",
    b"unci": "uncompressed pixels",
    b"mski": "a mask",
}
# A BMP's size and reserved fields vary, so what else begins with these letters is told apart by
# the size of the second header.
_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)


def sniff(file: BinaryIO, name: str) -> str:
    """Detect the format of a picture by its content, whatever its name.

    Parameters
    ----------
    file
        A seekable binary file; its position is reset to the start.
    name
        Name used in messages.

    Returns
    -------
    str
        A key of `core.images.formats.READ`.

    Raises
    ------
    PictureError
        The file is empty, not a picture, in another format, an animation, or HEIF with damaged
        boxes.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if not head:
        raise PictureError(f"{name} is empty; use another file")
    found = _format(head, name)
    if found is None:
        raise PictureError(
            f"{name} is {name_of(file) or 'not a picture'}, but only {ALLOWED} can be read; "
            "export it as one of them first"
        )
    if found == "png" and is_animated(file):
        raise many_pages(name, "an animation")
    if found == "heic":
        found = _heif_format(file, name)
    file.seek(0)
    return found


def begins_like_picture(head: bytes) -> bool:
    """Whether a file with these first `HEAD_BYTES` may be a picture, or an animation of a kind."""
    try:
        return _format(head, "") is not None
    except PictureError:
        return True


def _format(head: bytes, name: str) -> str | None:
    for kind, mark in _MARKS:
        if head.startswith(mark):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "bmp"
    brands = heif_boxes.brands(head)
    if brands and brands[0] in heif_boxes.SEQUENCE_BRANDS:
        raise many_pages(name, "an animation (a sequence of HEIC, AVIF or the like)")
    return "heic" if heif_boxes.STILL_BRANDS.intersection(brands) else None


def _heif_format(file: BinaryIO, name: str) -> str:
    """The format of a HEIF file, which the codec of its primary picture decides."""
    try:
        codec = heif_boxes.read_header(file).codec
    except heif_boxes.BadHeifError as failure:
        raise damaged(name, heif_boxes.HEIF, str(failure)) from failure
    if codec not in _CODECS:
        words = _CODEC_NAMES.get(codec, f"codec {shown(codec.decode('latin-1'))}")
        raise PictureError(
            f"{name} is a HEIF file with {words}, but only HEIC and AVIF can be read of its kind; "
            "export it as PNG"
        )
    return _CODECS[codec]
