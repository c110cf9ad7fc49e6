"""The dialog of the filter in GIMP 3: a preview at the left, settings at the right."""

import contextlib
import os

from gi.repository import GimpUi, GLib, Gtk
from settings import CUSTOM, SettingError
from wording import plain
from worker_client import Worker

from gimp3.output import recipe_on
from gimp3.pane import PreviewPane
from gimp3.parameters import ParameterSide
from gimp3.pixels import Region
from gimp3.preview import PreviewMaker

_DELAY = 250
"""Milliseconds without a change before a preview starts."""

_UNNAMED = ("seed", "strength")
"""Parameters that may be changed without leaving the preset."""

_AS_BEFORE = "as before"
"""The entry of the preset list for the recipe that is stored on the layer."""


def ask(procedure, config, settings, folder, drawables):
    """Let the painter choose; whether they pressed Dream, and the preview's worker or None."""
    GimpUi.init(procedure.get_name())
    dialog = _Dialog(procedure, config, settings, folder, drawables)
    agreed = dialog.window.run()
    return agreed, dialog.end(agreed)


class _Dialog:
    def __init__(self, procedure, config, settings, folder, drawables):
        self.config, self.settings = config, settings
        self._filling, self._timer = False, 0
        self._dreaming = self._describing = None  # Numbers of the current requests.
        self._described = None
        self.window = GimpUi.ProcedureDialog.new(procedure, config, "Deep Dream")
        self.window.set_ok_label("_Dream")
        # Help would open GIMP's manual, which has no page for this filter.
        help_ = self.window.get_widget_for_response(Gtk.ResponseType.HELP)
        if help_ is not None:
            help_.hide()
        image = drawables[0].get_image()
        region = Region(drawables[0], not image.get_selection().is_empty(image))
        self._size = f"{region.width} × {region.height}"
        self.previewer = PreviewMaker(lambda: Worker(folder), self._tell)
        self.pane = PreviewPane(region, self._begin_preview)
        self._before = _values_of(recipe_on(drawables[0]), settings)
        pictures = os.path.join(folder, "thumbnails")
        self.parameters = ParameterSide(config, settings, self._presets(), pictures)
        row = Gtk.Box(spacing=18, border_width=12)
        row.pack_start(self.pane, False, False, 0)
        row.pack_start(self.parameters, True, True, 0)
        row.show_all()
        self.window.get_content_area().pack_start(row, True, True, 0)
        self._apply_named_preset()
        self._name_preset()
        self.parameters.preset.connect("changed", self._preset_chosen)
        config.connect("notify", self._changed)
        self._begin_preview()

    def end(self, agreed):
        """Stop the previews; the worker for the dream itself, or None."""
        self._stop_timer()
        self._dreaming = self._describing = None
        self.window.destroy()
        if agreed:
            return self.previewer.finish()
        self.previewer.abandon()
        return None

    def _stop_timer(self):
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0

    def _begin_preview(self):
        """Preview the current settings, and list the layers where the network has changed."""
        self._stop_timer()
        self._dreaming = None
        try:
            recipe = self.settings.recipe(CUSTOM, self._values())
        except SettingError as error:
            self.previewer.stop()
            self.pane.say(str(error))
            return
        request, payload = self.pane.take(self.config.get_property("output"))
        request.update(recipe=recipe, provider=self.config.get_property("provider"))
        self.pane.say("Loading the network")
        self._dreaming = self.previewer.preview(request, payload)
        network = self.config.get_property("network")
        if network != self._described:
            self._described = network
            self._describing = self.previewer.describe(network)

    def _tell(self, *news):
        """Called on another thread; GTK may be used on the main one only."""
        GLib.idle_add(self._hear, *news)

    def _hear(self, kind, number, news):
        if kind == "described" and number == self._describing:
            networks = news.get("networks", {})
            with self._quietly():
                self.parameters.offer("network", sorted(networks))
                self.parameters.offer("layers", [layer["name"] for layer in news.get("layers", [])])
                self.parameters.preset.relabel(
                    {n: self.settings.preset_label(n, networks) for n in self.settings.presets}
                )
        if number != self._dreaming:
            # For former settings; a network that cannot be described cannot dream either.
            return False
        if kind == "preview":
            header, pixels = news
            self.pane.show_picture(header["width"], header["height"], pixels)
        elif kind == "progress" and news["stage"] == "dreaming":
            text = f"Preview: octave {news['octave']} of {news['octaves']}"
            self.pane.say(text, news["fraction"])
        elif kind == "done":
            if news["provider"] == "none":
                self.pane.show_plain()
            self.pane.say(f"Preview of {self._size} pixels", 1.0)
        elif kind == "error":
            # The picture there is of former settings.
            self.pane.show_plain()
            self.pane.say(plain(str(news)))
        return False

    @contextlib.contextmanager
    def _quietly(self):
        """Change settings without reacting as to a change by the painter."""
        before, self._filling = self._filling, True
        try:
            yield
        finally:
            self._filling = before

    def _values(self):
        values = {
            name: self.config.get_property(name.replace("_", "-"))
            for name in self.settings.parameters
        }
        # Number fields add digits that nobody typed.
        return {k: round(v, 9) if isinstance(v, float) else v for k, v in values.items()}

    def _presets(self):
        label = self.settings.preset_label
        groups = [(t, [(n, label(n)) for n in names]) for t, names in self.settings.groups()]
        others = [(CUSTOM, "custom: as set below")]
        if self._before:
            others.append((_AS_BEFORE, "as this layer was dreamt"))
        return [*groups, ("", others)]

    def _preset_chosen(self, presets):
        """Set all parameters but the seed as in the preset."""
        name = presets.chosen()
        if self._filling or name is None:
            return
        values = {}
        if name == _AS_BEFORE:
            values = self._before
        elif name != CUSTOM:
            values = self.settings.preset_values(name)
            del values["seed"]
        with self._quietly():
            for parameter, value in values.items():
                self.config.set_property(parameter.replace("_", "-"), value)
        self._changed(self.config, None)

    def _apply_named_preset(self):
        """Set the parameters to the values that a preset named by a script gives."""
        name = self.config.get_property("preset")
        if name in self.settings.presets:
            own = {
                k: v for k, v in self._values().items() if v != self.settings.parameters[k].default
            }
            for parameter, value in dict(self.settings.preset_values(name), **own).items():
                self.config.set_property(parameter.replace("_", "-"), value)

    def _name_preset(self):
        """Show the preset that has these values, or "custom"."""
        values, fits = self._values(), CUSTOM
        for name in self.settings.presets:
            preset = self.settings.preset_values(name)
            if all(values[k] == preset[k] for k in preset if k not in _UNNAMED):
                fits = name
                break
        with self._quietly():
            # All values are set, so the preset's name must not change them again.
            self.config.set_property("preset", CUSTOM)
            self.parameters.show_preset(fits)

    def _changed(self, config, spec):
        if self._filling or (spec is not None and spec.name == "preset"):
            return
        if spec is None or spec.name != "output":
            self._name_preset()
        elif not self.pane.selected:
            # What a selection does depends on the output; nothing else in the preview does.
            return
        self._stop_timer()
        self._timer = GLib.timeout_add(_DELAY, self._rested)

    def _rested(self):
        self._timer = 0
        self._begin_preview()
        return False


def _values_of(recipe, settings):
    """The values in a recipe stored on a layer; None where it cannot be used."""
    if recipe is None:
        return None
    try:
        values = settings.values_in(recipe)
        settings.recipe(CUSTOM, values)
        for name, parameter in settings.parameters.items():
            kinds = (int, float) if parameter.kind == "float" else type(parameter.default)
            if not isinstance(values[name], kinds):
                return None
    except (AttributeError, KeyError, TypeError, ValueError):
        # Written by another version or program.
        return None
    return values
