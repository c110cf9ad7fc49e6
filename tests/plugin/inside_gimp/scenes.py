"""Images that are not just a photo, for the visits to windows: made from the photo that is open."""

from gi.repository import Gegl, Gimp

EDGE = 450
"""Columns of the photo that the layer mask of `masked` shows."""


def adobe(image):
    """The same numbers as Adobe RGB: other, stronger colors."""
    image.set_color_profile(Gimp.ColorProfile.new_rgb_adobe())


def selected(image):
    """A selection with soft edges; with context it is smaller than the photo."""
    Gimp.context_push()
    Gimp.context_set_feather(True)
    Gimp.context_set_feather_radius(12, 12)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 150, 90, 300, 210)
    Gimp.context_pop()


def masked(image):
    """A layer mask that hides the right side."""
    layer = image.get_layers()[0]
    layer.add_alpha()
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(mask)
    hidden = Gegl.Rectangle.new(EDGE, 0, mask.get_width() - EDGE, mask.get_height())
    buffer = mask.get_buffer()
    buffer.set(hidden, "Y u8", bytes(hidden.width * hidden.height))
    buffer.flush()
    mask.update(0, 0, mask.get_width(), mask.get_height())
    # A new mask is what the painter paints on.
    layer.set_edit_mask(False)


def several(image):
    """Two chosen layers; the upper one covers a corner, so that the middle of both is seen."""
    below = image.get_layers()[0]
    above = below.copy()
    above.set_name("Saucer")
    image.insert_layer(above, None, 0)
    above.resize(300, 150, -300, -250)
    image.set_selected_layers([above, below])


def _begun(make):
    """The scene as the beginning, which nothing can undo."""

    def begin(image):
        image.undo_disable()
        make(image)
        image.undo_enable()
        Gimp.displays_flush()

    return begin


SCENES = {make.__name__: _begun(make) for make in (adobe, selected, masked, several)}
