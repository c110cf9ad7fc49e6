"""A list to choose the guide picture from: none, layers of open images, or a file."""

import os

from editor.dialog import plan, words
from editor.translation import _
from gi.repository import GdkPixbuf, Gimp, GLib, Gtk, Pango

from gimp3 import guide
from gimp3.dialog.open_layers import all_layers, thumbnail

_SIDE = 32
_NONE, _LAYER, _FILE, _ASK, _LINE = range(5)
_PICTURE, _TITLE, _KIND, _WHICH = range(4)


class GuideChooser(Gtk.ComboBox):
    """The list, bound to the arguments `guide` and `guide-layer`.

    Parameters
    ----------
    config : Gimp.ProcedureConfig
        The arguments.
    """

    def __init__(self, config):
        store = Gtk.ListStore(GdkPixbuf.Pixbuf, str, int, str)
        super().__init__(model=store)
        self._config, self._store, self._filling = config, store, False
        picture, title = Gtk.CellRendererPixbuf(), Gtk.CellRendererText()
        picture.set_fixed_size(_SIDE + 4, _SIDE)
        title.set_properties(ellipsize=Pango.EllipsizeMode.MIDDLE, width_chars=24)
        self.pack_start(picture, False)
        self.pack_start(title, True)
        self.add_attribute(picture, "pixbuf", _PICTURE)
        self.add_attribute(title, "text", _TITLE)
        self.set_row_separator_func(lambda model, row: model[row][_KIND] == _LINE)
        self.connect("changed", lambda _: self._changed())
        self.connect("map", lambda _: self._watch())
        self._watched = None
        for name in ("guide", guide.ARGUMENT):
            config.connect(f"notify::{name}", lambda *_: self._fill())
        self._fill()

    def _watch(self):
        """Look again whenever the painter comes back, since layers may have come and gone."""
        window = self.get_toplevel()
        if self._watched is not window:
            self._watched = window
            window.connect("focus-in-event", lambda *_: self._fill())
        self._fill()

    def _fill(self):
        """List what there is, and mark what is set."""
        self._filling = True
        self._store.clear()
        self._store.append([None, _("No guide picture"), _NONE, ""])
        for row in _layers():
            self._store.append(row)
        path = self._config.get_property("guide") or ""
        self._store.append([None, "", _LINE, ""])
        if path and not guide.is_layer(path):
            self._store.append([_thumbnail(path), _named(path), _FILE, path])
        self._store.append([None, _("Choose a file…"), _ASK, ""])
        self._mark()
        self._filling = False

    def _mark(self):
        """Mark what is set."""
        drawable, path = guide.chosen(self._config), self._config.get_property("guide") or ""
        wanted = (_FILE, path) if path else (_NONE, "")
        if drawable is not None:
            wanted = _LAYER, str(drawable.get_id())
        for number, row in enumerate(self._store):
            if (row[_KIND], row[_WHICH]) == wanted:
                self.set_active(number)
                return
        self.set_active(-1)

    def _changed(self):
        active = self.get_active_iter()
        if self._filling or active is None:
            return
        kind, which = self._store[active][_KIND], self._store[active][_WHICH]
        if kind == _ASK:
            # Once this list is closed.
            GLib.idle_add(self._ask)
        else:
            self._set(Gimp.Drawable.get_by_id(int(which)) if kind == _LAYER else None, which)

    def _set(self, drawable, path):
        """Set the argument `guide`, before which the other one would count."""
        self._config.set_property(guide.ARGUMENT, None)
        self._config.set_property("guide", path if drawable is None else guide.text_for(drawable))

    def _ask(self):
        """Ask for a file."""
        chooser = Gtk.FileChooserDialog(
            title=_("Guide Picture"),
            transient_for=self.get_toplevel(),
            action=Gtk.FileChooserAction.OPEN,
        )
        chooser.add_button(_("_Cancel"), Gtk.ResponseType.CANCEL)
        chooser.add_button(_("_Open"), Gtk.ResponseType.OK)
        chooser.set_default_response(Gtk.ResponseType.OK)
        pictures = Gtk.FileFilter()
        pictures.add_pixbuf_formats()
        chooser.set_filter(pictures)
        if chooser.run() == Gtk.ResponseType.OK and chooser.get_filename():
            self._set(None, chooser.get_filename())
        chooser.destroy()
        self._fill()
        return False


def _layers():
    """Rows for the layers of all open images; those of images with one layer by the image."""
    rows = []
    for image in Gimp.get_images():
        layers = all_layers(image.get_layers())
        for layer in layers:
            template = words.LAYER_OF if len(layers) > 1 else words.ONLY_LAYER_OF
            title = template.format(layer=layer.get_name(), image=image.get_name())
            rows.append([thumbnail(layer, _SIDE), title, _LAYER, str(layer.get_id())])
    return rows


def _thumbnail(path):
    try:
        return GdkPixbuf.Pixbuf.new_from_file_at_scale(path, _SIDE, _SIDE, True)
    except GLib.Error:
        # It is not there, or of a format that only the worker reads.
        return None


def _named(path):
    """What a file, or the layer of a stored recipe, is called."""
    if plan.is_former(path):
        return words.FORMER_GUIDE
    return os.path.basename(path)
