"""Pictures for the screen: 8-bit RGBA, mixed and drawn by GdkPixbuf.

GTK's drawing by cairo needs pycairo, which not every GIMP brings.
"""

from editor.dialog.rows import with_alpha
from gi.repository import GdkPixbuf, GLib

_SMALL = 160
"""Longer side of a preset's picture, in pixels."""

_CHECK = 8
_DARK, _LIGHT = 0x666666, 0x999999
"""The checkerboard under what is transparent, as GIMP draws it."""


def pixbuf(width, height, rgba):
    """A pixbuf of 8-bit RGBA rows."""
    return GdkPixbuf.Pixbuf.new_from_bytes(
        GLib.Bytes.new(bytes(rgba)), GdkPixbuf.Colorspace.RGB, True, 8, width, height, 4 * width
    )


def mixed(width, height, below, above, share, opacity):
    """RGBA rows with the alpha of `below`, and colors between both.

    Parameters
    ----------
    below : bytes
        RGBA rows.
    above : bytes
        RGB rows.
    share : bytes or None
        How much of `above` is seen, 0..255 for each pixel.
    opacity : float
        How much of it is seen everywhere, 0..1.
    """
    opaque = bytearray(below)
    opaque[3::4] = b"\xff" * (width * height)
    under = pixbuf(width, height, opaque).copy()
    over = pixbuf(width, height, with_alpha(above, 255 if share is None else share))
    level = round(255 * min(max(opacity, 0.0), 1.0))
    nearest = GdkPixbuf.InterpType.NEAREST
    over.composite(under, 0, 0, width, height, 0, 0, 1, 1, nearest, level)
    made = bytearray(under.read_pixel_bytes().get_data())
    made[3::4] = below[3::4]
    return bytes(made)


def write_small(picture, path):
    """Write a pixbuf as a small JPEG, as presets have them; `GLib.Error` where that fails.

    It is made opaque: with alpha, glycin, by which newer systems write pictures, makes it gray.
    """
    scale = _SMALL / max(picture.get_width(), picture.get_height())
    width, height = (max(1, round(n * scale)) for n in (picture.get_width(), picture.get_height()))
    small = canvas(width, height, _LIGHT)
    across, down = width / picture.get_width(), height / picture.get_height()
    how = GdkPixbuf.InterpType.BILINEAR
    picture.composite(small, 0, 0, width, height, 0, 0, across, down, how, 255)
    small.savev(path, "jpeg", ["quality"], ["88"])


def canvas(width, height, color):
    """An opaque pixbuf of one color, 0xRRGGBB."""
    made = GdkPixbuf.Pixbuf.new(GdkPixbuf.Colorspace.RGB, False, 8, width, height)
    made.fill(color << 8 | 0xFF)
    return made


def draw(target, placed, viewport, first=0, last=None):
    """Draw a placed picture as it is seen through a viewport, on a checkerboard.

    Parameters
    ----------
    target : GdkPixbuf.Pixbuf
        Of the size of the view.
    placed : editor.dialog.viewport.Placed
        The picture.
    viewport : editor.dialog.viewport.Viewport
        Where the whole picture is seen.
    first, last : int, optional
        Only columns of the view from `first` to before `last`.
    """
    x, y = viewport.to_view(placed.left, placed.top)
    right, bottom = viewport.to_view(placed.left + placed.width, placed.top + placed.height)
    last = target.get_width() if last is None else last
    left, top = max(round(x), first, 0), max(round(y), 0)
    end = min(round(right), last, target.get_width())
    low = min(round(bottom), target.get_height())
    if left >= end or top >= low:
        return
    across = (right - x) / placed.picture.get_width()
    down = (bottom - y) / placed.picture.get_height()
    # Enlarged pixels are seen as such from twice their size on, as on GIMP's canvas.
    nearest = viewport.scale >= 2 and across >= 2
    how = GdkPixbuf.InterpType.NEAREST if nearest else GdkPixbuf.InterpType.BILINEAR
    placed.picture.composite_color(
        target, left, top, end - left, low - top, x, y, across, down, how, 255,
        0, 0, _CHECK, _LIGHT, _DARK,
    )  # fmt: skip


def line(target, column):
    """Draw an upright line of two pixels, light on dark."""
    width, height = target.get_width(), target.get_height()
    for offset, color in ((-2, 0x00000000), (-1, 0xFFFFFF00), (0, 0xFFFFFF00), (1, 0x00000000)):
        if 0 <= column + offset < width:
            target.new_subpixbuf(column + offset, 0, 1, height).fill(color | 0xFF)
