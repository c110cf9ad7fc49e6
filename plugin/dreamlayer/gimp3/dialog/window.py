"""The window of Deep Dream: what is different from that of other filters."""

from gi.repository import GLib
from messages import DREAM
from settings import CUSTOM
from translation import _
from worker_client import Worker

from gimp3 import guide
from gimp3.dialog import plan, words
from gimp3.dialog.filter_window import FilterWindow, Texts
from gimp3.dialog.galleries import GalleryMaker
from gimp3.dialog.live_preview import LivePreview, Wanted
from gimp3.dialog.placing import placing
from gimp3.dialog.settings_side import SettingsSide
from gimp3.filter import FAILED


class Window(FilterWindow):
    """The dialog; with layers that are chosen by pictures, and a guide picture."""

    work = DREAM
    texts = Texts(
        _("_Dream"),
        _("Dreams, and leaves this window open"),
        words.APPLYING,
        FAILED,
    )
    _gallery = None

    def make_preview(self, source, maker):
        """It begins at once, while the window is built."""
        live = LivePreview(source, maker, self._wanted)
        live.start()
        return live

    def make_side(self, choose, picture, changed):
        """With the pictures of layers, which have a worker of their own."""
        self._gallery = GalleryMaker(lambda: Worker(self.folder), self._tell_gallery)
        return SettingsSide(
            self.config,
            self.settings,
            choose,
            self._gallery,
            self._now,
            picture,
            changed,
        )

    def on_described(self, network, described):
        """Show the layers of the network."""
        self.side.layers.show_network(network, described.get("layers", []))

    def on_end(self):
        """Make no more pictures of layers."""
        if self._gallery is not None:
            self._gallery.end()

    def _wanted(self):
        """What is set, for the preview."""
        recipe = self.settings.recipe(CUSTOM, self.values.now())
        return Wanted(recipe, *placing(self.config), guide.chosen(self.config))

    def _now(self):
        """What is set, as a preset keeps it: a guide that is a layer would not be found later."""
        recipe = self.settings.recipe(CUSTOM, self.values.now())
        if guide.is_layer(recipe["guide"]) or plan.is_former(recipe["guide"]):
            recipe["guide"] = ""
        return recipe

    def _tell_gallery(self, *news):
        """Called on another thread; GTK may be used on the main one only."""
        GLib.idle_add(self._hear_gallery, *news)

    def _hear_gallery(self, kind, request, news):
        self.side.layers.hear(kind, request, news)
        return False
