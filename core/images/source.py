"""A picture file that is open: its header has been read and checked, its pixels wait."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO, cast

from dreamlayer.core.images.decoders.conversion import is_converted, to_rgb
from dreamlayer.core.images.decoders.decoder_memory import (
    decoder_bytes,
    extra_bytes,
    held_in_memory,
)
from dreamlayer.core.images.decoders.decoding import decode
from dreamlayer.core.images.decoders.failures import explained
from dreamlayer.core.images.decoders.opening import Opened, Opener
from dreamlayer.core.images.decoders.patched import Patched
from dreamlayer.core.images.decoders.sniffing import sniff
from dreamlayer.core.images.decoders.tile_errors import watched
from dreamlayer.core.images.metadata.exif import exif_orientation
from dreamlayer.core.images.metadata.file_metadata import Metadata, read_metadata
from dreamlayer.core.images.metadata.png_metadata import PngMetadata, read_png
from dreamlayer.core.images.metadata.resolution import read_resolution
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.streams import Stream, library
from dreamlayer.core.interruption import deferred


class Source:
    """A picture whose header has been read and checked, but whose pixels are not decoded yet.

    Made by `core.images.open`. It holds the file open until `load` or `close`, or the end of a
    `with` block.

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
        A key of `core.images.formats.READ`, detected by content.
    width, height : int
        Size in pixels of the upright picture.
    depth : int
        Bits per channel: 8, 16, or 32 for float.
    has_alpha : bool
        Whether there is an alpha channel.
    extra_channels : int
        Number of channels that are neither colors nor alpha; only TIFF has them.
    decoder_bytes : float
        Bytes per pixel that `load` takes beside the picture, while it decodes.
    extra_bytes : float
        Bytes per pixel of the extra channels.

    Raises
    ------
    PictureError
        See `core.images.open`.
    """

    def __init__(self, file: BinaryIO, name: str, max_megapixels: float) -> None:
        self.name = name
        self._file = file
        self.format = "unknown"
        view = Patched(file)
        self._stream = Stream(cast(BinaryIO, view))
        with self._reporting():
            self.format = sniff(file, name)
            opened = Opener(file, view, self._stream, name, max_megapixels).open(self.format)
        self.format = opened.format
        self._opened: Opened | None = opened
        self._image: Any = opened.header
        self._layout = layout = opened.layout
        self._orientation = opened.orientation
        self._png: PngMetadata | None = None
        if self.format == "png" and self._orientation == 1:
            # It may stand behind the pixels, where libvips does not look.
            with self._explaining(), _put_back(file):
                self._png = read_png(file)
            self._orientation = exif_orientation(self._png.exif or b"")
        stored = (self._image.width, self._image.height)
        self.width, self.height = stored[::-1] if self._orientation >= 5 else stored
        self.depth, self.has_alpha = layout.depth, layout.has_alpha
        self.extra_channels = len(layout.extras)
        self.extra_bytes = extra_bytes(layout)
        with self._reporting(), _put_back(file):
            in_memory = held_in_memory(file) / (stored[0] * stored[1])
            self.decoder_bytes = in_memory + decoder_bytes(self.format, file, layout, stored)

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
        self._image = self._opened = None
        self._file.close()

    def load(self) -> Picture:
        """Decode the pixels and close the file; can be called once.

        Memory: one float32 copy of the picture (12 bytes per pixel) and its alpha, plus bands
        of 32 rows, and extra channels. Decoders of interlaced PNG, progressive JPEG, WebP, AVIF,
        HEIC, GIF and BMP hold an integer copy meanwhile.

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
        opened = self._opened
        if opened is None:
            raise ValueError(f"{self.name} has been closed; open it again to load it")
        with self:
            found = self.metadata
            return self._decoded(opened, found)

    def _decoded(self, opened: Opened, found: Metadata) -> Picture:
        with self._reporting():
            image = opened.decoded()
            if found.profile is None and image.get_typeof("icc-profile-data"):
                image = image.copy()
                image.remove("icc-profile-data")
            rgb, layout, profile = to_rgb(image, opened.layout, opened.ycbcr)
            if not self._is_converted():
                profile = found.profile
            with watched() if opened.is_tiled else contextlib.nullcontext() as check:
                pixels, alpha, extras = decode(rgb, layout, self._orientation, self.name, check)
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
                extras=extras,
                notes=found.notes,
            )

    @functools.cached_property
    def metadata(self) -> Metadata:
        """What the file says of its picture; read when it is first asked for, before `close`."""
        if self._image is None:
            raise ValueError(f"{self.name} has been closed; open it again to read its metadata")
        with self._explaining(), _put_back(self._file) as file:
            found = read_metadata(
                file,
                self.format,
                self._field,
                orientation=self._orientation,
                stored=(self._image.width, self._image.height),
                converted=self._is_converted(),
                png=self._png,
            )
            resolution = self._resolution(file)
        return dataclasses.replace(found, resolution=resolution)

    def _is_converted(self) -> bool:
        """Whether `load` converts the colors to sRGB."""
        return is_converted(self._layout, self._field("icc-profile-data"))

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        """Turn errors as `_explaining`, while libvips calls back: no signal may raise in it."""
        with self._explaining(), deferred():
            yield

    @contextlib.contextmanager
    def _explaining(self) -> Iterator[None]:
        """Turn errors of libvips and the system into sentences of our own."""
        try:
            yield
        except library().Error as failure:
            cause = self._stream.failure
            if cause is not None and not isinstance(cause, OSError | MemoryError):
                raise cause from None
            raise explained(cause or failure, self.format, self.name) from failure
        except (OSError, MemoryError) as failure:
            raise explained(failure, self.format, self.name) from failure

    def _field(self, name: str) -> Any:
        image = self._image
        return image.get(name) if image.get_typeof(name) else None

    def _resolution(self, file: BinaryIO) -> tuple[float, float] | None:
        """Pixels per millimetre across and down; libvips does not tell whether there is a unit."""
        if self.format == "bmp":
            across, down = self._image.xres, self._image.yres
            # One pixel per millimetre stands for none.
            return None if (across, down) == (1.0, 1.0) else (across, down)
        exif = self._field("exif-data")
        block = None if exif is None else bytes(exif)
        return read_resolution(file, self.format, block, self._orientation)


@contextlib.contextmanager
def _put_back(file: BinaryIO) -> Iterator[BinaryIO]:
    """Lend a file, and set it back to its position; libvips does not seek back by itself."""
    place = file.tell()
    yield file
    file.seek(place)
