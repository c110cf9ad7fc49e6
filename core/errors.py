"""Every error that dreamlayer raises on purpose: one sentence that says what came, what is
allowed and what to do."""

from __future__ import annotations

import difflib
import os
import reprlib
from collections.abc import Iterable

_SHOWN = 80
_SHOWN_PATH = 240
_SHOWN_SENTENCE = 2000


class DreamlayerError(Exception):
    """Base of all errors meant for a user; the command line prints it and exits with code 2."""


class OptionError(DreamlayerError):
    """Options or arguments that do not go together, or that name what does not exist."""


class PictureError(DreamlayerError):
    """A picture file that cannot be read: missing, truncated, of another format, or too large."""


class ImageError(DreamlayerError):
    """An array of pixels, or a mask, of the wrong shape, type or values."""


class OutputError(DreamlayerError):
    """An output that cannot be written; an older file of that name is untouched."""


class NetworkError(DreamlayerError):
    """A network file that cannot be found, read, or does not meet the network contract."""


class LayerError(DreamlayerError):
    """A layer or channel that the network does not have."""


class UnsupportedOperatorError(DreamlayerError):
    """An ONNX operator on the way from the image to the objective that has no gradient rule."""


class RecipeError(DreamlayerError):
    """A recipe or preset with a value that is not allowed."""


class ProviderError(DreamlayerError):
    """An execution provider that was asked for but is not installed or did not load."""


class MemoryLimitError(DreamlayerError):
    """Work that would need more memory than the machine has free."""


class RequestError(DreamlayerError):
    """A message to the worker that cannot be read, or whose content is not allowed."""


class FramingError(RequestError):
    """A message after which it is unknown where the next one begins, so that reading must end."""


class CancelledError(DreamlayerError):
    """The caller asked the ascent to stop."""


def shown(value: object) -> str:
    """A value that came from outside, as it may be quoted in a message.

    Files and other programs may hold anything: text is quoted, what could steer a terminal (control
    characters, marks of writing direction) is escaped, and what is long is cut in the middle: text
    to 80 characters, a path (`os.PathLike`) to 240.

    Examples
    --------
    >>> shown("mixed3")
    "'mixed3'"
    >>> shown("red \x1b[31m")
    "'red \\x1b[31m'"
    """
    if isinstance(value, str | os.PathLike):
        most = _SHOWN if isinstance(value, str) else _SHOWN_PATH
        return repr(_cut(os.fsdecode(value), most))
    try:
        return _cut(reprlib.repr(value), _SHOWN)
    except ValueError:
        # Python writes no number of more than 4300 digits.
        return "a number without end"


def bare(value: str) -> str:
    """As `shown`, without quotes: for names that stand in the middle of a sentence."""
    return printable(_cut(value, _SHOWN))


def printable(text: str) -> str:
    """A whole sentence that is safe to print: one line, nothing that could steer a terminal."""
    text = _cut(text, _SHOWN_SENTENCE)
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def _cut(text: str, most: int) -> str:
    """Text without its middle, where it is longer than `most` characters."""
    if len(text) <= most:
        return text
    tail = most // 3
    return f"{text[: most - tail - 3]}...{text[-tail:]}"


def nearest(name: str, known: Iterable[str], count: int = 3) -> str:
    """Return a phrase such as ``did you mean mixed3 or mixed4?``, or '' where nothing is near."""
    # Comparing takes the product of the lengths.
    found = difflib.get_close_matches(name[:_SHOWN], list(known), n=count, cutoff=0.5)
    return f"did you mean {' or '.join(map(bare, found))}?" if found else ""
