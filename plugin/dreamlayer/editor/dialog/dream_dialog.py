"""What Deep Dream's dialog has beside that of every filter: layers by pictures, and a guide."""

from ..choices import CUSTOM
from ..guide import is_layer
from ..messages import DREAM, FAILED
from ..translation import _
from ..worker_client import Worker
from . import plan, words
from .filter_dialog import FilterDialog, Texts
from .galleries import GalleryMaker
from .live_preview import LivePreview, Wanted
from .placing import placing


class DreamDialog(FilterDialog):
    """The dialog of Deep Dream, but for its widgets.

    Attributes
    ----------
    gallery : editor.dialog.galleries.GalleryMaker
        Makes pictures of layers, which `side.layers` shows.
    """

    work = DREAM
    texts = Texts(
        _("_Dream"),
        _("Dreams, and leaves this window open"),
        words.APPLYING,
        FAILED,
    )
    gallery = None

    def chosen_guide(self):
        """The layer that is the guide picture, or None."""
        raise NotImplementedError

    def make_preview(self, source, maker):
        """It begins at once, while the window is built; so do the pictures of layers."""
        live = LivePreview(source, maker, self._wanted, self.screen)
        live.start()
        self.gallery = GalleryMaker(lambda: Worker(self.folder), self._tell_gallery)
        return live

    def on_described(self, network, described):
        """Show the layers of the network."""
        self.side.layers.show_network(network, described.get("layers", []))

    def on_end(self):
        """Make no more pictures of layers."""
        if self.gallery is not None:
            self.gallery.end()

    def now(self):
        """What is set, as a preset keeps it: a guide that is a layer would not be found later."""
        recipe = self.settings.recipe(CUSTOM, self.values.now())
        if is_layer(recipe["guide"]) or plan.is_former(recipe["guide"]):
            recipe["guide"] = ""
        return recipe

    def _wanted(self):
        """What is set, for the preview."""
        recipe = self.settings.recipe(CUSTOM, self.values.now())
        return Wanted(recipe, *placing(self.config), self.chosen_guide())

    def _tell_gallery(self, *news):
        """Called on another thread; windows may be changed on the main one only."""
        self.screen.call_soon(lambda: self.side.layers.hear(*news))
