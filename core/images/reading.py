"""Read pictures: first the header, then the pixels, band by band into float32."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, cast

from dreamlayer.core.errors import PictureError
from dreamlayer.core.images.decoding import LAB, channel_layout, decode, to_rgb
from dreamlayer.core.images.formats import many_pages, sniff
from dreamlayer.core.images.metadata import Metadata, png_orientation, read_metadata
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.streams import Stream, library

MAX_MEGAPIXELS = 500.0
"""Default limit of a picture's size, against headers that lie about it."""


class Source:
    """A picture whose header has been read and checked, but whose pixels are not decoded yet.

    Made by `open`. It holds the file open until `load` or `close`, or the end of a `with` block.

    Parameters
    ----------
    file
        A seekable binary file; this object closes it.
    name
        Name used in messages.
    max_megapixels
        Largest width times height allowed, in millions.

    Attributes
    ----------
    name : str
        Name used in messages.
    format : str
        "png", "jpeg", "tiff" or "webp", detected by content.
    width, height : int
        Size in pixels of the upright picture.
    depth : int
        Bits per channel: 8, 16, or 32 for float.
    has_alpha : bool
        Whether there is an alpha channel.

    Raises
    ------
    PictureError
        See `open`.
    """

    def __init__(self, file: BinaryIO, name: str, max_megapixels: float) -> None:
        self.name = name
        self._file = file
        self._stream = Stream(file)
        with self._reporting():
            self.format = sniff(file, name)
            self._vips_source = self._stream.as_source()
            load = getattr(library().Image, f"{self.format}load_source")
            # Anything but "error" accepts a truncated TIFF as a picture with black rows.
            options: dict[str, Any] = {"access": "sequential", "fail_on": "error"}
            if self.format == "tiff":
                # By default a strip may not exceed 50 MB, and many writers use a single strip.
                # The size is checked against the header below.
                options["unlimited"] = True
            self._image = load(self._vips_source, **options)
        stored = (self._image.width, self._image.height)
        if stored[0] * stored[1] > max_megapixels * 1e6:
            raise PictureError(
                f"{name} has {stored[0]} × {stored[1]} pixels, more than the allowed "
                f"{max_megapixels:g} megapixels; raise --max-megapixels if you trust the file"
            )
        if (pages := self._field("n-pages") or 1) > 1:
            raise many_pages(name, f"a file of {pages} pages or frames")
        self._orientation = int(self._field("orientation") or 1)
        if self.format == "png" and self._orientation == 1:
            with _put_back(file):
                self._orientation = png_orientation(file)
        if self._orientation not in range(1, 9):
            self._orientation = 1
        self.width, self.height = stored[::-1] if self._orientation >= 5 else stored
        layout = channel_layout(self._image, name)
        self.depth, self.has_alpha = layout.depth, layout.has_alpha
        self._layout = layout

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; sizes can still be read, but `load` no longer works."""
        self._image = None
        self._file.close()

    def load(self) -> Picture:
        """Decode the pixels and close the file; can be called once.

        Memory: one float32 copy of the picture (12 bytes per pixel) and its alpha, plus bands
        of 256 rows. Decoders of interlaced PNG, progressive JPEG and WebP hold an integer copy
        meanwhile.

        Returns
        -------
        Picture
            Upright, RGB.

        Raises
        ------
        PictureError
            The file is damaged or truncated, or holds values that are not numbers.
        MemoryLimitError
            The picture does not fit into memory.
        """
        if self._image is None:
            raise ValueError(f"{self.name} has been closed; open it again to load it")
        with self, self._reporting():
            found = self.metadata
            image = self._image
            if found.profile is None and image.get_typeof("icc-profile-data"):
                image = image.copy()
                image.remove("icc-profile-data")
            rgb, profile = to_rgb(image, self._layout, self.name)
            if not self._is_converted():
                profile = found.profile
            pixels, alpha = decode(rgb, self._orientation, self.name)
            return Picture(
                pixels=pixels,
                alpha=alpha,
                depth=self.depth,
                profile=profile,
                resolution=found.resolution,
                exif=found.exif,
                xmp=found.xmp,
                iptc=found.iptc,
                comments=found.comments,
                png_chunks=found.png_chunks,
                recipe=found.recipe,
                format=self.format,
                notes=found.notes,
            )

    @functools.cached_property
    def metadata(self) -> Metadata:
        """What the file says of its picture; read when it is first asked for, before `close`."""
        if self._image is None:
            raise ValueError(f"{self.name} has been closed; open it again to read its metadata")
        with self._reporting(), _put_back(self._file) as file:
            found = read_metadata(
                file,
                self.format,
                self._field,
                orientation=self._orientation,
                stored=(self._image.width, self._image.height),
                converted=self._is_converted(),
            )
        return dataclasses.replace(found, resolution=self._resolution() or found.resolution)

    def _is_converted(self) -> bool:
        """Whether `load` converts the colors to sRGB."""
        profile = self._field("icc-profile-data")
        return (
            self._layout.colors == 4
            or self._image.interpretation in LAB
            or (self._layout.colors == 1 and profile is not None and profile[16:20] == b"GRAY")
        )

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        """Turn errors of libvips and the system into a `PictureError`."""
        try:
            yield
        except library().Error as failure:
            cause = self._stream.failure
            if cause is not None and not isinstance(cause, OSError):
                raise cause from None
            raise self._damaged(cause or failure) from failure
        except OSError as failure:
            raise self._damaged(failure) from failure

    def _damaged(self, failure: BaseException) -> PictureError:
        lines = str(getattr(failure, "detail", None) or failure).strip().splitlines()
        detail = lines[0] if lines else "no reason given"
        return PictureError(f"{self.name} is damaged or truncated ({detail}); use an intact copy")

    def _field(self, name: str) -> Any:
        image = self._image
        return image.get(name) if image.get_typeof(name) else None

    def _resolution(self) -> tuple[float, float] | None:
        across, down = self._image.xres, self._image.yres
        # libvips reports one pixel per millimetre for files without a resolution.
        if (across, down) == (1.0, 1.0) or not 0 < min(across, down) <= max(across, down) < 1e5:
            return None
        return across, down


def open(
    source: str | os.PathLike[str] | BinaryIO, max_megapixels: float = MAX_MEGAPIXELS
) -> Source:
    """Read the header of a PNG, JPEG, TIFF or WebP picture and check that it can be used.

    Parameters
    ----------
    source
        A path, '-' for standard input, or a binary file object. The latter two are read into
        memory completely.
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
        several pages, more pixels than allowed, or channels of an unknown kind.
    """
    file, name = _opened(source)
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


@contextlib.contextmanager
def _put_back(file: BinaryIO) -> Iterator[BinaryIO]:
    """Lend a file, and set it back to its position; libvips does not seek back by itself."""
    place = file.tell()
    yield file
    file.seek(place)


def _opened(source: str | os.PathLike[str] | BinaryIO) -> tuple[BinaryIO, str]:
    """Return a seekable file that we may close, and its name for messages."""
    if source == "-":
        return io.BytesIO(sys.stdin.buffer.read()), "standard input"
    if not isinstance(source, str | os.PathLike):
        data = source.read()
        if not isinstance(data, bytes):
            raise PictureError(
                f"{type(source).__name__} gives text instead of bytes; open it in binary mode"
            )
        return io.BytesIO(data), repr(getattr(source, "name", "the stream"))
    path = os.fspath(source)
    name = repr(path)
    if Path(path).is_dir():
        raise PictureError(f"{name} is a folder; give a picture file")
    try:
        file = Path(path).open("rb")  # noqa: SIM115  (the caller closes it)
        if file.seekable():
            return cast(BinaryIO, file), name
        with file:
            return io.BytesIO(file.read()), name
    except FileNotFoundError as failure:
        raise PictureError(f"{name} does not exist; check the name") from failure
    except PermissionError as failure:
        raise PictureError(
            f"reading {name} is not permitted; change its permissions or use a copy"
        ) from failure
    except (OSError, ValueError) as failure:
        reason = getattr(failure, "strerror", None) or failure
        raise PictureError(f"{name} cannot be read: {reason}; use a copy") from failure
