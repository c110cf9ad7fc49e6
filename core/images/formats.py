"""The formats of pictures, by name and by ending; the format of an output is chosen by them."""

from __future__ import annotations

import os
from pathlib import Path

from dreamlayer.core.errors import OutputError, shown

FORMATS = {
    "png": (".png",),
    "jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "tiff": (".tif", ".tiff"),
    "webp": (".webp",),
}
"""The formats that are read and written, each with its file name extensions."""

READ = {
    **FORMATS,
    "heic": (".heic", ".heif", ".hif"),
    "avif": (".avif",),
    "gif": (".gif",),
    "bmp": (".bmp", ".dib"),
    "jxl": (".jxl",),
}
"""The formats that are read, each with its file name extensions."""

NAMES = {
    "png": "PNG",
    "jpeg": "JPEG",
    "tiff": "TIFF",
    "webp": "WebP",
    "heic": "HEIC",
    "avif": "AVIF",
    "gif": "GIF",
    "bmp": "BMP",
    "jxl": "JPEG XL",
}
"""What people call the formats in `READ`."""


def with_article(format: str) -> str:
    """What people call a file of a format, such as "a JPEG"; "a file" for unknown ones."""
    name = NAMES.get(format, "file")
    return f"an {name}" if name.startswith("A") else f"a {name}"


def default_extension(format: str) -> str:
    """The file name extension, with its dot, of what is made from a picture of a format.

    Parameters
    ----------
    format
        A key of `core.images.formats.READ`.

    Returns
    -------
    str
        That of the format itself, or ".png" where it is read but not written.
    """
    return FORMATS.get(format, FORMATS["png"])[0]


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
        raise OutputError(f"unknown format {shown(format)}; use {', '.join(FORMATS)}")
    if target == "-":
        return "png"
    ending = Path(target).suffix.lower()
    for known, endings in FORMATS.items():
        if ending in endings:
            return known
    came = f"the extension {shown(ending)} is unknown" if ending else "the name has no extension"
    for known, endings in READ.items():
        if ending in endings:
            came = f"{NAMES[known]} can be read but not written"
    raise OutputError(
        f"cannot tell the format of {shown(target)}: {came}; use .png, .jpg, .tif or "
        ".webp, or give the format"
    )
