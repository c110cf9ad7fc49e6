"""Say of a picture that could not be decoded whether it is damaged, or of an unsupported kind."""

from __future__ import annotations

import re

from dreamlayer.core.errors import PictureError, printable
from dreamlayer.core.images.decoders.refusals import damaged
from dreamlayer.core.images.formats import with_article

_UNSUPPORTED = re.compile(
    r"not configured|not implemented|not supported|not been built in|built without|unsupported",
    re.IGNORECASE,
)
# What libvips calls its own parts.
_PARTS = re.compile(r"^(?:(?:\w+|source input): )+")
_EMPTY_WORDS = ("unable to call ", "unable to fetch ", "unable to write to memory")


def explained(failure: BaseException, format: str, name: str) -> PictureError:
    """The error for a failure of a decoder, or of the system.

    Parameters
    ----------
    failure
        What was raised.
    format
        A key of `core.images.formats.READ`.
    name
        What messages call the picture.
    """
    said = str(getattr(failure, "detail", None) or failure).strip().splitlines()
    telling = [line.strip() for line in said if not line.startswith(_EMPTY_WORDS)]
    lines = [printable(_PARTS.sub("", line)) for line in telling]
    detail = lines[0] if lines else ""
    what = with_article(format)
    if not isinstance(failure, OSError) and _UNSUPPORTED.search(" ".join(lines)):
        told = f" ({detail})" if detail else ""
        return PictureError(
            f"{name} is {what} of a kind that the installed libvips cannot read{told}; export "
            "it as PNG, or as TIFF without compression"
        )
    return damaged(name, what, detail)
