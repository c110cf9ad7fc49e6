"""The preview's picture: zoomed by the wheel, moved by dragging, split before and after."""

from editor.dialog.viewport import Viewport
from gi.repository import Gdk, GLib, Gtk

from gimp3.dialog.picture import canvas, draw, line

_AROUND_DARK, _AROUND_LIGHT = 0x2B2B2B, 0xB4B4B4
_GRIP = 6
"""Screen pixels around the split line where it can be taken."""


class PreviewView(Gtk.Layout):
    """Shows the original and the dream through a `Viewport`.

    Parameters
    ----------
    width, height : int
        The size of the whole picture in pixels.
    moved : callable
        Called when another part is seen, or the same at another scale.

    Attributes
    ----------
    viewport : Viewport
        What is seen.
    """

    def __init__(self, width, height, moved):
        super().__init__(hexpand=True, vexpand=True, can_focus=True)
        self.viewport = Viewport(width, height)
        self._moved = moved
        self._base = self._sharp = self._dream = None
        self._showing_original, self._split = False, None
        self._dragging = None
        self._image = Gtk.Image(visible=True)
        self.put(self._image, 0, 0)
        mask = Gdk.EventMask
        self.add_events(
            mask.BUTTON_PRESS_MASK
            | mask.BUTTON_RELEASE_MASK
            | mask.POINTER_MOTION_MASK
            | mask.SCROLL_MASK
            | mask.SMOOTH_SCROLL_MASK
        )
        self.connect("size-allocate", self._resized)
        self.connect("scroll-event", self._scrolled)
        self.connect("button-press-event", self._pressed)
        self.connect("button-release-event", self._released)
        self.connect("motion-notify-event", self._dragged)

    def show_base(self, placed):
        """The whole original, at any size; it is seen wherever nothing sharper is there."""
        self._base, self._sharp, self._dream = placed, None, None
        self.redraw()

    def show_original(self, placed):
        """The part that is seen, as it was before the dream."""
        self._sharp = placed
        self.redraw()

    def show_dream(self, placed):
        """The dream of a part; None where there is none."""
        self._dream = placed
        self.redraw()

    def dream(self):
        """The dream that is shown, or None."""
        return self._dream

    def hold_original(self, held):
        """Show the original alone, as long as a key or button is held."""
        if held != self._showing_original:
            self._showing_original = held
            self.redraw()

    def set_split(self, wanted):
        """Show the original to the left of a line and the result to the right, or not."""
        self._split = 0.5 if wanted else None
        self.redraw()

    def zoom(self, how):
        """Change the viewport by a function of it, and tell."""
        before = self._seen()
        how(self.viewport)
        if self._seen() != before:
            self.redraw()
            self._moved()

    def redraw(self):
        """Draw all."""
        view = self.viewport
        if self._base is None or view.view_width < 2:
            return
        target = canvas(view.view_width, view.view_height, self._around())
        draw(target, self._base, view)
        if self._sharp is not None:
            draw(target, self._sharp, view)
        if self._dream is not None and not self._showing_original:
            first = self._split_column() if self._split is not None else 0
            draw(target, self._dream, view, first)
        if self._split is not None and not self._showing_original:
            line(target, self._split_column())
        self._image.set_from_pixbuf(target)

    def _around(self):
        """The color beside the picture: that of the theme's darkness."""
        color = self.get_style_context().get_color(Gtk.StateFlags.NORMAL)
        return _AROUND_DARK if color.red + color.green + color.blue > 1.5 else _AROUND_LIGHT

    def _split_column(self):
        return round(self._split * self.viewport.view_width)

    def _seen(self):
        return self.viewport.visible(), self.viewport.scale

    def _resized(self, _, allocation):
        view = self.viewport
        if (allocation.width, allocation.height) == (view.view_width, view.view_height):
            return
        view.resize(allocation.width, allocation.height)
        # Not within the allocation: GTK would not give the new picture its size.
        GLib.idle_add(self._show_resized)

    def _show_resized(self):
        self.redraw()
        self._moved()
        return False

    def _scrolled(self, _, event):
        up = event.direction == Gdk.ScrollDirection.UP
        if event.direction == Gdk.ScrollDirection.SMOOTH:
            if not event.delta_y:
                return True
            up = event.delta_y < 0
        x, y = event.x, event.y
        self.zoom(lambda view: view.zoom_in(x, y) if up else view.zoom_out(x, y))
        return True

    def _near_split(self, x):
        return self._split is not None and abs(x - self._split_column()) <= _GRIP

    def _pressed(self, _, event):
        self.grab_focus()
        x, y = event.x, event.y
        if event.button not in (1, 2):
            return False
        self._dragging = "split" if self._near_split(x) else "picture"
        self._last = x, y
        self._set_cursor("col-resize" if self._dragging == "split" else "grabbing")
        return True

    def _dragged(self, _, event):
        x, y = event.x, event.y
        if self._dragging == "split":
            self._split = min(max(x / self.viewport.view_width, 0.0), 1.0)
            self.redraw()
        elif self._dragging == "picture":
            self.viewport.pan(x - self._last[0], y - self._last[1])
            self.redraw()
        elif self._near_split(x):
            self._set_cursor("col-resize")
        else:
            self._set_cursor("default" if self.viewport.shows_all() else "grab")
        self._last = x, y
        return True

    def _released(self, *_):
        if self._dragging == "picture":
            self._moved()
        self._dragging = None
        self._set_cursor("default" if self.viewport.shows_all() else "grab")
        return True

    def _set_cursor(self, name):
        window = self.get_bin_window()
        if window is not None:
            window.set_cursor(Gdk.Cursor.new_from_name(self.get_display(), name))
