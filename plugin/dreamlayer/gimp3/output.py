"""Writes a dream with its recipe in GIMP 3: into its layer, a new layer or a new image."""

import json

import messages
from gi.repository import Gimp
from messages import DREAM, RefusedError


def check_output(drawable, output):
    """Raise `RefusedError`, before the dream, for what GIMP would not let us write."""
    name = drawable.get_name()
    if output != "in-place":
        if not isinstance(drawable, Gimp.Layer):
            raise RefusedError(messages.no_layer(name))
        return
    item = drawable
    if isinstance(drawable, Gimp.LayerMask):
        item = Gimp.Layer.from_mask(drawable)
    # A lock also holds for everything in a group, and for a layer's mask.
    while item is not None:
        if item.get_lock_content():
            raise RefusedError(messages.locked(item.get_name()))
        item = item.get_parent()
    # Since GIMP 3.2: layers whose pixels GIMP renders from text, paths or a file.
    kind = getattr(Gimp, "Rasterizable", None)
    if kind is not None and isinstance(drawable, kind) and not drawable.is_rasterized():
        raise RefusedError(
            f"'{name}' is a text, vector or link layer; "
            "rasterize it first, or set Output to New layer"
        )


def put(image, dreamt, output, selected, work=DREAM):
    """Write all dreams in one undo step; the image that holds them.

    Parameters
    ----------
    image : Gimp.Image
        The image that was dreamt on.
    dreamt : list
        Triples of `gimp3.pixels.Region`, the buffer that it received, and the recipe as a dict.
    output : str
        One of `settings.OUTPUTS`.
    selected : bool
        Whether the image has a selection.
    work : messages.Work
        What it is called.

    Raises
    ------
    RefusedError
        GIMP does not let a layer be changed.
    """
    if output == "new-image":
        return _new_image(image, dreamt, work)
    image.undo_group_start()
    written = []
    try:
        for region, result, used in dreamt:
            if output == "new-layer":
                _new_layer(image, region, result, used, selected, work)
            else:
                written.append((region, region.drawable.get_buffer().dup()))
                _in_place(region, result, used, work)
    except RefusedError:
        # Write all of them or none.
        for region, original in reversed(written):
            region.restore(original)
        raise
    finally:
        image.undo_group_end()
    return image


def _in_place(region, result, used, work):
    if not region.replace(result):
        raise RefusedError(messages.unchangeable(region.drawable.get_name()))
    _sign(region.drawable, used, work)


def _new_layer(image, region, result, used, selected, work):
    """Put the dream on a layer above, with a mask made of the selection and the layer's mask."""
    source = region.drawable
    layer = region.layer(image, result, work.layer.format(source.get_name()))
    image.insert_layer(layer, source.get_parent(), image.get_item_position(source))
    _place(layer, region, 0, 0)
    own_mask = source.get_mask()
    if own_mask is None:
        if selected:
            layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
    else:
        before = Gimp.Selection.save(image) if selected else None
        how = Gimp.ChannelOps.INTERSECT if selected else Gimp.ChannelOps.REPLACE
        image.select_item(how, own_mask)
        layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
        if before is None:
            Gimp.Selection.none(image)
        else:
            image.select_item(Gimp.ChannelOps.REPLACE, before)
            image.remove_channel(before)
    _sign(layer, used, work)


def _new_image(image, dreamt, work):
    """A new image of the same kind that encloses all dreamt parts, with a layer for each."""
    corners = [_corner(region) for region, _, _ in dreamt]
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    right = max(x + part[0].width for (x, _), part in zip(corners, dreamt))
    bottom = max(y + part[0].height for (_, y), part in zip(corners, dreamt))
    made = Gimp.Image.new_with_precision(
        right - left, bottom - top, image.get_base_type(), image.get_precision()
    )
    made.undo_disable()
    made.set_color_profile(image.get_color_profile())
    _, horizontal, vertical = image.get_resolution()
    made.set_resolution(horizontal, vertical)
    for region, result, used in reversed(dreamt):
        layer = region.layer(made, result, region.drawable.get_name())
        made.insert_layer(layer, None, 0)
        _place(layer, region, left, top)
        _sign(layer, used, work)
    made.undo_enable()
    return made


def _sign(drawable, recipe, work):
    """Store the recipe (a dict) on a drawable; undone together with the dream."""
    flags = Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE
    text = json.dumps(recipe, sort_keys=True)
    drawable.attach_parasite(Gimp.Parasite.new(work.parasite, flags, text.encode("ascii")))


def recipe_on(drawable, work=DREAM):
    """The recipe stored on a drawable as a dict, or None."""
    parasite = drawable.get_parasite(work.parasite)
    if parasite is None:
        return None
    try:
        read = json.loads(bytes(parasite.get_data()).decode("utf-8"))
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _corner(region):
    _, left, top = region.drawable.get_offsets()
    return region.x + left, region.y + top


def _place(layer, region, left, top):
    x, y = _corner(region)
    layer.set_offsets(x - left, y - top)
