"""Tiles with pictures of layers or channels; pictures are asked for as tiles come into view."""

import re

from gi.repository import GdkPixbuf, GLib, Gtk, Pango

SIDE = 84
"""The side of a picture in pixels."""

_DELAY = 60


class LayerTiles(Gtk.ScrolledWindow):
    """Tiles in sections.

    Parameters
    ----------
    clicked : callable
        Called with the key of the tile that is clicked.
    seen : callable
        Called, soon after something else is in view, with the keys of the tiles in view that have
        no picture.
    """

    def __init__(self, clicked, seen):
        super().__init__(hscrollbar_policy=Gtk.PolicyType.NEVER, overlay_scrolling=False)
        self._clicked, self._seen, self._timer = clicked, seen, 0
        self._tiles, self._flows = {}, []
        self._box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=4)
        self.add(self._box)
        self.get_vadjustment().connect("value-changed", lambda _: self.look())
        self.get_vadjustment().connect("changed", lambda _: self.look())
        self.connect("map", lambda _: self.look())
        self.connect("destroy", lambda _: self._end())

    def clear(self):
        """Remove all tiles."""
        for child in self._box.get_children():
            self._box.remove(child)
        self._tiles, self._flows = {}, []

    def add_section(self, title):
        """Begin a section; with the title "", it has none."""
        if title:
            label = Gtk.Label(xalign=0.0, margin_start=4, margin_top=4)
            label.set_markup(f"<b>{GLib.markup_escape_text(title)}</b>")
            self._box.pack_start(label, False, False, 0)
        flow = Gtk.FlowBox(
            homogeneous=True,
            min_children_per_line=3,
            max_children_per_line=16,
            selection_mode=Gtk.SelectionMode.NONE,
            valign=Gtk.Align.START,
        )
        self._flows.append(flow)
        self._box.pack_start(flow, False, False, 0)
        self._box.show_all()

    def add_tile(self, key, title, tip):
        """Add a tile to the last section."""
        tile = _Tile(title, tip)
        tile.button.connect("clicked", lambda _: self._clicked(key))
        self._tiles[key] = tile
        self._flows[-1].add(tile)
        tile.show_all()

    def has(self, key):
        """Whether there is such a tile."""
        return key in self._tiles

    def show_picture(self, key, picture):
        """Give a tile its pixbuf."""
        if key in self._tiles:
            self._tiles[key].show_picture(picture)

    def mark(self, keys):
        """Show which tiles are chosen."""
        for key, tile in self._tiles.items():
            tile.mark(key in keys)

    def look(self):
        """Ask, after a while, for the pictures that are missing in view."""
        self._end()
        self._timer = GLib.timeout_add(_DELAY, self._look)

    def _look(self):
        self._timer = 0
        if self.get_mapped():
            top = self.get_vadjustment().get_value()
            bottom = top + self.get_vadjustment().get_page_size()
            tiles = self._tiles.items()
            self._seen([k for k, tile in tiles if self._lacks_picture(tile, top, bottom)])
        return False

    def _lacks_picture(self, tile, top, bottom):
        """Whether a tile is in view and has no picture."""
        place = tile.translate_coordinates(self._box, 0, 0)
        if tile.picture is not None or place is None:
            return False
        return place[1] < bottom and place[1] + tile.get_allocated_height() > top

    def _end(self):
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0


class _Tile(Gtk.FlowBoxChild):
    """A picture and a name below it; pressed where it is chosen."""

    def __init__(self, title, tip):
        super().__init__(can_focus=False)
        self.picture = None
        self._image = Gtk.Image()
        self._image.set_size_request(SIDE, SIDE)
        # Names of layers have no spaces; without places to break, they are hyphenated anywhere.
        name = re.sub(r"([_./])", "\\1\u200b", title)
        label = Gtk.Label(label=name, max_width_chars=14, lines=2, yalign=0.0)
        label.set_properties(wrap=True, wrap_mode=Pango.WrapMode.WORD_CHAR)
        label.set_properties(ellipsize=Pango.EllipsizeMode.END, justify=Gtk.Justification.CENTER)
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=2)
        box.pack_start(self._image, False, False, 0)
        box.pack_start(label, False, False, 0)
        self.button = Gtk.Button(relief=Gtk.ReliefStyle.NONE, tooltip_text=tip)
        self.button.add(box)
        self.add(self.button)

    def show_picture(self, picture):
        self.picture = picture
        self._image.set_from_pixbuf(picture.scale_simple(SIDE, SIDE, GdkPixbuf.InterpType.BILINEAR))

    def mark(self, chosen):
        # A toggle button would toggle by itself, before it is known what a click means.
        if chosen:
            self.button.set_state_flags(Gtk.StateFlags.CHECKED, False)
        else:
            self.button.unset_state_flags(Gtk.StateFlags.CHECKED)
