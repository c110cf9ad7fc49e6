"""What a format cannot hold is refused in one sentence, before the work."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_samples import names, noise, png

from dreamlayer.core import images
from dreamlayer.core.errors import OutputError


def picture(**more: Any) -> images.Picture:
    return images.Picture(np.full((8, 8, 3), 0.5, np.float32), **more)


def test_format_cannot_hold_the_picture(tmp_path: Path) -> None:
    """Transparency in JPEG, sides too long, no pixels and too much XMP are refused in time."""
    clear = picture(alpha=np.zeros((8, 8), np.uint8))
    with pytest.raises(OutputError, match="transparency, which JPEG cannot store"):
        images.check_target(tmp_path / "a.jpg", picture=clear)
    with (
        images.open(io.BytesIO(png(noise(3, 3, 4)))) as source,
        pytest.raises(OutputError, match="transparency"),
    ):
        images.check_target(tmp_path / "a.jpg", picture=source)
    wide = images.Picture(np.zeros((1, 16_384, 3), np.float32))
    with pytest.raises(OutputError, match="16383"):
        images.check_target(tmp_path / "a.webp", picture=wide)
    with pytest.raises(OutputError, match="has no pixels"):
        images.write(images.Picture(np.zeros((0, 4, 3), np.float32)), tmp_path / "a.png")
    with pytest.raises(OutputError, match="JPEG allows"):
        images.write(picture(), tmp_path / "a.jpg", recipe="x" * 70_000)
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["alpha", "extras"])
def test_planes_of_another_size(tmp_path: Path, name: str) -> None:
    """Pixels that were cropped without their alpha or extra channels are refused."""
    planes = {"alpha": np.zeros((4, 5), np.uint8), "extras": np.zeros((4, 5, 1), np.uint8)}
    picture = images.Picture(np.zeros((4, 4, 3), np.float32), **{name: planes[name]})
    with pytest.raises(OutputError, match=r"4 × 4, but its .* 5 × 4; crop or scale both"):
        images.write(picture, tmp_path / "a.tif")
    assert names(tmp_path) == []
