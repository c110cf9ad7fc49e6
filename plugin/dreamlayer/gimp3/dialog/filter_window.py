"""What the windows of both filters have in common in GIMP: its dialog, keys and buttons."""

import contextlib

from editor.dialog import words
from editor.translation import _
from gi.repository import Gdk, GimpUi, GLib, GObject, Gtk

from gimp3.dialog import frame, screen
from gimp3.dialog.layer_source import LayerSource
from gimp3.dialog.picture import write_small
from gimp3.dialog.preview_pane import PreviewPane
from gimp3.output import recipe_on


class FilterWindow:
    """The widgets of an `editor.dialog.filter_dialog.FilterDialog`, which is mixed in beside it.

    Parameters
    ----------
    procedure, config, settings, folder, drawables, apply
        As for `gimp3.dialog.ask`.
    maker : editor.dialog.previews.PreviewMaker
        Makes previews; its worker may be starting.
    """

    def __init__(self, procedure, config, settings, folder, drawables, apply, maker):
        super().__init__(
            config, settings, folder, recipe_on(drawables[0], self.work), maker, screen
        )
        self._procedure, self._drawables, self._window = procedure, drawables, None
        self.open(LayerSource(drawables[0]), apply)

    def make_side(self, choose, picture, changed):
        """A `gimp3.dialog.side.Side`; the arguments are as there."""
        raise NotImplementedError

    def run(self):
        """Show it; whether the painter agreed."""
        return self._window.run()

    def build(self, source):
        """Build it around GIMP's own dialog."""
        GimpUi.init(self._procedure.get_name())
        window = GimpUi.ProcedureDialog.new(self._procedure, self.config, _(self.work.title))
        self._window = window
        self._apply = frame.add_buttons(window, self.texts.ok_label, self.texts.apply_help)
        window.connect("response", self._responded)
        name, count = self._drawables[0].get_name(), len(self._drawables)
        about = words.chosen(name, *source.changed, count)
        self.pane = PreviewPane(source.width, source.height, about, self.live.moved)
        self.side = self.make_side(self.choose, self._keep_picture, self.renew)
        frame.fill(window, self.pane, self.side)
        window.connect("key-press-event", self._key, True)
        window.connect("key-release-event", self._key, False)
        self.pane.view.grab_focus()

    def close_window(self):
        """Close it, where it was built."""
        if self._window is not None:
            self._window.destroy()

    def update_buttons(self):
        """Let the painter do what can be done now."""
        idle = not self.applying.is_busy()
        self.side.set_sensitive(idle)
        self._window.set_response_sensitive(Gtk.ResponseType.OK, idle and self.is_ready())
        self._apply.set_label(_("_Apply") if idle else _("S_top"))
        self._apply.set_sensitive(not idle or self.is_ready())

    def on_work(self):
        """Once something was applied, Cancel would undo nothing."""
        if self.applied:
            self._window.get_widget_for_response(Gtk.ResponseType.CANCEL).set_label(_("_Close"))

    def _keep_picture(self, path):
        """Write the present preview as a small picture."""
        shown = self.pane.view.dream()
        if shown is not None:
            with contextlib.suppress(GLib.Error):
                write_small(shown.picture, path)

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
        if self.applying.is_busy():
            if response != Gtk.ResponseType.OK:
                self.applying.cancel()
        elif response == Gtk.ResponseType.APPLY:
            self.applying.run()
        else:
            return
        GObject.signal_stop_emission_by_name(window, "response")
