"""The page of the dialog where layers and channels are chosen by what they dream of."""

from editor.dialog.layer_choice import LayerChoice
from gi.repository import Gtk

from gimp3.dialog import screen
from gimp3.dialog.channel_page import ChannelPage
from gimp3.dialog.chosen_layers import ChosenLayers
from gimp3.dialog.layer_tiles import LayerTiles

_CHOSEN_HEIGHT = 104
"""Two rows: more would leave too little for the tiles on a small screen."""


class LayerPage(LayerChoice, Gtk.Stack):
    """The chosen layers, and tiles of all of them; or the channels of one.

    Parameters
    ----------
    config : Gimp.ProcedureConfig
        The arguments, of which `layers` is read and set.
    gallery : editor.dialog.galleries.GalleryMaker
        Makes the pictures.
    """

    def __init__(self, config, gallery):
        Gtk.Stack.__init__(self, transition_type=Gtk.StackTransitionType.NONE)
        self.begin_with(config, gallery, screen)
        self.chosen = ChosenLayers(self.weigh, self.open_channels, self.remove)
        self.tiles = LayerTiles(self.click_layer, self.ask)
        self._note = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=40, margin_start=4)
        self._note.set_no_show_all(True)
        self.channels = ChannelPage(self.click_channel, self.ask, self.close_channels)
        self._add_pages()
        config.connect("notify::layers", lambda *_: self.read())
        self.connect("map", lambda _: self.begin())
        self.read()

    def is_seen(self):
        """Whether the page is on the screen."""
        return self.get_mapped()

    def show_page(self, name):
        """Turn to the page `layers` or `channels`."""
        self.set_visible_child_name(name)

    def show_last_chosen(self):
        """Scroll the chosen layers to the last one."""
        place = self._scrolled.get_vadjustment()
        place.set_value(place.get_upper())

    def show_note(self, text):
        """Show a sentence above the tiles; none where it is empty."""
        self._note.set_text(text)
        self._note.set_visible(bool(text))

    def _add_pages(self):
        page = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, border_width=6)
        scrolled = Gtk.ScrolledWindow(
            hscrollbar_policy=Gtk.PolicyType.NEVER,
            overlay_scrolling=False,
            propagate_natural_height=True,
            max_content_height=_CHOSEN_HEIGHT,
        )
        scrolled.add(self.chosen)
        self._scrolled = scrolled
        page.pack_start(scrolled, False, False, 0)
        page.pack_start(self._note, False, False, 0)
        page.pack_start(self.tiles, True, True, 0)
        self.add_named(page, "layers")
        self.add_named(self.channels, "channels")
