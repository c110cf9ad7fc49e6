"""Pixels as the worker takes them: their types, and pictures that are sent beside the layer."""

from gi.repository import Babl, Gegl

from gimp3.pixels import CLAMP

SIDE = 2048
"""Longer side of a picture that is sent, in pixels; larger ones are reduced."""

_BABL = {"uint8": "u8", "uint16": "u16", "float32": "float"}


def mask_form(kind):
    """The name of the format of masks of a type."""
    return f"Y {_BABL[kind]}"


def form_of(kind, native):
    """The name of the format of pixels of a type in a format's color space.

    Through sRGB, colors of a wide profile would change.
    """
    return Babl.get_name(Babl.format_with_space(f"R'G'B'A {_BABL[kind]}", native))


def type_for(native):
    """The type in which a drawable's pixels are sent: its own where that is possible.

    babl chooses conversions by how long they take, so that one from 8 bits to floats and back may
    round differently from one day to the next.
    """
    if Babl.format_is_palette(native):
        # Not dreamt on, but it may be a guide; its colors have 8 bits.
        return "uint8"
    kind = Babl.get_name(Babl.format_get_type(native, 0))
    same = {f"R'G'B'{alpha} {kind}" for alpha in ("", "A")}
    if Babl.format_get_encoding(native) in same:
        return {"u8": "uint8", "u16": "uint16"}.get(kind, "float32")
    return "float32"


def reduced(drawable, form, side=SIDE):
    """A drawable's pixels, reduced where its longer side has more pixels than `side`.

    The format is to be one of colors: GEGL would mix the numbers of a palette's.

    Returns
    -------
    area : Gegl.Rectangle
        At 0, 0, with the reduced size.
    rows : bytes
    """
    width, height = drawable.get_width(), drawable.get_height()
    scale = min(1.0, side / max(width, height))
    area = Gegl.Rectangle.new(0, 0, max(1, round(width * scale)), max(1, round(height * scale)))
    return area, drawable.get_buffer().get(area, scale, form, CLAMP)
