"""Writes a dream with its recipe in GIMP 3: into its layer, a new layer or a new image."""

import json
import sys

import gimp_messages
from editor import messages
from editor.messages import DREAM, RefusedError
from gi.repository import Gegl, Gimp

from gimp3.changes import UNTURNED, find_place
from gimp3.merging import lies_on_canvas, merge
from gimp3.pixels import NONE, bands, is_layer
from gimp3.strokes import with_strokes

_MOST_PAINTED = 0.5
"""Share of the pixels that may have been painted on for the dream to be added to them."""


class Start:
    """What an image is as a dream begins; it may be another, or closed, at its end."""

    def __init__(self, image):
        self.image = image
        self.base_type, self.precision = image.get_base_type(), image.get_precision()
        self.profile = image.get_color_profile()
        _, *self.resolution = image.get_resolution()
        self.size = image.get_width(), image.get_height()
        display = Gimp.default_display()
        self._display = display if display is not None and display.is_valid() else None

    def is_open(self):
        """Whether the image is there, and still shown where the filter was called.

        GIMP keeps a closed image for as long as a filter runs on it.
        """
        return self.image.is_valid() and (self._display is None or self._display.is_valid())


def check_output(drawable, output):
    """Raise `RefusedError`, before the dream, for what GIMP would not let us write."""
    name = drawable.get_name()
    if output != "in-place":
        if isinstance(drawable, Gimp.LayerMask):
            raise RefusedError(gimp_messages.mask_chosen(Gimp.Layer.from_mask(drawable).get_name()))
        if not is_layer(drawable):
            raise RefusedError(gimp_messages.no_layer(name))
        return
    item = drawable
    if isinstance(drawable, Gimp.LayerMask):
        item = Gimp.Layer.from_mask(drawable)
    # A lock also holds for everything in a group, and for a layer's mask.
    while item is not None:
        if item.get_lock_content():
            raise RefusedError(gimp_messages.locked(item.get_name()))
        item = item.get_parent()
    # Since GIMP 3.2: layers whose pixels GIMP renders from text, paths or a file.
    kind = getattr(Gimp, "Rasterizable", None)
    if kind is not None and isinstance(drawable, kind) and not drawable.is_rasterized():
        raise RefusedError(gimp_messages.rendered(name))


def put(start, dreamt, output, opacity, mode, work=DREAM):
    """Write all dreams in one undo step; the image that holds them, and what to tell or "".

    The dream is lost in no case: where the image or a layer is not as it was when the dream began,
    it goes onto a new layer, or into a new image.

    Parameters
    ----------
    start : Start
        The image that was dreamt on.
    dreamt : list
        Triples of `gimp3.original.Original`, the buffer that it received, and the recipe as a dict.
    output : str
        One of `settings.OUTPUTS`.
    opacity, mode : float and str
        Of new layers: 0..100, and one of `settings.MODES`.
    work : messages.Work
        What it is called.
    """
    image = start.image
    if output == "new-image":
        return _new_image(start, dreamt, work), ""
    if not start.is_open():
        return _new_image(start, dreamt, work), gimp_messages.CLOSED
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        return _new_image(start, dreamt, work), gimp_messages.MADE_INDEXED
    try:
        return image, _into(start, dreamt, output, (opacity, mode), work)
    except Exception as error:
        # The painter may change anything between a look at it and the next call.
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return _new_image(start, dreamt, work), gimp_messages.NOT_TAKEN


def _into(start, dreamt, output, look, work):
    """Write into the image; what to tell."""
    image, layers, moved = start.image, [], []
    image.undo_group_start()
    try:
        for original, result, used in dreamt:
            place = find_place(original, start.size)
            reason = place.reason
            if output == "in-place":
                reason = reason or _in_place(original, result, used, work)
                if reason is None:
                    continue
                layer = _new_layer(image, original, result, place, (100.0, "normal"), work)
            else:
                hidden = output == "paint-in"
                layer = _new_layer(image, original, result, place, look, work, hidden)
            _sign(layer, used, work)
            layers.append(layer)
            if output == "in-place" or reason in ("gone", "shape"):
                moved.append((reason, original.name))
        if layers:
            image.set_selected_layers(layers)
    finally:
        if image.is_valid():
            image.undo_group_end()
    return gimp_messages.moved(moved)


def _in_place(original, result, used, work):
    """Write into the drawable; None, or why that cannot be done: see `gimp3.changes.Place`."""
    try:
        check_output(original.drawable, "in-place")
    except RefusedError:
        return "locked"
    result, painted = with_strokes(original, result)
    if painted > _MOST_PAINTED:
        return "repainted"
    if not lies_on_canvas(original):
        return "shape"
    if not merge(original, result):
        return "locked"
    _sign(original.drawable, used, work)
    return None


def _new_layer(image, original, result, place, look, work, hidden=False):
    """Put the dream on a layer above, masked by the selection and the layer's mask.

    Where it is hidden, its mask is black and chosen, for the painter to paint the dream in.
    """
    name, turn = messages.layer_name(original.name, work), place.turn
    layer = _layer(image, original, result, name, look, turn)
    image.insert_layer(layer, *_above(image, original))
    layer.set_offsets(place.x, place.y)
    if hidden:
        layer.add_mask(layer.create_mask(Gimp.AddMaskType.BLACK))
    elif original.selection is not None or original.mask is not None:
        mask = layer.create_mask(Gimp.AddMaskType.WHITE)
        layer.add_mask(mask)
        _write(mask.get_buffer(), original, turn, "Y float", 4, original.shown)
    if place.scale != (1.0, 1.0):
        size = (
            max(1, round(s * n))
            for s, n in zip(place.scale, (layer.get_width(), layer.get_height()))
        )
        layer.scale(*size, False)
        layer.set_offsets(place.x, place.y)
    if layer.get_mask() is not None:
        layer.set_edit_mask(hidden)
    return layer


def _layer(image, original, result, name, look, turn=UNTURNED):
    """A new layer of an image, not yet inserted, with the changed part of `result`."""
    kinds = {
        (Gimp.ImageBaseType.RGB, False): Gimp.ImageType.RGB_IMAGE,
        (Gimp.ImageBaseType.RGB, True): Gimp.ImageType.RGBA_IMAGE,
        (Gimp.ImageBaseType.GRAY, False): Gimp.ImageType.GRAY_IMAGE,
        (Gimp.ImageBaseType.GRAY, True): Gimp.ImageType.GRAYA_IMAGE,
    }
    kind = kinds[image.get_base_type(), original.has_alpha]
    opacity, mode = look
    mode = getattr(Gimp.LayerMode, mode.upper().replace("-", "_"))
    size = turn.size(original.area.width, original.area.height)
    layer = Gimp.Layer.new(image, name, *size, kind, opacity, mode)
    form = original.native

    def read(band):
        return result.get(band, 1.0, form, NONE)

    _write(layer.get_buffer(), original, turn, form, original.pixel_bytes, read)
    return layer


def _write(buffer, original, turn, form, size, read):
    """Fill a buffer from its corner on with the part's pixels of so many bytes, turned."""
    area = original.area
    for band in bands(area):
        data, top = read(band), band.y - area.y
        if turn is UNTURNED:
            buffer.set(Gegl.Rectangle.new(0, top, band.width, band.height), form, data)
            continue
        step = band.width * size
        for row in range(band.height):
            there = turn.area(0, top + row, area.width, 1, area.width, area.height)
            line = turn.line(data[row * step : (row + 1) * step], size)
            buffer.set(Gegl.Rectangle.new(*there), form, line)
    buffer.flush()


def _above(image, original):
    """Group and number in it for a new layer: above the one dreamt on, or where that was."""
    beside, parent = original.beside, original.parent
    if beside is not None and beside.is_valid():
        return beside.get_parent(), image.get_item_position(beside)
    if parent is None or not parent.is_valid():
        return None, min(original.position, len(image.get_layers())) if parent is None else 0
    return parent, min(original.position, len(parent.get_children()))


def put_frames(start, original, frames, used, motion, milliseconds):
    """A new image whose layers, from below, are the frames of an animation.

    The recipe is stored on each, and how they move on the image, as JSON.

    Parameters
    ----------
    start : Start
        The image that was dreamt on.
    original : gimp3.original.Original
        What was.
    frames : list of Gegl.Buffer
        As it received them.
    used : dict or None
        The recipe; None where it is not known.
    motion : dict
        What `settings.Settings.motion` gave.
    milliseconds : int
        For which a frame is shown.
    """
    dreamt = [(original, frame, used) for frame in reversed(frames)]
    names = [gimp_messages.frame_name(n, milliseconds) for n in range(len(frames), 0, -1)]
    made = _new_image(start, dreamt, DREAM, names)
    _attach(made, gimp_messages.ANIMATION_PARASITE, dict(motion, frame_time=milliseconds))
    return made


def _new_image(start, dreamt, work, names=None):
    """A new image of the same kind that encloses all dreamt parts, with a layer for each.

    The layers have the names of those dreamt on, or `names`, from above.
    """
    names = names or [original.name for original, _, _ in dreamt]
    corners = [_corner(original) for original, _, _ in dreamt]
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    right = max(x + part[0].area.width for (x, _), part in zip(corners, dreamt))
    bottom = max(y + part[0].area.height for (_, y), part in zip(corners, dreamt))
    size = right - left, bottom - top
    made = Gimp.Image.new_with_precision(*size, start.base_type, start.precision)
    try:
        made.undo_disable()
        if start.profile is not None:
            made.set_color_profile(start.profile)
        made.set_resolution(*start.resolution)
        for name, (original, result, used) in reversed(list(zip(names, dreamt))):
            layer = _layer(made, original, result, name, (100.0, "normal"))
            made.insert_layer(layer, None, 0)
            x, y = _corner(original)
            layer.set_offsets(x - left, y - top)
            if used is not None:
                _sign(layer, used, work)
        made.undo_enable()
    except BaseException:
        # Nobody would see it, and GIMP would keep it.
        made.delete()
        raise
    return made


def _corner(original):
    return original.left + original.area.x, original.top + original.area.y


def _sign(drawable, recipe, work):
    """Store the recipe (a dict) on a drawable; undone together with the dream."""
    _attach(drawable, work.parasite, recipe)


def _attach(thing, name, values):
    """Store a dict on a drawable or an image."""
    flags = Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE
    text = json.dumps(values, sort_keys=True)
    thing.attach_parasite(Gimp.Parasite.new(name, flags, text.encode("ascii")))


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
