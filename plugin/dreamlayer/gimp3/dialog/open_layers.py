"""The layers of open images, and small pictures of them as GIMP makes them."""

from gi.repository import Gimp, GLib


def all_layers(layers):
    """Layers and groups, and what is in the groups."""
    found = []
    for layer in layers:
        found.append(layer)
        if layer.is_group():
            found += all_layers(layer.get_children())
    return found


def thumbnail(thing, side):
    """A pixbuf of a layer or an image, with the longer side in pixels; None where it has none."""
    try:
        return thing.get_thumbnail(side, side, Gimp.PixbufTransparency.SMALL_CHECKS)
    except (GLib.Error, TypeError):
        # A layer without pixels has none.
        return None
