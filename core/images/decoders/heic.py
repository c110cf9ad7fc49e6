"""HEIC pictures, decoded by pillow-heif where it is installed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import PictureError, printable
from dreamlayer.core.images.containers.heif_boxes import HEIF
from dreamlayer.core.images.decoders.channels import Layout
from dreamlayer.core.images.decoders.refusals import damaged
from dreamlayer.core.images.decoders.unread import Unread
from dreamlayer.core.installation import install_command


def open_heic(file: BinaryIO, premultiplied: bool, code_profile: bytes | None, name: str) -> Unread:
    """Read the header of a HEIC picture; its primary one, if it holds several.

    Parameters
    ----------
    file
        The file, whose size has been checked.
    premultiplied
        Whether its boxes say that the colors are multiplied by alpha.
    code_profile
        Profile of its code points, used where it has no other.
    name
        What messages call it.

    Raises
    ------
    PictureError
        pillow-heif is missing, or cannot read the file.
    """
    try:
        import pillow_heif
    except ImportError as failure:
        raise PictureError(
            f"{name} is a HEIC picture, which needs pillow-heif to be read (of HEIC, AVIF and the "
            f"like, only AVIF does not); install it with: {install_command('heif')}"
        ) from failure
    with _telling_heif(name):
        found = pillow_heif.open_heif(file, convert_hdr_to_8bit=False, hdr_to_16bit=False)
        picture = found[found.primary_index]
        mode, _, more = picture.mode.partition(";")
        bits = int(more or 8)
        info: dict[str, Any] = picture.info
        width, height = picture.size
    colors = 1 if mode[0] == "L" else 3
    alpha = colors if len(mode) > colors else None
    associated = alpha is not None and (premultiplied or mode[-1] == "a")
    depth = 8 if bits == 8 else 16
    space = "grey" if colors == 1 else "rgb"
    blobs = {"icc-profile-data": info.get("icc_profile") or code_profile}
    blobs |= {"exif-data": info.get("exif"), "xmp-data": info.get("xmp")}

    def decode() -> npt.NDArray[Any]:
        with _telling_heif(name):
            raw = picture.data
        values = np.frombuffer(raw, np.uint8 if bits == 8 else np.dtype("<u2"))
        row = picture.stride // values.itemsize
        values = values.reshape(height, row)[:, : width * len(mode)]
        values = values.reshape(height, width, len(mode))
        return values if bits == 8 else to_16_bits(bits)[values]

    layout = Layout(colors, alpha, depth, space, associated=associated)
    kept = {key: bytes(data) for key, data in blobs.items() if data}
    return Unread(width, height, layout, decode, kept)


def to_16_bits(bits: int) -> npt.NDArray[np.uint16]:
    """For each level of 9 to 16 bits, the nearest of 16 bits, so that white stays white."""
    top = (1 << bits) - 1
    levels: npt.NDArray[np.uint16] = np.rint(np.arange(top + 1) * (65535 / top)).astype(np.uint16)
    return levels


@contextlib.contextmanager
def _telling_heif(name: str) -> Iterator[None]:
    """Turn what pillow-heif raises into a `PictureError`."""
    try:
        yield
    except MemoryError:
        raise
    except (ValueError, EOFError, SyntaxError, RuntimeError, OSError, IndexError) as failure:
        said = printable(str(failure).strip()) or "no reason given"
        lower = said.lower()
        if ("support" in lower and "not" in lower) or "unsupported" in lower:
            raise PictureError(
                f"{name} is a HEIC picture of a kind that the installed libheif cannot read "
                f"({said}); export it as PNG, or as TIFF"
            ) from failure
        raise damaged(name, HEIF, said) from failure
