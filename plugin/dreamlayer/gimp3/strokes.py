"""A dream together with what was painted in GIMP 3 while it ran."""

import array
from operator import add, sub

from editor.pixel_bytes import difference, not_finite, zeros
from gi.repository import Gegl

from gimp3.pixels import CLAMP, bands, copied


def with_strokes(original, result):
    """The dream with what was painted meanwhile: a buffer, and the share of pixels painted on.

    Where the drawable's pixels are those of the start, the buffer has the dream's bits, where the
    dream changed nothing, those of now; elsewhere now + (dream − then).
    """
    drawable, area, form = original.drawable, original.area, original.native
    painted, made = 0, None
    buffer = drawable.get_buffer()
    for band in bands(area):
        then = original.pixels.get(band, 1.0, form, CLAMP)
        now = buffer.get(band, 1.0, form, CLAMP)
        if now == then:
            continue
        if made is None:
            made = copied(result, area, form)
        unchanged = zeros(difference(now, then), original.pixel_bytes)
        runs = list(_others(unchanged, band.width * band.height))
        painted += sum(last - first for first, last in runs)
        dreamt = result.get(band, 1.0, form, CLAMP)
        made.set(band, form, _added(original, band, runs, now, then, dreamt))
    return made or result, painted / (area.width * area.height)


def _added(original, band, runs, now, then, dreamt):
    """A band's native bytes: the dream, and in these runs now + (dream − then)."""
    size, pixels = original.pixel_bytes, bytearray(dreamt)
    floats = [_as_floats(original, band, data) for data in (now, dreamt, then)]
    odd = set(not_finite(floats[0])) | set(not_finite(floats[2]))
    values = [array.array("f", data) for data in floats]
    mixed = array.array("f", floats[0])
    for first, last in runs:
        part = slice(4 * first, 4 * last)
        added = map(add, values[0][part], map(sub, values[1][part], values[2][part]))
        mixed[part] = array.array("f", added)
    scratch = Gegl.Buffer.new(original.floats, band.x, band.y, band.width, band.height)
    scratch.set(band, original.floats, mixed.tobytes())
    converted = bytearray(scratch.get(band, 1.0, original.native, CLAMP))
    for first, last in runs:
        run = slice(first * size, last * size)
        # Where the dream changed nothing, what is there now stays with all its bits.
        for begin, end in zeros(difference(dreamt[run], then[run]), size):
            same = slice((first + begin) * size, (first + end) * size)
            converted[same] = now[same]
        original.keep(converted, now, first, last)
        pixels[run] = converted[run]
        for pixel in odd.intersection(range(first, last)):
            pixels[pixel * size : (pixel + 1) * size] = now[pixel * size : (pixel + 1) * size]
    return bytes(pixels)


def _as_floats(original, band, native):
    """Native bytes of a band as floats in the drawable's space."""
    scratch = Gegl.Buffer.new(original.native, band.x, band.y, band.width, band.height)
    scratch.set(band, original.native, native)
    return scratch.get(band, 1.0, original.floats, CLAMP)


def _others(runs, count):
    """The runs between runs, of so many units in all."""
    begin = 0
    for first, last in runs:
        if first > begin:
            yield begin, first
        begin = last
    if begin < count:
        yield begin, count
