"""Pixels of Krita's nodes: boxes in the image's coordinates, read and written by bands of rows."""

import array
import collections
import struct

from krita import Krita

_BAND_PIXELS = 1 << 21
"""Pixels of a band: with all copies that a conversion makes, about 200 MB of memory."""

_CHANNELS = {"RGBA": 4, "GRAYA": 2, "CMYKA": 5, "LABA": 4, "XYZA": 4, "YCbCrA": 4}
_VALUE_BYTES = {"U8": 1, "U16": 2, "F16": 2, "F32": 4}
_CODES = {"U8": "B", "U16": "H", "F32": "f"}

UNSEEN = []
"""Documents that are open for a while, of which the painter is not to know."""


class Box(collections.namedtuple("Box", "x y width height")):
    """A rectangle of whole pixels; Krita counts all of them from the image's corner."""

    def around(self, margin):
        """This box and so many pixels around it."""
        return Box(
            self.x - margin, self.y - margin, self.width + 2 * margin, self.height + 2 * margin
        )

    def within(self, other):
        """The part of it that lies in another one; of width or height 0 where there is none."""
        left, top = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Box(left, top, max(0, right - left), max(0, bottom - top))

    def united(self, other):
        """The smallest box that encloses both; an empty one encloses nothing."""
        if not self or not other:
            return self or other
        left, top = min(self.x, other.x), min(self.y, other.y)
        right = max(self.x + self.width, other.x + other.width)
        bottom = max(self.y + self.height, other.y + other.height)
        return Box(left, top, right - left, bottom - top)

    def __bool__(self):
        return self.width > 0 and self.height > 0


class Space(collections.namedtuple("Space", "model depth profile")):
    """A color space, by Krita's names: such as "RGBA", "U8" and the name of a profile."""

    @property
    def pixel_bytes(self):
        """The size of a pixel."""
        return _CHANNELS[self.model] * self.value_bytes

    @property
    def value_bytes(self):
        """The size of one of its values; alpha is the last of them."""
        return _VALUE_BYTES[self.depth]


def space_of(thing):
    """The `Space` of a node or document."""
    return Space(thing.colorModel(), thing.colorDepth(), thing.colorProfile())


def box_of(rectangle):
    """A `Box` from Qt's rectangle."""
    return Box(rectangle.x(), rectangle.y(), rectangle.width(), rectangle.height())


def canvas_of(document):
    """The `Box` of a document's canvas."""
    return Box(0, 0, document.width(), document.height())


def bands(box):
    """Cut a box into bands of whole rows."""
    rows = max(1, _BAND_PIXELS // max(box.width, 1))
    for top in range(0, box.height, rows):
        yield Box(box.x, box.y + top, box.width, min(rows, box.height - top))


def is_open(document):
    """Whether a document is still open in Krita."""
    return any(document == one for one in Krita.instance().documents())


def scratch(space, resolution=100.0):
    """A document that the painter never sees, to be closed after use, and its root.

    Krita converts pixels of layers that are in a document, and crashes for others. Layers may be
    larger than the canvas, which is as small as can be.
    """
    document = Krita.instance().createDocument(1, 1, "", *space, resolution)
    document.setBatchmode(True)
    return document, document.rootNode()


def discard(document):
    """Close a document that the painter never saw, once Krita has done all that it does with it."""
    document.waitForDone()
    document.setModified(False)
    document.close()


def fade(pixels, space, shares):
    """Make pixels more transparent, in place.

    Parameters
    ----------
    pixels : bytearray
        Of a `Space`.
    shares : bytes
        For each pixel the share of its alpha that stays, of 255.
    """
    size, value = space.pixel_bytes, space.value_bytes
    alpha = bytearray(len(shares) * value)
    for byte in range(value):
        alpha[byte::value] = pixels[size - value + byte :: size]
    if space.depth == "F16":
        form = "={}e".format(len(shares))
        less = struct.pack(form, *(a * s / 255 for a, s in zip(struct.unpack(form, alpha), shares)))
    else:
        values = zip(array.array(_CODES[space.depth], bytes(alpha)), shares)
        floats = space.depth == "F32"
        made = [a * s / 255 if floats else (a * s + 127) // 255 for a, s in values]
        less = array.array(_CODES[space.depth], made).tobytes()
    for byte in range(value):
        pixels[size - value + byte :: size] = less[byte::value]
