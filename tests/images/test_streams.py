"""An exception in a lent file reaches the caller, and nothing of it is printed."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ROOT
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


def test_libvips_that_does_not_load_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the work, not when the picture is to be written."""
    broken = (
        "raise OSError('cannot load library: no more memory.  Additionally, it was \\\\x1b[31m')"
    )
    (tmp_path / "pyvips.py").write_text(broken)
    program = (
        "from dreamlayer.core import images\n"
        "try:\n"
        "    images.check_target('a.png')\n"
        "except images.reading.PictureError as error:\n"
        "    print(error)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert ran.stdout.startswith(
        "libvips does not load (cannot load library: no more memory); close other programs"
    )
