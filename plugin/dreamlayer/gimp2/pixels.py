# -*- coding: utf-8 -*-
"""8-bit pixels of a GIMP 2.10 drawable: sent to the worker as RGBA, and taken back.

For Python 2.7 without GIMP's modules and numpy; bytes are moved by slices, which is fast.
"""

from __future__ import division, unicode_literals

import collections

_BAND_BYTES = 1 << 20
"""Size of the bands in which pixels are processed; grey ones take 25 times that memory."""

_CONTEXT = 64
"""Pixels around a selection that the network sees too, so that the dream fits at its edge."""

_RGBA = 4
_MASK = 1

Area = collections.namedtuple("Area", "x y width height")


class Region(object):
    """The part of a drawable to dream on, and its dream.

    Parameters
    ----------
    image : gimp.Image
        The image whose selection is respected.
    drawable : gimp.Drawable
        Layer, layer mask or channel, 8 bits a component.
    area : Area
        The part that may change, in the drawable's own coordinates.
    selected : bool
        Whether the image has a selection; the work is limited to its bounds.
    masked : bool
        Whether pixels outside the selection stay unchanged; where the dream goes onto a layer with
        a mask of the selection, they may change.
    """

    def __init__(self, image, drawable, area, selected, masked):
        self.drawable, self.area, self._selected = drawable, area, selected
        self._masked = masked and selected
        self._selection = image.selection
        self._components = drawable.bpp
        self._pixels = _whole(drawable)
        self._sent = self._with_context()
        self._gray = Gray() if self._components < 3 else None
        self._rows = []

    def _with_context(self):
        if not self._selected:
            return self.area
        x, y, width, height = self.area
        left, top = max(x - _CONTEXT, 0), max(y - _CONTEXT, 0)
        right = min(x + width + _CONTEXT, self.drawable.width)
        bottom = min(y + height + _CONTEXT, self.drawable.height)
        return Area(left, top, right - left, bottom - top)

    def request(self):
        """Size, type and number of bytes as a `dream` request names them."""
        width, height, mask = self._sent.width, self._sent.height, self._masked
        size = width * height * (_RGBA + (_MASK if mask else 0))
        return {"width": width, "height": height, "pixels": "uint8", "mask": mask, "bytes": size}

    def payload(self):
        """The pixels, then the selection where it is respected, in bands of bytes."""
        for band in _bands(self._sent):
            yield as_rgba(_read(self._pixels, band), self._components)
        if self._masked:
            for band in _bands(self._sent):
                yield self._chosen(band)

    def _chosen(self, area):
        """The selection's levels; outside the canvas nothing is selected."""
        left, top = self.drawable.offsets
        on_image = Area(area.x + left, area.y + top, area.width, area.height)
        return read_padded(self._selection, on_image)

    def receive(self, read, active):
        """Read the dream; components that may not change keep their levels.

        Parameters
        ----------
        read : callable
            Given a count, returns that many next bytes of the result.
        active : sequence of bool
            Which colours may change: three for RGB, one for grey.
        """
        for band in _bands(self._sent):
            dreamt = read(band.width * band.height * _RGBA)
            levels = _read(self._pixels, band)
            levels = merged(dreamt, levels, self._components, active, self._gray)
            top = max(band.y, self.area.y)
            inner = Area(self.area.x, top, self.area.width, self._bottom(band) - top)
            if inner.height > 0:
                self._rows.append((inner, cropped(levels, self._components, band, inner)))

    def _bottom(self, band):
        return min(band.y + band.height, self.area.y + self.area.height)

    def write(self, target, left, top, shadow=False):
        """Write the dream to a drawable, or its shadow, with its top left corner there."""
        area = Area(left, top, self.area.width, self.area.height)
        pixels = target.get_pixel_rgn(*(tuple(area) + (True, shadow)))
        for inner, levels in self._rows:
            y = inner.y - self.area.y + top
            pixels[left : left + inner.width, y : y + inner.height] = levels
        target.flush()

    def mask(self):
        """Levels for a new layer's mask: the lesser of selection and own mask; None for none."""
        own = self.drawable.mask
        masks = [self._chosen(self.area)] if self._selected else []
        if own is not None:
            masks.append(_read(_whole(own), self.area))
        if len(masks) == 2:
            return bytes(bytearray(map(min, bytearray(masks[0]), bytearray(masks[1]))))
        return masks[0] if masks else None


class Gray(object):
    """Converts colours to grey as GIMP does: by their luminance in linear light.

    With sRGB's curve and its weights for the white point D50, as in babl.
    """

    _LIGHT = 65535

    def __init__(self):
        lights = [self._light(level / 255) for level in range(256)]
        self._weighted = [
            [int(self._LIGHT * weight * light + 0.5) for light in lights]
            for weight in (0.2225, 0.7169, 0.0606)
        ]
        # Each of the three is rounded, so that their sum may exceed the whole light by one.
        self._levels = bytearray(
            int(255 * self._curve(min(light / self._LIGHT, 1.0)) + 0.5)
            for light in range(self._LIGHT + 2)
        )

    @staticmethod
    def _light(value):
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    @staticmethod
    def _curve(light):
        return light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055

    def __call__(self, rgba):
        """Levels of RGBA pixels, four bytes each."""
        reds, greens, blues = self._weighted
        levels, numbers = self._levels, bytearray(rgba)
        pixels = zip(numbers[0::4], numbers[1::4], numbers[2::4])
        return bytearray([levels[reds[r] + greens[g] + blues[b]] for r, g, b in pixels])


def as_rgba(levels, components):
    """Pixels of 1 to 4 components as RGBA."""
    if components == 4:
        return levels
    rgba = bytearray(b"\xff") * (4 * (len(levels) // components))
    for color in range(3):
        rgba[color::4] = levels[color if components > 2 else 0 :: components]
    if components == 2:
        rgba[3::4] = levels[1::2]
    return bytes(rgba)


def merged(dreamt, levels, components, active, gray):
    """Pixels with the active colours taken from RGBA ones, and with their own alpha."""
    result = bytearray(levels)
    if components < 3:
        if active[0]:
            result[0::components] = gray(dreamt)
    else:
        for color in range(3):
            if active[color]:
                result[color::components] = dreamt[color::4]
    return bytes(result)


def cropped(levels, components, outer, inner):
    """From the 8-bit pixels of the area `outer`, those of the area `inner` in it."""
    step = outer.width * components
    first = (inner.y - outer.y) * step + (inner.x - outer.x) * components
    count = inner.width * components
    if count == step:
        return levels[first : first + inner.height * step]
    starts = range(first, first + inner.height * step, step)
    return b"".join(levels[start : start + count] for start in starts)


def read_padded(drawable, area):
    """The levels of an area of a one-component drawable, 0 where it is outside the drawable."""
    left, top = max(area.x, 0), max(area.y, 0)
    right = min(area.x + area.width, drawable.width)
    bottom = min(area.y + area.height, drawable.height)
    if right <= left or bottom <= top:
        return b"\0" * (area.width * area.height)
    inner = Area(left, top, right - left, bottom - top)
    levels = _read(_whole(drawable), inner)
    if inner.width < area.width:
        before, after = b"\0" * (left - area.x), b"\0" * (area.x + area.width - right)
        starts = range(0, len(levels), inner.width)
        levels = b"".join(before + levels[s : s + inner.width] + after for s in starts)
    above, below = top - area.y, area.y + area.height - bottom
    return b"\0" * (above * area.width) + levels + b"\0" * (below * area.width)


def _whole(drawable):
    """A drawable's pixels to read from."""
    return drawable.get_pixel_rgn(0, 0, drawable.width, drawable.height, False, False)


def _read(pixels, area):
    return pixels[area.x : area.x + area.width, area.y : area.y + area.height]


def _bands(area):
    """Cut an area into bands of whole rows."""
    rows = max(1, _BAND_BYTES // (area.width * _RGBA))
    for y in range(area.y, area.y + area.height, rows):
        yield Area(area.x, y, area.width, min(rows, area.y + area.height - y))
