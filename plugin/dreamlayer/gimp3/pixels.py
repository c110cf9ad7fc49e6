"""Pixels of a GIMP 3 drawable: sent to the worker as RGBA, and taken back exactly."""

import re

from gi.repository import Babl, Gegl, Gimp

_BAND_BYTES = 32 << 20
"""Size of the bands in which pixels are processed; GEGL's lengths are 32-bit."""

_CONTEXT = 64
"""Pixels around a selection that the network sees too, so that the dream fits at its edge."""

_SIZES = {"uint8": 1, "uint16": 2, "float32": 4}
_BABL = {"uint8": "u8", "uint16": "u16", "float32": "float"}
_LARGEST = 4 * _SIZES["float32"]
_CLAMP = Gegl.AbyssPolicy.CLAMP
_NONE = Gegl.AbyssPolicy.NONE


class Region:
    """The part of a drawable to dream on, and its dream.

    Parameters
    ----------
    drawable : Gimp.Drawable
        Layer, layer mask or channel.
    selected : bool
        Whether the image has a selection; the work is limited to its bounds.
    masked : bool
        Whether pixels outside the selection stay unchanged; where the dream goes onto a layer with
        a mask of the selection, they may change.

    Attributes
    ----------
    x, y, width, height : int
        The part that may change, in the drawable's own coordinates; width is 0 where the selection
        does not touch the drawable.
    """

    def __init__(self, drawable, selected, masked=True):
        self.drawable = drawable
        touched, self.x, self.y, self.width, self.height = drawable.mask_intersect()
        if not touched:
            self.width = self.height = 0
        self.selected = selected
        self._masked = masked and selected
        native = drawable.get_format()
        self._native = Babl.get_name(native)
        self._native_bytes = Babl.format_get_bytes_per_pixel(native)
        self._components = Babl.format_get_n_components(native)
        self._pixels = _type_for(native)
        # In the image's own space: through sRGB, colours of a wide profile would change.
        name = f"R'G'B'A {_BABL[self._pixels]}"
        self._format = Babl.get_name(Babl.format_with_space(name, native))
        # 8-bit values survive the way through float32 exactly; larger ones may not.
        self._exact = Babl.get_name(Babl.format_get_type(native, 0)) == "u8"
        self._kept = self._kept_components()
        self._sent = self._with_context()

    def _kept_components(self):
        """Indices of the components that stay: alpha, and those switched off under Channels."""
        kept = [self._components - 1] if self.drawable.has_alpha() else []
        if isinstance(self.drawable, Gimp.Layer):
            kinds = (Gimp.ChannelType.RED, Gimp.ChannelType.GREEN, Gimp.ChannelType.BLUE)
            if not self.drawable.is_rgb():
                kinds = (Gimp.ChannelType.GRAY,)
            image = self.drawable.get_image()
            off = [n for n, kind in enumerate(kinds) if not image.get_component_active(kind)]
            self._exact = self._exact and not off
            kept += off
        return kept

    def _with_context(self):
        if not self.selected:
            return Gegl.Rectangle.new(self.x, self.y, self.width, self.height)
        left, top = max(self.x - _CONTEXT, 0), max(self.y - _CONTEXT, 0)
        right = min(self.x + self.width + _CONTEXT, self.drawable.get_width())
        bottom = min(self.y + self.height + _CONTEXT, self.drawable.get_height())
        return Gegl.Rectangle.new(left, top, right - left, bottom - top)

    def request(self):
        """Size and number of bytes as a `dream` request names them."""
        width, height = self._sent.width, self._sent.height
        values = width * height * (5 if self._masked else 4)
        return {
            "width": width,
            "height": height,
            "pixels": self._pixels,
            "mask": self._masked,
            "bytes": values * _SIZES[self._pixels],
        }

    def payload(self):
        """The pixels, then the selection where it is respected, in bands of bytes."""
        buffer = self.drawable.get_buffer()
        for band in _bands(self._sent):
            yield buffer.get(band, 1.0, self._format, _CLAMP)
        if self._masked:
            for band in _bands(self._sent):
                yield self._selection(band)

    def _selection(self, band):
        """The selection on a part of the drawable; outside the canvas nothing is selected."""
        _, left, top = self.drawable.get_offsets()
        on_image = Gegl.Rectangle.new(band.x + left, band.y + top, band.width, band.height)
        selection = self.drawable.get_image().get_selection().get_buffer()
        return selection.get(on_image, 1.0, f"Y {_BABL[self._pixels]}", _NONE)

    def receive(self, read):
        """The drawable's content with the dream in it, as a buffer of the same format.

        Pixels that the dream did not change keep their own bits, and so do alpha and the colours
        that are switched off: float32 and the conversion by a profile's curve may round them.

        Parameters
        ----------
        read : callable
            Given a count, returns that many next bytes of the result.
        """
        result = self.drawable.get_buffer().dup()
        for band in _bands(self._sent):
            dreamt = read(band.width * band.height * 4 * _SIZES[self._pixels])
            result.set(band, self._format, dreamt)
            if not self._exact:
                self._restore(result, band, dreamt)
        result.flush()
        return result

    def _restore(self, result, band, dreamt):
        """Copy the original's bits back into a band where they must not change."""
        original = self.drawable.get_buffer()
        kept = original.get(band, 1.0, self._native, _CLAMP)
        sent = original.get(band, 1.0, self._format, _CLAMP)
        if dreamt == sent:
            result.set(band, self._native, kept)
            return
        converted = bytearray(result.get(band, 1.0, self._native, _CLAMP))
        size = self._native_bytes
        # Outside the selection, where pixels are transparent, and wherever else none was changed.
        for first, last in zeros(difference(dreamt, sent), 4 * _SIZES[self._pixels]):
            converted[first * size : last * size] = kept[first * size : last * size]
        width = size // self._components
        for component in self._kept:
            for byte in range(component * width, (component + 1) * width):
                converted[byte::size] = kept[byte::size]
        result.set(band, self._native, bytes(converted))

    def replace(self, result):
        """Make `result` the drawable's content: one undo step, or False where GIMP refuses."""
        drawable = self.drawable
        area = Gegl.Rectangle.new(self.x, self.y, self.width, self.height)
        shadow = drawable.get_shadow_buffer()
        result.copy(area, _NONE, shadow, area)
        shadow.flush()
        if not drawable.merge_shadow(True):
            return False
        if self.selected or not self._exact:
            # GIMP merged in float: rounded, and feathered twice where there is a selection. The
            # undo step exists now, so the exact pixels can be written over that.
            self.restore(result)
        else:
            drawable.update(self.x, self.y, self.width, self.height)
        return True

    def restore(self, content):
        """Write pixels exactly, within an undo step that exists already."""
        area = Gegl.Rectangle.new(self.x, self.y, self.width, self.height)
        buffer = self.drawable.get_buffer()
        content.copy(area, _NONE, buffer, area)
        buffer.flush()
        self.drawable.update(self.x, self.y, self.width, self.height)

    def layer(self, image, result, name):
        """A new layer of `image`, not yet inserted, with the changed part of `result`."""
        has_alpha = self.drawable.has_alpha()
        kinds = {
            (Gimp.ImageBaseType.RGB, False): Gimp.ImageType.RGB_IMAGE,
            (Gimp.ImageBaseType.RGB, True): Gimp.ImageType.RGBA_IMAGE,
            (Gimp.ImageBaseType.GRAY, False): Gimp.ImageType.GRAY_IMAGE,
            (Gimp.ImageBaseType.GRAY, True): Gimp.ImageType.GRAYA_IMAGE,
        }
        kind = kinds[image.get_base_type(), has_alpha]
        mode = Gimp.LayerMode.NORMAL
        layer = Gimp.Layer.new(image, name, self.width, self.height, kind, 100.0, mode)
        area = Gegl.Rectangle.new(self.x, self.y, self.width, self.height)
        buffer = layer.get_buffer()
        result.copy(area, _NONE, buffer, Gegl.Rectangle.new(0, 0, self.width, self.height))
        buffer.flush()
        return layer

    def reduced(self, longest):
        """The whole part, reduced: see `_preview`."""
        return self._preview(min(1.0, longest / max(self.width, self.height)), longest)

    def detail(self, longest):
        """The middle of the part at full size: see `_preview`."""
        return self._preview(1.0, longest)

    def _preview(self, scale, longest):
        """Size, pixels as float32 RGBA in sRGB, and the selection as float32, or None."""
        # GEGL takes scaled coordinates; a rectangle's size is that between its scaled corners.
        left, top = int(self.x * scale), int(self.y * scale)
        whole_width = max(1, int((self.x + self.width) * scale) - left)
        whole_height = max(1, int((self.y + self.height) * scale) - top)
        width, height = min(whole_width, longest), min(whole_height, longest)
        left += (whole_width - width) // 2
        top += (whole_height - height) // 2
        area = Gegl.Rectangle.new(left, top, width, height)
        pixels = self.drawable.get_buffer().get(area, scale, "R'G'B'A float", _CLAMP)
        mask = None
        if self.selected:
            _, right, down = self.drawable.get_offsets()
            area = Gegl.Rectangle.new(
                left + int((self.x + right) * scale) - int(self.x * scale),
                top + int((self.y + down) * scale) - int(self.y * scale),
                width,
                height,
            )
            selection = self.drawable.get_image().get_selection().get_buffer()
            mask = selection.get(area, scale, "Y float", _NONE)
        return width, height, pixels, mask


def _type_for(native):
    """The type in which a drawable's pixels are sent: its own where that is possible.

    babl chooses conversions by how long they take, so that one from 8 bits to floats and back may
    round differently from one day to the next.
    """
    kind = Babl.get_name(Babl.format_get_type(native, 0))
    same = {f"R'G'B'{alpha} {kind}" for alpha in ("", "A")}
    if Babl.format_get_encoding(native) in same:
        return {"u8": "uint8", "u16": "uint16"}.get(kind, "float32")
    return "float32"


def difference(one, other):
    """The bits in which two runs of bytes of one length differ, as bytes."""
    bits = int.from_bytes(one, "little") ^ int.from_bytes(other, "little")
    return bits.to_bytes(len(one), "little")


def zeros(data, size):
    """Runs of units of `size` zero bytes in bytes: pairs of first and last + 1, in units."""
    for run in re.finditer(rb"\0{%d,}" % size, data):
        first, last = -(-run.start() // size), run.end() // size
        if last > first:
            yield first, last


def _bands(area):
    """Cut a rectangle into bands of whole rows."""
    rows = max(1, _BAND_BYTES // (area.width * _LARGEST))
    for top in range(0, area.height, rows):
        yield Gegl.Rectangle.new(area.x, area.y + top, area.width, min(rows, area.height - top))
