"""The list of presets in the dialog of GIMP 3, and the picture of the chosen one."""

import os

from gi.repository import GdkPixbuf, GLib, Gtk, Pango

_WIDTH, _HEIGHT = 160, 120
"""Largest size of a preset's picture, in pixels."""

_NAME, _TEXT, _CHOOSABLE = range(3)


class PresetList(Gtk.ComboBox):
    """The list to choose a preset from.

    Parameters
    ----------
    groups : list of (str, list of (str, str))
        A title, and names and texts of the presets on offer. Without a title they are in the list
        itself, else in a submenu.
    """

    def __init__(self, groups):
        self._rows = Gtk.TreeStore(str, str, bool)
        super().__init__(model=self._rows)
        self._places = {}
        for title, presets in groups:
            parent = self._rows.append(None, ["", title, False]) if title else None
            for name, text in presets:
                self._places[name] = self._rows.append(parent, [name, text, True])
        cell = Gtk.CellRendererText(ellipsize=Pango.EllipsizeMode.END, width_chars=34)
        # Otherwise the longest description of a preset sets the dialog's width.
        cell.set_property("max-width-chars", 56)
        self.pack_start(cell, True)
        self.add_attribute(cell, "text", _TEXT)
        self.add_attribute(cell, "sensitive", _CHOOSABLE)

    def chosen(self):
        """The name of the chosen preset, or None."""
        row = self.get_active_iter()
        return self._rows[row][_NAME] or None if row is not None else None

    def choose(self, name):
        """Choose a preset by its name."""
        self.set_active_iter(self._places[name])

    def relabel(self, texts):
        """Change the texts of some presets, given by name."""
        for name, text in texts.items():
            self._rows[self._places[name]][_TEXT] = text


class PresetPicture(Gtk.Image):
    """The picture of a preset; hidden where there is none.

    Parameters
    ----------
    folder : str
        Where the pictures are, each named after its preset.
    """

    def __init__(self, folder):
        super().__init__(no_show_all=True, valign=Gtk.Align.START)
        self._folder = folder

    def show_preset(self, name):
        """Show the picture of a preset."""
        try:
            path = os.path.join(self._folder, f"{name}.jpg")
            picture = GdkPixbuf.Pixbuf.new_from_file_at_scale(path, _WIDTH, _HEIGHT, True)
        except GLib.Error:
            # None was made, or it is damaged: the preset does without.
            picture = None
        self.set_from_pixbuf(picture)
        self.set_visible(picture is not None)
