"""What a Reshape to numbers means: which axes it keeps, joins and splits.

A Reshape keeps the order of elements, so that runs of axes before and after it hold as many. Within
a run without an axis that changes with the image, its numbers stay; one axis into one keeps its
length; several into one multiply. Where one axis that changes is split, either both parts are rows
and columns that were joined before, or one part is the image's and the others are numbers, such as
windows; which of them is told by trying.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dreamlayer.export.adopt.baked.trials import Length, Trials, grows, several_of, varies


class NoMatchError(Exception):
    """The numbers cannot be told from one another."""


@dataclass
class Guesses:
    """Which part of a split axis is the image's, where that is a guess.

    Attributes
    ----------
    chosen : dict
        The number of the part among the possible ones, by the axis's length and its parts.
    possible : dict
        How many there are.
    """

    chosen: dict[tuple[int, ...], int]
    possible: dict[tuple[int, ...], int]

    def choose(self, key: tuple[int, ...], count: int) -> int:
        """The part to take for a split."""
        self.possible[key] = count
        return min(self.chosen.get(key, 0), count - 1)


def matched(
    before: Sequence[Length],
    after: Sequence[int],
    trials: Trials,
    guesses: Guesses,
    as_it_is: Sequence[Length] | None = None,
) -> list[Length]:
    """The lengths of the axes behind a Reshape, for each image that is tried.

    Parameters
    ----------
    before : sequence
        The lengths of the axes of what it reads.
    after : sequence of int
        The shape that it makes at the network's own size.
    trials : Trials
        Knows which rows and columns there are.
    guesses : Guesses
        What to take where several are possible.
    as_it_is : sequence, optional
        The lengths that it makes unchanged, by a length that it leaves open: the likeliest ones.

    Raises
    ------
    NoMatchError
        It cannot be told.
    """
    found: list[Length] = []
    for some, parts in _runs(before, after):
        known = (as_it_is or ())[len(found) : len(found) + len(parts)]
        found += _run(some, parts, trials, guesses, known)
    return found


def _runs(
    before: Sequence[Length], after: Sequence[int]
) -> Iterator[tuple[list[Length], list[int]]]:
    """The shortest runs of axes that hold as many elements at the network's own size."""
    left, right = list(before), list(after)
    if not left or not right or 0 in right or any(length[0] == 0 for length in left):
        raise NoMatchError
    while left and right:
        some, parts = [left.pop(0)], [right.pop(0)]
        while (one := math.prod(x[0] for x in some)) != (two := math.prod(parts)):
            if one < two and left:
                some.append(left.pop(0))
            elif one > two and right:
                parts.append(right.pop(0))
            else:
                raise NoMatchError
        if not right:
            some += left
            left = []
        if not left:
            parts += right
            right = []
        if math.prod(x[0] for x in some) != math.prod(parts):
            raise NoMatchError
        yield some, parts


def _run(
    some: list[Length],
    parts: list[int],
    trials: Trials,
    guesses: Guesses,
    as_it_is: Sequence[Length],
) -> list[Length]:
    count = len(some[0])
    if not any(map(varies, some)):
        return [(part,) * count for part in parts]
    if [x[0] for x in some] == parts:
        return some
    whole: Length = tuple(math.prod(numbers) for numbers in zip(*some, strict=True))
    large = [place for place, part in enumerate(parts) if part > 1] or [0]
    result: list[Length] = [(part,) * count for part in parts]
    if large[0] and (several := several_of(whole)) > 1:
        # Several images at a time are the first axis.
        result[0] = (*(1,) * (count - 1), several)
        whole = (*whole[:-1], whole[-1] // several)
        if not varies(whole):
            return [result[0], *((part,) * count for part in parts[1:])]
    if len(large) == 1:
        result[large[0]] = whole
        return result
    options = list(_splits(whole, parts, large, trials))
    if not options:
        raise NoMatchError
    if as_it_is:
        options.sort(key=lambda option: not _is_of(option, as_it_is))
    key = (whole[0], *parts)
    for place, length in options[guesses.choose(key, len(options))].items():
        result[place] = length
    return result


def _is_of(option: Mapping[int, Length], lengths: Sequence[Length]) -> bool:
    """Whether a way to split makes these lengths for each single image."""
    return all(
        option[place][:3] == length[:3] if place in option else not grows(length)
        for place, length in enumerate(lengths)
    )


def _splits(
    whole: Length, parts: list[int], large: list[int], trials: Trials
) -> Iterator[dict[int, Length]]:
    """The ways to split an axis that changes with the image, the likeliest first."""
    for first in large:
        for second in large:
            if first < second:
                others = math.prod(parts) // (parts[first] * parts[second])
                for (rows, columns), _, _ in trials.pairs(parts[first], parts[second]):
                    product = tuple(a * b * others for a, b in zip(rows, columns, strict=True))
                    if product == whole:
                        yield {first: rows, second: columns}
    for place in large:
        others = math.prod(parts) // parts[place]
        if all(number % others == 0 for number in whole):
            yield {place: tuple(number // others for number in whole)}
