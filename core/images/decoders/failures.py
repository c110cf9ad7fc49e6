"""Say why a picture could not be decoded: it is damaged, of an unsupported kind, or too large."""

from __future__ import annotations

import errno
import re

from dreamlayer.core.errors import DreamlayerError, MemoryLimitError, PictureError, printable
from dreamlayer.core.images.decoders.refusals import damaged
from dreamlayer.core.images.formats import with_article

_UNSUPPORTED = re.compile(
    r"not configured|not implemented|not supported|not been built in|built without|unsupported",
    re.IGNORECASE,
)
# As libvips, GLib and the decoders say it.
_NO_MEMORY = re.compile(
    r"out.of.memory|(?:insufficient|not enough) memory|memory (?:exhausted|allocation)"
    r"|(?:cannot|could not|unable to|failed to) allocate",
    re.IGNORECASE,
)
# What libvips calls its own parts.
_PARTS = re.compile(r"^(?:(?:\w+|source input): )+")
_EMPTY_WORDS = ("unable to call ", "unable to fetch ", "unable to write to memory")


def explained(failure: BaseException, format: str, name: str) -> DreamlayerError:
    """The error for a failure of a decoder, or of the system.

    It is a `PictureError`, or a `MemoryLimitError` where there is not enough memory.

    Parameters
    ----------
    failure
        What was raised.
    format
        A key of `core.images.formats.READ`.
    name
        What messages call the picture.
    """
    if isinstance(failure, MemoryError) or getattr(failure, "errno", None) == errno.ENOMEM:
        return too_large(name)
    said = str(getattr(failure, "detail", None) or failure).strip().splitlines()
    telling = [line.strip() for line in said if not line.startswith(_EMPTY_WORDS)]
    lines = [printable(_PARTS.sub("", line)) for line in telling]
    detail = lines[0] if lines else ""
    if not isinstance(failure, OSError) and _NO_MEMORY.search(" ".join(lines)):
        return too_large(name)
    what = with_article(format)
    if not isinstance(failure, OSError) and _UNSUPPORTED.search(" ".join(lines)):
        told = f" ({detail})" if detail else ""
        return PictureError(
            f"{name} is {what} of a kind that the installed libvips cannot read{told}; export "
            "it as PNG, or as TIFF without compression"
        )
    return damaged(name, what, detail)


def too_large(name: str) -> MemoryLimitError:
    """The error for a picture that does not fit into memory."""
    return MemoryLimitError(f"{name} needs more memory than is available; scale it down")
