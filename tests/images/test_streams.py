"""An exception in a lent file reaches the caller, and nothing of it is printed."""

from __future__ import annotations

import io

import pytest
from image_samples import COFFEE

from dreamlayer.core import images
from dreamlayer.core.errors import PictureError


class Broken(io.BytesIO):
    """A file that fails after some bytes."""

    def __init__(self, data: bytes, failure: BaseException) -> None:
        super().__init__(data)
        self.failure = failure

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > 20_000:
            raise self.failure
        return super().read(size)


@pytest.mark.parametrize("failure", [OSError("the card was pulled"), KeyboardInterrupt()])
def test_failure_while_reading(failure: BaseException, capfd: pytest.CaptureFixture[str]) -> None:
    """A device that fails is a PictureError with its reason; an interrupt stays an interrupt."""
    file = Broken(COFFEE.read_bytes(), failure)
    expected = PictureError if isinstance(failure, OSError) else KeyboardInterrupt
    with images.Source(file, "'a.jpg'", 500) as source, pytest.raises(expected) as caught:
        source.load()
    if expected is PictureError:
        assert "the card was pulled" in str(caught.value)
    assert capfd.readouterr().err == ""
