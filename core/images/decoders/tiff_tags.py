"""The tags of a TIFF file's pages that say how their pixels are stored.

libvips and libtiff tell only some of them, and guess what the rest means.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dreamlayer.core.images.containers.tiff_directories import (
    Stored,
    directories,
    read_directory,
    read_header,
)
from dreamlayer.core.images.containers.tiff_values import BadTiffError, Layout, Number, Value

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
SAMPLES, PLANAR, PALETTE, TILE_WIDTH, EXTRA = 277, 284, 320, 322, 338
SUBFILE, OLD_SUBFILE, SUB_DIRECTORIES, INK_SET, SAMPLE_FORMAT = 254, 255, 330, 332, 339
ORIENTATION = 274
ROWS_PER_STRIP, TILE_LENGTH = 278, 323
YCBCR_COEFFICIENTS, YCBCR_SUBSAMPLING, REFERENCE = 529, 530, 532
DNG_VERSION = 50706

_WANTED = {
    *(WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANAR, PALETTE, TILE_WIDTH, EXTRA),
    *(ORIENTATION, SUBFILE, OLD_SUBFILE, SUB_DIRECTORIES, INK_SET, SAMPLE_FORMAT, DNG_VERSION),
    *(YCBCR_COEFFICIENTS, YCBCR_SUBSAMPLING, REFERENCE, ROWS_PER_STRIP, TILE_LENGTH),
}
_MAX_PREVIEWS = 16


@dataclass(frozen=True)
class Page:
    """One directory that describes pixels: the tags above with their values.

    Parameters
    ----------
    values
        The values of each tag; a tag that cannot be read is absent.
    stored
        The directory as it lies in the file.
    layout
        The file's byte order and sizes.
    """

    values: dict[int, tuple[Number, ...]]
    stored: Stored
    layout: Layout

    def all(self, tag: int, default: tuple[Number, ...] = ()) -> tuple[Number, ...]:
        """All values of a tag."""
        return self.values.get(tag, default)

    def one(self, tag: int, default: int = 0) -> int:
        """First value of a tag, as an integer."""
        return int(self.all(tag, (default,))[0])

    def place(self, tag: int) -> tuple[int, int]:
        """Offset of a tag's values in the file, and the size of one in bytes."""
        value = self.stored.fields[tag]
        assert isinstance(value, Value)
        return self.stored.offsets[tag], len(value.data) // value.count

    @property
    def is_preview(self) -> bool:
        """Whether it says that it holds a smaller version of another picture in the file."""
        return bool(self.one(SUBFILE) & 1) or self.one(OLD_SUBFILE) == 2


def pages(file: BinaryIO) -> Iterator[Page]:
    """Yield the pages of a file, in order; a loop of them ends at its first repetition.

    Parameters
    ----------
    file
        A seekable TIFF or BigTIFF file; its position is changed.

    Raises
    ------
    BadTiffError
        The first page's directory cannot be read; a later one ends the iteration.
    """
    layout, start = read_header(file)
    for stored in directories(file, layout, start, wanted=_WANTED):
        yield _page(stored, layout)


def sub_pages(file: BinaryIO, parent: Page) -> Iterator[Page]:
    """Yield the pages that `parent` points to, 16 at most, leaving out damaged ones."""
    for at in parent.all(SUB_DIRECTORIES)[:_MAX_PREVIEWS]:
        try:
            stored = read_directory(file, parent.layout, int(at), wanted=_WANTED)
        except BadTiffError:
            continue
        yield _page(stored, parent.layout)


def _page(stored: Stored, layout: Layout) -> Page:
    fields = {tag: one for tag, one in stored.fields.items() if isinstance(one, Value)}
    values = {tag: found for tag, one in fields.items() if (found := one.quantities())}
    return Page(values, stored, layout)
