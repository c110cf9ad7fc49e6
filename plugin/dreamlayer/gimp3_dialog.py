"""The dialog of the filter in GIMP 3: settings at the right, what they do at the left."""

import array

from gi.repository import GdkPixbuf, GimpUi, GLib, GObject, Gtk
from gimp3_pixels import Region
from gimp3_preview import Previewer
from gimp3_signature import recipe_on
from settings import CUSTOM, MAIN, OUTPUTS, SettingError
from worker_client import Worker

_SIDE = 320
_DELAY = 250
"""Milliseconds of rest after a change before a preview is begun."""

_DIGITS = {"octave_scale": 2, "step_size": 4, "smoothing": 1, "strength": 2, "max_loss": 2}
_IN_SIGHT = {
    "steps": (0, 100),
    "octaves": (1, 16),
    "octave_scale": (1.01, 3.0),
    "step_size": (0.0, 0.1),
    "smoothing": (0.0, 10.0),
}
"""What a slider spans; its number field takes the knob's whole range."""

_BOTH = GObject.BindingFlags.BIDIRECTIONAL | GObject.BindingFlags.SYNC_CREATE
_UNNAMED = ("seed", "strength")
"""Knobs that a painter may turn without leaving the preset."""


def ask(procedure, config, settings, folder, drawables):
    """Let the painter choose; whether they agreed, and the warm worker or None."""
    GimpUi.init(procedure.get_name())
    dialog = _Dialog(procedure, config, settings, folder, drawables)
    agreed = dialog.window.run()
    return agreed, dialog.end(agreed)


class _Dialog:
    def __init__(self, procedure, config, settings, folder, drawables):
        self.config, self.settings = config, settings
        self.window = GimpUi.ProcedureDialog.new(procedure, config, "Deep Dream")
        self.window.set_ok_label("_Dream")
        # GIMP's help is its own manual, which has no page of ours.
        help_ = self.window.get_widget_for_response(Gtk.ResponseType.HELP)
        if help_ is not None:
            help_.hide()
        image = drawables[0].get_image()
        self.region = Region(drawables[0], not image.get_selection().is_empty(image))
        self._filling, self._timer, self._alpha = False, 0, None
        self.previewer = Previewer(lambda: Worker(folder), self._tell)
        self._recipe_here = _recipe_of(drawables[0], settings)
        row = Gtk.Box(spacing=18, border_width=12)
        row.pack_start(self._preview_side(), False, False, 0)
        row.pack_start(self._settings_side(), True, True, 0)
        self.window.get_content_area().pack_start(row, True, True, 0)
        row.show_all()
        self._name_preset()
        config.connect("notify", self._changed)
        self._begin_preview()
        self.previewer.describe(config.get_property("network"))

    def end(self, agreed):
        """Stop the previews; the worker for the work itself."""
        if self._timer:
            GLib.source_remove(self._timer)
        self.window.destroy()
        if agreed:
            return self.previewer.finish()
        self.previewer.abandon()
        return None

    # The preview.

    def _preview_side(self):
        column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self.picture = Gtk.Image(valign=Gtk.Align.START)
        frame = Gtk.AspectFrame(label=None, ratio=1.0, obey_child=True)
        frame.set_size_request(_SIDE + 4, -1)
        frame.add(self.picture)
        column.pack_start(frame, False, False, 0)
        self.whole = Gtk.RadioButton.new_with_label(None, "Whole, reduced")
        self.detail = Gtk.RadioButton.new_with_label_from_widget(self.whole, "Middle at full size")
        self.whole.set_tooltip_text("In a reduced picture what is dreamt looks larger")
        self.detail.set_tooltip_text("Shows what is dreamt at the size that it will have")
        choice = Gtk.Box(spacing=12)
        choice.pack_start(self.whole, False, False, 0)
        choice.pack_start(self.detail, False, False, 0)
        column.pack_start(choice, False, False, 0)
        self.whole.connect("toggled", lambda _: self._begin_preview())
        self.bar = Gtk.ProgressBar()
        column.pack_start(self.bar, False, False, 0)
        self.status = Gtk.Label(label="", wrap=True, xalign=0.0, yalign=0.0, max_width_chars=42)
        self.status.set_size_request(_SIDE, 54)
        column.pack_start(self.status, False, False, 0)
        return column

    def _begin_preview(self):
        self._timer = 0
        try:
            preset = self.config.get_property("preset")
            values = _values(self.config, self.settings)
            recipe = self.settings.recipe(preset, values)
        except SettingError as error:
            self._say(str(error))
            return False
        small = (
            self.region.detail(_SIDE) if self.detail.get_active() else self.region.reduced(_SIDE)
        )
        width, height, pixels, mask = small
        self._alpha = bytes(
            int(255 * min(max(a, 0.0), 1.0) + 0.5) for a in array.array("f", pixels)[3::4]
        )
        if not self.picture.get_pixbuf():
            self._show(width, height, _as_bytes(pixels))
        request = {
            "width": width,
            "height": height,
            "mask": mask is not None,
            "bytes": len(pixels) + len(mask or b""),
            "recipe": recipe,
            "provider": self.config.get_property("provider"),
            "preview": _SIDE,
        }
        self._say("Loading the network")
        self.previewer.preview(request, [pixels, mask or b""])
        return False

    def _tell(self, kind, news):
        GLib.idle_add(self._hear, kind, news)

    def _hear(self, kind, news):
        if kind == "preview":
            header, pixels = news
            self._show(header["width"], header["height"], pixels)
        elif kind == "progress" and news["stage"] == "dreaming":
            self.bar.set_fraction(news["fraction"])
            self._say(f"Octave {news['octave']} of {news['octaves']}", keep=True)
        elif kind == "done":
            self.bar.set_fraction(1.0)
            self._say(f"Preview, {self._size()}", keep=True)
        elif kind == "described":
            self._fill_lists(news)
        elif kind == "error":
            self._say(str(news))
        return False

    def _size(self):
        return f"of {self.region.width} × {self.region.height} pixels"

    def _say(self, text, keep=False):
        if not keep:
            self.bar.set_fraction(0.0)
        self.status.set_text(text)

    def _show(self, width, height, rgb):
        rgba = bytearray(4 * width * height)
        for channel in range(3):
            rgba[channel::4] = rgb[channel::3]
        rgba[3::4] = self._alpha
        data = GLib.Bytes.new(bytes(rgba))
        picture = GdkPixbuf.Pixbuf.new_from_bytes(
            data, GdkPixbuf.Colorspace.RGB, True, 8, width, height, 4 * width
        )
        scale = _SIDE / max(width, height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        # Over a checkerboard, as GIMP shows transparency.
        shown = picture.composite_color_simple(
            *size, GdkPixbuf.InterpType.BILINEAR, 255, 8, 0x999999, 0x666666
        )
        self.picture.set_from_pixbuf(shown)

    # The settings.

    def _settings_side(self):
        grid = Gtk.Grid(row_spacing=6, column_spacing=12)
        self._rows = 0
        self.preset = self._preset_combo()
        self._row(grid, "_Preset", self.preset, "")
        for name in MAIN:
            knob = self.settings.knobs[name]
            self._row(grid, knob.title, self._widget(knob), knob.help)
        provider = Gtk.ComboBoxText()
        for name in self.settings.providers:
            provider.append(name, name)
        self.config.bind_property("provider", provider, "active-id", _BOTH)
        self._row(grid, "Provider", provider, "what computes: auto takes the fastest that loads")
        output = Gtk.ComboBoxText()
        for name, title in OUTPUTS.items():
            output.append(name, title)
        self.config.bind_property("output", output, "active-id", _BOTH)
        self._row(grid, "_Output", output, "where the dream goes")
        column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        column.pack_start(grid, False, False, 0)
        column.pack_start(self._advanced(), False, False, 0)
        return column

    def _advanced(self):
        grid = Gtk.Grid(row_spacing=6, column_spacing=12, margin_start=12, margin_top=6)
        self._rows = 0
        for name, knob in self.settings.knobs.items():
            if name not in MAIN:
                self._row(grid, knob.title, self._widget(knob), knob.help)
        expander = Gtk.Expander(label="_Advanced", use_underline=True)
        expander.add(grid)
        return expander

    def _row(self, grid, title, widget, help_):
        label = Gtk.Label(label=title, use_underline=True, xalign=0.0)
        label.set_mnemonic_widget(widget)
        widget.set_hexpand(True)
        for part in (label, widget):
            part.set_tooltip_text(help_[:1].upper() + help_[1:])
        grid.attach(label, 0, self._rows, 1, 1)
        grid.attach(widget, 1, self._rows, 1, 1)
        self._rows += 1

    def _widget(self, knob):
        name = knob.name.replace("_", "-")
        if knob.kind == "bool":
            widget = Gtk.CheckButton()
            self.config.bind_property(name, widget, "active", _BOTH)
        elif knob.kind in ("int", "float"):
            widget = self._number(knob, name)
        elif knob.choices:
            widget = Gtk.ComboBoxText()
            for choice in knob.choices:
                widget.append(choice, choice)
            self.config.bind_property(name, widget, "active-id", _BOTH)
        else:
            widget = Gtk.ComboBoxText.new_with_entry()
            self.config.bind_property(name, widget.get_child(), "text", _BOTH)
            setattr(self, "combo_" + knob.name, widget)
        return widget

    def _number(self, knob, name):
        digits = 0 if knob.kind == "int" else _DIGITS.get(knob.name, 3)
        step = 1 if knob.kind == "int" else 10.0**-digits
        adjustment = Gtk.Adjustment(
            value=knob.default,
            lower=knob.low,
            upper=knob.high,
            step_increment=step,
            page_increment=10 * step,
        )
        self.config.bind_property(name, adjustment, "value", _BOTH)
        spin = Gtk.SpinButton(adjustment=adjustment, digits=digits, width_chars=8, numeric=True)
        row = Gtk.Box(spacing=6)
        if knob.name == "seed":
            another = Gtk.Button(label="_New", use_underline=True)
            another.set_tooltip_text("Another seed, another dream")
            another.connect(
                "clicked",
                lambda _: self.config.set_property("seed", GLib.random_int_range(0, 2**31 - 1)),
            )
            row.pack_start(spin, True, True, 0)
            row.pack_start(another, False, False, 0)
            return row
        if knob.name == "strength" or knob.name in _IN_SIGHT:
            low, high = _IN_SIGHT.get(knob.name, (knob.low, knob.high))
            scale = Gtk.Scale(draw_value=False, hexpand=True, digits=digits)
            scale.set_adjustment(
                Gtk.Adjustment(value=knob.default, lower=low, upper=high, step_increment=step)
            )
            scale.set_size_request(140, -1)
            _tie(scale.get_adjustment(), adjustment)
            row.pack_start(scale, True, True, 0)
        row.pack_start(spin, knob.name not in _IN_SIGHT and knob.name != "strength", True, 0)
        return row

    def _preset_combo(self):
        combo = Gtk.ComboBoxText()
        for name, preset in self.settings.presets.items():
            combo.append(name, f"{name}: {preset['description']}")
        combo.append(CUSTOM, "custom: as set below")
        if self._recipe_here:
            combo.append("", "as this layer was dreamt")
        for cell in combo.get_cells():
            cell.set_property("ellipsize", 3)
            cell.set_property("width-chars", 34)
        combo.connect("changed", self._preset_chosen)
        return combo

    def _preset_chosen(self, combo):
        name = combo.get_active_id()
        if self._filling or name is None:
            return
        values = {}
        if name == "":
            values = self._recipe_here
        elif name != CUSTOM:
            values = self.settings.preset_values(name)
            seed = self.config.get_property("seed")
            values = dict(values, seed=seed)
        self._filling = True
        for knob, value in values.items():
            self.config.set_property(knob.replace("_", "-"), value)
        self.config.set_property("preset", name or CUSTOM)
        self._filling = False
        self._changed(self.config, None)

    def _name_preset(self):
        """Show the name of the preset whose values these are, or that they are custom ones."""
        values = _values(self.config, self.settings)
        fits = CUSTOM
        for name in self.settings.presets:
            preset = self.settings.preset_values(name)
            if all(values[k] == preset[k] for k in preset if k not in _UNNAMED):
                fits = name
                break
        self._filling = True
        self.config.set_property("preset", CUSTOM if fits == CUSTOM else fits)
        self.preset.set_active_id(fits)
        self._filling = False

    def _changed(self, config, spec):
        if self._filling:
            return
        if spec is not None and spec.name in ("output", "preset"):
            return
        if spec is not None and spec.name == "network":
            self.previewer.describe(config.get_property("network"))
        self._name_preset()
        if self._timer:
            GLib.source_remove(self._timer)
        self._timer = GLib.timeout_add(_DELAY, self._begin_preview)

    def _fill_lists(self, description):
        """Offer the networks and layers that there are; what is typed stays."""
        for combo, names in (
            (self.combo_network, sorted(description.get("networks", {}))),
            (self.combo_layers, [layer["name"] for layer in description.get("layers", [])]),
        ):
            typed = combo.get_child().get_text()
            self._filling = True
            combo.remove_all()
            for name in names:
                combo.append_text(name)
            combo.get_child().set_text(typed)
            self._filling = False


def _values(config, settings):
    return {
        name: round(value, 9) if isinstance(value, float) else value
        for name, value in (
            (name, config.get_property(name.replace("_", "-"))) for name in settings.knobs
        )
    }


def _recipe_of(drawable, settings):
    """Values of the knobs that a drawable's own recipe has, or None."""
    recipe = recipe_on(drawable)
    return None if recipe is None else settings.values_in(recipe)


def _tie(slider, number):
    """Let a slider and a number field follow each other; the slider ends earlier."""

    def moved(_):
        if abs(slider.get_value() - clamped()) > 1e-12:
            number.set_value(slider.get_value())

    def clamped():
        return min(max(number.get_value(), slider.get_lower()), slider.get_upper())

    slider.set_value(clamped())
    slider.connect("value-changed", moved)
    number.connect("value-changed", lambda _: slider.set_value(clamped()))


def _as_bytes(pixels):
    """8-bit RGB of float32 RGBA."""
    values = array.array("f", pixels)
    out = bytearray(3 * (len(values) // 4))
    for channel in range(3):
        out[channel::3] = bytes(int(255 * min(max(v, 0.0), 1.0) + 0.5) for v in values[channel::4])
    return bytes(out)
