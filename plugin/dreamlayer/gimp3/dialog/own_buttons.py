"""The buttons below the presets: save as one's own, rename, delete."""

from editor.dialog import words
from editor.dialog.own_choice import OwnChoice
from editor.translation import _
from gi.repository import Gtk


class OwnButtons(OwnChoice, Gtk.Box):
    """Buttons for the painter's own presets; insensitive where they have nothing to do.

    Parameters
    ----------
    settings, now, picture, changed
        As for `editor.dialog.own_choice.OwnChoice.begin_with`.
    """

    def __init__(self, settings, now, picture, changed):
        Gtk.Box.__init__(self)
        self.begin_with(settings, now, picture, changed)
        self.get_style_context().add_class("linked")
        self._save = Gtk.Button(label=_("Save as _Preset…"), use_underline=True)
        self._save.set_tooltip_text(_("Keeps the present settings as a preset of your own"))
        self._save.connect("clicked", lambda _: self.save())
        self._rename = _icon_button("gtk-edit", words.RENAME_TIP)
        self._rename.connect("clicked", lambda _: self.rename())
        self._delete = _icon_button("edit-delete", words.DELETE_TIP)
        self._delete.connect("clicked", lambda _: self.delete())
        for button in (self._save, self._rename, self._delete):
            self.pack_start(button, False, False, 0)
        self.show_preset(None)

    def allow(self, saving, changing):
        """Make buttons insensitive that have nothing to do."""
        self._save.set_sensitive(saving)
        for button in (self._rename, self._delete):
            button.set_sensitive(changing)

    def question(self, title, name, with_about=False):
        """A dialog of GTK's."""
        return _Question(self.get_toplevel(), title, name, with_about)

    def agrees(self, text):
        """Ask in a dialog."""
        return _agrees(self.get_toplevel(), text, _("_Delete"))

    def tell(self, text):
        """Say it in a dialog."""
        _tell(self.get_toplevel(), text)


def _icon_button(icon, tip):
    button = Gtk.Button.new_from_icon_name(icon, Gtk.IconSize.BUTTON)
    button.set_tooltip_text(tip)
    return button


class _Question(Gtk.Dialog):
    """Asks for a preset's name, and for a sentence about it."""

    def __init__(self, parent, title, name, with_about=False):
        super().__init__(title=title, transient_for=parent, modal=True, border_width=6)
        self.add_button(_("_Cancel"), Gtk.ResponseType.CANCEL)
        self._ok = self.add_button(_("_Save"), Gtk.ResponseType.OK)
        self.set_default_response(Gtk.ResponseType.OK)
        grid = Gtk.Grid(row_spacing=6, column_spacing=12, border_width=6)
        self._name = Gtk.Entry(text=name, activates_default=True, width_chars=30, hexpand=True)
        self._about = Gtk.Entry(activates_default=True, placeholder_text=_("May be empty"))
        rows = [(_("_Name"), self._name)] + (
            [(_("_Description"), self._about)] if with_about else []
        )
        for number, (text, entry) in enumerate(rows):
            label = Gtk.Label(label=text, use_underline=True, xalign=0.0, mnemonic_widget=entry)
            grid.attach(label, 0, number, 1, 1)
            grid.attach(entry, 1, number, 1, 1)
        self._words = Gtk.Label(wrap=True, xalign=0.0, max_width_chars=44, no_show_all=True)
        grid.attach(self._words, 0, len(rows), 2, 1)
        self.get_content_area().add(grid)
        self._name.connect("changed", lambda _: self._ok.set_sensitive(self._is_named()))
        self._ok.set_sensitive(self._is_named())
        self.show_all()

    def answer(self):
        """Ask; the name and the sentence, or None where the painter does not want it."""
        if self.run() != Gtk.ResponseType.OK:
            return None
        return self._name.get_text().strip(), self._about.get_text().strip()

    def agrees(self, text):
        """Ask once more."""
        return _agrees(self, text, _("_Replace"))

    def warn(self, text):
        """Say what is wrong with the name."""
        self._words.set_text(text)
        self._words.show()

    def close(self):
        """End it."""
        self.destroy()

    def _is_named(self):
        return bool(self._name.get_text().strip())


def _agrees(parent, text, action):
    box = Gtk.MessageDialog(
        transient_for=parent, modal=True, text=text, message_type=Gtk.MessageType.QUESTION
    )
    box.add_button(_("_Cancel"), Gtk.ResponseType.CANCEL)
    box.add_button(action, Gtk.ResponseType.OK)
    answer = box.run()
    box.destroy()
    return answer == Gtk.ResponseType.OK


def _tell(parent, text):
    box = Gtk.MessageDialog(
        transient_for=parent, modal=True, text=text, message_type=Gtk.MessageType.ERROR
    )
    box.add_button(_("_Close"), Gtk.ResponseType.CLOSE)
    box.run()
    box.destroy()
