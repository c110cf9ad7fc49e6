"""The channels of a layer as pictures, some at a time."""

from editor.dialog import words
from editor.dialog.leaves import Leaves
from editor.translation import _
from gi.repository import Gtk, Pango

from gimp3.dialog.layer_tiles import LayerTiles


class ChannelPage(Gtk.Box):
    """A button back, the leaves, and tiles.

    Parameters
    ----------
    clicked : callable
        Called with the number of the channel that is clicked.
    seen : callable
        As for `LayerTiles`.
    close : callable
        Called when the painter goes back.

    Attributes
    ----------
    number : int or None
        The number of the term whose channels are shown.
    layer : str
        Its layer.
    tiles : LayerTiles
        The channels.
    """

    def __init__(self, clicked, seen, close):
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6, border_width=6)
        self.number, self.layer = None, ""
        self._leaves, self._pictures, self._chosen = Leaves(0, ()), {}, ()
        top = Gtk.Box(spacing=6)
        back = Gtk.Button.new_from_icon_name("go-previous", Gtk.IconSize.BUTTON)
        back.set_label(_("Layers"))
        back.set_always_show_image(True)
        back.connect("clicked", lambda _: close())
        top.pack_start(back, False, False, 0)
        # However long the name is, the page does not widen, and the preview keeps its size.
        self._title = Gtk.Label(xalign=0.0, ellipsize=Pango.EllipsizeMode.MIDDLE, max_width_chars=8)
        top.pack_start(self._title, True, True, 0)
        self._leaf = Gtk.Label()
        leaves = Gtk.Box()
        leaves.get_style_context().add_class("linked")
        self._turns = []
        for icon, by, tip in (
            ("pan-start", -1, _("Earlier channels")),
            ("pan-end", 1, _("Later channels")),
        ):
            button = Gtk.Button.new_from_icon_name(f"{icon}-symbolic", Gtk.IconSize.BUTTON)
            button.set_tooltip_text(tip)
            button.connect("clicked", lambda _, by=by: self._turn(by))
            leaves.pack_start(button, False, False, 0)
            self._turns.append(button)
        top.pack_end(leaves, False, False, 0)
        top.pack_end(self._leaf, False, False, 0)
        self.pack_start(top, False, False, 0)
        note = Gtk.Label(label=words.CLICK_CHANNELS, xalign=0.0, wrap=True, max_width_chars=40)
        note.set_margin_start(4)
        self.pack_start(note, False, False, 0)
        self.tiles = LayerTiles(lambda key: clicked(key[1]), seen)
        self.pack_start(self.tiles, True, True, 0)

    def open(self, number, term, count, pictures):
        """Show the channels of a term.

        Parameters
        ----------
        number : int
            Its number.
        term : editor.dialog.layer_terms.Term
            The term.
        count : int
            How many channels the layer has; 0 where the network has no such layer.
        pictures : dict
            The pictures that are there, by layer and channel.
        """
        self.number, self.layer, self._pictures = number, term.layer, pictures
        self._title.set_text(term.layer)
        self._leaves, self._chosen = Leaves(count, term.channels), term.channels
        self._fill()

    def mark(self, channels):
        """Show which channels are chosen."""
        self._chosen = channels
        self.tiles.mark({(self.layer, channel) for channel in channels})

    def _turn(self, by):
        self._leaves.turn(by)
        self._fill()

    def _fill(self):
        self.tiles.clear()
        self.tiles.add_section("")
        for channel in self._leaves.shown():
            key = self.layer, channel
            tip = _("Channel {channel} of {layer}").format(channel=channel, layer=self.layer)
            self.tiles.add_tile(key, str(channel), tip)
            if key in self._pictures:
                self.tiles.show_picture(key, self._pictures[key])
        self._leaf.set_text(self._leaves.text())
        self._turns[0].set_sensitive(self._leaves.has_earlier())
        self._turns[1].set_sensitive(self._leaves.has_later())
        self.tiles.get_vadjustment().set_value(0)
        self.mark(self._chosen)
        self.tiles.look()
