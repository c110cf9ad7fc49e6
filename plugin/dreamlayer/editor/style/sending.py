"""Style pictures as they are sent to the worker, and a worker that styles like others dream."""

import hashlib
import itertools
import re

from ..messages import RefusedError
from ..worker_client import WorkerError
from . import words

MOST = 100

SIDE = 2048
"""Longer side of a picture that is sent, in pixels; larger ones are reduced."""

_LARGEST_WEIGHT = 1e6
_CALLED = re.compile(r"\bpicture-[0-9a-f]{64}\b|\bnumber \d+\b")
"""What the worker calls style pictures."""


class Styler:
    """Styles like a `worker_client.Worker` dreams.

    Parameters
    ----------
    worker : worker_client.Worker
        An idle one.
    styles : list
        The style pictures, as for `sent`.
    seen : object
        The layer that gets the style.
    """

    def __init__(self, worker, styles, seen):
        self._worker, self._styles, self._seen = worker, styles, seen
        self.read = worker.read

    def dream(self, request, payload, progress):
        """Style one drawable; the result's header, whose pixels are read with `read`."""
        request, payload, names = sent(self._styles, request, payload, self._seen)
        try:
            return self._worker.finish(request, payload, progress)
        except WorkerError as error:
            raise told(error, names) from error


def sent(pictures, request, payload, seen, side=SIDE):
    """A `style` request and its payload, with the style pictures.

    Parameters
    ----------
    pictures : list
        In order; each has a `name`, a `weight`, and `rows(pixels, seen, side)`: width, height and
        RGBA rows of a type of the worker's.
    request : dict
        As for a dream, with `pixels` and `bytes`.
    payload : iterable of bytes
        The pixels of what gets the style, and their mask.
    seen : object
        The layer that gets the style; the colors are converted into those of its image, so that
        the network sees both alike.
    side : int
        Longer side of what is sent, in pixels; larger ones are reduced.

    Returns
    -------
    request : dict
    payload : iterable of bytes
    names : dict
        What the painter calls each picture, by what the worker calls it: `picture-` and a digest,
        or `number` and a number.

    Raises
    ------
    RefusedError
        One was deleted.
    """
    styles, blocks, names = [], [], {}
    for number, picture in enumerate(pictures, 1):
        width, height, rows = picture.rows(request["pixels"], seen, side)
        styles.append({"width": width, "height": height, "weight": picture.weight})
        blocks.append(rows)
        names["picture-" + hashlib.sha256(rows).hexdigest()] = picture.name
        names[f"number {number}"] = picture.name
    count = request["bytes"] + sum(map(len, blocks))
    request = dict(request, type="style", styles=styles, bytes=count)
    return request, itertools.chain(payload, blocks), names


def told(error, names):
    """A worker's error with the names of pictures, see `sent`."""

    def name_of(found):
        return f"“{names[found.group()]}”" if found.group() in names else found.group()

    sentence = _CALLED.sub(name_of, error.sentence)
    return WorkerError(sentence, error.kind, error.id)


def weights_of(text, count):
    """As many weights as there are style pictures; `RefusedError` where they do not fit."""
    if not text.strip():
        return [1.0] * count
    try:
        weights = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise RefusedError(words.NOT_NUMBERS.format(text=text)) from error
    for weight in weights:
        # Not a number is not between either.
        if not 0 <= weight <= _LARGEST_WEIGHT:
            raise RefusedError(words.NEGATIVE.format(weight=f"{weight:g}"))
    if len(weights) != count:
        raise RefusedError(words.NOT_AS_MANY.format(weights=len(weights), count=count))
    if not any(weights):
        raise RefusedError(words.ALL_ZERO)
    return weights


def named(config):
    """What the arguments name as style pictures, and their weights as text."""
    texts = list(config.get_property("style-pictures") or ())
    return texts, config.get_property("style-weights") or ""
