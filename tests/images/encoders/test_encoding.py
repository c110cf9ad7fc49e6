"""An encoder keeps depth and values, whatever the layout, and a failure leaves the old file."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_samples import COFFEE, names, noise, png, png_values

from dreamlayer.core import images
from dreamlayer.core.errors import OutputError
from dreamlayer.core.images.streams import Stream


def picture(**more: Any) -> images.Picture:
    return images.Picture(np.full((8, 8, 3), 0.5, np.float32), **more)


@pytest.mark.parametrize(("depth", "extension", "bits"), [(32, ".png", 16), (16, ".webp", 8)])
def test_depth_follows_the_format(tmp_path: Path, depth: int, extension: str, bits: int) -> None:
    """Where the format has no such depth, the nearest it has is written, alpha rounded along."""
    alpha = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    if depth == 16:
        alpha = np.rint(alpha * 65535).astype(np.uint16)
    path = tmp_path / f"a{extension}"
    images.write(picture(depth=depth, alpha=alpha), path)
    again = images.read(path)
    assert again.depth == bits
    assert again.alpha is not None
    top = 2**bits - 1
    np.testing.assert_allclose(
        again.alpha / top, np.linspace(0, 1, 64).reshape(8, 8), atol=0.5001 / top
    )


def test_rounds_to_nearest_and_cuts_off(tmp_path: Path) -> None:
    """Values are rounded, not truncated, and values beyond 0..1 become 0 and the largest."""
    values = np.array([0.5 - 0.02, 0.5 + 0.02, 1.6, -3, 255.9, 254.6], np.float32) / 255
    given = images.Picture(np.repeat(values.reshape(1, 6, 1), 3, axis=2))
    images.write(given, tmp_path / "a.png")
    stored = png_values((tmp_path / "a.png").read_bytes())
    assert stored[0, :, 0].tolist() == [0, 1, 2, 0, 255, 255]


def test_any_layout_of_pixels(tmp_path: Path) -> None:
    """Pixels that are a view, and not contiguous, are written as they look."""
    values = noise(6, 4, 4)
    given = images.read(io.BytesIO(png(values)))
    assert given.alpha is not None
    given.pixels, given.alpha = given.pixels[::-1, ::2], given.alpha[::-1, ::2]
    images.write(given, tmp_path / "a.png")
    stored = png_values((tmp_path / "a.png").read_bytes())
    np.testing.assert_array_equal(stored, values[::-1, ::2])


@pytest.mark.parametrize("extension", [".png", ".jpg", ".tif", ".webp"])
@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "no space"), KeyboardInterrupt()])
def test_failure_while_encoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extension: str, failure: BaseException
) -> None:
    """A full disk or an interrupt in the middle leaves the old file, and nothing beside it."""
    path = tmp_path / f"a{extension}"
    path.write_bytes(b"old")
    given = images.read(COFFEE)
    written = 0
    honest = Stream._write

    class FullFile:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

        def write(self, data: Any) -> int:
            nonlocal written
            written += len(data)
            if written > 9000:
                raise failure
            return int(self.file.write(data))

    def limited(stream: Stream, data: Any) -> int:
        if not isinstance(stream._file, FullFile):
            stream._file = FullFile(stream._file)  # type: ignore[assignment]
        return honest(stream, data)

    monkeypatch.setattr(Stream, "_write", limited)
    expected = OutputError if isinstance(failure, OSError) else KeyboardInterrupt
    with pytest.raises(expected) as caught:
        images.write(given, path)
    if expected is OutputError:
        assert "the disk is full" in str(caught.value)
    assert names(tmp_path) == [path.name]
    assert path.read_bytes() == b"old"
