"""The pixels of a layer for the preview, and the way from the layer's colors to the screen's."""

import collections

from gi.repository import Gegl, Gimp

from gimp3.guide import Guide
from gimp3.pixels import CLAMP, NONE, Region, format_of, in_space_of

_CONTEXT = 64
"""Pixels around a selection that the dream sees too, as in `gimp3.original`."""

_SCREEN = "R'G'B'A u8"

Pixels = collections.namedtuple("Pixels", "width height rgba selection layer_mask")
"""8-bit rows of RGBA, and of the selection and the layer's mask or None, as bytes."""


class LayerSource:
    """What is dreamt of a drawable: all of it, or its selected part with some context.

    Parameters
    ----------
    drawable : Gimp.Drawable
        Layer, layer mask or channel.

    Attributes
    ----------
    width, height : int
        The size of that part in pixels.
    changed : tuple of int
        Width and height of what may change in it.
    selected : bool
        Whether the image has a selection.
    has_mask : bool
        Whether it is a layer with a mask.
    guide : callable
        Given a layer and the longer side of what is sent of it, makes the guide picture of it.
    """

    def __init__(self, drawable):
        self.drawable = drawable
        self.guide = Guide
        self.refresh()

    @property
    def native(self):
        """The format of its pixels."""
        return format_of(self.drawable)

    def is_there(self):
        """Whether the drawable still exists."""
        return self.drawable.is_valid()

    def refresh(self):
        """Look at the drawable and the selection, which may have changed."""
        image, drawable = self.drawable.get_image(), self.drawable
        self.selected = not image.get_selection().is_empty(image)
        self._mask = drawable.get_mask() if isinstance(drawable, Gimp.Layer) else None
        self.has_mask = self._mask is not None
        region = Region(drawable, self.selected)
        self.changed = region.width, region.height
        area = region.around(_CONTEXT if self.selected else 0)
        self._left, self._top = area.x, area.y
        self.width, self.height = max(1, area.width), max(1, area.height)
        # In the image's own space, as the dream is: through sRGB, it would be another dream.
        self._format = in_space_of(drawable, _SCREEN)

    def read(self, part):
        """The pixels of a `editor.dialog.plan.Part`."""
        area = self._scaled(part, self._left, self._top)
        rgba = self.drawable.get_buffer().get(area, part.scale, self._format, CLAMP)
        selection = layer_mask = None
        if self._mask is not None:
            layer_mask = self._mask.get_buffer().get(area, part.scale, "Y u8", CLAMP)
        if self.selected:
            _, right, down = self.drawable.get_offsets()
            there = self._scaled(part, self._left + right, self._top + down)
            there.width, there.height = area.width, area.height
            channel = self.drawable.get_image().get_selection().get_buffer()
            selection = channel.get(there, part.scale, "Y u8", NONE)
        return Pixels(area.width, area.height, rgba, selection, layer_mask)

    def for_screen(self, width, height, rgba):
        """8-bit RGBA rows in the layer's colors, as sRGB."""
        if self._format == _SCREEN:
            return rgba
        area = Gegl.Rectangle.new(0, 0, width, height)
        buffer = Gegl.Buffer.new(_SCREEN, 0, 0, width, height)
        buffer.set(area, self._format, rgba)
        return buffer.get(area, 1.0, _SCREEN, NONE)

    @staticmethod
    def _scaled(part, left, top):
        """GEGL takes scaled coordinates; a size is that between the scaled corners."""
        x, y = round((left + part.left) * part.scale), round((top + part.top) * part.scale)
        width = max(1, round(part.width * part.scale))
        height = max(1, round(part.height * part.scale))
        return Gegl.Rectangle.new(x, y, width, height)
