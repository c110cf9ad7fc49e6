"""Open a picture of any format: its header is read and judged, its pixels wait."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from dreamlayer.core.errors import PictureError
from dreamlayer.core.images.containers import heif_boxes
from dreamlayer.core.images.decoders import bmp, gif_frame, heic, jpeg_frame, tiff_channels
from dreamlayer.core.images.decoders.channels import (
    DEPTHS,
    Layout,
    channel_layout,
    check_profile,
)
from dreamlayer.core.images.decoders.claimed_sizes import claimed_sizes
from dreamlayer.core.images.decoders.heif_colors import profile_of_points
from dreamlayer.core.images.decoders.patched import Patched
from dreamlayer.core.images.decoders.refusals import damaged, many_pages, unsupported
from dreamlayer.core.images.decoders.unread import Unread
from dreamlayer.core.images.formats import with_article
from dreamlayer.core.images.streams import Stream, library

# What libvips lets libheif decode.
_MAX_AVIF = 1 << 28
_TURNED_BY_EXIF = ("png", "jpeg", "tiff", "webp")


@dataclass(frozen=True)
class Opened:
    """A picture whose header has been read.

    Parameters
    ----------
    format
        A key of `core.images.formats.READ`.
    header
        A `pyvips.Image` with sizes, as stored, and metadata.
    layout
        Its channels.
    decoded
        Gives a `pyvips.Image` with the pixels.
    ycbcr
        See `conversion.to_rgb`.
    orientation
        Exif orientation that the pixels are still to be turned by, 1..8.
    pages
        Number of pages or frames.
    is_tiled
        Whether failures of its decoder have to be looked for: see `tile_errors`.
    source
        What has to live as long as the images do.
    """

    format: str
    header: Any
    layout: Layout
    decoded: Callable[[], Any]
    ycbcr: tuple[float, ...] = ()
    orientation: int = 1
    pages: int = 1
    is_tiled: bool = False
    source: Any = None


class Opener:
    """Opens one file.

    Parameters
    ----------
    file
        The file.
    view
        The same file, as `stream` reads it.
    stream
        The same file, as libvips reads it.
    name
        What messages call it.
    max_megapixels
        Largest width times height allowed, in millions.
    """

    def __init__(
        self, file: BinaryIO, view: Patched, stream: Stream, name: str, max_megapixels: float
    ) -> None:
        self._file = file
        self._view = view
        self._stream = stream
        self._name = name
        self._max = max_megapixels

    def open(self, format: str) -> Opened:
        """Open the file, which is of this format.

        Raises
        ------
        PictureError
            It is damaged, too large, or of a kind that is not read.
        """
        opened = self._opened(format)
        self._check_size(opened.header.width, opened.header.height)
        if opened.pages > 1:
            raise many_pages(self._name, f"an animation of {opened.pages} frames")
        profile = _field(opened.header, "icc-profile-data")
        check_profile(opened.layout, profile, self._name)
        return opened

    def _opened(self, format: str) -> Opened:
        match format:
            case "tiff":
                return self._tiff()
            case "heic" | "avif":
                return self._heif(format)
            case "bmp":
                return self._unread(format, bmp.open_bmp(self._file, self._name))
            case "jpeg":
                self._check_frame()
            case "jxl" if not library().type_find("VipsForeignLoad", "jxlload_source"):
                raise PictureError(
                    f"{self._name} is a JPEG XL picture, which the installed libvips cannot read; "
                    "export it as PNG, or install a libvips that has libjxl"
                )
        self._check_claims(format)
        image, source = self._vips(format)
        layout = channel_layout(image, with_article(format), self._name)
        if format == "jxl" and layout.depth == 32:
            # It may be linear light, which nothing says.
            raise unsupported(self._name, "a JPEG XL in floating point", "JPEG XL of 8 and 16 bits")
        opened = self._by_vips(format, image, layout, source, pages=_field(image, "n-pages") or 1)
        if format != "gif":
            return opened

        def decoded() -> Any:
            gif_frame.check_pixels(self._file, self._name)
            return image

        return dataclasses.replace(opened, decoded=decoded)

    def _vips(self, format: str, **options: Any) -> tuple[Any, Any]:
        """Open by libvips; return the image, and the source that it needs to live."""
        self._file.seek(0)
        source = self._stream.as_source()
        load = getattr(library().Image, f"{format}load_source")
        # Anything but "error" accepts a truncated TIFF as a picture with black rows.
        return load(source, access="sequential", fail_on="error", **options), source

    @staticmethod
    def _by_vips(format: str, image: Any, layout: Layout, source: Any, **more: Any) -> Opened:
        # Decoders of other formats have turned the pixels, whatever their Exif says.
        turned = _field(image, "orientation") if format in _TURNED_BY_EXIF else 1
        orientation = turned if turned in range(1, 9) else 1
        return Opened(
            format, image, layout, lambda: image, orientation=orientation, source=source, **more
        )

    def _unread(self, format: str, unread: Unread) -> Opened:
        self._check_size(unread.width, unread.height)
        return Opened(format, unread.header(), unread.layout, lambda: unread.image(self._name))

    def _check_size(self, width: int, height: int) -> None:
        if width * height > self._max * 1e6:
            raise PictureError(
                f"{self._name} has {width} × {height} pixels, more than the allowed "
                f"{self._max:g} megapixels; raise --max-megapixels if you trust the file"
            )

    def _check_claims(self, format: str) -> None:
        """Find what is too large, or much too short for its size, before libvips opens it."""
        length = self._file.seek(0, os.SEEK_END)
        for claim in claimed_sizes(format, self._file):
            self._check_size(claim.width, claim.height)
            if length < claim.least_bytes:
                said = f"{length} bytes cannot hold its pixels"
                raise damaged(self._name, with_article(format), said)

    def _check_frame(self) -> None:
        frame = jpeg_frame.read_frame(self._file)
        if frame is not None and frame.unsupported is not None:
            allowed = "JPEG of 8 bits, baseline or progressive,"
            raise unsupported(self._name, frame.unsupported, allowed)
        if frame is not None and frame.width == 0:
            raise damaged(self._name, "a JPEG", "its width is 0")

    def _tiff(self) -> Opened:
        header = tiff_channels.read_header(self._file, self._name)
        self._check_size(header.width, header.height)
        if header.pages > 1:
            raise many_pages(self._name, f"a file of {header.pages} pages")
        self._view.patches = header.patches
        # By default a strip may not exceed 50 MB, and many writers use a single strip. The size
        # is checked above.
        image, source = self._vips("tiff", unlimited=True)
        layout = header.layout
        if (
            layout.space == "rgb"
            and not layout.extras
            and not layout.has_alpha
            and image.bands == 4
        ):
            # libtiff adds an opaque channel where it converts the colors.
            image = image.extract_band(0, n=3)
        expected = layout.colors + layout.has_alpha + len(layout.extras)
        if layout.colors == 3 and image.bands == expected - 2:
            # A palette of grey levels.
            shift = tuple(i - 2 for i in layout.extras)
            at = None if layout.alpha is None else layout.alpha - 2
            layout = Layout(1, at, layout.depth, "grey", shift)
        elif image.bands != expected:
            raise damaged(self._name, "a TIFF", "its tags contradict each other")
        if image.format not in DEPTHS:
            raise unsupported(
                self._name, f"a TIFF of {image.format} values", "8 and 16 bits and float32"
            )
        return self._by_vips(
            "tiff", image, layout, source, ycbcr=header.ycbcr, is_tiled=header.is_tiled
        )

    def _heif(self, format: str) -> Opened:
        header = heif_boxes.read_header(self._file)
        self._check_size(header.width, header.height)
        profile = profile_of_points(header.code_points, self._name)
        if format == "avif":
            return self._avif(header, profile)
        return self._unread(
            format, heic.open_heic(self._file, header.premultiplied, profile, self._name)
        )

    def _avif(self, header: heif_boxes.HeifHeader, profile: bytes | None) -> Opened:
        if not library().type_find("VipsForeignLoad", "heifload_source"):
            raise PictureError(
                f"{self._name} is an AVIF picture, which the installed libvips cannot read; "
                "export it as PNG, or install a libvips that has libheif"
            )
        if header.width * header.height > _MAX_AVIF:
            raise unsupported(
                self._name,
                f"an AVIF of {header.width} × {header.height} pixels",
                f"AVIF of {_MAX_AVIF // 1_000_000} megapixels",
            )
        image, source = self._vips("heif")
        if primary := _field(image, "heif-primary") or 0:
            image, source = self._vips("heif", page=primary)
        bits = _field(image, "bits-per-sample") or 8
        if profile is not None and _field(image, "icc-profile-data") is None:
            image = image.copy()
            image.set_type(library().GValue.blob_type, "icc-profile-data", profile)
        found = channel_layout(image, "an AVIF", self._name)
        layout = Layout(
            found.colors,
            found.alpha,
            found.depth,
            found.space,
            associated=header.premultiplied and found.has_alpha,
        )
        scaled = image
        if 8 < bits < 16:
            # libvips shifts, which would leave white a little grey.
            top = ((1 << bits) - 1) << (16 - bits)
            scaled = image.linear(65535 / top, 0).rint().cast("ushort")
        return Opened("avif", image, layout, lambda: scaled, source=source)


def _field(image: Any, name: str) -> Any:
    return image.get(name) if image.get_typeof(name) else None
