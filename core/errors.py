"""Every error that dreamlayer raises on purpose: one sentence that says what came, what is
allowed and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class DreamlayerError(Exception):
    """Base of all errors meant for a user; the command line prints it and exits with code 2."""


class PictureError(DreamlayerError):
    """A picture that cannot be read: missing, truncated, no picture at all, or too large."""


class OutputError(DreamlayerError):
    """An output that cannot be written; whatever stood at its place is untouched."""


class NetworkError(DreamlayerError):
    """A network file that cannot be found, read, or does not meet the network contract."""


class LayerError(DreamlayerError):
    """A layer or channel that the network does not have."""


class UnsupportedOperatorError(DreamlayerError):
    """An ONNX operator on the way from the image to the objective that has no gradient rule."""


class RecipeError(DreamlayerError):
    """A recipe, preset or option whose value is not allowed."""


class ProviderError(DreamlayerError):
    """An execution provider that was demanded but is not there or did not load."""


class MemoryLimitError(DreamlayerError):
    """Work that would need more memory than the machine has free."""


class RequestError(DreamlayerError):
    """A message to the worker that cannot be read, or that says what it must not."""


class FramingError(RequestError):
    """A message after which it is unknown where the next one begins, so that reading must end."""


class CancelledError(DreamlayerError):
    """The caller asked the ascent to stop."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> str:
    """Return a phrase such as ``did you mean mixed3 or mixed4?``, or '' where nothing is near."""
    found = difflib.get_close_matches(name, list(known), n=count, cutoff=0.5)
    return f"did you mean {' or '.join(found)}?" if found else ""
