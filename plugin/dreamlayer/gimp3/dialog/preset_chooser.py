"""The page of the dialog where presets are chosen by their pictures."""

from editor.dialog import words
from editor.dialog.catalog import finds
from editor.translation import _
from gi.repository import GdkPixbuf, GLib, Gtk, Pango

_WIDTH, _HEIGHT = 102, 68
"""Size of a preset's picture, in pixels."""

_FEW = 12
"""As many presets need no search."""


class PresetChooser(Gtk.Box):
    """A field to search, and tiles in sections.

    Parameters
    ----------
    chosen : callable
        Called with the name of the preset that the painter chooses.
    buttons : Gtk.Widget
        What is beside the field.
    """

    def __init__(self, chosen, buttons):
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6, border_width=6)
        self._chosen = chosen
        self._name, self._boxes, self._pictures, self._loading = None, [], {}, 0
        self.connect("destroy", self._end_loading)
        self._entry = Gtk.SearchEntry(placeholder_text=_("Search presets"), no_show_all=True)
        self._entry.connect("search-changed", lambda _: self._search())
        self._entry.connect("activate", lambda _: self._choose_first())
        self._entry.connect("stop-search", lambda _: self._leave_search())
        top = Gtk.Box(spacing=6)
        top.pack_start(self._entry, True, True, 0)
        top.pack_end(buttons, False, False, 0)
        self.pack_start(top, False, False, 0)
        self._list = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._nothing = Gtk.Label(label=words.NOTHING_FOUND, no_show_all=True, margin=12)
        self._list.pack_end(self._nothing, False, False, 0)
        self._problems = Gtk.Label(
            no_show_all=True, margin=4, xalign=0.0, wrap=True, lines=4, max_width_chars=40
        )
        self._problems.set_ellipsize(Pango.EllipsizeMode.END)
        self._list.pack_start(self._problems, False, False, 0)
        scrolled = Gtk.ScrolledWindow(
            hscrollbar_policy=Gtk.PolicyType.NEVER, overlay_scrolling=False
        )
        scrolled.add(self._list)
        self._scrolled = scrolled
        self.pack_start(scrolled, True, True, 0)

    def fill(self, sections, problems=()):
        """Show these sections, see `editor.dialog.catalog.sections`.

        `problems` are sentences on files that should be presets of the painter's own.
        """
        said = [f"{words.sentence(one)}." for one in problems]
        self._problems.set_text(" ".join(said))
        self._problems.set_tooltip_text("\n".join(said))
        self._problems.set_visible(bool(said))
        for _title, part, _flow in self._boxes:
            self._list.remove(part)
        self._boxes = []
        many = sum(len(tiles) for _title, tiles in sections) > _FEW
        if not many:
            # What was typed into it would go on to hide tiles.
            self._entry.set_text("")
        self._entry.set_visible(many)
        for title, tiles in sections:
            part = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=2)
            label = Gtk.Label(xalign=0.0, margin_start=4)
            label.set_markup(f"<b>{GLib.markup_escape_text(title)}</b>")
            part.pack_start(label, False, False, 0)
            if tiles and all(tile.missing for tile in tiles):
                note = Gtk.Label(label=words.NETWORKS_MISSING, xalign=0.0, wrap=True)
                note.set_margin_start(4)
                note.set_max_width_chars(40)
                part.pack_start(note, False, False, 0)
            flow = Gtk.FlowBox(
                homogeneous=True,
                min_children_per_line=3,
                max_children_per_line=12,
                selection_mode=Gtk.SelectionMode.SINGLE,
                valign=Gtk.Align.START,
            )
            for tile in tiles:
                flow.add(self._child(tile, title))
            flow.connect("child-activated", lambda _, child: self._chosen(child.tile.name))
            part.pack_start(flow, False, False, 0)
            part.show_all()
            self._list.pack_start(part, False, False, 0)
            self._boxes.append((title, part, flow))
        self._search()
        self.show_preset(self._name)
        self._load_pictures()

    def show_preset(self, name):
        """Mark a preset; None marks none of them."""
        self._name = name
        for _title, _part, flow in self._boxes:
            for child in flow.get_children():
                if child.tile.name == name:
                    flow.select_child(child)
                    break
            else:
                flow.unselect_all()

    def search(self):
        """Put the cursor into the field to search, or onto the presets where they are few."""
        if self._entry.get_visible():
            self._entry.grab_focus()
        elif self._boxes:
            self._boxes[0][2].get_children()[0].grab_focus()

    def _child(self, tile, section):
        child = Gtk.FlowBoxChild()
        child.tile, child.section = tile, section
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=2)
        child.image = Gtk.Image()
        child.image.set_size_request(_WIDTH, _HEIGHT if tile.picture else 0)
        if tile.picture:
            box.pack_start(child.image, False, False, 0)
        label = Gtk.Label(label=tile.title, wrap=True, lines=2, max_width_chars=13)
        label.set_ellipsize(Pango.EllipsizeMode.END)
        label.set_justify(Gtk.Justification.CENTER)
        label.set_valign(Gtk.Align.START)
        box.pack_start(label, True, True, 0)
        child.add(box)
        tip = tile.about
        if tile.missing:
            child.set_sensitive(False)
            tip = words.NETWORK_MISSING.format(network=tile.missing)
        child.set_tooltip_text(tip or tile.title)
        return child

    def _leave_search(self):
        """Escape shows all presets again; once more, it leaves the dialog as elsewhere."""
        if self._entry.get_text():
            self._entry.set_text("")
        else:
            self.get_toplevel().response(Gtk.ResponseType.CANCEL)

    def _choose_first(self):
        """Choose what the search found first."""
        for _title, part, flow in self._boxes:
            for child in flow.get_children():
                if part.get_visible() and child.get_visible() and child.get_sensitive():
                    self._chosen(child.tile.name)
                    return

    def _search(self):
        """Show the tiles that the typed words find."""
        typed, any_found = self._entry.get_text(), False
        for title, part, flow in self._boxes:
            found = False
            for child in flow.get_children():
                fits = finds(child.tile, title, typed)
                child.set_visible(fits)
                found = found or fits
            part.set_visible(found)
            any_found = any_found or found
        self._nothing.set_visible(not any_found)

    def _load_pictures(self):
        """Load one picture after another while nothing else is to be done."""
        waiting = [
            child
            for _title, _part, flow in self._boxes
            for child in flow.get_children()
            if child.tile.picture
        ]
        if self._loading:
            GLib.source_remove(self._loading)
        waiting.reverse()

        def load():
            if not waiting:
                self._loading = 0
                return False
            child = waiting.pop()
            child.image.set_from_pixbuf(self._picture(child.tile.picture))
            return True

        self._loading = GLib.idle_add(load, priority=GLib.PRIORITY_LOW)

    def _end_loading(self, _):
        if self._loading:
            GLib.source_remove(self._loading)
            self._loading = 0

    def _picture(self, path):
        if path not in self._pictures:
            try:
                self._pictures[path] = GdkPixbuf.Pixbuf.new_from_file_at_scale(
                    path, _WIDTH, _HEIGHT, True
                )
            except GLib.Error:
                # It is damaged: the preset does without.
                self._pictures[path] = None
        return self._pictures[path]
