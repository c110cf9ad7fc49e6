"""A file's claimed size, and the least bytes that it takes, come from its header alone."""

from __future__ import annotations

import io

import numpy as np
import pytest
from image_samples import COFFEE, encoded, noise, png
from PIL import Image

from dreamlayer.core.images.decoders.claimed_sizes import ClaimedSize, claimed_sizes


def test_sizes() -> None:
    """Sizes are those of the picture; a GIF has those of its screen and of its first frame."""
    assert claimed_sizes("jpeg", io.BytesIO(COFFEE.read_bytes())) == [ClaimedSize(600, 400, 468)]
    assert claimed_sizes("png", io.BytesIO(png(noise(5, 7, 3)))) == [ClaimedSize(7, 5, 0)]
    gif = encoded(Image.fromarray(noise(20, 30, 1)[..., 0]), "gif")
    assert claimed_sizes("gif", io.BytesIO(gif)) == [ClaimedSize(30, 20, 0)] * 2
    assert claimed_sizes("webp", io.BytesIO(gif)) == []


@pytest.mark.parametrize("format", ["png", "jpeg", "gif"])
def test_no_header(format: str) -> None:
    """What ends before claims nothing."""
    assert claimed_sizes(format, io.BytesIO(b"")) == []


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("png", {"compress_level": 9}),
        ("jpeg", {"quality": 1}),
        ("jpeg", {"quality": 1, "progressive": True, "optimize": True, "subsampling": 2}),
        ("gif", {}),
    ],
)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_smallest_files_are_longer(format: str, options: dict[str, object], mode: str) -> None:
    """Pictures of one color, which compress best, are never refused."""
    image = Image.fromarray(np.zeros((2000, 2000), np.uint8)).convert(mode)
    data = encoded(image, format, **options)
    for claim in claimed_sizes(format, io.BytesIO(data)):
        assert (claim.width, claim.height) == (2000, 2000)
        assert claim.least_bytes <= len(data)
