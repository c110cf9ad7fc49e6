"""What a painter may do to an image while a dream runs; `painter.py` calls these by name."""

from gi.repository import Babl, Gegl, Gimp


def rotate_image(image, layer):
    """A quarter turn to the right."""
    image.rotate(Gimp.RotationType.DEGREES90)


def turn_image_upside_down(image, layer):
    """A half turn."""
    image.rotate(Gimp.RotationType.DEGREES180)


def rotate_image_back(image, layer):
    """A quarter turn to the left."""
    image.rotate(Gimp.RotationType.DEGREES270)


def flip_image(image, layer):
    """Mirror the image."""
    image.flip(Gimp.OrientationType.HORIZONTAL)


def flip_layer(image, layer):
    """Turn the layer upside down, within its own bounds."""
    bounds = layer.get_offsets()[2] + layer.get_height() / 2
    layer.transform_flip_simple(Gimp.OrientationType.VERTICAL, False, bounds)


def turn_layer(image, layer):
    """Turn the layer by an angle."""
    layer.transform_rotate(0.4, True, 0, 0)


def scale_image(image, layer):
    """Enlarge the image."""
    image.scale(image.get_width() * 2, image.get_height() * 2)


def scale_layer(image, layer):
    """Reduce the layer alone."""
    layer.scale(layer.get_width() // 2, layer.get_height(), False)


def crop_image(image, layer):
    """Cut off what is at the edges."""
    image.crop(40, 30, 13, 9)


def enlarge_canvas(image, layer):
    """More canvas around; the layer keeps its size."""
    image.resize(100, 90, 17, 21)


def enlarge_layer(image, layer):
    """Give the layer larger bounds."""
    layer.resize(layer.get_width() + 20, layer.get_height() + 12, 8, 5)


def move_layer(image, layer):
    """Move the layer."""
    layer.set_offsets(layer.get_offsets()[1] + 7, layer.get_offsets()[2] - 4)


def make_gray(image, layer):
    """Image > Mode > Grayscale."""
    image.convert_grayscale()


def make_indexed(image, layer):
    """Image > Mode > Indexed."""
    image.convert_indexed(
        Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, ""
    )


def make_float(image, layer):
    """Another precision."""
    image.convert_precision(Gimp.Precision.FLOAT_LINEAR)


def assign_profile(image, layer):
    """Another profile for the same numbers."""
    image.set_color_profile(Gimp.ColorProfile.new_rgb_adobe())


def convert_profile(image, layer):
    """Another profile, and the numbers for it."""
    image.convert_color_profile(
        Gimp.ColorProfile.new_rgb_adobe(), Gimp.ColorRenderingIntent.PERCEPTUAL, False
    )


def add_alpha(image, layer):
    """Layer > Transparency > Add Alpha Channel."""
    layer.add_alpha()


def stroke(image, layer):
    """A stroke across the layer: rows 10 to 14 become another color, bits of their own."""
    own = layer.get_format()
    width, size = layer.get_width(), Babl.format_get_bytes_per_pixel(own)
    row = bytes((37 * n + 11) % 251 for n in range(width * size))
    shadow = layer.get_shadow_buffer()
    buffer = layer.get_buffer()
    area = Gegl.Rectangle.new(0, 0, width, layer.get_height())
    buffer.copy(area, Gegl.AbyssPolicy.NONE, shadow, area)
    for y in range(10, 15):
        shadow.set(Gegl.Rectangle.new(0, y, width, 1), Babl.get_name(own), row)
    shadow.flush()
    layer.merge_shadow(True)
    layer.update(0, 0, width, layer.get_height())


def erase(image, layer):
    """Erase a strip: a selected one, then none again."""
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 5, 5, 20, 8)
    layer.edit_clear()
    Gimp.Selection.none(image)


def fill_all(image, layer):
    """Fill the layer with one color."""
    layer.fill(Gimp.FillType.WHITE)


def delete_layer(image, layer):
    """Delete the layer."""
    image.remove_layer(layer)


def merge_layers(image, layer):
    """Merge the visible layers."""
    image.merge_visible_layers(Gimp.MergeType.CLIP_TO_IMAGE)


def flatten(image, *layers):
    """Image > Flatten Image."""
    image.flatten()


def reorder(image, layer):
    """Move the layer to the bottom."""
    image.lower_item_to_bottom(layer)


def group_layer(image, layer):
    """Put the layer into a group."""
    group = Gimp.GroupLayer.new(image, "a group")
    image.insert_layer(group, None, 0)
    image.reorder_item(layer, group, 0)


def drop_selection(image, layer):
    """Select > None."""
    Gimp.Selection.none(image)


def select_elsewhere(image, layer):
    """Select another part."""
    Gimp.context_set_feather(False)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 2, 3, 9, 8)


def lock_pixels(image, layer):
    """Lock the layer's pixels."""
    layer.set_lock_content(True)


def add_mask(image, layer):
    """Give the layer a mask, which is being edited from then on."""
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.BLACK))


def apply_mask(image, layer):
    """Apply the layer's mask."""
    layer.remove_mask(Gimp.MaskApplyMode.APPLY)


def paint_mask(image, layer):
    """Edit the layer's mask."""
    layer.get_mask().fill(Gimp.FillType.WHITE)


def remove_masked(image, mask):
    """Delete the mask that is dreamt on."""
    Gimp.Layer.from_mask(mask).remove_mask(Gimp.MaskApplyMode.DISCARD)


def delete_channel(image, channel):
    """Delete the channel that is dreamt on."""
    image.remove_channel(channel)


def float_selection(image, layer):
    """Make what is selected float."""
    Gimp.Selection.float(image, [layer], 3, 3)


def rename_layer(image, layer):
    """Call the layer something else."""
    layer.set_name("renamed")


def nothing(image, layer):
    """Look on."""
