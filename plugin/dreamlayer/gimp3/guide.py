"""A guide picture that is a layer of this or another open image, sent with a request."""

from editor.guide import GONE, HELP, is_layer, number_in
from editor.guide import text_for as text_of
from editor.messages import RefusedError
from editor.pixel_bytes import black_for, not_finite
from editor.translation import _
from gi.repository import Babl, Gegl, Gimp

from gimp3 import session
from gimp3.pixels import NONE
from gimp3.wire import SIDE, form_of, reduced, type_for

ARGUMENT = "guide-layer"
"""The argument that names it; it counts before the file in the argument `guide`."""


class Guide:
    """A copy of a layer, to be the guide picture.

    Parameters
    ----------
    drawable : Gimp.Drawable
        The layer, or a group, mask or channel.
    side : int, optional
        Longer side of what is sent; larger ones are reduced.

    Raises
    ------
    RefusedError
        It is not there any more.
    """

    def __init__(self, drawable, side=SIDE):
        if not drawable.is_valid():
            raise RefusedError(GONE)
        native = drawable.get_format()
        form = form_of(type_for(native), native)
        self._area, rows = reduced(drawable, form, side)
        self._pixels = Gegl.Buffer.new(form, 0, 0, self._area.width, self._area.height)
        self._pixels.set(self._area, form, rows)

    def size(self):
        """Width and height, as a `dream` request names them."""
        return {"width": self._area.width, "height": self._area.height}

    def rows(self, pixels, native):
        """RGBA rows of a type of the worker's, in the color space of a format."""
        form = form_of(pixels, Babl.format(native))
        data = self._pixels.get(self._area, 1.0, form, NONE)
        return black_for(data, not_finite(data)) if pixels == "float32" else data


def declare(procedure, flags):
    """Declare the argument."""
    procedure.add_drawable_argument(ARGUMENT, _("Guide layer"), HELP, True, flags)


def text_for(drawable):
    """The text that stands for a layer in the argument `guide`.

    GIMP repeats a filter with texts and numbers, but not with layers. It names the session, since
    numbers of layers begin again in the next one.
    """
    return text_of(str(drawable.get_id()), session.token(), drawable.get_name())


def chosen(config):
    """The drawable that a procedure's config names as guide, or None, also where it is gone.

    Numbers of layers begin again with GIMP, so the name must be the same too.
    """
    drawable, text = config.get_property(ARGUMENT), config.get_property("guide") or ""
    if drawable is not None or not is_layer(text):
        return drawable
    number = number_in(text)
    found = Gimp.Drawable.get_by_id(int(number)) if number.isdecimal() else None
    return found if found is not None and text_for(found) == text else None


def of(config):
    """The guide that a procedure's config names, or None.

    Raises
    ------
    RefusedError
        It was deleted or renamed.
    """
    drawable = chosen(config)
    if drawable is None and is_layer(config.get_property("guide") or ""):
        raise RefusedError(GONE)
    return None if drawable is None else Guide(drawable)
