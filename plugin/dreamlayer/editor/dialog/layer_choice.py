"""Choosing layers and channels by what they dream of: what is shown, and what comes of a click."""

from ..translation import _, ngettext
from . import layer_terms, words
from .rows import with_alpha


class LayerChoice:
    """The page of the dialog, but for its widgets, which a class of the toolkit's adds.

    Its widgets are `chosen` (shows the terms), `tiles` (one for each layer) and `channels` (those
    of a layer, on a page of their own).

    Parameters
    ----------
    config : object
        The arguments, of which `layers` is read and set.
    gallery : editor.dialog.galleries.GalleryMaker
        Makes the pictures.
    screen : object
        The toolkit, see `editor.dialog`.
    """

    chosen = tiles = channels = None

    def begin_with(self, config, gallery, screen):
        """To be called once, before anything else."""
        self._config, self._gallery, self._screen = config, gallery, screen
        self._network, self._layers, self._main = None, {}, []
        self._pictures, self._terms, self._failed = {}, [], set()
        self._asked_main = self._main_known = self._readable = False

    def is_seen(self):
        """Whether the page is on the screen."""
        raise NotImplementedError

    def show_page(self, name):
        """Turn to the page `layers` or `channels`."""
        raise NotImplementedError

    def show_last_chosen(self):
        """Scroll the chosen layers to the last one."""
        raise NotImplementedError

    def show_note(self, text):
        """Show a sentence above the tiles; none where it is empty."""
        raise NotImplementedError

    def show_network(self, network, layers):
        """Show the layers of a network, as the worker describes them."""
        if network != self._network:
            self._network, self._pictures = network, {}
            self._main, self._asked_main, self._main_known = [], False, False
            self._failed = set()
            self.close_channels()
        self._layers = {layer["name"]: layer["channels"] for layer in layers}
        self._fill()
        if self.is_seen():
            self.begin()

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
            self.show_note(words.sentence(news))

    def begin(self):
        """Ask for the main layers' pictures, once the page is seen and the network is known."""
        if self._network is not None and self._layers and not self._asked_main:
            self._asked_main = True
            self._say_usual()
            self._gallery.want([*self._requests([]), {"network": self._network}])

    def _fill(self):
        """Tiles of the main layers, then of all others."""
        self.tiles.clear()
        if not self._main_known:
            self.tiles.add_section("")
            self._add_tiles(self._main)
        else:
            rest = [name for name in self._layers if name not in self._main]
            for title, names in ((_("Main layers"), self._main), (_("Other layers"), rest)):
                if names:
                    self.tiles.add_section(title)
                    self._add_tiles(names)
        self._show()

    def _add_tiles(self, names):
        for name in names:
            count = self._layers.get(name, 0)
            tip = ngettext("{layer}: {count} channel", "{layer}: {count} channels", count)
            self.tiles.add_tile((name, None), name, tip.format(layer=name, count=count))
            if (name, None) in self._pictures:
                self.tiles.show_picture((name, None), self._pictures[name, None])

    def _take(self, request, header, rgb):
        """Keep a picture, and show it wherever it belongs."""
        key = header["layer"], header["channel"]
        width, height = header["width"], header["height"]
        picture = self._screen.picture(width, height, with_alpha(rgb, 255))
        self._pictures[key] = picture
        if "layer" not in request and header["layer"] not in self._main:
            self._main.append(header["layer"])
            if not self.tiles.has(key):
                self._add_tiles([header["layer"]])
                self._show()
        for tiles in (self.tiles, self.channels.tiles):
            tiles.show_picture(key, picture)
        self.chosen.show_pictures(self._picture_of)

    def ask(self, keys):
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

    def read(self):
        """Take over what the text says."""
        terms = layer_terms.read(self._config.get_property("layers") or "")
        self._readable = terms is not None
        self.tiles.set_sensitive(self._readable)
        self._terms = terms or []
        self._say_usual()
        self._show()

    def _say_usual(self):
        """What is to be known beside failures."""
        if not self._readable:
            self.show_note(words.LAYERS_TYPED)
        elif self._asked_main and not self._main_known:
            self.show_note(words.MAKING_PICTURES)
        else:
            self.show_note("" if self._terms else words.CLICK_LAYERS)

    def _show(self):
        self.chosen.show_terms(self._terms)
        self.chosen.show_pictures(self._picture_of)
        self.tiles.mark({(term.layer, None) for term in self._terms})
        self.tiles.look()
        open_ = self.channels.number
        if open_ is None:
            return
        if open_ < len(self._terms) and self._terms[open_].layer == self.channels.layer:
            self.channels.mark(self._terms[open_].channels)
        else:
            self.close_channels()

    def _write(self, terms):
        self._config.set_property("layers", layer_terms.write(terms))

    def click_layer(self, key):
        self._write(layer_terms.with_layer(self._terms, key[0]))
        # A layer that was added is the last one.
        self._screen.call_soon(self.show_last_chosen)

    def click_channel(self, channel):
        number = self.channels.number
        changed = list(self._terms)
        changed[number] = layer_terms.toggled(changed[number], channel)
        self._write(changed)

    def weigh(self, number, weight):
        changed = list(self._terms)
        changed[number] = changed[number]._replace(weight=weight)
        self._write(changed)

    def remove(self, number):
        changed = [term for n, term in enumerate(self._terms) if n != number]
        # Not while the row's own button is being pressed, which goes with it.
        self._screen.call_soon(lambda: self._write(changed))

    def open_channels(self, number):
        term = self._terms[number]
        count = self._layers.get(term.layer, 0)
        self.channels.open(number, term, count, self._pictures)
        self.show_page("channels")

    def close_channels(self):
        self.channels.number = None
        self.show_page("layers")
        self.tiles.look()

    def _key_of(self, term):
        """The picture that stands for a term: of its first channel, or of the layer."""
        return term.layer, term.channels[0] if term.channels else None

    def _picture_of(self, term):
        found = self._pictures.get(self._key_of(term))
        return found or self._pictures.get((term.layer, None))


def _keys_of(request):
    return {(request.get("layer"), c) for c in request.get("channels", [None])}
