"""Pixels of a GIMP 3 drawable: the part to dream on, and its formats."""

from gi.repository import Babl, Gegl, Gimp

_BAND_BYTES = 32 << 20
"""Size of the bands in which pixels are processed; GEGL's lengths are 32-bit."""

_LARGEST = 16
"""Bytes of a pixel as it is processed: four floats."""

CLAMP = Gegl.AbyssPolicy.CLAMP
NONE = Gegl.AbyssPolicy.NONE


class Region:
    """The part of a drawable to dream on.

    Parameters
    ----------
    drawable : Gimp.Drawable
        Layer, layer mask or channel.
    selected : bool
        Whether the image has a selection; the work is limited to its bounds.

    Attributes
    ----------
    x, y, width, height : int
        The part that may change, in the drawable's own coordinates; width is 0 where the selection
        does not touch the drawable.
    """

    def __init__(self, drawable, selected):
        self.drawable, self.selected = drawable, selected
        touched, self.x, self.y, self.width, self.height = drawable.mask_intersect()
        if not touched:
            self.width = self.height = 0

    @property
    def area(self):
        """The part as a rectangle."""
        return Gegl.Rectangle.new(self.x, self.y, self.width, self.height)

    def around_evenly(self, context):
        """The part in the middle of so many pixels around it, fewer where the drawable ends."""
        right = self.drawable.get_width() - self.x - self.width
        below = self.drawable.get_height() - self.y - self.height
        return self.around(max(0, min(context, self.x, self.y, right, below)))

    def around(self, context):
        """The part and so many pixels around it, as far as the drawable has them."""
        left, top = max(self.x - context, 0), max(self.y - context, 0)
        right = min(self.x + self.width + context, self.drawable.get_width())
        bottom = min(self.y + self.height + context, self.drawable.get_height())
        return Gegl.Rectangle.new(left, top, right - left, bottom - top)


def format_of(drawable):
    """The name of a drawable's own format, its color space included."""
    return Babl.get_name(drawable.get_format())


def in_space_of(drawable, form):
    """The name of a format in a drawable's own color space.

    Through sRGB, colors of a wide profile would change.
    """
    return Babl.get_name(Babl.format_with_space(form, drawable.get_format()))


def copied(source, area, form, left=0, top=0):
    """A buffer of one's own with an area of another, which is black where that one ends.

    Parameters
    ----------
    source : Gegl.Buffer
        A drawable's.
    area : Gegl.Rectangle
        What it is called in the new buffer.
    form : str
        The format's name.
    left, top : int
        What is added to the area's corner for that in `source`.
    """
    made = Gegl.Buffer.new(form, area.x, area.y, area.width, area.height)
    for band in bands(area):
        there = Gegl.Rectangle.new(band.x + left, band.y + top, band.width, band.height)
        made.set(band, form, source.get(there, 1.0, form, NONE))
    return made


def bands(area):
    """Cut a rectangle into bands of whole rows."""
    rows = max(1, _BAND_BYTES // (max(area.width, 1) * _LARGEST))
    for top in range(0, area.height, rows):
        yield Gegl.Rectangle.new(area.x, area.y + top, area.width, min(rows, area.height - top))


def is_layer(drawable):
    """Whether a drawable is a layer, and no mask or channel."""
    return isinstance(drawable, Gimp.Layer)
