"""Tell by a TIFF file's tags what its channels are, and refuse what would be read wrongly."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Literal

from dreamlayer.core.errors import PictureError
from dreamlayer.core.images.containers.tiff_values import BadTiffError
from dreamlayer.core.images.decoders import tiff_tags as tags
from dreamlayer.core.images.decoders.channels import MAX_CHANNELS, Layout
from dreamlayer.core.images.decoders.refusals import damaged, unsupported
from dreamlayer.core.images.decoders.tiff_tags import Page

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _MASK, _SEPARATED, _YCBCR = range(7)
_CIELAB, _ICCLAB, _ITULAB = 8, 9, 10
_CFA, _LINEAR_RAW = 32803, 34892
_JPEG = (6, 7)
_FAX = (2, 3, 4)
_TIFF = "a TIFF"
# How many times smaller a compression can make anything: none, LZW, deflate, PackBits.
_RATIOS = {1: 1, 5: 4096, 8: 1032, 32946: 1032, 32773: 128}

_COLORS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _SEPARATED: 4}
_COLORS |= {_YCBCR: 3, _CIELAB: 3, _ICCLAB: 3}
_SPACES = {_SEPARATED: "cmyk", _CIELAB: "lab", _ICCLAB: "icclab"}
_PHOTOMETRICS = {
    _MASK: "a transparency mask",
    _ITULAB: "ITU L*a*b* (as from fax machines)",
    32844: "LogL light values",
    32845: "LogLuv light values",
    51177: "depths",
}
_ALLOWED = "grey, palette, RGB, CMYK, YCbCr and Lab, with or without alpha and extra channels,"
_DEPTHS = "8 and 16 bits and float32"
_UNSIGNED, _SIGNED, _FLOAT, _VOID, *_COMPLEX = range(1, 7)


@dataclass(frozen=True)
class TiffHeader:
    """What a TIFF file's first page is.

    Parameters
    ----------
    width, height
        Size in pixels, as stored.
    pages
        Number of pages, previews of others left out.
    layout
        Its channels.
    patches
        Bytes that the decoder is to read in place of the file's own, by offset: it is told that
        associated alpha is not, since it rounds badly; that Lab is RGB, since it knows only some
        kinds of Lab; that no page follows; and that an unknown orientation is upright.
    is_tiled
        Whether its pixels are stored in tiles.
    ycbcr : tuple of float
        For YCbCr that is not converted by the decoder: the luma coefficients of red, green and
        blue, and the levels of black and white of Y, Cb and Cr. Empty otherwise.
    """

    width: int
    height: int
    pages: int
    layout: Layout
    patches: dict[int, bytes]
    is_tiled: bool
    ycbcr: tuple[float, ...] = ()


def read_header(file: BinaryIO, name: str) -> TiffHeader:
    """Read and judge the tags of a TIFF file's first page.

    Parameters
    ----------
    file
        A seekable TIFF or BigTIFF file; its position is changed.
    name
        What messages call the picture.

    Raises
    ------
    PictureError
        The tags are damaged, or tell of a kind that is not read.
    """
    try:
        pages = tags.pages(file)
        first = next(pages)
        more = [page for page in islice(pages, 9999) if not page.is_preview]
    except BadTiffError as failure:
        raise damaged(name, _TIFF, str(failure)) from failure
    width, height = first.one(tags.WIDTH), first.one(tags.HEIGHT)
    if min(width, height) < 1:
        raise damaged(name, _TIFF, f"its size is {width} × {height}")
    _refuse_raw(file, first, more, name)
    _refuse_short(file, first, width, height, name)
    layout = _layout(first, name)
    _refuse_kinds(first, layout, name)
    return TiffHeader(
        width,
        height,
        1 + len(more),
        layout,
        _patches(first, layout),
        bool(first.all(tags.TILE_WIDTH)),
        _ycbcr(first) if layout.space == "ycbcr" else (),
    )


def _refuse_short(file: BinaryIO, first: Page, width: int, height: int, name: str) -> None:
    """Refuse what is much too short for its size, before memory is taken for its pixels.

    Decoders of fax, which forgive errors, would make an empty page of it.
    """
    length = file.seek(0, os.SEEK_END)
    compression = first.one(tags.COMPRESSION, 1)
    bits = width * first.one(tags.SAMPLES, 1) * max(first.all(tags.BITS, (1,)))
    needed = height * (int(bits) // 8)
    if first.one(tags.PHOTOMETRIC) == _YCBCR:
        # Subsampled by 4 × 4 at most.
        needed //= 6
    if compression in _FAX:
        # A bit per row at least.
        ratio, needed = 8, height
    else:
        ratio = _RATIOS.get(compression, 0)
    if ratio and length * ratio < needed:
        raise damaged(name, _TIFF, f"{length} bytes cannot hold its pixels")


def _refuse_raw(file: BinaryIO, first: Page, more: list[Page], name: str) -> None:
    """Cameras' raw files are TIFF files whose first page is often a small preview."""
    file.seek(8)
    inner = tuple(tags.sub_pages(file, first)) if first.all(tags.SUB_DIRECTORIES) else ()
    sensor = any(
        page.one(tags.PHOTOMETRIC, -1) in (_CFA, _LINEAR_RAW) for page in (first, *more, *inner)
    )
    file.seek(8)
    is_raw = sensor or file.read(2) == b"CR" or bool(first.all(tags.DNG_VERSION))
    if is_raw or (first.is_preview and (more or inner)):
        what = "a camera raw file" if is_raw else "a TIFF that begins with a preview, as raw files"
        raise PictureError(
            f"{name} is {what}, but only developed pictures can be read; develop it with a raw "
            "converter and export it as TIFF of 16 bits"
        )


def _layout(first: Page, name: str) -> Layout:
    photometric = first.one(tags.PHOTOMETRIC, -1)
    samples = first.one(tags.SAMPLES, 1)
    if photometric not in _COLORS:
        if photometric == -1:
            raise unsupported(name, "a TIFF that does not say what its colors are", _ALLOWED)
        words = _PHOTOMETRICS.get(photometric, f"colors of unknown kind {photometric}")
        raise unsupported(name, f"a TIFF of {words}", _ALLOWED)
    colors = _COLORS[photometric]
    if photometric == _SEPARATED and (first.one(tags.INK_SET, 1) != 1 or samples < 4):
        raise unsupported(name, "a TIFF of other inks than CMYK", _ALLOWED)
    if samples < colors:
        raise damaged(name, _TIFF, f"it has {samples} channels for {colors} colors")
    if samples > MAX_CHANNELS:
        raise unsupported(name, f"a TIFF of {samples} channels", f"{MAX_CHANNELS} channels at most")
    kinds = (*first.all(tags.EXTRA), *[0] * samples)[: samples - colors]
    if photometric == _PALETTE:
        colors = 3
    alpha = next((i for i, kind in enumerate(kinds, colors) if kind in (1, 2)), None)
    extras = tuple(i for i in range(colors, colors + len(kinds)) if i != alpha)
    bits = max(first.all(tags.BITS, (1,)))
    lab = photometric in (_CIELAB, _ICCLAB)
    # Lab in floats becomes RGB of 16 bits.
    integers = _format(first) != _FLOAT
    depth = 8 if bits <= 8 else 16 if lab or (bits == 16 and integers) else 32
    space = _SPACES.get(photometric, "grey" if colors == 1 else "rgb")
    if photometric == _YCBCR and first.one(tags.COMPRESSION, 1) not in _JPEG:
        # libtiff converts it where it is subsampled only.
        steps = first.all(tags.YCBCR_SUBSAMPLING, (2, 2))
        space = "ycbcr" if all(step == 1 for step in steps) else "rgb"
    associated = alpha is not None and kinds[alpha - colors] == 1
    if associated and (lab or photometric in (_WHITE_IS_ZERO, _PALETTE, _YCBCR)):
        raise unsupported(
            name,
            "a TIFF whose colors are multiplied by alpha and not RGB, grey or CMYK",
            "such pictures with unassociated alpha",
        )
    return Layout(colors, alpha, depth, space, extras, associated)


def _format(first: Page) -> int:
    return int(max(first.all(tags.SAMPLE_FORMAT, (_UNSIGNED,))))


def _refuse_kinds(first: Page, layout: Layout, name: str) -> None:
    """Refuse types of values, and kinds of storage, that libvips reads wrongly or not at all."""
    photometric = first.one(tags.PHOTOMETRIC)
    samples = first.one(tags.SAMPLES, 1)
    all_bits = first.all(tags.BITS, (1,))
    bits, form = int(max(all_bits)), _format(first)
    if min(all_bits) != bits or min(first.all(tags.SAMPLE_FORMAT, (form,))) != form:
        raise unsupported(name, "a TIFF whose channels differ in depth", "equal channels")
    if form in _COMPLEX:
        raise unsupported(name, "a TIFF of complex numbers", _DEPTHS)
    if form == _SIGNED:
        raise unsupported(name, f"a TIFF of signed integers of {bits} bits", _DEPTHS)
    if form == _FLOAT and bits not in (16, 32):
        raise unsupported(name, f"a TIFF of floats of {bits} bits", _DEPTHS)
    # Photoshop says "undefined" of none, others of integers.
    if form not in (_UNSIGNED, _FLOAT):
        raise unsupported(name, "a TIFF of values of an undefined type", _DEPTHS)
    small = (1, 2, 4) if samples == 1 and photometric in (0, 1, 3) else ()
    if form == _UNSIGNED and bits not in (*small, 8, *([] if photometric == _PALETTE else [16])):
        raise unsupported(name, f"a TIFF of {bits} bit{'s' * (bits != 1)} per channel", _DEPTHS)
    if photometric == _PALETTE and (form == _FLOAT or len(first.all(tags.PALETTE)) != 3 << bits):
        raise damaged(name, _TIFF, "its palette is missing or of the wrong length")
    if form == _FLOAT and photometric == _WHITE_IS_ZERO:
        raise unsupported(name, "a TIFF of floats that count from white", _DEPTHS)
    if form == _FLOAT and layout.space == "lab" and layout.extras:
        raise unsupported(name, "a TIFF of Lab in floats with extra channels", _DEPTHS)
    if layout.space == "icclab" and bits != 8:
        # Its scale depends on the version of the ICC's specification that the writer had in mind.
        raise unsupported(name, f"a TIFF of ICC Lab of {bits} bits", "ICC Lab of 8 bits")
    if photometric == _YCBCR and (bits != 8 or samples != 3):
        raise unsupported(
            name, f"a TIFF of YCbCr with {samples} channels of {bits} bits", "three of 8 bits"
        )
    if first.all(tags.TILE_WIDTH) and first.one(tags.PLANAR, 1) == 2 and samples > 1:
        raise unsupported(
            name, "a TIFF of tiles with separate channels", "tiles of interleaved channels"
        )


def _patches(first: Page, layout: Layout) -> dict[int, bytes]:
    patches: dict[int, bytes] = {}
    order: Literal["little", "big"] = "little" if first.layout.order == "<" else "big"
    if layout.space in ("lab", "icclab"):
        place, size = first.place(tags.PHOTOMETRIC)
        patches[place] = _RGB.to_bytes(size, order)
    if layout.associated:
        place, size = first.place(tags.EXTRA)
        patches[place] = bytes(size * len(first.all(tags.EXTRA)))
    if first.stored.following:
        patches[first.stored.following_offset] = bytes(first.layout.room)
    if first.one(tags.ORIENTATION, 1) not in range(1, 9):
        place, size = first.place(tags.ORIENTATION)
        patches[place] = (1).to_bytes(size, order)
    return patches


def _ycbcr(first: Page) -> tuple[float, ...]:
    # Defaults: TIFF 6.0 section 21, ITU-R BT.601; libtiff's levels.
    luma = first.all(tags.YCBCR_COEFFICIENTS, (0.299, 0.587, 0.114))
    levels = first.all(tags.REFERENCE, (0, 255, 128, 255, 128, 255))
    return (*map(float, luma[:3]), *map(float, levels[:6]))
