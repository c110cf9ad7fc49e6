"""Arithmetic on pixels that are rows of bytes, fast without numpy: no editor's Python has that."""

import array
import math
import re

SIZES = {"uint8": 1, "uint16": 2, "float32": 4}
"""Bytes of a value, by the worker's names of types."""

CODES = {"uint8": "B", "uint16": "H", "float32": "f"}
"""The same as `array` has them."""


def not_finite(rgba):
    """The pixels of float RGBA with a value that is NaN or infinite, as a list of numbers."""
    # Only such values, and those beyond 1e38, have these bytes: a picture is looked through fast.
    if not any(byte in rgba[3::4] for byte in (b"\x7f", b"\xff")):
        return []
    values = array.array("f", rgba)
    return sorted({n // 4 for n, value in enumerate(values) if not math.isfinite(value)})


def black_for(rgba, pixels):
    """Float RGBA in which the pixels with these numbers are black."""
    if not pixels:
        return rgba
    values = array.array("f", rgba)
    for pixel in pixels:
        alpha = values[4 * pixel + 3]
        opacity = alpha if math.isfinite(alpha) else 0.0
        values[4 * pixel : 4 * pixel + 4] = array.array("f", [0.0, 0.0, 0.0, opacity])
    return values.tobytes()


def difference(one, other):
    """The bits in which two runs of bytes of one length differ, as bytes."""
    bits = int.from_bytes(one, "little") ^ int.from_bytes(other, "little")
    return bits.to_bytes(len(one), "little")


def zeros(data, size):
    """Runs of units of `size` zero bytes in bytes: pairs of first and last + 1, in units."""
    for run in re.finditer(rb"\0{%d,}" % size, data):
        first, last = -(-run.start() // size), run.end() // size
        if last > first:
            yield first, last


def values_of_bytes(levels, kind):
    """Bytes, 255 of which is white, as values of a type of the worker's: exactly the same levels.

    Parameters
    ----------
    levels : bytes
        Such as a selection, or 8-bit RGBA.
    kind : str
        One of `SIZES`.
    """
    if kind == "uint8":
        return levels
    if kind == "uint16":
        twice = bytearray(2 * len(levels))
        twice[0::2] = twice[1::2] = levels  # v × 257.
        return bytes(twice)
    return array.array("f", map([n / 255 for n in range(256)].__getitem__, levels)).tobytes()
