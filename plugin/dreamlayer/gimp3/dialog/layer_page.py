"""The page of the dialog where layers and channels are chosen by what they dream of."""

from gi.repository import GLib, Gtk
from translation import _, ngettext

from gimp3.dialog import layer_terms, words
from gimp3.dialog.channel_page import ChannelPage
from gimp3.dialog.chosen_layers import ChosenLayers
from gimp3.dialog.layer_tiles import LayerTiles
from gimp3.dialog.picture import pixbuf, with_alpha

_CHOSEN_HEIGHT = 104
"""Two rows: more would leave too little for the tiles on a small screen."""


class LayerPage(Gtk.Stack):
    """The chosen layers, and tiles of all of them; or the channels of one.

    Parameters
    ----------
    config : Gimp.ProcedureConfig
        The arguments, of which `layers` is read and set.
    gallery : gimp3.dialog.galleries.GalleryMaker
        Makes the pictures.
    """

    def __init__(self, config, gallery):
        super().__init__(transition_type=Gtk.StackTransitionType.NONE)
        self._config, self._gallery = config, gallery
        self._network, self._layers, self._main = None, {}, []
        self._pictures, self._terms, self._failed = {}, [], set()
        self._asked_main = self._main_known = self._readable = False
        self._chosen = ChosenLayers(self._weigh, self._open_channels, self._remove)
        self._tiles = LayerTiles(self._click_layer, self._ask)
        self._note = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=40, margin_start=4)
        self._note.set_no_show_all(True)
        self._channels = ChannelPage(
            self._click_channel,
            self._ask,
            self._close_channels,
        )
        self._add_pages()
        config.connect("notify::layers", lambda *_: self._read())
        self.connect("map", lambda _: self._begin())
        self._read()

    def show_network(self, network, layers):
        """Show the layers of a network, as the worker describes them."""
        if network != self._network:
            self._network, self._pictures = network, {}
            self._main, self._asked_main, self._main_known = [], False, False
            self._failed = set()
            self._close_channels()
        self._layers = {layer["name"]: layer["channels"] for layer in layers}
        self._fill()
        if self.get_mapped():
            self._begin()

    def hear(self, kind, request, news):
        """What the gallery tells; called on the main thread."""
        if request.get("network") != self._network:
            return
        if kind == "thumbnail":
            self._take(request, *news)
            return
        if "layer" not in request:
            self._main_known = True
            self._fill()
            self._say_usual()
        if kind == "error":
            self._failed.update(_keys_of(request))
            self._say(words.sentence(news))

    def _add_pages(self):
        page = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, border_width=6)
        scrolled = Gtk.ScrolledWindow(
            hscrollbar_policy=Gtk.PolicyType.NEVER,
            overlay_scrolling=False,
            propagate_natural_height=True,
            max_content_height=_CHOSEN_HEIGHT,
        )
        scrolled.add(self._chosen)
        self._scrolled = scrolled
        page.pack_start(scrolled, False, False, 0)
        page.pack_start(self._note, False, False, 0)
        page.pack_start(self._tiles, True, True, 0)
        self.add_named(page, "layers")
        self.add_named(self._channels, "channels")

    def _begin(self):
        """Ask for the main layers' pictures, once the page is seen and the network is known."""
        if self._network is not None and self._layers and not self._asked_main:
            self._asked_main = True
            self._say_usual()
            self._gallery.want([*self._requests([]), {"network": self._network}])

    def _fill(self):
        """Tiles of the main layers, then of all others."""
        self._tiles.clear()
        if not self._main_known:
            self._tiles.add_section("")
            self._add_tiles(self._main)
        else:
            rest = [name for name in self._layers if name not in self._main]
            for title, names in ((_("Main layers"), self._main), (_("Other layers"), rest)):
                if names:
                    self._tiles.add_section(title)
                    self._add_tiles(names)
        self._show()

    def _add_tiles(self, names):
        for name in names:
            count = self._layers.get(name, 0)
            tip = ngettext("{layer}: {count} channel", "{layer}: {count} channels", count)
            self._tiles.add_tile((name, None), name, tip.format(layer=name, count=count))
            if (name, None) in self._pictures:
                self._tiles.show_picture((name, None), self._pictures[name, None])

    def _take(self, request, header, rgb):
        """Keep a picture, and show it wherever it belongs."""
        key = header["layer"], header["channel"]
        width, height = header["width"], header["height"]
        picture = pixbuf(width, height, with_alpha(rgb, 255))
        self._pictures[key] = picture
        if "layer" not in request and header["layer"] not in self._main:
            self._main.append(header["layer"])
            if not self._tiles.has(key):
                self._add_tiles([header["layer"]])
                self._show()
        for tiles in (self._tiles, self._channels.tiles):
            tiles.show_picture(key, picture)
        self._chosen.show_pictures(self._picture_of)

    def _ask(self, keys):
        """Ask for the pictures of tiles in view, and of the chosen layers before them."""
        if self._main_known:
            self._gallery.want(self._requests(keys))

    def _requests(self, keys):
        """Requests for pictures that are missing: of the chosen layers, then of these keys."""
        wanted = [self._key_of(term) for term in self._terms]
        wanted = [key for key in wanted if key[0] in self._layers] + keys
        requests = []
        missing = [k for k in wanted if k not in self._pictures and k not in self._failed]
        for layer, channel in dict.fromkeys(missing):
            request = {"network": self._network, "layer": layer}
            if channel is not None:
                request["channels"] = [channel]
            requests.append(request)
        return requests

    def _read(self):
        """Take over what the text says."""
        terms = layer_terms.read(self._config.get_property("layers") or "")
        self._readable = terms is not None
        self._tiles.set_sensitive(self._readable)
        self._terms = terms or []
        self._say_usual()
        self._show()

    def _say_usual(self):
        """What is to be known beside failures."""
        if not self._readable:
            self._say(words.LAYERS_TYPED)
        elif self._asked_main and not self._main_known:
            self._say(words.MAKING_PICTURES)
        else:
            self._say("" if self._terms else words.CLICK_LAYERS)

    def _show(self):
        self._chosen.show_terms(self._terms)
        self._chosen.show_pictures(self._picture_of)
        self._tiles.mark({(term.layer, None) for term in self._terms})
        self._tiles.look()
        open_ = self._channels.number
        if open_ is None:
            return
        if open_ < len(self._terms) and self._terms[open_].layer == self._channels.layer:
            self._channels.mark(self._terms[open_].channels)
        else:
            self._close_channels()

    def _say(self, text):
        self._note.set_text(text)
        self._note.set_visible(bool(text))

    def _write(self, terms):
        self._config.set_property("layers", layer_terms.write(terms))

    def _click_layer(self, key):
        self._write(layer_terms.with_layer(self._terms, key[0]))
        # A layer that was added is the last one.
        GLib.idle_add(self._show_last, priority=GLib.PRIORITY_LOW)

    def _show_last(self):
        place = self._scrolled.get_vadjustment()
        place.set_value(place.get_upper())
        return False

    def _click_channel(self, channel):
        number = self._channels.number
        changed = list(self._terms)
        changed[number] = layer_terms.toggled(changed[number], channel)
        self._write(changed)

    def _weigh(self, number, weight):
        changed = list(self._terms)
        changed[number] = changed[number]._replace(weight=weight)
        self._write(changed)

    def _remove(self, number):
        changed = [term for n, term in enumerate(self._terms) if n != number]
        # Not while the row's own button is being pressed, which goes with it.
        GLib.idle_add(lambda: self._write(changed))

    def _open_channels(self, number):
        term = self._terms[number]
        count = self._layers.get(term.layer, 0)
        self._channels.open(number, term, count, self._pictures)
        self.set_visible_child_name("channels")

    def _close_channels(self):
        self._channels.number = None
        self.set_visible_child_name("layers")
        self._tiles.look()

    def _key_of(self, term):
        """The picture that stands for a term: of its first channel, or of the layer."""
        return term.layer, term.channels[0] if term.channels else None

    def _picture_of(self, term):
        found = self._pictures.get(self._key_of(term))
        return found or self._pictures.get((term.layer, None))


def _keys_of(request):
    return {(request.get("layer"), c) for c in request.get("channels", [None])}
