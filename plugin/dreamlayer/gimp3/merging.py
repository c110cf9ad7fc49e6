"""Writes pixels exactly into a GIMP 3 drawable, in one undo step, whatever is selected."""

from gi.repository import Gimp

from gimp3.pixels import NONE, bands, copied, format_of


def merge(original, result):
    """Make `result` the part's content: one undo step, or False where GIMP refuses.

    The selection of the start has weighed the dream; where there is another now, it stays.
    """
    if _same_selection(original):
        return _merge(original, result)
    return _merge_as_selected(original, result)


def lies_on_canvas(original):
    """Whether what was selected lies on the canvas; beyond it nothing can be selected."""
    image, area = original.drawable.get_image(), original.area
    _, left, top = original.drawable.get_offsets()
    right, bottom = left + area.x + area.width, top + area.y + area.height
    inside = min(left + area.x, top + area.y) >= 0
    inside = inside and right <= image.get_width() and bottom <= image.get_height()
    return inside or not original.selected


def _merge(original, result):
    """As `merge`, where GIMP's undo step covers the part."""
    drawable, area = original.drawable, original.area
    shadow = drawable.get_shadow_buffer()
    result.copy(area, NONE, shadow, area)
    shadow.flush()
    if not drawable.merge_shadow(True):
        return False
    # GIMP merged in float: rounded, and feathered twice where there is a selection. The undo step
    # exists now, so the exact pixels can be written over that.
    buffer = drawable.get_buffer()
    result.copy(area, NONE, buffer, area)
    buffer.flush()
    drawable.update(area.x, area.y, area.width, area.height)
    return True


def _merge_as_selected(original, result):
    """As `merge`, where the selection is another: the undo step covers what is selected."""
    image, area = original.drawable.get_image(), original.area
    layers, channels = image.get_selected_layers(), image.get_selected_channels()
    empty = Gimp.Selection.is_empty(image)
    present = None if empty else Gimp.Selection.save(image)
    if original.selected:
        _, left, top = original.drawable.get_offsets()
        Gimp.context_push()
        Gimp.context_set_feather(False)
        corner = left + area.x, top + area.y
        image.select_rectangle(Gimp.ChannelOps.REPLACE, *corner, area.width, area.height)
        Gimp.context_pop()
    else:
        Gimp.Selection.none(image)
    try:
        return _merge(original, result)
    finally:
        if present is None:
            Gimp.Selection.none(image)
        else:
            image.select_item(Gimp.ChannelOps.REPLACE, present)
            image.remove_channel(present)
        if layers:
            image.set_selected_layers(layers)
        elif channels:
            image.set_selected_channels(channels)


def _same_selection(original):
    """Whether the selection in the part is that of the start."""
    image, drawable, area = original.drawable.get_image(), original.drawable, original.area
    selection = image.get_selection()
    if selection.is_empty(image) == original.selected:
        return False
    if not original.selected:
        return True
    if tuple(drawable.mask_intersect()[1:]) != (area.x, area.y, area.width, area.height):
        return False
    _, left, top = drawable.get_offsets()
    form = format_of(selection)
    now = copied(selection.get_buffer(), area, form, left, top)
    return all(
        now.get(band, 1.0, form, NONE) == original.selection.get(band, 1.0, form, NONE)
        for band in bands(area)
    )
