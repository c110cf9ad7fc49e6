"""WebP files with metadata are extended ones, whole in every reader."""

from __future__ import annotations

import io
import itertools
import struct
from pathlib import Path

import numpy as np
import pytest
from image_samples import XMP, encoded, noise, profile
from metadata_samples import exif_with_thumbnail, webp_with
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.images.metadata.webp_chunks import WebpExtender


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("parts", list(itertools.product((False, True), repeat=3)))
def test_every_combination(tmp_path: Path, channels: int, parts: tuple[bool, ...]) -> None:
    """Profile, Exif and XMP, each there or not, with pixels as they were, also transparent ones."""
    values = noise(5, 7, channels)
    alpha = values[..., 3] if channels == 4 else None
    given = images.Picture(
        values[..., :3].astype(np.float32) / np.float32(255),
        alpha=alpha,
        profile=profile() if parts[0] else None,
        exif=exif_with_thumbnail("<") if parts[1] else None,
        xmp=XMP if parts[2] else None,
    )
    path = tmp_path / "a.webp"
    images.write(given, path)
    (length,) = struct.unpack("<I", path.read_bytes()[4:8])
    assert length + 8 == path.stat().st_size
    with Image.open(path) as image:
        np.testing.assert_array_equal(np.asarray(image), values)
        assert (image.info.get("icc_profile"), image.info.get("xmp")) == (given.profile, given.xmp)
        assert image.getexif().get(0x13B) == ("Anna" if parts[1] else None)
    assert images.read(path).xmp == given.xmp


def test_extender_takes_any_pieces() -> None:
    """The chunks land around the pixels however the file is cut into writes."""
    data = encoded(Image.fromarray(noise(12, 20, 3)), "webp", lossless=True)
    for size in 1, 7, 12, 13, 10_000:
        file = io.BytesIO()
        extender = WebpExtender(file, (20, 12), has_alpha=False, xmp=b"odd")
        for at in range(0, len(data), size):
            assert extender.write(data[at : at + size]) == len(data[at : at + size])
        assert file.getvalue() == webp_with((b"XMP ", b"odd"))
