"""The style pictures in the dialog: a thumbnail, a weight and a button to remove it for each."""

import os

from editor.style import words
from editor.style.picture_choice import PictureChoice
from editor.translation import _
from gi.repository import Gimp, GLib, Gtk, Pango

from gimp3.dialog.picture import pixbuf
from gimp3.style import pictures
from gimp3.style.picture_menu import PictureMenu

_SIDE = 56
_HEAVIEST = 5.0
_LATER = 400
"""Milliseconds after which the dialog comes to the front again."""


class PictureList(PictureChoice, Gtk.Box):
    """A list to add to, and to remove from.

    Parameters
    ----------
    changed, warn
        As for `editor.style.picture_choice.PictureChoice.begin_with`.
    """

    def __init__(self, changed, warn):
        Gtk.Box.__init__(self, orientation=Gtk.Orientation.VERTICAL, spacing=6, border_width=6)
        self.begin_with(changed, warn)
        self._menu = None
        self._grid = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, margin=6)
        self._empty = Gtk.Label(label=words.ADD_ONE, wrap=True, max_width_chars=40, margin=12)
        self._grid.pack_start(self._empty, False, False, 0)
        scrolled = Gtk.ScrolledWindow(
            hscrollbar_policy=Gtk.PolicyType.NEVER, overlay_scrolling=False
        )
        scrolled.set_size_request(-1, 140)
        scrolled.set_shadow_type(Gtk.ShadowType.IN)
        scrolled.add(self._grid)
        self.pack_start(scrolled, True, True, 0)
        buttons = Gtk.Box(spacing=6)
        self._open = Gtk.Button(label=_("Add _Layer or Image…"), use_underline=True)
        self._open.set_tooltip_text(_("A layer of an open image, or the whole image as it is seen"))
        self._open.connect("clicked", lambda _: self._show_menu())
        files = Gtk.Button(label=_("Add _Files…"), use_underline=True)
        files.set_tooltip_text(_("Pictures of any format that GIMP opens"))
        files.connect("clicked", lambda _: self._ask_files())
        for button in (self._open, files):
            buttons.pack_start(button, True, True, 0)
        self.pack_start(buttons, False, False, 0)

    def open_picture(self, text):
        """In GIMP."""
        return pictures.opened([text], "1")[0]

    def close_picture(self, style):
        """In GIMP."""
        style.close()

    def is_there(self, row):
        """In GIMP."""
        return row.style.is_there()

    def weight_in(self, row):
        """As its slider says."""
        return row.weight.get_value()

    def put_in(self, row):
        """Below the others."""
        self._grid.pack_start(row, False, False, 0)
        row.show_all()

    def take_out(self, row):
        """From the grid."""
        self._grid.remove(row)

    def show_empty(self, empty):
        """With a label in the grid."""
        self._empty.set_visible(empty)

    def on_replaced(self):
        """GIMP may raise its own window as files are opened, also a moment later."""
        self._present()
        GLib.timeout_add(_LATER, self._present)

    def _present(self):
        """Bring the dialog back to the front, while it is there."""
        if self.get_realized():
            self.get_toplevel().present()
        return False

    def make_row(self, text, style, weight):
        """A thumbnail, a weight and a button."""
        row = Gtk.Box(spacing=6)
        row.text, row.style = text, style
        width, height, rgba = style.rows("uint8", style.drawable, _SIDE)
        image = Gtk.Image.new_from_pixbuf(pixbuf(width, height, rgba))
        image.set_size_request(_SIDE, _SIDE)
        row.pack_start(image, False, False, 0)
        middle = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, valign=Gtk.Align.CENTER)
        label = Gtk.Label(
            label=style.name, xalign=0.0, ellipsize=Pango.EllipsizeMode.END, max_width_chars=24
        )
        label.set_tooltip_text(style.name)
        middle.pack_start(label, False, False, 0)
        row.weight = Gtk.Adjustment(
            value=weight, lower=0, upper=max(weight, _HEAVIEST), step_increment=0.1
        )
        slider = Gtk.Scale(adjustment=row.weight, digits=1, value_pos=Gtk.PositionType.RIGHT)
        slider.set_tooltip_text(_("How much this picture counts beside the others"))
        row.weight.connect("value-changed", lambda _: self._changed())
        middle.pack_start(slider, False, False, 0)
        row.pack_start(middle, True, True, 0)
        remove = Gtk.Button.new_from_icon_name("list-remove", Gtk.IconSize.BUTTON)
        remove.set_valign(Gtk.Align.CENTER)
        remove.set_tooltip_text(_("Remove this picture"))
        remove.connect("clicked", lambda _: self.remove_row(row))
        row.pack_start(remove, False, False, 0)
        return row

    def _show_menu(self):
        """Offer what is open now."""
        own = self._opened()
        images = [image for image in Gimp.get_images() if image not in own]
        if self._menu is not None:
            self._menu.destroy()
        self._menu = PictureMenu(images, lambda thing: self.add_all([pictures.text_of(thing)]))
        self._menu.popup_below(self._open)

    def _opened(self):
        """The images that the list itself opened from files; the painter does not know them."""
        files = [row.style for row in self._rows if os.path.isabs(row.text)]
        return [style.drawable.get_image() for style in files if style.is_there()]

    def _ask_files(self):
        chooser = Gtk.FileChooserDialog(
            title=_("Style Pictures"), transient_for=self.get_toplevel(), select_multiple=True
        )
        chooser.add_button(_("_Cancel"), Gtk.ResponseType.CANCEL)
        chooser.add_button(_("_Add"), Gtk.ResponseType.OK)
        chooser.set_default_response(Gtk.ResponseType.OK)
        agreed, paths = chooser.run() == Gtk.ResponseType.OK, chooser.get_filenames()
        chooser.destroy()
        if agreed:
            self.add_all([os.path.abspath(path) for path in paths])
