"""The buttons below the presets: save as one's own, rename, delete."""

from editor.dialog import own_files, words
from editor.settings import SettingError
from editor.translation import _
from gi.repository import Gtk


class OwnButtons(Gtk.Box):
    """Buttons for the painter's own presets; insensitive where they have nothing to do.

    Parameters
    ----------
    settings : settings.Settings
        The presets.
    now : callable
        Gives the recipe that is set, without what is left to the seed; raises `SettingError`.
    picture : callable
        Writes a small picture of the present preview to a path.
    changed : callable
        Called with the name of the preset to mark, or None, after a change; with `saved=True`
        where it was saved.
    """

    def __init__(self, settings, now, picture, changed):
        super().__init__()
        self.get_style_context().add_class("linked")
        self._settings, self._now, self._picture = settings, now, picture
        self._changed, self._name = changed, None
        self._save = Gtk.Button(label=_("Save as _Preset…"), use_underline=True)
        self._save.set_tooltip_text(_("Keeps the present settings as a preset of your own"))
        self._save.connect("clicked", lambda _: self._ask_and_save())
        self._rename = _icon_button("gtk-edit", words.RENAME_TIP)
        self._rename.connect("clicked", lambda _: self._ask_and_rename())
        self._delete = _icon_button("edit-delete", words.DELETE_TIP)
        self._delete.connect("clicked", lambda _: self._ask_and_delete())
        for button in (self._save, self._rename, self._delete):
            self.pack_start(button, False, False, 0)
        self.show_preset(None)

    def show_preset(self, name):
        """Tell which preset is chosen."""
        self._name = name if name in own_files.mine(self._settings) else None
        for button in (self._rename, self._delete):
            button.set_sensitive(self._name is not None)
        self._save.set_sensitive(bool(self._settings.presets_folder))

    def _ask_and_save(self):
        asked = _Question(self.get_toplevel(), words.SAVE, self._name or "", with_about=True)
        while asked.is_answered():
            name = asked.name.get_text().strip()
            same = {n.lower() for n in own_files.mine(self._settings)} & {name.lower()}
            if same and not asked.agrees(words.REPLACE.format(name=name)):
                continue
            about = asked.about.get_text().strip()
            try:
                recipe = self._now()
                name = own_files.save(self._settings, name, recipe, about, self._picture)
            except SettingError as error:
                asked.warn(str(error))
                continue
            own_files.read_back(self._settings, name, recipe, about)
            self._changed(name, saved=True)
            break
        asked.destroy()

    def _ask_and_rename(self):
        asked = _Question(self.get_toplevel(), words.RENAME, self._name)
        while asked.is_answered():
            try:
                name = own_files.rename(self._settings, self._name, asked.name.get_text())
            except SettingError as error:
                asked.warn(str(error))
                continue
            preset = self._settings.presets.pop(self._name)
            self._settings.presets[name] = dict(preset, title=name)
            self._changed(name)
            break
        asked.destroy()

    def _ask_and_delete(self):
        if not _agrees(self.get_toplevel(), words.DELETE.format(name=self._name), _("_Delete")):
            return
        try:
            own_files.delete(self._settings, self._name)
        except SettingError as error:
            _tell(self.get_toplevel(), str(error))
            return
        del self._settings.presets[self._name]
        self._changed(None)


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
        self.name = Gtk.Entry(text=name, activates_default=True, width_chars=30, hexpand=True)
        self.about = Gtk.Entry(activates_default=True, placeholder_text=_("May be empty"))
        rows = [(_("_Name"), self.name)] + ([(_("_Description"), self.about)] if with_about else [])
        for number, (text, entry) in enumerate(rows):
            label = Gtk.Label(label=text, use_underline=True, xalign=0.0, mnemonic_widget=entry)
            grid.attach(label, 0, number, 1, 1)
            grid.attach(entry, 1, number, 1, 1)
        self._words = Gtk.Label(wrap=True, xalign=0.0, max_width_chars=44, no_show_all=True)
        grid.attach(self._words, 0, len(rows), 2, 1)
        self.get_content_area().add(grid)
        self.name.connect("changed", lambda _: self._ok.set_sensitive(self._is_named()))
        self._ok.set_sensitive(self._is_named())
        self.show_all()

    def is_answered(self):
        """Ask; whether the painter wants it."""
        return self.run() == Gtk.ResponseType.OK

    def agrees(self, text):
        """Ask once more."""
        return _agrees(self, text, _("_Replace"))

    def warn(self, text):
        """Say what is wrong with the name."""
        self._words.set_text(text)
        self._words.show()

    def _is_named(self):
        return bool(self.name.get_text().strip())


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
