"""Say of a picture that could not be decoded whether it is damaged, or of an unsupported kind."""

from __future__ import annotations

import re

from dreamlayer.core.errors import PictureError, printable
from dreamlayer.core.images.formats import NAMES

_UNSUPPORTED = re.compile(
    r"not configured|not implemented|not supported|not been built in|unsupported|cannot handle",
    re.IGNORECASE,
)
_COMPRESSION = re.compile(
    r"(?:scheme )?(\w[\w .-]*?) (?:compression support|(?:strip|tile) decoding)"
)


def explained(failure: BaseException, format: str, name: str) -> PictureError:
    """The error for a failure of a decoder, or of the system.

    Parameters
    ----------
    failure
        What was raised.
    format
        A key of `core.images.picture.READ`.
    name
        What messages call the picture.
    """
    lines = str(getattr(failure, "detail", None) or failure).strip().splitlines()
    detail = printable(lines[0].strip()) if lines else "no reason given"
    words = NAMES.get(format, "file")
    article = "an" if words[0] == "A" else "a"
    if not isinstance(failure, OSError) and _UNSUPPORTED.search(" ".join(lines)):
        return PictureError(
            f"{name} is {article} {words} of a kind that the installed libvips cannot read "
            f"({detail}); export it as PNG, or as TIFF without compression"
        )
    return PictureError(
        f"{name} is {article} {words} that is damaged or truncated ({detail}); use an intact copy"
    )
