"""What the windows of both filters have in common: GIMP's dialog, presets, keys and Apply."""

import collections
import contextlib
import os
import time

import messages
from gi.repository import Gdk, Gimp, GimpUi, GLib, GObject, Gtk
from settings import APART, CUSTOM
from translation import _
from worker_client import WorkerError

from gimp3.dialog import frame, words
from gimp3.dialog.apply import PatientWorker
from gimp3.dialog.catalog import sections
from gimp3.dialog.everyday import LAYERED
from gimp3.dialog.layer_source import LayerSource
from gimp3.dialog.picture import write_small
from gimp3.dialog.preview_pane import PreviewPane
from gimp3.dialog.values import Values
from gimp3.dialog.workers import Workers, end
from gimp3.output import recipe_on

_BLENDED = ("strength", "output", "opacity", "mode")
"""Arguments that change how the result is shown, not the result."""

_OF_NO_PRESET = ("output", "opacity", "mode", "provider")
"""Arguments that belong to no preset."""

Texts = collections.namedtuple("Texts", "agree apply_help applying failed")
"""What a window says in the words of its filter: on the button that does the work and closes, of
Apply, while it works, and for a failure that nobody thought of."""


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
    applied : bool
        Whether something was done with Apply.
    """

    work = texts = None

    def __init__(self, procedure, config, settings, folder, drawables, apply, maker):
        self.config, self.settings, self.folder = config, settings, folder
        self.drawables, self._do, self.applied = drawables, apply, False
        self._filling, self._running, self._described = False, None, None
        self._describing, self._networks = None, None
        self._workers = Workers(folder, maker, self._tell)
        self.values = Values(config, settings, recipe_on(drawables[0], self.work))
        self.values.apply_named()
        source = LayerSource(drawables[0])
        self.live = self.make_preview(source, maker)
        GimpUi.init(procedure.get_name())
        self._build(procedure, source)
        self._show_preset()
        config.connect("notify", self._changed)
        self.live.show_in(self.pane)
        self.live.begin()
        self._describe()

    def make_preview(self, source, maker):
        """A `gimp3.dialog.shown_preview.ShownPreview`."""
        raise NotImplementedError

    def make_side(self, choose, picture, changed):
        """A `gimp3.dialog.side.Side`; the arguments are as there."""
        raise NotImplementedError

    def learned(self, network, described):
        """Called with the worker's description of a network."""

    def noticed(self, name):
        """Called when an argument was changed, not by this window."""

    def ended(self):
        """Called before the window closes."""

    def has_kept(self, name):
        """Whether that which a preset keeps beside parameters is set, as for `Values.fitting`."""
        return True

    def is_ready(self):
        """Whether there is something to do."""
        return True

    def placing(self):
        """What is set of the result's place: provider, output, opacity in 0..1, by mask or not."""
        config = self.config
        output, by_mask = config.get_property("output"), config.get_property("mask-from")
        opacity = config.get_property("opacity") / 100 if output in LAYERED else 1.0
        return config.get_property("provider"), output, opacity, by_mask == "layer-mask"

    def run(self):
        """Show it; whether the painter agreed."""
        return self._window.run()

    def end(self, agreed):
        """Stop the previews; the worker for the work itself, or None."""
        self.live.pause()
        self._describing = None
        self.ended()
        self._window.destroy()
        return self._workers.end(agreed)

    def _build(self, procedure, source):
        title, texts = _(self.work.title), self.texts
        window = GimpUi.ProcedureDialog.new(procedure, self.config, title)
        self._window = window
        self._apply = frame.add_buttons(window, texts.agree, texts.apply_help)
        window.connect("response", self._responded)
        name, count = self.drawables[0].get_name(), len(self.drawables)
        about = words.chosen(name, *source.changed, count)
        self.pane = PreviewPane(source.width, source.height, about, self.live.moved)
        self.side = self.make_side(self.choose, self._keep_picture, self._renew)
        self._fill_presets()
        frame.fill(window, self.pane, self.side)
        window.connect("key-press-event", self._key, True)
        window.connect("key-release-event", self._key, False)
        self.allow()
        self.pane.view.grab_focus()

    def allow(self):
        """Let the painter do what can be done now."""
        idle = self._running is None
        self.side.set_sensitive(idle)
        self._window.set_response_sensitive(Gtk.ResponseType.OK, idle and self.is_ready())
        self._apply.set_label(_("_Apply") if idle else _("S_top"))
        self._apply.set_sensitive(not idle or self.is_ready())

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
        if self._running is None:
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
        self.learned(self._described, described)
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

    def _renew(self, name):
        """Show the presets, of which the painter's own have changed."""
        self._fill_presets()
        self.values.chosen = name
        self.side.show_preset(self.values.fitting(self.has_kept))

    def _keep_picture(self, path):
        """Write the present preview as a small picture."""
        shown = self.pane.view.dream()
        if shown is not None:
            with contextlib.suppress(GLib.Error):
                write_small(shown.picture, path)

    def _changed(self, config, spec):
        if self._filling or spec.name == "preset":
            return
        self.noticed(spec.name)
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
        if self._running is not None:
            if response != Gtk.ResponseType.OK:
                self._running.cancel()
        elif response == Gtk.ResponseType.APPLY:
            self._apply_here()
        else:
            return
        GObject.signal_stop_emission_by_name(window, "response")

    def _apply_here(self):
        """Work with all that is set while the dialog stays open."""
        self.live.pause()
        try:
            spare = self._workers.take()
        except WorkerError as error:
            self._go_on(None)
            self.pane.warn(words.sentence(error))
            return
        patient = PatientWorker(spare, self._progress, self.live.show_real)
        self._running = patient
        self.allow()
        self.pane.say(self.texts.applying, 0.0)
        began, failed = time.monotonic(), False
        try:
            self._do(patient)
            apart = self.config.get_property("output") in APART
            said = words.APPLIED_APART if apart else words.APPLIED
            said = said.format(time=messages.duration(time.monotonic() - began))
            self.applied = True
            self._window.get_widget_for_response(Gtk.ResponseType.CANCEL).set_label(_("_Close"))
        except (messages.RefusedError, ValueError, WorkerError) as error:
            failed, said = True, words.sentence(error)
        except Exception as error:
            # Any other error is one sentence for the painter, too.
            failed, said = True, self.texts.failed.format(kind=type(error).__name__, error=error)
        if failed and patient.cancelled:
            failed, said = False, words.CANCELLED
        self._running = None
        self.allow()
        Gimp.progress_end()
        if not patient.is_idle():
            end(spare)
        self._go_on(spare if patient.is_idle() else None)
        if failed:
            self.pane.warn(said)
        else:
            self.live.say_next(said)

    def _go_on(self, spare):
        """Preview again with the same worker, and from what the image is now."""
        maker = self._workers.preview_again(spare)
        if self._describing is not None:
            # The maker before ended without an answer.
            self._described = self._describing = None
        self._describe()
        self.live.look_again()
        self.live.resume(maker)

    def _progress(self, header):
        self.pane.say(messages.progress_alone(header), header.get("fraction", 0.0))
