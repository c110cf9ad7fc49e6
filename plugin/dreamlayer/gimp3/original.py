"""What a drawable of GIMP 3 holds as a dream begins: sent to the worker, and kept for its end."""

import array

from editor.pixel_bytes import CODES, SIZES, black_for, difference, not_finite, zeros
from gi.repository import Babl, Gegl, Gimp

from gimp3.pixels import CLAMP, NONE, bands, copied, format_of, in_space_of, is_layer
from gimp3.wire import form_of, mask_form, type_for

_CONTEXT = 64
"""Pixels around a selection that the network sees too, so that the dream fits at its edge."""


class Original:
    """A copy of the part to dream on and of what it is masked by, and its dream.

    The painter goes on working while the worker dreams; what is sent and compared is this copy. It
    is as large as the selection, not as the layer.

    Parameters
    ----------
    region : gimp3.pixels.Region
        The part to dream on.
    by_selection, by_mask : bool
        Whether the selection, or the layer's own mask, weighs the dream while it is computed, so
        that pixels outside stay unchanged.
    centered : bool
        Whether the part is to lie in the middle of what is sent, as for a motion about it.

    Attributes
    ----------
    drawable : Gimp.Drawable
        What was dreamt on; it may be gone by now.
    area : Gegl.Rectangle
        The part that the dream may change, in the drawable's coordinates.
    pixels : Gegl.Buffer
        The drawable's pixels in its own format, in its coordinates.
    native : str
        The name of that format.
    beside, parent, position : Gimp.Layer, Gimp.GroupLayer and int
        The drawable's layer, its group, and its number there; None for none.
    kept : list of int
        Components that stay: alpha, and colors that are switched off under Channels.
    weighed : bool
        Whether the dream changes nothing where `shares` is 0.
    """

    def __init__(self, region, by_selection, by_mask=False, centered=False):
        drawable = region.drawable
        self.drawable, self.area, self._region = drawable, region.area, region
        self.name, self.has_alpha = drawable.get_name(), drawable.has_alpha()
        self.beside, self.parent, self.position = _stack(drawable)
        self.width, self.height = drawable.get_width(), drawable.get_height()
        _, self.left, self.top = drawable.get_offsets()  # In the image.
        self.native = format_of(drawable)
        native = drawable.get_format()
        self.pixel_bytes = Babl.format_get_bytes_per_pixel(native)
        self.components = Babl.format_get_n_components(native)
        self._type = type_for(native)
        self._wire = form_of(self._type, native)
        self.floats = in_space_of(drawable, "R'G'B'A float")
        around = region.around_evenly if centered else region.around
        self._sent = around(_CONTEXT) if region.selected else region.area
        self.pixels = copied(drawable.get_buffer(), self._sent, self.native)
        self.selection = _selection(drawable, self._sent) if region.selected else None
        mask = drawable.get_mask() if is_layer(drawable) else None
        self.mask = None
        if mask is not None:
            self.mask = copied(mask.get_buffer(), self._sent, format_of(mask))
        self._weights = [self.selection] if by_selection else []
        self._weights += [self.mask] if by_mask else []
        self._weights = [one for one in self._weights if one is not None]
        self.weighed = bool(self._weights)
        self.kept, off = _kept(drawable, self.components)
        # 8-bit values survive the way through float32 exactly; larger ones may not.
        self._exact = Babl.get_name(Babl.format_get_type(native, 0)) == "u8" and not off

    @property
    def selected(self):
        """Whether the image had a selection."""
        return self._region.selected

    def request(self):
        """Size and number of bytes as a `dream` request names them."""
        width, height = self._sent.width, self._sent.height
        values = width * height * (5 if self.weighed else 4)
        return {
            "width": width,
            "height": height,
            "pixels": self._type,
            "mask": self.weighed,
            "bytes": values * SIZES[self._type],
        }

    def payload(self):
        """The pixels, then the mask where there is one, in bands of bytes.

        Pixels with NaN or infinity are sent as black.
        """
        for band in bands(self._sent):
            yield self._sendable(band)[0]
        if self.weighed:
            for band in bands(self._sent):
                yield self._lesser(self._weights, band, self._type)

    def _sendable(self, band):
        """The pixels of a band as they are sent, and the numbers of those that are not finite."""
        data = self.pixels.get(band, 1.0, self._wire, CLAMP)
        if self._type != "float32":
            return data, []
        odd = not_finite(data)
        return black_for(data, odd), odd

    def _lesser(self, masks, band, kind):
        """The lesser of masks in a band, as bytes of a type of pixels."""
        levels = [mask.get(band, 1.0, mask_form(kind), NONE) for mask in masks]
        if len(levels) > 1:
            least = map(min, *(array.array(CODES[kind], level) for level in levels))
            levels = [array.array(CODES[kind], least).tobytes()]
        if kind == "float32" and self.mask in masks:
            # Masks of float images hold values beyond white, and NaN.
            within = (min(max(0.0, v), 1.0) for v in array.array("f", levels[0]))
            return array.array("f", within).tobytes()
        return levels[0]

    def shown(self, band):
        """What of a band a new layer with the dream shows, as `Y float`; None for all of it.

        What the selection and the mask weighed within the dream is shown fully, since they would
        count twice.
        """
        masks = [one for one in (self.selection, self.mask) if one is not None]
        if not masks:
            return None
        shares = array.array("f", self._lesser(masks, band, "float32"))
        if self.weighed:
            shares = array.array("f", (1.0 if share > 0 else 0.0 for share in shares))
        return shares.tobytes()

    def receive(self, read):
        """The pixels with the dream in them, as a buffer like `pixels`.

        Pixels that the dream did not change keep their own bits, and so do those with NaN or
        infinity, alpha, and the colors that are switched off: float32 and the conversion by a
        profile's curve may round them.

        Parameters
        ----------
        read : callable
            Given a count, returns that many next bytes of the result.
        """
        sent = self._sent
        result = Gegl.Buffer.new(self.native, sent.x, sent.y, sent.width, sent.height)
        for band in bands(sent):
            dreamt = read(band.width * band.height * 4 * SIZES[self._type])
            result.set(band, self._wire, dreamt)
            if not self._exact:
                self._restore(result, band, dreamt)
        return result

    def receive_frame(self, read):
        """The pixels of a further frame of an animation, as a buffer of the part `area`.

        Everything may have moved, so nothing of the original is restored in it.
        """
        sent = self._sent
        result = Gegl.Buffer.new(self.native, sent.x, sent.y, sent.width, sent.height)
        for band in bands(sent):
            result.set(band, self._wire, read(band.width * band.height * 4 * SIZES[self._type]))
        return self.part(result)

    def part(self, result):
        """The part `area` of a buffer that was received."""
        return copied(result, self.area, self.native)

    @property
    def has_colors_off(self):
        """Whether the painter switched a color off under Channels."""
        return len(self.kept) > self.has_alpha

    def _restore(self, result, band, dreamt):
        """Copy the original's bits back into a band where they must not change."""
        kept = self.pixels.get(band, 1.0, self.native, CLAMP)
        sent, odd = self._sendable(band)
        if dreamt == sent:
            result.set(band, self.native, kept)
            return
        converted = bytearray(result.get(band, 1.0, self.native, CLAMP))
        size = self.pixel_bytes
        # Outside the selection, where pixels are transparent, and wherever else none was changed.
        for first, last in zeros(difference(dreamt, sent), 4 * SIZES[self._type]):
            converted[first * size : last * size] = kept[first * size : last * size]
        for pixel in odd:
            converted[pixel * size : (pixel + 1) * size] = kept[pixel * size : (pixel + 1) * size]
        self.keep(converted, kept, 0, len(kept) // size)
        result.set(band, self.native, bytes(converted))

    def keep(self, pixels, other, first, last):
        """Take the components that stay from other pixels: native bytes, a run of pixels."""
        size, width = self.pixel_bytes, self.pixel_bytes // self.components
        for component in self.kept:
            begin = first * size + component * width
            for byte in range(begin, begin + width):
                pixels[byte : last * size : size] = other[byte : last * size : size]


def _stack(drawable):
    """The layer beside which a new one belongs, its group and its number there; None for none."""
    layer = drawable
    if isinstance(drawable, Gimp.LayerMask):
        layer = Gimp.Layer.from_mask(drawable)
    if not is_layer(layer):
        return None, None, 0
    return layer, layer.get_parent(), drawable.get_image().get_item_position(layer)


def _selection(drawable, area):
    """A copy of the selection on a part of the drawable; outside the canvas nothing is selected."""
    _, left, top = drawable.get_offsets()
    selection = drawable.get_image().get_selection()
    return copied(selection.get_buffer(), area, format_of(selection), left, top)


def _kept(drawable, components):
    """Indices of the components that stay, and whether colors are among them."""
    kept, off = [components - 1] if drawable.has_alpha() else [], []
    if is_layer(drawable):
        kinds = (Gimp.ChannelType.RED, Gimp.ChannelType.GREEN, Gimp.ChannelType.BLUE)
        if not drawable.is_rgb():
            kinds = (Gimp.ChannelType.GRAY,)
        image = drawable.get_image()
        off = [n for n, kind in enumerate(kinds) if not image.get_component_active(kind)]
    return kept + off, bool(off)
