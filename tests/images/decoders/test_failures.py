"""A failed decoder becomes one sentence: damage, what is not supported, or too little memory."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from dreamlayer.core.errors import MemoryLimitError
from dreamlayer.core.images.decoders.failures import explained

# Libraries and a thread's stack are loaded before the limit, as in a program that runs.
_LIMITED = """
import re, resource, sys
from pathlib import Path
from dreamlayer.core import images
images.read(sys.argv[2])
held = int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) << 10
resource.setrlimit(resource.RLIMIT_AS, (held + (30 << 20),) * 2)
try:
    images.read(sys.argv[1])
except Exception as error:
    print(type(error).__name__, error)
"""


class _Error(Exception):
    """As libvips raises them."""

    def __init__(self, detail: str) -> None:
        super().__init__("unable to call tiffload_source")
        self.detail = detail


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (
            _Error("a: LZMA support is not configured\nb"),
            "of a kind that the installed",
        ),
        (_Error("unable to call x\n  a: scheme 9 strip decoding is not implemented"), "of a kind"),
        (_Error("a: Read error at row 3\n"), "a TIFF that is damaged or truncated (Read error"),
        (_Error("unable to call pngload"), "a TIFF that is damaged or truncated; use"),
        (_Error("\x1b[2J"), r"(\x1b[2J)"),
        (_Error(""), "damaged or truncated"),
        (OSError(errno.EIO, "this is not supported"), "damaged or truncated"),
    ],
)
def test_explained(failure: Exception, says: str) -> None:
    """The decoder's first telling line is quoted, what could steer a terminal is escaped."""
    message = str(explained(failure, "tiff", "'a.tif'"))
    assert says in message
    assert "\n" not in message
    assert message.startswith("'a.tif' is a TIFF ")


@pytest.mark.parametrize(
    "failure",
    [
        _Error("unable to call x\nvips_tracked: out of memory --- size == 36MB"),
        _Error("VipsJpeg: Insufficient memory (case 4)"),
        _Error("heif: Memory allocation error"),
        _Error("webp: VP8_STATUS_OUT_OF_MEMORY"),
        _Error("tiff2vips: Failed to allocate memory for the strip"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        MemoryError("Unable to allocate 137. MiB"),
    ],
)
@pytest.mark.parametrize("format", ["jpeg", "png", "unknown"])
def test_too_little_memory(failure: Exception, format: str) -> None:
    """The file is not blamed."""
    found = explained(failure, format, "'a.jpg'")
    assert isinstance(found, MemoryLimitError)
    assert str(found) == "'a.jpg' needs more memory than is available; scale it down"


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's limit of the address space")
@pytest.mark.parametrize("format", ["png", "bmp", "gif", "jpeg"])
def test_no_memory_for_the_file(tmp_path: Path, format: str) -> None:
    """Whichever part of reading meets the limit, one sentence says it."""
    path = tmp_path / f"a.{format}"
    Image.new("RGB", (4000, 3000)).save(path)
    Image.new("RGB", (4, 4)).save(tmp_path / f"small.{format}")
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(path), str(tmp_path / f"small.{format}")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "MemoryLimitError" in done.stdout
    assert "available; scale it down" in done.stdout


def test_articles() -> None:
    """An AVIF, a HEIC."""
    assert "an AVIF" in str(explained(_Error("x"), "avif", "a"))
    assert "a file" in str(explained(_Error("x"), "unknown", "a"))
