"""The way from Krita's pixels of any color space to the worker's, and back.

The worker takes RGBA, encoded as a file is: for eyes, not linear. RGB layers are sent in their own
primaries and by their own curve, as from GIMP, so that no color of a wide gamut is cut off; linear
ones by the curve of sRGB, which is applied here, without limits, as Krita's own conversion to it
would cut off what is beyond black and white. All others come through linear sRGB in floats, where
Krita's color management cuts off nothing either.
"""

import array
import struct

from ..editor.pixel_bytes import values_of_bytes
from .pixels import Space, discard, scratch

SCREEN = Space("RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc")
"""What 8-bit RGBA is taken for that names no profile."""

_MEASURED = Space("RGBA", "F32", SCREEN.profile)
_LINEAR = Space("RGBA", "F32", "sRGB-elle-V2-g10.icc")
_GRAY = {
    "U8": struct.pack("=4B", 128, 128, 128, 255),
    "U16": struct.pack("=4H", 32768, 32768, 32768, 65535),
    "F16": struct.pack("=4e", 0.5, 0.5, 0.5, 1.0),
    "F32": struct.pack("=4f", 0.5, 0.5, 0.5, 1.0),
}
_LINEAR_GRAY = 0.66, 0.81
"""A linear 0.5 is encoded as 0.735; those of other curves, gamma 1.8 and up, as less."""

_HIGHEST = {"U8": 255, "U16": 65535}
_CODES = {"U8": "B", "U16": "H", "F16": "H", "F32": "f"}
_LARGEST_F16 = 65504.0
_ROOT = 1 / 2.4

_linear, _tables = {}, {}


def converted(data, width, height, source, target):
    """Pixels of one `Space` as those of another, by Krita's color management."""
    document, root = scratch(source)
    try:
        node = document.createNode("", "paintlayer")
        root.addChildNode(node, None)
        node.setPixelData(data, 0, 0, width, height)
        node.setColorSpace(*target)
        document.waitForDone()
        made = bytes(node.pixelData(0, 0, width, height))
        # A node that outlives its document crashes Krita.
        del node, root
    finally:
        discard(document)
    return made


def is_linear(space):
    """Whether equal steps of an RGB space are equal steps of light; Krita tells its name only."""
    if space not in _linear:
        seen = array.array("f", converted(_GRAY[space.depth], 1, 1, space, _MEASURED))
        low, high = _LINEAR_GRAY
        _linear[space] = low < seen[1] < high
    return _linear[space]


class Wire:
    """Pixels of a color space as the worker takes them.

    Parameters
    ----------
    space : pixels.Space
        The node's own.

    Attributes
    ----------
    kind : str
        The worker's type of values.
    """

    def __init__(self, space):
        self.space = space
        self._through = space.model != "RGBA"
        self._encoded = self._through or is_linear(space)
        same = {"U8": "uint8", "U16": "uint16"}
        self.kind = "float32" if self._encoded else same.get(space.depth, "float32")

    def sent(self, data, width, height):
        """RGBA of the worker's type for pixels of the node."""
        space = self.space
        if self._through:
            floats = array.array("f", converted(data, width, height, space, _LINEAR))
            return _curved(floats, _encode, space.model == "GRAYA").tobytes()
        if not self._encoded and space.depth in _HIGHEST:
            return _swapped(data, space.depth)
        floats = _floats(data, space.depth, self._encoded)
        return floats.tobytes()

    def received(self, data, width, height):
        """Pixels of the node for the worker's; alpha is to be taken from the node's own."""
        space = self.space
        if not self._encoded and space.depth in _HIGHEST:
            return _swapped(data, space.depth)
        floats = array.array("f", data)
        if self._encoded:
            floats = _curved(floats, _decode)
        if self._through:
            return converted(floats.tobytes(), width, height, _LINEAR, space)
        return _packed(floats, space.depth)

    def of_screen(self, rgba, width, height, kind):
        """8-bit sRGB, RGBA in this order, as values of a type that is sent beside the node's.

        RGB is converted into the node's, so that the network sees the colors of both alike.
        """
        same = self._through or self.space.profile == SCREEN.profile
        if same or kind != self.kind:
            return values_of_bytes(rgba, kind)
        native = converted(rgba_of(rgba), width, height, SCREEN, self.space)
        return self.sent(native, width, height)


def to_screen(data, width, height, space):
    """Pixels of a `Space` as 8-bit sRGB, RGBA in this order."""
    if space != SCREEN:
        data = converted(data, width, height, space, SCREEN)
    return _swapped(data, "U8")


def rgba_of(data):
    """8-bit BGRA as RGBA, or the other way."""
    return _swapped(data, "U8")


def _swapped(data, depth):
    """BGRA of integers as RGBA, or the other way; Krita has floats as RGBA."""
    values = array.array(_CODES[depth], bytes(data))
    values[0::4], values[2::4] = values[2::4], values[0::4]
    return values.tobytes()


def _floats(data, depth, linear):
    """RGBA of a depth as floats, encoded where they are linear."""
    if depth == "F32":
        floats = array.array("f", data)
        return _curved(floats, _encode) if linear else floats
    values = array.array(_CODES[depth], data)
    if depth in _HIGHEST:
        values[0::4], values[2::4] = values[2::4], values[0::4]
    made = array.array("f", map(_table(depth, linear).__getitem__, values))
    if linear:
        made[3::4] = array.array("f", map(_table(depth, False).__getitem__, values[3::4]))
    return made


def _packed(floats, depth):
    """Floats as RGBA of a depth, in the order that Krita has for it."""
    if depth == "F32":
        return floats.tobytes()
    if depth == "F16":
        if max(floats, default=0.0) > _LARGEST_F16 or min(floats, default=0.0) < -_LARGEST_F16:
            floats = [min(max(v, -_LARGEST_F16), _LARGEST_F16) for v in floats]
        return struct.pack("={}e".format(len(floats)), *floats)
    high = _HIGHEST[depth]
    rounded = [int(min(max(v, 0.0), 1.0) * high + 0.5) for v in floats]
    return _swapped(array.array(_CODES[depth], rounded), depth)


def _table(depth, linear):
    """What each code of a depth below 32 bits is as a float."""
    if (depth, linear) not in _tables:
        if depth == "F16":
            made = struct.unpack("=65536e", array.array("H", range(1 << 16)).tobytes())
        else:
            high = _HIGHEST[depth]
            made = [code / high for code in range(high + 1)]
        _tables[depth, linear] = _encode(made) if linear else list(made)
    return _tables[depth, linear]


def _curved(floats, curve, gray=False):
    """Floats of RGBA with a curve applied to the colors, which are one where it is gray."""
    made = array.array("f", floats)
    for channel in range(1 if gray else 3):
        made[channel::4] = array.array("f", curve(floats[channel::4]))
    if gray:
        made[1::4] = made[2::4] = made[0::4]
    return made


def _encode(values):
    """The curve of sRGB, without limits: what is darker than black mirrors what is brighter."""
    # Without a call for each value, of which there are millions.
    return [
        1.055 * v**_ROOT - 0.055
        if v > 0.0031308
        else 0.055 - 1.055 * (-v) ** _ROOT
        if v < -0.0031308
        else 12.92 * v
        for v in values
    ]


def _decode(values):
    """The other way."""
    return [
        ((v + 0.055) / 1.055) ** 2.4
        if v > 0.04045
        else -(((0.055 - v) / 1.055) ** 2.4)
        if v < -0.04045
        else v / 12.92
        for v in values
    ]
