"""The layers to dream of as the page with their pictures changes them, and their text form.

The text is that of the parameter `layers`: NAME[:WEIGHT[:CHANNELS[:KIND[:OPTION=VALUE...]]]],
separated by commas. What the page does not show is kept as it is.
"""

import collections
import re

from ..translation import _, ngettext

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?"
_RANGE = r"\d{1,6}(?:-\d{1,6})?"
_TERM = re.compile(
    rf"(?P<layer>[^:]+?)(?::(?P<weight>{_NUMBER})?"
    rf"(?::(?P<channels>{_RANGE}(?:\+{_RANGE})*)?"
    r"(?::(?P<rest>[a-z]*(?::[a-z]+=[^:]*)*))?)?)?",
    re.IGNORECASE,
)
_MOST_CHANNELS = 8192
"""Channels of a layer; the worker allows no more."""

_SHOWN = 5
"""Channels that are named one by one."""

Term = collections.namedtuple("Term", "layer weight channels rest", defaults=(1.0, (), ""))
"""A layer's name, weight, channels (numbers from 0; empty for all), kind and options as text."""


def read(text):
    """The terms of a text, or None where it cannot be read."""
    terms = [_read_one(part.strip()) for part in text.split(",")] if text.strip() else []
    return None if None in terms else terms


def write(terms):
    """The text of terms, each as short as it can be."""
    return ", ".join(map(_write_one, terms))


def toggled(term, channel):
    """A term with a channel added, or without it; in the order in which they were chosen."""
    if channel in term.channels:
        return term._replace(channels=tuple(c for c in term.channels if c != channel))
    return term._replace(channels=(*term.channels, channel))


def with_layer(terms, layer):
    """Terms with a layer added at the end; without it where it is one of them."""
    without = [term for term in terms if term.layer != layer]
    return without if len(without) < len(terms) else [*terms, Term(layer)]


def about(term, all_channels=False):
    """A term as a person reads it."""
    if not term.channels:
        return term.layer
    shown = term.channels if all_channels else term.channels[:_SHOWN]
    listed = ", ".join(map(str, shown))
    if len(shown) < len(term.channels):
        return _("{layer}, channels {channels}…").format(layer=term.layer, channels=listed)
    text = ngettext("{layer}, channel {channels}", "{layer}, channels {channels}", len(shown))
    return text.format(layer=term.layer, channels=listed)


def _read_one(text):
    found = _TERM.fullmatch(text)
    if found is None:
        return None
    channels = []
    for part in filter(None, (found["channels"] or "").split("+")):
        first, _, last = part.partition("-")
        numbers = range(int(first), int(last or first) + 1)
        if not numbers or len(channels) + len(numbers) > _MOST_CHANNELS:
            return None
        channels.extend(numbers)
    weight = float(found["weight"] or 1)
    return Term(found["layer"], weight, tuple(channels), found["rest"] or "")


def _write_one(term):
    short = f"{term.weight:g}"
    weight = short if float(short) == term.weight else repr(term.weight)
    parts = [term.layer, weight, "+".join(map(str, term.channels)), term.rest]
    while len(parts) > 1 and (not parts[-1] or parts[1:] == ["1"]):
        parts.pop()
    return ":".join(parts)
