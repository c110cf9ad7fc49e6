"""What a decoder says becomes one sentence, which tells damage from what is not supported."""

from __future__ import annotations

import errno

import pytest

from dreamlayer.core.images.decoders.failures import explained


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


def test_articles() -> None:
    """An AVIF, a HEIC."""
    assert "an AVIF" in str(explained(_Error("x"), "avif", "a"))
    assert "a file" in str(explained(_Error("x"), "unknown", "a"))
