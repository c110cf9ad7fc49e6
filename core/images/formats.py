"""Detect the format of a picture file by its content, and choose the format of an output."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from dreamlayer.core.errors import OutputError, PictureError
from dreamlayer.core.images.picture import FORMATS
from dreamlayer.core.images.png_chunks import is_animated

ALLOWED = "PNG, JPEG, TIFF and WebP"

_MARKS = (
    ("png", b"\x89PNG\r\n\x1a\n"),
    ("jpeg", b"\xff\xd8\xff"),
    ("tiff", b"II*\0"),
    ("tiff", b"MM\0*"),
    ("tiff", b"II+\0"),
    ("tiff", b"MM\0+"),
)
_UNSUPPORTED = (
    (0, b"GIF8", "a GIF animation"),
    (0, b"%PDF", "a PDF document"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"gimp xcf", "a GIMP document"),
    (0, b"BM", "a BMP picture"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (4, b"JXL ", "a JPEG XL picture"),
    (4, b"jP  ", "a JPEG 2000 picture"),
    (4, b"ftyp", "a HEIC, AVIF or video file"),
    (0, b"v/1\x01", "an OpenEXR picture"),
)


def sniff(file: BinaryIO, name: str) -> str:
    """Detect the format of a picture by its first bytes, whatever its name.

    Parameters
    ----------
    file
        A seekable binary file; its position is reset to the start.
    name
        Name used in messages.

    Returns
    -------
    str
        A key of `core.images.picture.FORMATS`.

    Raises
    ------
    PictureError
        The file is empty, not a picture, in another format, or an animated PNG.
    """
    file.seek(0)
    head = file.read(512)
    if not head:
        raise PictureError(f"{name} is empty; use another file")
    found = next((kind for kind, mark in _MARKS if head.startswith(mark)), None)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        found = "webp"
    if found is None:
        text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        what = next((w for at, mark, w in _UNSUPPORTED if head[at:].startswith(mark)), None)
        if what is None and (text.startswith(b"<svg") or b"<svg" in text):
            what = "an SVG drawing"
        raise PictureError(
            f"{name} is {what or 'not a picture'}, but only {ALLOWED} can be read; export it as "
            "one of them first"
        )
    if found == "png" and is_animated(file):
        raise many_pages(name, "an animation")
    file.seek(0)
    return found


def many_pages(name: str, what: str) -> PictureError:
    """Return the error for a file that holds more than one picture."""
    return PictureError(
        f"{name} is {what}, but only single pictures can be read; save the page you want as a "
        "separate file"
    )


def output_format(target: str | os.PathLike[str], format: str | None) -> str:
    """Choose the format to write: `format` if given, else by file extension; PNG for '-'.

    Raises
    ------
    OutputError
        `format` or the extension is unknown.
    """
    if format is not None:
        chosen = format.lower()
        for known, endings in FORMATS.items():
            if chosen == known or f".{chosen}" in endings:
                return known
        raise OutputError(f"unknown format {format!r}; use {', '.join(FORMATS)}")
    if target == "-":
        return "png"
    ending = Path(target).suffix.lower()
    for known, endings in FORMATS.items():
        if ending in endings:
            return known
    came = f"the extension {ending!r} is unknown" if ending else "the name has no extension"
    raise OutputError(
        f"cannot tell the format of {os.fspath(target)!r}: {came}; use .png, .jpg, .tif or "
        ".webp, or give the format"
    )
