# -*- coding: utf-8 -*-
"""A fake of pygimp: what the filter calls, one process, 8 bits, no tiles, groups without layers.

It is as strict as the real one where Python 2 plug-ins stumble: text must be bytes, slices of pixel
regions must lie in them, what is written counts once it is flushed, and merging applies the
selection once more, in whole levels.
"""

from __future__ import division, unicode_literals

import itertools
import sys

import gimpenums

_numbers = itertools.count(1)

messages = []
"""All that was said to the painter."""

progress = []
"""All shares of the work that were shown, and texts."""

displays = []
"""Images that were shown."""

procedures = {}
"""What was installed, by name: arguments, results, menu and so on."""

_callbacks = {}


class error(Exception):
    """What pygimp raises."""


def _bytes(text):
    if not isinstance(text, bytes):
        raise TypeError("must be string, not %s" % type(text).__name__)
    return text


class Image(object):
    """An image; `undo` undoes the last step."""

    def __init__(self, width, height, type=gimpenums.RGB):
        self.ID, self.width, self.height, self.base_type = next(_numbers), width, height, type
        self.precision, self.resolution = gimpenums.PRECISION_U8_GAMMA, (72.0, 72.0)
        self.profile, self.layers, self.inactive = (), [], set()
        self.undo_enabled, self._steps, self._open = True, [], 0
        self.selection = Channel(self, b"Selection Mask", width, height)

    def __eq__(self, other):
        return isinstance(other, Image) and self.ID == other.ID

    def __ne__(self, other):
        return not self == other

    def disable_undo(self):
        self.undo_enabled = False

    def enable_undo(self):
        self.undo_enabled = True

    def undo_group_start(self):
        if not self._open:
            self._steps.append([])
        self._open += 1

    def undo_group_end(self):
        self._open -= 1

    def push(self, undo):
        """Remember how to undo something."""
        if not self.undo_enabled:
            return
        if self._open:
            self._steps[-1].append(undo)
        else:
            self._steps.append([undo])

    def undo(self):
        """Undo the last step."""
        for undo in reversed(self._steps.pop()):
            undo()

    @property
    def steps(self):
        """How many steps can be undone; -1 where a group was left open."""
        return -1 if self._open else len(self._steps)

    def get_component_active(self, component):
        return component not in self.inactive


class Drawable(object):
    """Pixels."""

    mask = parent = None

    def __init__(self, image, name, width, height, bpp):
        self.ID, self.image, self.name = next(_numbers), image, _bytes(name)
        self.width, self.height, self.bpp, self.offsets = width, height, bpp, (0, 0)
        self.data, self.parasites, self.is_locked = bytearray(width * height * bpp), {}, False
        self._shadow, self._unflushed = None, []

    is_rgb = property(lambda self: self.bpp > 2)
    has_alpha = property(lambda self: self.bpp in (2, 4))

    def get_pixel_rgn(self, x, y, width, height, dirty=True, shadow=False):
        return PixelRgn(self, x, y, width, height, dirty, shadow)

    def flush(self):
        for shadow, area, levels in self._unflushed:
            if shadow and self._shadow is None:
                self._shadow = bytearray(self.data)
            target = self._shadow if shadow else self.data
            for start, end, row in self.rows(*area):
                target[start:end] = levels[row * (end - start) : (row + 1) * (end - start)]
        self._unflushed = []

    def rows(self, x, y, width, height):
        """Where the rows of an area lie in the data: start, end, number."""
        for row in range(height):
            start = ((y + row) * self.width + x) * self.bpp
            yield start, start + width * self.bpp, row

    def merge_shadow(self, undo=False):
        if self.is_locked or self._shadow is None:
            raise error("could not merge the shadow buffer on drawable (ID %d)" % self.ID)
        _, x, y, width, height = pdb.gimp_drawable_mask_intersect(self)
        before = bytes(self.data)
        colors = [gimpenums.CHANNEL_RED + c for c in range(3)] if self.is_rgb else [3]
        active = [self.image.get_component_active(c) for c in colors] + [True]
        if not isinstance(self, Layer):
            active = [True] * 4
        for row in range(y, y + height):
            for column in range(x, x + width):
                share = self._share(column, row)
                for c in range(self.bpp):
                    if active[c]:
                        place = (row * self.width + column) * self.bpp + c
                        old, new = self.data[place], self._shadow[place]
                        self.data[place] = int(old + (new - old) * share + 0.5)
        self._shadow = None
        if undo:
            self.image.push(lambda: self._put(before, x, y, width, height))

    def _put(self, levels, x, y, width, height):
        for start, end, _ in self.rows(x, y, width, height):
            self.data[start:end] = levels[start:end]

    def _share(self, x, y):
        if pdb.gimp_selection_is_empty(self.image):
            return 1.0
        x, y = x + self.offsets[0], y + self.offsets[1]
        if not (0 <= x < self.image.width and 0 <= y < self.image.height):
            return 0.0
        return self.image.selection.data[y * self.image.width + x] / 255

    def update(self, x, y, width, height):
        if x < 0 or y < 0 or x + width > self.width or y + height > self.height:
            raise error("could not update drawable (ID %d)" % self.ID)

    def attach_new_parasite(self, name, flags, data):
        _bytes(data)
        before = self.parasites.get(_bytes(name))
        self.parasites[name] = data
        if flags & gimpenums.PARASITE_UNDOABLE:
            self.image.push(lambda: self.parasites.update({name: before}))


class Channel(Drawable):
    """A selection, mask or channel."""

    def __init__(self, image, name, width, height):
        super(Channel, self).__init__(image, name, width, height, 1)

    type = gimpenums.GRAY_IMAGE


class Layer(Drawable):
    """A layer."""

    def __init__(self, image, name, width, height, type, opacity=100.0, mode=0):
        bpp = {
            gimpenums.RGB_IMAGE: 3,
            gimpenums.RGBA_IMAGE: 4,
            gimpenums.GRAY_IMAGE: 1,
            gimpenums.GRAYA_IMAGE: 2,
        }[type]
        super(Layer, self).__init__(image, name, width, height, bpp)
        self.type, self.opacity, self.mode = type, opacity, mode

    def set_offsets(self, x, y):
        self.offsets = (x, y)

    def create_mask(self, type):
        mask = Channel(self.image, b"mask", self.width, self.height)
        if type not in (0, 1):
            raise error("this fake makes white and black masks only")
        mask.data[:] = (b"\0" if type else b"\xff") * len(mask.data)
        return mask

    def add_mask(self, mask):
        self.mask, self.edit_mask = mask, True


class GroupLayer(Layer):
    """A layer group."""


class PixelRgn(object):
    """A pixel region."""

    def __init__(self, drawable, x, y, width, height, dirty, shadow):
        self._drawable, self._dirty, self._shadow = drawable, dirty, shadow
        self._x, self._y, self._width, self._height = x, y, width, height

    def _area(self, key):
        across, down = key
        for part, first, count in (
            (across, self._x, self._width),
            (down, self._y, self._height),
        ):
            if part.start < first or part.stop > first + count or part.stop < part.start:
                raise IndexError("invalid slice")
        width, height = across.stop - across.start, down.stop - down.start
        return across.start, down.start, width, height

    def __getitem__(self, key):
        data = self._drawable.data
        rows = self._drawable.rows(*self._area(key))
        return b"".join(bytes(data[start:end]) for start, end, _ in rows)

    def __setitem__(self, key, levels):
        area = self._area(key)
        if not self._dirty:
            raise error("the region is for reading")
        if len(_bytes(levels)) != area[2] * area[3] * self._drawable.bpp:
            raise TypeError("string is wrong length")
        self._drawable._unflushed.append((self._shadow, area, levels))


class Display(object):
    """A window with an image."""

    def __init__(self, image):
        displays.append(image)


class _Procedures(object):
    """Those of GIMP's procedures that the filter calls."""

    def gimp_image_get_precision(self, image):
        return image.precision

    def gimp_item_is_group(self, item):
        return int(isinstance(item, GroupLayer))

    def gimp_item_is_layer(self, item):
        return int(isinstance(item, Layer))

    def gimp_item_get_lock_content(self, item):
        return int(item.is_locked)

    def gimp_selection_is_empty(self, image):
        return int(not any(image.selection.data))

    def gimp_drawable_mask_intersect(self, drawable):
        image, (left, top) = drawable.image, drawable.offsets
        if self.gimp_selection_is_empty(image):
            return 1, 0, 0, drawable.width, drawable.height
        chosen = image.selection.data
        columns, rows = set(), set()
        for y in range(max(top, 0), min(top + drawable.height, image.height)):
            for x in range(max(left, 0), min(left + drawable.width, image.width)):
                if chosen[y * image.width + x]:
                    columns.add(x - left)
                    rows.add(y - top)
        if not rows:
            return 0, 0, 0, 0, 0
        x, y = min(columns), min(rows)
        return 1, x, y, max(columns) - x + 1, max(rows) - y + 1

    def gimp_image_get_item_position(self, image, item):
        return image.layers.index(item)

    def gimp_image_insert_layer(self, image, layer, parent, position):
        image.layers.insert(position, layer)
        layer.parent = parent
        image.push(lambda: image.layers.remove(layer))

    def gimp_image_get_color_profile(self, image):
        return len(image.profile), tuple(image.profile)

    def gimp_image_set_color_profile(self, image, size, profile):
        assert size == len(profile)
        image.profile = tuple(profile)

    def gimp_progress_set_text(self, text):
        progress.append(_bytes(text))


pdb = _Procedures()


def message(text):
    messages.append(_bytes(text))


def progress_init(text):
    progress.append(_bytes(text))


def progress_update(share):
    progress.append(float(share))


def displays_flush():
    pass


def install_procedure(name, *facts):
    for fact in facts[:6]:
        _bytes(fact)
    names = [
        "blurb",
        "help",
        "author",
        "copyright",
        "date",
        "label",
        "types",
        "kind",
        "arguments",
        "results",
    ]
    procedures[_bytes(name)] = dict(zip(names, facts))
    for _, argument, description in facts[8] + facts[9]:
        _bytes(argument)
        _bytes(description)


def menu_register(name, path):
    procedures[name]["menu"] = _bytes(path)


def main(start, end, query, run):
    _callbacks["run"] = run
    query()


def call(name, mode, *values):
    """Call a procedure as GIMP does: its results, or None where it failed."""
    kinds = [argument[0] for argument in procedures[name]["arguments"]][1:]
    read = {gimpenums.PDB_INT32: int, gimpenums.PDB_FLOAT: float, gimpenums.PDB_STRING: _bytes}
    values = tuple(read.get(kind, lambda v: v)(value) for kind, value in zip(kinds, values))
    try:
        return (_callbacks["run"](name, (mode,) + values),)
    except Exception:
        sys.excepthook(*sys.exc_info())
        return None
