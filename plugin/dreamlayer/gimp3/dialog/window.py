"""The window of the dialog: brings preview, presets and settings together."""

import contextlib
import os
import time

import messages
from gi.repository import Gdk, Gimp, GimpUi, GLib, GObject, Gtk
from settings import APART, CUSTOM
from translation import _
from worker_client import Worker, WorkerError

from gimp3 import guide
from gimp3.dialog import plan, words
from gimp3.dialog.apply import PatientWorker
from gimp3.dialog.catalog import sections
from gimp3.dialog.galleries import GalleryMaker
from gimp3.dialog.layer_source import LayerSource
from gimp3.dialog.live_preview import LivePreview, Wanted
from gimp3.dialog.preview_pane import PreviewPane
from gimp3.dialog.previews import PreviewMaker
from gimp3.dialog.settings_side import SettingsSide
from gimp3.dialog.values import Values
from gimp3.output import recipe_on

_WIDTH, _HEIGHT = 1320, 660
"""The window's size where the screen has room; on large screens it is larger."""

_OF_SCREEN = 0.72
_BLENDED = ("strength", "opacity", "mode")
"""Arguments that change how the dream is shown, not the dream."""


class Window:
    """The dialog.

    Parameters
    ----------
    procedure, config, settings, folder, drawables, dream
        As for `gimp3.dialog.ask`.
    maker : gimp3.dialog.previews.PreviewMaker
        Dreams previews; its worker may be starting.

    Attributes
    ----------
    applied : bool
        Whether something was dreamt with Apply.
    """

    def __init__(self, procedure, config, settings, folder, drawables, dream, maker):
        self.config, self.settings, self._dream = config, settings, dream
        self._folder, self._drawables, self.applied = folder, drawables, False
        self._filling, self._running, self._described = False, None, None
        self._describing, self._networks = None, None
        self._maker, self._waiting = maker, []
        maker.tell = self._tell
        self._gallery = GalleryMaker(lambda: Worker(folder), self._tell_gallery)
        self._values = Values(config, settings, recipe_on(drawables[0]))
        self._values.apply_named()
        source = LayerSource(drawables[0])
        self._live = LivePreview(source, maker, self._wanted)
        self._live.start()
        GimpUi.init(procedure.get_name())
        self._build(procedure, source)
        self._show_preset()
        config.connect("notify", self._changed)
        self._live.show_in(self._pane)
        self._live.begin()
        self._describe()

    def run(self):
        """Show it; whether the painter pressed Dream."""
        return self._window.run()

    def end(self, agreed):
        """Stop the previews; the worker for the dream itself, or None."""
        self._live.pause()
        self._describing = None
        self._gallery.end()
        self._window.destroy()
        worker = self._idle_worker() if agreed else None
        if not agreed:
            self._maker.abandon()
        while self._waiting:
            _end(self._waiting.pop())
        return worker

    def _build(self, procedure, source):
        window = GimpUi.ProcedureDialog.new(procedure, self.config, _("Deep Dream"))
        self._window = window
        window.set_ok_label(_("_Dream"))
        # Help would open GIMP's manual, which has no page for this filter.
        help_ = window.get_widget_for_response(Gtk.ResponseType.HELP)
        if help_ is not None:
            help_.hide()
        self._apply = window.add_button(_("_Apply"), Gtk.ResponseType.APPLY)
        self._apply.set_tooltip_text(_("Dreams, and leaves this window open"))
        buttons = window.get_action_area()
        buttons.reorder_child(self._apply, len(buttons.get_children()) - 2)
        window.connect("response", self._responded)
        name, count = self._drawables[0].get_name(), len(self._drawables)
        about = words.chosen(name, source.width, source.height, count)
        self._pane = PreviewPane(source.width, source.height, about, self._live.settle)
        pictures = os.path.join(self._folder, "thumbnails")
        self._side = SettingsSide(
            self.config,
            self.settings,
            self._choose,
            self._gallery,
            self._now,
            self._keep_picture,
            self._renew,
        )
        self._pictures = pictures
        self._fill_presets()
        panes = Gtk.Box(spacing=12, border_width=12)
        panes.pack_start(self._pane, True, True, 0)
        panes.pack_start(self._side, False, False, 0)
        panes.show_all()
        window.get_content_area().pack_start(panes, True, True, 0)
        _hide_others(window, panes)
        window.set_default_size(*_size_for_screen())
        window.set_default_response(Gtk.ResponseType.OK)
        window.connect("key-press-event", self._key, True)
        window.connect("key-release-event", self._key, False)
        self._pane.view.grab_focus()

    def _fill_presets(self):
        before = self._values.before is not None
        found = sections(self.settings, self._pictures, self._networks, before)
        self._side.chooser.fill(found, self.settings.preset_problems)

    def _wanted(self):
        """What is set, for the preview."""
        recipe = self.settings.recipe(CUSTOM, self._values.now())
        config = self.config
        layered = config.get_property("output") in ("new-layer", "paint-in")
        opacity = config.get_property("opacity") / 100 if layered else 1.0
        provider, output = config.get_property("provider"), config.get_property("output")
        by_mask = config.get_property("mask-from") == "layer-mask"
        return Wanted(recipe, provider, output, opacity, by_mask, guide.chosen(config))

    def _now(self):
        """What is set, as a preset keeps it: a guide that is a layer would not be found later."""
        recipe = self.settings.recipe(CUSTOM, self._values.now())
        if guide.is_layer(recipe["guide"]) or plan.is_former(recipe["guide"]):
            recipe["guide"] = ""
        return recipe

    def _describe(self):
        """Ask for the layers of the network, where another one is named."""
        network = self.config.get_property("network")
        if network != self._described:
            self._described = network
            self._describing = self._maker.describe(network)

    def _tell(self, *news):
        """Called on another thread; GTK may be used on the main one only."""
        GLib.idle_add(self._hear, *news)

    def _tell_gallery(self, *news):
        GLib.idle_add(self._hear_gallery, *news)

    def _hear_gallery(self, kind, request, news):
        self._side.layers.hear(kind, request, news)
        return False

    def _hear(self, kind, number, news):
        if number != self._describing:
            self._live.hear(kind, number, news)
        elif kind == "described":
            self._learn(news)
        elif kind == "error":
            self._do_without_layers(news)
        return False

    def _do_without_layers(self, error):
        """Tell why a network is not described, and ask for the rest of what this machine has."""
        if self._running is None:
            self._pane.warn(words.sentence(error))
        asked, self._described, self._describing = self._described, None, None
        if asked is not None:
            self._describing = self._maker.describe(None)

    def _learn(self, described):
        """Offer what this machine has: networks, layers, the painter's own presets."""
        self._describing = None
        networks = set(described.get("networks", {}))
        layers = described.get("layers", [])
        with self._quietly():
            self._side.offer(sorted(networks), [layer["name"] for layer in layers])
        self._side.layers.show_network(self._described, layers)
        first = self.settings.presets_folder is None
        if networks != self._networks or first:
            self._networks = networks
            self.settings.take_own(described)
            self._fill_presets()
            self._show_preset()

    @contextlib.contextmanager
    def _quietly(self):
        """Change settings without reacting as to a change by the painter."""
        before, self._filling = self._filling, True
        try:
            yield
        finally:
            self._filling = before

    def _choose(self, name):
        """Take over a preset's values."""
        with self._quietly():
            self._values.choose(name)
        self._show_preset()
        self._describe()
        self._live.settle()

    def _show_preset(self):
        """Name the preset that has these values."""
        name = self._values.fitting()
        with self._quietly():
            # All values are set, so the preset's name must not change them again.
            self.config.set_property("preset", CUSTOM)
        self._side.show_preset(name)

    def _renew(self, name):
        """Show the presets, of which the painter's own have changed."""
        self._fill_presets()
        self._side.show_preset(name or self._values.fitting())

    def _keep_picture(self, path):
        """Write the present preview as a small picture."""
        dream = self._pane.view.dream()
        if dream is not None:
            width, height = dream.picture.get_width(), dream.picture.get_height()
            scale = 160 / max(width, height)
            size = max(1, round(width * scale)), max(1, round(height * scale))
            small = dream.picture.scale_simple(*size, 2)
            with contextlib.suppress(GLib.Error):
                small.savev(path, "jpeg", ["quality"], ["88"])

    def _changed(self, config, spec):
        if self._filling or spec.name == "preset":
            return
        if spec.name == "output" or spec.name in _BLENDED:
            self._live.reblend()
        if spec.name not in ("output", "opacity", "mode", "provider"):
            self._show_preset()
        if spec.name == "network":
            self._describe()
        self._live.settle()

    def _key(self, _, event, pressed):
        """Keys of the preview, where they are not typed into a field."""
        name = Gdk.keyval_name(event.keyval)
        state = event.state & Gtk.accelerator_get_default_mod_mask()
        if state & Gdk.ModifierType.CONTROL_MASK and name == "f":
            if pressed:
                self._side.search()
            return True
        typing = isinstance(self._window.get_focus(), Gtk.Editable)
        if typing or state & ~Gdk.ModifierType.SHIFT_MASK:
            return False
        return self._pane.press(name, pressed)

    def _responded(self, window, response):
        """Dream, or stop dreaming, before GIMP's own dialog ends."""
        if self._running is not None:
            if response != Gtk.ResponseType.OK:
                self._running.cancel()
        elif response == Gtk.ResponseType.APPLY:
            self._dream_here()
        else:
            return
        GObject.signal_stop_emission_by_name(window, "response")

    def _dream_here(self):
        """Dream with all that is set while the dialog stays open."""
        self._live.pause()
        try:
            spare = self._idle_worker() or Worker(self._folder)
        except WorkerError as error:
            self._go_on(None)
            self._pane.warn(words.sentence(error))
            return
        patient = PatientWorker(spare, self._progress, self._live.show_real)
        self._running = patient
        self._be_busy(True)
        self._pane.say(words.APPLYING, 0.0)
        began, failed = time.monotonic(), False
        try:
            self._dream(self._running)
            apart = self.config.get_property("output") in APART
            said = words.APPLIED_APART if apart else words.APPLIED
            said = said.format(time=messages.duration(time.monotonic() - began))
            self.applied = True
            self._window.get_widget_for_response(Gtk.ResponseType.CANCEL).set_label(_("_Close"))
        except (messages.RefusedError, ValueError, WorkerError) as error:
            failed, said = True, words.sentence(error)
        except Exception as error:
            # Any other error is one sentence for the painter, too.
            failed, said = True, words.FAILED.format(kind=type(error).__name__, error=error)
        if failed and self._running.cancelled:
            failed, said = False, words.CANCELLED
        self._running = None
        self._be_busy(False)
        Gimp.progress_end()
        if not patient.is_idle():
            _end(spare)
        self._go_on(spare if patient.is_idle() else None)
        if failed:
            self._pane.warn(said)
        else:
            self._live.say_next(said)

    def _go_on(self, spare):
        """Preview again with the same worker, and from what the image is now."""
        if spare is not None:
            self._waiting.append(spare)
        waiting, folder, numbers = self._waiting, self._folder, self._maker.numbers
        maker = PreviewMaker(
            lambda: waiting.pop() if waiting else Worker(folder), self._tell, numbers
        )
        self._maker = maker
        if self._describing is not None:
            # The maker before ended without an answer.
            self._described = self._describing = None
        self._describe()
        self._live.look_again()
        self._live.resume(maker)

    def _idle_worker(self):
        """End the previews; a worker that is idle, or None where none is."""
        worker = self._maker.finish()
        if worker is None and self._waiting:
            worker = self._waiting.pop()
        return worker

    def _progress(self, header):
        fraction = header.get("fraction", 0.0)
        self._pane.say(messages.progress_alone(header), fraction)

    def _be_busy(self, busy):
        """Leave the painter nothing to do but to stop, or all."""
        self._apply.set_label(_("_Stop") if busy else _("_Apply"))
        self._side.set_sensitive(not busy)
        self._window.set_response_sensitive(Gtk.ResponseType.OK, not busy)


def _end(worker):
    worker.kill()
    worker.close()


def _hide_others(window, ours):
    """Hide GIMP's row with one place to save settings: presets of one's own are for that."""
    buttons = window.get_action_area()
    for child in window.get_content_area().get_children():
        if child is not ours and child is not buttons and not buttons.is_ancestor(child):
            child.set_no_show_all(True)
            child.hide()


def _size_for_screen():
    """The window's size: most of a small screen, a good part of a large one."""
    display = Gdk.Display.get_default()
    monitor = display.get_primary_monitor() or display.get_monitor(0)
    area = monitor.get_workarea()
    width = min(max(_WIDTH, round(area.width * _OF_SCREEN)), area.width - 40)
    height = min(max(_HEIGHT, round(area.height * _OF_SCREEN)), area.height - 80)
    return width, height
