"""What the dialogs of all filters have in common in every editor: presets, previews and Apply."""

import collections
import contextlib
import os

from ..choices import CUSTOM
from . import words
from .applying import Applying
from .catalog import sections
from .values import Values
from .workers import Workers

_BLENDED = ("strength", "output", "opacity", "mode")
"""Arguments that change how the result is shown, not the result."""

_OF_NO_PRESET = ("output", "opacity", "mode", "provider")
"""Arguments that belong to no preset."""

Texts = collections.namedtuple("Texts", "ok_label apply_help applying failed")
"""What a window says in the words of its filter: on the button that does the work and closes, of
Apply, while it works, and for an unexpected failure."""


class FilterDialog:
    """The dialog of a filter, but for its widgets, which an editor's class adds.

    Parameters
    ----------
    config : object
        The arguments: `get_property`, `set_property`, and `connect`, as GObject has them.
    settings : settings.Settings
        The parameters.
    folder : str
        Where the plug-in is installed.
    stored : dict or None
        The recipe that is stored on the layer.
    maker : editor.dialog.previews.PreviewMaker
        Makes previews; its worker may be starting.
    screen : object
        The toolkit, see `editor.dialog`.

    Attributes
    ----------
    work : messages.Work
        The filter.
    texts : Texts
        Its words.
    side : object
        The settings' widgets: `show_preset`, `offer` and `chooser`; None until they are built.
    pane : object
        The preview's widgets.
    live : editor.dialog.shown_preview.ShownPreview
        Keeps the preview up to date.
    """

    work = texts = None

    def __init__(self, config, settings, folder, stored, maker, screen):
        self.config, self.settings, self.folder, self.screen = config, settings, folder, screen
        self.side = self.pane = self.live = self.applying = None
        self._filling, self._networks = False, None
        self._described = self._describing = None
        self._workers = Workers(folder, maker, self._tell)
        self.values = Values(config, settings, stored)
        self.values.apply_named()

    def make_preview(self, source, maker):
        """A `editor.dialog.shown_preview.ShownPreview`."""
        raise NotImplementedError

    def build(self, source):
        """Build the window: `pane`, by which the preview is shown, and `side`."""
        raise NotImplementedError

    def close_window(self):
        """Close what `build` built, also where it could not be built to its end."""
        raise NotImplementedError

    def update_buttons(self):
        """Let the painter do what can be done now."""
        raise NotImplementedError

    def on_built(self):
        """Called once the window is built: show what else the arguments name."""

    def on_described(self, network, described):
        """Called with the worker's description of a network."""

    def on_changed(self, name):
        """Called when an argument was changed, not by this window."""

    def on_work(self):
        """Called when the work begins and ends."""

    def on_saved(self):
        """Called after what is set was saved as a preset."""

    def on_end(self):
        """Called before the window closes, also where it could not be built to its end."""

    def has_kept(self, name):
        """Whether that which a preset keeps beside parameters is set, as for `Values.fitting`."""
        return True

    def is_ready(self):
        """Whether there is something to do."""
        return True

    @property
    def applied(self):
        """Whether something was done with Apply."""
        return self.applying.succeeded

    def open(self, source, work):
        """Build the window, and begin the previews.

        Parameters
        ----------
        source : object
            Reads what is changed, see `editor.dialog.shown_preview`.
        work : callable
            Given a worker, does the work as `config` says and writes the result.
        """
        try:
            self.live = self.make_preview(source, self._workers.maker)
            self.build(source)
            given = self.config, self.texts, work, self._workers, self.live, self.pane
            self.applying = Applying(*given, self._show_work, self._go_on, self.screen)
            self.fill_presets()
            self.update_buttons()
            self.show_preset()
            self.config.connect("notify", lambda _, spec: self._changed(spec.name))
            self.live.show_in(self.pane)
            self.live.begin()
            self._describe()
            self.on_built()
        except BaseException:
            # Whoever asked for the window does not get it, and could not close it.
            self._close()
            raise

    def end(self, agreed):
        """Stop the previews; the worker for the work itself, or None."""
        self.live.pause()
        self._describing = None
        self._close()
        return self._workers.end(agreed)

    def _close(self):
        self.on_end()
        self.close_window()

    def _show_work(self):
        self.update_buttons()
        self.on_work()

    def fill_presets(self):
        """Show the presets that there are."""
        pictures, before = os.path.join(self.folder, "thumbnails"), self.values.before is not None
        found = sections(self.settings, pictures, self._networks, before)
        self.side.chooser.fill(found, self.settings.preset_problems)

    def _describe(self):
        """Ask for the layers of the network, where another one is named."""
        network = self.config.get_property("network")
        if network != self._described:
            self._described = network
            self._describing = self._workers.maker.describe(network)

    def _tell(self, *news):
        """Called on another thread; windows may be changed on the main one only."""
        self.screen.call_soon(lambda: self._hear(*news))

    def _hear(self, kind, number, news):
        if number != self._describing:
            self.live.hear(kind, number, news)
        elif kind == "described":
            self._learn(news)
        elif kind == "error":
            self._do_without_layers(news)

    def _do_without_layers(self, error):
        """Tell why a network is not described, and ask for the rest of what this machine has."""
        if not self.applying.is_busy():
            self.pane.warn(words.sentence(error))
        asked, self._described, self._describing = self._described, None, None
        if asked is not None:
            self._describing = self._workers.maker.describe(None)

    def _learn(self, described):
        """Offer what this machine has: networks, layers, the painter's own presets."""
        self._describing = None
        networks = set(described.get("networks", {}))
        layers = [layer["name"] for layer in described.get("layers", [])]
        with self.quietly():
            self.side.offer(sorted(networks), layers)
        self.on_described(self._described, described)
        first = self.settings.presets_folder is None
        if networks != self._networks or first:
            self._networks = networks
            self.settings.take_own(described)
            self.fill_presets()
            self.show_preset()

    @contextlib.contextmanager
    def quietly(self):
        """Change settings without reacting as to a change by the painter."""
        before, self._filling = self._filling, True
        try:
            yield
        finally:
            self._filling = before

    def choose(self, name):
        """Take over a preset's values."""
        with self.quietly():
            self.values.choose(name)
        self.show_preset()
        self._describe()
        self.live.settle()

    def show_preset(self):
        """Name the preset that is set."""
        name = self.values.fitting(self.has_kept)
        with self.quietly():
            # All values are set, so the preset's name must not change them again.
            self.config.set_property("preset", CUSTOM)
        self.side.show_preset(name)

    def renew(self, name, saved=False):
        """Show the presets, of which the painter's own have changed."""
        self.fill_presets()
        self.values.chosen = name
        self.side.show_preset(self.values.fitting(self.has_kept))
        if saved:
            self.on_saved()

    def _changed(self, name):
        if self._filling or name == "preset":
            return
        self.on_changed(name)
        if name in _BLENDED:
            self.live.reblend()
        if name not in _OF_NO_PRESET:
            self.show_preset()
        if name == "network":
            self._describe()
        self.live.settle()

    def _go_on(self, spare):
        """Preview again with the same worker, and from what the image is now."""
        maker = self._workers.preview_again(spare)
        if self._describing is not None:
            # The maker before ended without an answer.
            self._described = self._describing = None
        self._describe()
        self.live.look_again()
        self.live.resume(maker)
