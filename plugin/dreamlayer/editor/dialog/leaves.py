"""The channels of a layer, leaf by leaf: some at a time, since layers have up to thousands."""

from ..translation import _

AT_ONCE = 48
"""Channels on a leaf."""


class Leaves:
    """Which channels are shown.

    Parameters
    ----------
    count : int
        How many channels there are.
    chosen : collection of int
        The leaf with the lowest of them is shown first.
    """

    def __init__(self, count, chosen):
        first = min(chosen, default=0)
        self._count = count
        self._first = first - first % AT_ONCE if first < count else 0

    def turn(self, by):
        """Go on by a number of leaves, or back where it is negative."""
        self._first += by * AT_ONCE

    def shown(self):
        """The channels on the leaf."""
        return range(self._first, min(self._first + AT_ONCE, self._count))

    def has_earlier(self):
        """Whether there is a leaf before."""
        return self._first > 0

    def has_later(self):
        """Whether there is a leaf after."""
        return self._first + AT_ONCE < self._count

    def text(self):
        """What leaf it is."""
        last = max(self.shown().stop - 1, 0)
        text = _("{first} to {last} of {count}")
        return text.format(first=self._first, last=last, count=self._count)
