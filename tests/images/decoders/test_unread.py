"""A picture that waits for its pixels has its metadata before, and the right size after."""

from __future__ import annotations

import numpy as np
import pytest
from image_samples import noise

from dreamlayer.core.errors import MemoryLimitError, PictureError
from dreamlayer.core.images.decoders.channels import Layout
from dreamlayer.core.images.decoders.unread import Unread

LAYOUT = Layout(3, None, 16, "rgb")


def test_header_and_pixels() -> None:
    """Both images carry sizes, metadata and resolution; the second has the pixels."""
    values = noise(4, 5, 3, np.uint16)
    unread = Unread(5, 4, LAYOUT, lambda: values, {"xmp-data": b"<x/>"}, (2.0, 3.0))
    for image in unread.header(), unread.image("a"):
        assert (image.width, image.height, image.xres, image.yres) == (5, 4, 2, 3)
        assert bytes(image.get("xmp-data")) == b"<x/>"
    np.testing.assert_array_equal(unread.image("a").numpy(), values)


def test_another_size_than_promised() -> None:
    """A decoder that gives another size than the header is damage."""
    unread = Unread(9, 9, LAYOUT, lambda: noise(4, 5, 3))
    with pytest.raises(PictureError, match="9 × 9 pixels, but it has 5 × 4"):
        unread.image("a")


def test_no_memory() -> None:
    """A lack of memory is told as one."""

    def decode() -> np.ndarray:
        raise MemoryError

    with pytest.raises(MemoryLimitError, match="more memory"):
        Unread(9, 9, LAYOUT, decode).image("a")
