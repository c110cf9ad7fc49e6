"""A guide picture that is a layer of this or another open image, sent with a request."""

from gi.repository import Babl, Gegl, Gimp
from messages import RefusedError
from translation import _

from gimp3.pixels import black_for, format_of, not_finite

ARGUMENT = "guide-layer"
"""The argument that names it; it counts before the file in the argument `guide`."""

HELP = _("A layer of this or another open image as guide picture, in place of a file.")
GONE = _("the layer that was chosen as guide picture was deleted; choose another one")

SIDE = 2048
"""Longer side of what is sent, in pixels; the network sees it reduced to 512."""

_LAYER = "layer "
_BABL = {"uint8": "u8", "uint16": "u16", "float32": "float"}


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
        width, height = drawable.get_width(), drawable.get_height()
        scale = min(1.0, side / max(width, height))
        width, height = max(1, round(width * scale)), max(1, round(height * scale))
        self._area = Gegl.Rectangle.new(0, 0, width, height)
        form = format_of(drawable)
        self._pixels = Gegl.Buffer.new(form, 0, 0, width, height)
        whole = drawable.get_buffer().get(self._area, scale, form, Gegl.AbyssPolicy.CLAMP)
        self._pixels.set(self._area, form, whole)

    def size(self):
        """Width and height, as a `dream` request names them."""
        return {"width": self._area.width, "height": self._area.height}

    def rows(self, pixels, native):
        """RGBA rows of a type of the worker's, in the color space of a format."""
        form = Babl.format_with_space(f"R'G'B'A {_BABL[pixels]}", Babl.format(native))
        data = self._pixels.get(self._area, 1.0, Babl.get_name(form), Gegl.AbyssPolicy.NONE)
        return black_for(data, not_finite(data)) if pixels == "float32" else data


def declare(procedure, flags):
    """Declare the argument."""
    procedure.add_drawable_argument(ARGUMENT, _("Guide layer"), HELP, True, flags)


def text_for(drawable):
    """The text that stands for a layer in the argument `guide`.

    GIMP repeats a filter with texts and numbers, but not with layers.
    """
    return f"{_LAYER}{drawable.get_id()} {drawable.get_name()}"


def is_layer(text):
    """Whether a text in the argument `guide` stands for a layer, not for a file."""
    return text.startswith(_LAYER)


def chosen(config):
    """The drawable that a procedure's config names as guide, or None, also where it is gone.

    Numbers of layers begin again with GIMP, so the name must be the same too.
    """
    drawable, text = config.get_property(ARGUMENT), config.get_property("guide") or ""
    if drawable is not None or not is_layer(text):
        return drawable
    number = text[len(_LAYER) :].partition(" ")[0]
    found = Gimp.Drawable.get_by_id(int(number)) if number.isdecimal() else None
    return found if found is not None and text_for(found) == text else None


def of(config):
    """The guide that a procedure's config names, or None.

    Raises
    ------
    RefusedError
        It was deleted.
    """
    drawable = chosen(config)
    if drawable is None and is_layer(config.get_property("guide") or ""):
        raise RefusedError(GONE)
    return None if drawable is None else Guide(drawable)


def added(guide, request, payload, native):
    """A `dream` request and its payload, with a guide.

    Parameters
    ----------
    guide : Guide or None
        The guide, if any.
    request : dict
        With `pixels`, `bytes` and `recipe`.
    payload : iterable of bytes
        The pixels and mask of what is dreamt on.
    native : str
        The format of what is dreamt on: the guide is converted into its color space, so that the
        network sees the colors of both alike.
    """
    if guide is None:
        return request, payload
    rows = guide.rows(request["pixels"], native)
    # Where it is used, its name in the recipe is the worker's.
    recipe = dict(request["recipe"], guide="")
    more = dict(request, recipe=recipe, guides=[guide.size()], bytes=request["bytes"] + len(rows))
    return more, _joined(payload, rows)


def _joined(payload, rows):
    yield from payload
    yield rows
