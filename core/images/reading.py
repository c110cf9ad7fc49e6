"""Read pictures: first the header, then the pixels, band by band into float32."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import BinaryIO, cast

from dreamlayer.core.errors import PictureError, shown
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.pipes import received
from dreamlayer.core.images.source import Source

MAX_MEGAPIXELS = 500.0
"""Default limit of a picture's size, against headers that lie about it."""


def open(
    source: str | os.PathLike[str] | BinaryIO, max_megapixels: float = MAX_MEGAPIXELS
) -> Source:
    """Read the header of a picture and check that it can be used.

    PNG, JPEG, TIFF, WebP, AVIF, still GIF and BMP can be read, HEIC where pillow-heif is
    installed, and JPEG XL where libvips has a reader of it.

    Parameters
    ----------
    source
        A path, '-' for standard input, or a binary file object. The last is read into memory
        completely; what comes through a pipe is too, up to 64 MiB, and else lies in a temporary
        file meanwhile.
    max_megapixels
        Largest width times height allowed, in millions.

    Returns
    -------
    Source
        Has the sizes; its `load` gives the pixels.

    Raises
    ------
    PictureError
        The file is missing, a folder, not readable, empty, damaged, in an unsupported format, has
        several pages, more pixels than allowed, or channels of an unknown kind. Standard input is
        a terminal, or what comes through a pipe is longer than a picture can be.
    """
    file, name = _opened(source, max_megapixels)
    try:
        return Source(file, name, max_megapixels)
    except BaseException:
        file.close()
        raise


def read(
    source: str | os.PathLike[str] | BinaryIO, max_megapixels: float = MAX_MEGAPIXELS
) -> Picture:
    """Read a picture: `open` and `Source.load` in one.

    Parameters
    ----------
    source, max_megapixels
        As for `open`.

    Returns
    -------
    Picture
        Upright, RGB; see `Source.load` for the memory it needs.

    Raises
    ------
    PictureError
        As for `open` and `Source.load`.
    MemoryLimitError
        The picture does not fit into memory.

    Examples
    --------
    >>> from dreamlayer import read
    >>> picture = read("photo.jpg")
    >>> picture.pixels.shape, picture.pixels.dtype
    ((400, 600, 3), dtype('float32'))
    """
    with open(source, max_megapixels) as opened:
        return opened.load()


def _opened(
    source: str | os.PathLike[str] | BinaryIO, max_megapixels: float
) -> tuple[BinaryIO, str]:
    """Return a seekable file that we may close, and its name for messages."""
    if source == "-":
        return _standard_input(max_megapixels), "standard input"
    if not isinstance(source, str | os.PathLike):
        data = source.read()
        if not isinstance(data, bytes):
            raise PictureError(
                f"{type(source).__name__} gives text instead of bytes; open it in binary mode"
            )
        return io.BytesIO(data), shown(str(getattr(source, "name", "the stream")))
    path = os.fspath(source)
    name = shown(Path(path))
    try:
        if Path(path).is_dir():
            raise PictureError(f"{name} is a folder; give a picture file")
        file = Path(path).open("rb")  # noqa: SIM115  (the caller closes it)
        if file.seekable():
            return cast(BinaryIO, file), name
        with file:
            return received(cast(BinaryIO, file), name, max_megapixels), name
    except FileNotFoundError as failure:
        raise PictureError(f"{name} does not exist; check the name") from failure
    except PermissionError as failure:
        raise PictureError(
            f"reading {name} is not permitted; change its permissions or use a copy"
        ) from failure
    except (OSError, ValueError) as failure:
        reason = getattr(failure, "strerror", None) or failure
        raise PictureError(f"{name} cannot be read: {reason}; use a copy") from failure


def _standard_input(max_megapixels: float) -> BinaryIO:
    """What comes through standard input, as a file."""
    if sys.stdin.isatty():
        raise PictureError(
            "standard input is a terminal, where no picture comes from; name a file, or send one "
            "through a pipe"
        )
    try:
        return received(sys.stdin.buffer, "standard input", max_megapixels)
    except OSError as failure:
        reason = failure.strerror or failure
        raise PictureError(
            f"standard input cannot be read: {reason}; give a file instead"
        ) from failure
