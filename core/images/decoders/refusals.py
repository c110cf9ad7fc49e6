"""The sentences for pictures that are not read: of another kind, damaged, or several in a file."""

from __future__ import annotations

from dreamlayer.core.errors import PictureError

ADVICE = "export it as PNG, or as TIFF of 8 or 16 bits"
"""What to do with a picture of an unsupported kind."""


def unsupported(name: str, kind: str, allowed: str, advice: str = ADVICE) -> PictureError:
    """The error for a sound file of a kind that is not read.

    Parameters
    ----------
    name
        What messages call the picture.
    kind
        What it is, with its article: "a TIFF of 12 bits per channel".
    allowed
        What can be read instead.
    advice
        What to do.
    """
    return PictureError(f"{name} is {kind}, but only {allowed} can be read; {advice}")


def damaged(name: str, kind: str, what: str = "") -> PictureError:
    """The error for a file that no program could read as it was meant.

    Parameters
    ----------
    name
        What messages call the picture.
    kind
        What it is, with its article: "a TIFF".
    what
        What is wrong with it, if that is known.
    """
    detail = f" ({what})" if what else ""
    return PictureError(
        f"{name} is {kind} that is damaged or truncated{detail}; use an intact copy"
    )


def many_pages(name: str, what: str) -> PictureError:
    """The error for a file that holds more than one picture."""
    return PictureError(
        f"{name} is {what}, but only single pictures can be read; save the page you want as a "
        "separate file"
    )
