"""The left side of the dialog in GIMP 3: the preview."""

import array

from gi.repository import GdkPixbuf, GLib, Gtk

SIDE = 320
"""Longest side of the preview, in pixels."""


class PreviewPane(Gtk.Box):
    """The preview picture, the choice of its part of the image, a progress bar and a text.

    Parameters
    ----------
    region : gimp3.pixels.Region
        What is to be dreamt on.
    begin : callable
        Called when the painter chooses another part.

    Attributes
    ----------
    selected : bool
        Whether the image has a selection.
    """

    def __init__(self, region, begin):
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._region, self._alpha, self._plain, self._share = region, None, None, None
        self.selected = region.selected
        self._picture = Gtk.Image()
        frame = Gtk.Box(halign=Gtk.Align.CENTER)
        frame.set_size_request(SIDE, -1)
        frame.set_center_widget(self._picture)
        self.pack_start(frame, False, False, 0)
        whole = Gtk.RadioButton.new_with_label(None, "Whole, reduced")
        whole.set_tooltip_text("The dream looks larger in a reduced picture than it will be")
        self._detail = Gtk.RadioButton.new_with_label_from_widget(whole, "Middle at full size")
        self._detail.set_tooltip_text("Shows the dream at the size that it will have")
        choice = Gtk.Box(spacing=12)
        choice.pack_start(whole, False, False, 0)
        choice.pack_start(self._detail, False, False, 0)
        self.pack_start(choice, False, False, 0)
        whole.connect("toggled", lambda _: begin())
        self._bar = Gtk.ProgressBar()
        self.pack_start(self._bar, False, False, 0)
        self._words = Gtk.Label(wrap=True, xalign=0.0, yalign=0.0, max_width_chars=42)
        self._words.set_size_request(SIDE, 72)
        self.pack_start(self._words, False, False, 0)

    def take(self, output):
        """The part to preview, as a `dream` request without recipe, and its payload.

        In place the selection is the dream's mask; on a new layer it is the layer's.
        """
        region = self._region
        small = region.detail(SIDE) if self._detail.get_active() else region.reduced(SIDE)
        width, height, pixels, mask = small
        values = array.array("f", pixels)
        self._alpha = _levels(values[3::4])
        self._share = None
        if mask is not None and output != "in-place":
            self._share = array.array("f", mask) if output == "new-layer" else None
            mask = None
        rgb = bytearray(3 * width * height)
        for channel in range(3):
            rgb[channel::3] = _levels(values[channel::4])
        self._plain = width, height, rgb
        if self._picture.get_pixbuf() is None:
            self.show_plain()
        request = {
            "width": width,
            "height": height,
            "mask": mask is not None,
            "bytes": len(pixels) + len(mask or b""),
            "preview": SIDE,
        }
        return request, [pixels, mask or b""]

    def say(self, text, fraction=0.0):
        """Set the text below the picture, and the progress of the preview, 0..1."""
        self._words.set_text(text)
        self._bar.set_fraction(fraction)

    def show_plain(self):
        """Show the part before the dream."""
        self.show_picture(*self._plain)

    def show_picture(self, width, height, rgb):
        """Show 8-bit RGB rows with the alpha of the part from `take`."""
        rgba = bytearray(4 * width * height)
        for channel in range(3):
            levels = rgb[channel::3]
            if self._share is not None:
                levels = _mixed(self._plain[2][channel::3], levels, self._share)
            rgba[channel::4] = levels
        rgba[3::4] = self._alpha
        picture = GdkPixbuf.Pixbuf.new_from_bytes(
            GLib.Bytes.new(bytes(rgba)), GdkPixbuf.Colorspace.RGB, True, 8, width, height, 4 * width
        )
        scale = SIDE / max(width, height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        # On a checkerboard, as GIMP shows transparency.
        shown = picture.composite_color_simple(
            *size, GdkPixbuf.InterpType.BILINEAR, 255, 8, 0x999999, 0x666666
        )
        self._picture.set_from_pixbuf(shown)


def _mixed(below, above, shares):
    """8-bit levels of what is seen through a mask."""
    return bytes(
        int(b + min(max(s, 0.0), 1.0) * (a - b) + 0.5) for b, a, s in zip(below, above, shares)
    )


def _levels(values):
    """8-bit levels of floats; NaN is black."""
    return bytes(int(255 * min(max(0.0, v), 1.0) + 0.5) for v in values)
