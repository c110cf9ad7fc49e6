"""A GIF's blocks are walked over within the file's bounds."""

from __future__ import annotations

import io

import pytest
from image_samples import encoded, noise
from PIL import Image

from dreamlayer.core.images.containers.gif_blocks import COMMENT, EXTENSION, FRAME, blocks, parts


def test_blocks_behind_a_frame() -> None:
    """Extensions before and behind the pixels are found, behind palettes of both kinds."""
    data = encoded(Image.fromarray(noise(40, 50, 3)).quantize(17), "gif", comment=b"a" * 300)
    late = data[:-1] + b"!\xfe\2bc\1d\0;"
    found, texts = [], []
    file = io.BytesIO(late)
    for kind, label in blocks(file):
        found.append((kind, label))
        if label == COMMENT:
            texts.append(b"".join(part[1:] for part in parts(file)))
    assert found[-2:] == [(FRAME, 0), (EXTENSION, COMMENT)]
    assert texts == [b"a" * 300, b"bcd"]


@pytest.mark.parametrize("length", range(0, 60, 3))
def test_cut(length: int) -> None:
    """A file that ends anywhere ends the walk."""
    data = encoded(Image.fromarray(noise(4, 5, 3)), "gif", comment=b"abc")
    with io.BytesIO(data[:length]) as file:
        assert len(list(blocks(file))) <= 3
