"""Keeps a dream steady from key frame to key frame: it changes where the picture does.

The dream of a whole frame depends on all of it, so that two frames that differ in a corner would
flicker everywhere. All frames have the same seed and random shifts; of a further one's dream, only
what lies near a difference from the former frame's picture is taken, and all else stays as the
former frame's dream has it. In a band between both, the one goes over into the other. So what moves
between two frames is never more than with dreams that know nothing of one another.
"""

import array
import re

from ..editor.pixel_bytes import CODES, difference
from .reduced import scaled_levels

_BLOCK = 16
"""Side of the squares in which differences are looked for, in pixels."""

_NEAR, _FAR = 2, 5
"""Up to how many squares from a difference all is new, and from how many nothing."""

_FLAT = bytes(0 if n < 4 else 255 if n > 251 else n for n in range(256))
"""Qt's enlarging rounds; what is all or nothing stays so."""


def changed(now, before, box, pixel_bytes):
    """How much of a dream is to be new, a byte for each pixel of a box; None where nothing is.

    Parameters
    ----------
    now, before : list of bytes
        The pictures of both frames by bands of the box.
    box : pixels.Box
        Where they are.
    pixel_bytes : int
        The size of a pixel.
    """
    columns, rows = -(-box.width // _BLOCK), -(-box.height // _BLOCK)
    distance = _differing(now, before, box, pixel_bytes, columns, rows)
    if 0 not in distance:
        return None
    _spread(distance, columns, rows)
    levels = bytes(max(0, min(255, round(255 * (_FAR - far) / (_FAR - _NEAR)))) for far in distance)
    # Whole squares, so that each is enlarged alike; the last ones reach beyond the box.
    across, down = columns * _BLOCK, rows * _BLOCK
    shares = scaled_levels(levels, columns, rows, across, down).translate(_FLAT)
    lines = (shares[row * across : row * across + box.width] for row in range(box.height))
    return b"".join(lines)


def _differing(now, before, box, size, columns, rows):
    """For each square 0 where the pictures differ, and a large number where they do not."""
    distance = [_FAR] * (columns * rows)
    step, row = box.width * size, 0
    for one, other in zip(now, before):
        height = len(one) // step
        if one != other:
            bits = difference(one, other)
            for line in range(height):
                _mark(distance, bits[line * step : (line + 1) * step], row + line, columns, size)
        row += height
    return distance


def _mark(distance, bits, row, columns, size):
    if not any(bits):
        return
    first = row // _BLOCK * columns
    for column in range(columns):
        begin = column * _BLOCK * size
        if distance[first + column] and any(bits[begin : begin + _BLOCK * size]):
            distance[first + column] = 0


def _spread(distance, columns, rows):
    """Have each square know how far the next difference is, diagonals as one step, in place."""
    for far in range(1, _FAR):
        nearer = [n for n, value in enumerate(distance) if value == far - 1]
        for place in nearer:
            row, column = divmod(place, columns)
            for y in range(max(0, row - 1), min(rows, row + 2)):
                for x in range(max(0, column - 1), min(columns, column + 2)):
                    if distance[y * columns + x] > far:
                        distance[y * columns + x] = far


def mixed(former, new, shares, kind):
    """The former frame's dream where nothing is new, and the new one where all is.

    Parameters
    ----------
    former, new : bytes
        RGBA of a type of the worker's; alpha is that of the new one.
    shares : bytes
        How much is new, a byte for each pixel, see `changed`.
    kind : str
        That type.
    """
    code = CODES[kind]
    below, above = array.array(code, former), array.array(code, new)
    made = array.array(code, new)
    for run in re.finditer(rb"\0+", shares):
        made[4 * run.start() : 4 * run.end()] = below[4 * run.start() : 4 * run.end()]
    for run in re.finditer(rb"[^\0\xff]+", shares):
        for pixel in range(run.start(), run.end()):
            share = shares[pixel] / 255
            for place in range(4 * pixel, 4 * pixel + 3):
                value = below[place] + share * (above[place] - below[place])
                made[place] = value if code == "f" else int(value + 0.5)
    return made.tobytes()
