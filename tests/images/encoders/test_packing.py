"""What stands beside the pixels lies where other programs expect it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from image_samples import XMP
from PIL import Image

from dreamlayer.core import images


def picture(**more: Any) -> images.Picture:
    return images.Picture(np.full((8, 8, 3), 0.5, np.float32), **more)


def test_xmp_in_png_is_international_text(tmp_path: Path) -> None:
    """XMP goes into an uncompressed iTXt chunk before the pixels, as other programs expect."""
    images.write(picture(xmp=XMP), tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    assert data.index(b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + XMP) < data.index(b"IDAT")
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["XML:com.adobe.xmp"].encode() == XMP
