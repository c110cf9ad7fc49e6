"""The menu of what is open: images and their layers, each with a small picture."""

from editor.style import words
from gi.repository import Gdk, Gimp, GLib, Gtk, Pango

from gimp3.dialog.open_layers import all_layers, thumbnail

_SIDE = 32


class PictureMenu(Gtk.Menu):
    """Images, and below each its layers. The pictures follow once the menu is seen.

    Parameters
    ----------
    images : list of Gimp.Image
        What is offered.
    chosen : callable
        Called with the image or layer that the painter chooses.
    """

    def __init__(self, images, chosen):
        super().__init__()
        self._chosen, self._waiting, self._loading = chosen, [], 0
        self.connect("map", lambda _: self._load())
        self.connect("unmap", lambda _: self._stop())
        for number, image in enumerate(images):
            if number:
                self.append(Gtk.SeparatorMenuItem())
            self._offer(words.WHOLE_IMAGE.format(name=image.get_name()), image, 0)
            for layer in all_layers(image.get_layers()):
                self._offer(layer.get_name(), layer, 1 + _depth(layer))
        self.show_all()

    def _offer(self, title, thing, depth):
        item, row = Gtk.MenuItem(), Gtk.Box(spacing=6)
        image = Gtk.Image()
        image.set_size_request(_SIDE, _SIDE)
        image.set_margin_start(12 * depth)
        label = Gtk.Label(label=title, xalign=0.0, max_width_chars=40)
        label.set_ellipsize(Pango.EllipsizeMode.MIDDLE)
        row.pack_start(image, False, False, 0)
        row.pack_start(label, True, True, 0)
        item.add(row)
        item.connect("activate", lambda _: self._chosen(thing))
        self.append(item)
        self._waiting.append((image, thing))

    def _load(self):
        """Fetch one picture after another while nothing else is to be done."""
        # Images last: for one that is not shown, GIMP puts all layers together first.
        waiting = iter(sorted(self._waiting, key=lambda one: isinstance(one[1], Gimp.Image)))

        def load():
            for image, thing in waiting:
                # The menu is there for a while, in which it may be closed or deleted.
                if thing.is_valid():
                    image.set_from_pixbuf(thumbnail(thing, _SIDE))
                return True
            self._loading = 0
            return False

        self._loading = GLib.idle_add(load, priority=GLib.PRIORITY_LOW)

    def _stop(self):
        if self._loading:
            GLib.source_remove(self._loading)
            self._loading = 0

    def popup_below(self, widget):
        """Show it below a button, or above where there is more room."""
        self.attach_to_widget(widget, None)
        self.popup_at_widget(widget, Gdk.Gravity.SOUTH_WEST, Gdk.Gravity.NORTH_WEST, None)


def _depth(layer):
    """In how many groups a layer is."""
    parent = layer.get_parent()
    return 0 if parent is None else 1 + _depth(parent)
