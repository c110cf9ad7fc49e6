"""What the windows of both filters have in common: GIMP's dialog, presets, keys and Apply."""

import collections
import contextlib
import os

from gi.repository import Gdk, GimpUi, GLib, GObject, Gtk
from settings import CUSTOM
from translation import _

from gimp3.dialog import frame, words
from gimp3.dialog.applying import Applying
from gimp3.dialog.catalog import sections
from gimp3.dialog.layer_source import LayerSource
from gimp3.dialog.picture import write_small
from gimp3.dialog.preview_pane import PreviewPane
from gimp3.dialog.values import Values
from gimp3.dialog.workers import Workers
from gimp3.output import recipe_on

_BLENDED = ("strength", "output", "opacity", "mode")
"""Arguments that change how the result is shown, not the result."""

_OF_NO_PRESET = ("output", "opacity", "mode", "provider")
"""Arguments that belong to no preset."""

Texts = collections.namedtuple("Texts", "ok_label apply_help applying failed")
"""What a window says in the words of its filter: on the button that does the work and closes, of
Apply, while it works, and for an unexpected failure."""


class FilterWindow:
    """The dialog of a filter. A class of its own for each says what is different.

    Parameters
    ----------
    procedure, config, settings, folder, drawables, apply
        As for `gimp3.dialog.ask`.
    maker : gimp3.dialog.previews.PreviewMaker
        Makes previews; its worker may be starting.

    Attributes
    ----------
    work : messages.Work
        The filter.
    texts : Texts
        Its words.
    side : gimp3.dialog.side.Side
        The settings; None until they are built.
    """

    work = texts = None

    def __init__(self, procedure, config, settings, folder, drawables, apply, maker):
        self.config, self.settings, self.folder = config, settings, folder
        self.drawables, self._filling, self._networks = drawables, False, None
        self._described = self._describing = None
        self._window = self.side = None
        self._workers = Workers(folder, maker, self._tell)
        self.values = Values(config, settings, recipe_on(drawables[0], self.work))
        self.values.apply_named()
        try:
            self._open(procedure, LayerSource(drawables[0]), maker, apply)
        except BaseException:
            # Whoever asked for the window does not get it, and could not close it.
            self._close()
            raise

    def make_preview(self, source, maker):
        """A `gimp3.dialog.shown_preview.ShownPreview`."""
        raise NotImplementedError

    def make_side(self, choose, picture, changed):
        """A `gimp3.dialog.side.Side`; the arguments are as there."""
        raise NotImplementedError

    def on_built(self):
        """Called once the window is built: show what else the arguments name."""

    def on_described(self, network, described):
        """Called with the worker's description of a network."""

    def on_changed(self, name):
        """Called when an argument was changed, not by this window."""

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
        return self._applying.succeeded

    def run(self):
        """Show it; whether the painter agreed."""
        return self._window.run()

    def end(self, agreed):
        """Stop the previews; the worker for the work itself, or None."""
        self.live.pause()
        self._describing = None
        self._close()
        return self._workers.end(agreed)

    def _open(self, procedure, source, maker, apply):
        self.live = self.make_preview(source, maker)
        GimpUi.init(procedure.get_name())
        self._build(procedure, source, apply)
        self._show_preset()
        self.config.connect("notify", self._changed)
        self.live.show_in(self.pane)
        self.live.begin()
        self._describe()
        self.on_built()

    def _close(self):
        self.on_end()
        if self._window is not None:
            self._window.destroy()

    def _build(self, procedure, source, apply):
        title, texts = _(self.work.title), self.texts
        window = GimpUi.ProcedureDialog.new(procedure, self.config, title)
        self._window = window
        self._apply = frame.add_buttons(window, texts.ok_label, texts.apply_help)
        window.connect("response", self._responded)
        name, count = self.drawables[0].get_name(), len(self.drawables)
        about = words.chosen(name, *source.changed, count)
        self.pane = PreviewPane(source.width, source.height, about, self.live.moved)
        given = self.config, texts, apply, self._workers, self.live, self.pane
        self._applying = Applying(*given, self._show_work, self._go_on)
        self.side = self.make_side(self.choose, self._keep_picture, self._renew)
        self._fill_presets()
        frame.fill(window, self.pane, self.side)
        window.connect("key-press-event", self._key, True)
        window.connect("key-release-event", self._key, False)
        self.update_buttons()
        self.pane.view.grab_focus()

    def update_buttons(self):
        """Let the painter do what can be done now."""
        idle = not self._applying.is_busy()
        self.side.set_sensitive(idle)
        self._window.set_response_sensitive(Gtk.ResponseType.OK, idle and self.is_ready())
        self._apply.set_label(_("_Apply") if idle else _("S_top"))
        self._apply.set_sensitive(not idle or self.is_ready())

    def _show_work(self):
        """Show that the work begins or ends."""
        self.update_buttons()
        if self.applied:
            self._window.get_widget_for_response(Gtk.ResponseType.CANCEL).set_label(_("_Close"))

    def _fill_presets(self):
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
        """Called on another thread; GTK may be used on the main one only."""
        GLib.idle_add(self._hear, *news)

    def _hear(self, kind, number, news):
        if number != self._describing:
            self.live.hear(kind, number, news)
        elif kind == "described":
            self._learn(news)
        elif kind == "error":
            self._do_without_layers(news)
        return False

    def _do_without_layers(self, error):
        """Tell why a network is not described, and ask for the rest of what this machine has."""
        if not self._applying.is_busy():
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
            self._fill_presets()
            self._show_preset()

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
        self._show_preset()
        self._describe()
        self.live.settle()

    def _show_preset(self):
        """Name the preset that is set."""
        name = self.values.fitting(self.has_kept)
        with self.quietly():
            # All values are set, so the preset's name must not change them again.
            self.config.set_property("preset", CUSTOM)
        self.side.show_preset(name)

    def _renew(self, name, saved=False):
        """Show the presets, of which the painter's own have changed."""
        self._fill_presets()
        self.values.chosen = name
        self.side.show_preset(self.values.fitting(self.has_kept))
        if saved:
            self.on_saved()

    def _keep_picture(self, path):
        """Write the present preview as a small picture."""
        shown = self.pane.view.dream()
        if shown is not None:
            with contextlib.suppress(GLib.Error):
                write_small(shown.picture, path)

    def _changed(self, config, spec):
        if self._filling or spec.name == "preset":
            return
        self.on_changed(spec.name)
        if spec.name in _BLENDED:
            self.live.reblend()
        if spec.name not in _OF_NO_PRESET:
            self._show_preset()
        if spec.name == "network":
            self._describe()
        self.live.settle()

    def _key(self, _, event, pressed):
        """Keys of the preview, where they are not typed into a field."""
        name = Gdk.keyval_name(event.keyval)
        state = event.state & Gtk.accelerator_get_default_mod_mask()
        if state & Gdk.ModifierType.CONTROL_MASK and name == "f":
            if pressed:
                self.side.search()
            return True
        typing = isinstance(self._window.get_focus(), Gtk.Editable)
        if typing or state & ~Gdk.ModifierType.SHIFT_MASK:
            return False
        return self.pane.press(name, pressed)

    def _responded(self, window, response):
        """Work, or stop working, before GIMP's own dialog ends."""
        if self._applying.is_busy():
            if response != Gtk.ResponseType.OK:
                self._applying.cancel()
        elif response == Gtk.ResponseType.APPLY:
            self._applying.run()
        else:
            return
        GObject.signal_stop_emission_by_name(window, "response")

    def _go_on(self, spare):
        """Preview again with the same worker, and from what the image is now."""
        maker = self._workers.preview_again(spare)
        if self._describing is not None:
            # The maker before ended without an answer.
            self._described = self._describing = None
        self._describe()
        self.live.look_again()
        self.live.resume(maker)
