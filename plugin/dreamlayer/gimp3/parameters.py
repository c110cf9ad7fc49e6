"""The right side of the dialog in GIMP 3: a row for each parameter, bound to its argument."""

from gi.repository import GLib, GObject, Gtk, Pango
from settings import MAIN, OUTPUTS

_DIGITS = {"octave_scale": 2, "step_size": 4, "smoothing": 1, "strength": 2, "max_loss": 2}
"""Fewest decimal places that a field shows; 3 for others."""

_SLIDER_RANGE = {
    "strength": (0.0, 1.0),
    "steps": (0, 100),
    "octaves": (1, 16),
    "octave_scale": (1.01, 3.0),
    "step_size": (0.0, 0.05),
    "smoothing": (0.0, 10.0),
}
"""The range of a slider; its number field takes the parameter's whole range."""

_ADVANCED_HEIGHT = 210
"""Largest height of the advanced parameters in pixels, so that the dialog fits small screens."""

_SEEDS = 2**31 - 1
_BOTH = GObject.BindingFlags.BIDIRECTIONAL | GObject.BindingFlags.SYNC_CREATE


class ParameterSide(Gtk.Box):
    """All settings; the others than `MAIN` in the expander `advanced`, to be placed elsewhere.

    Parameters
    ----------
    config : Gimp.ProcedureConfig
        The arguments, bound to the widgets in both directions.
    settings : settings.Settings
        The parameters.
    presets : list of (str, str)
        Names and texts of the presets on offer.
    """

    def __init__(self, config, settings, presets):
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._config, self._lists = config, {}
        self.preset = Gtk.ComboBoxText()
        for name, text in presets:
            self.preset.append(name, text)
        for cell in self.preset.get_cells():
            cell.set_property("ellipsize", Pango.EllipsizeMode.END)
            cell.set_property("width-chars", 34)
            # Otherwise the longest description of a preset sets the dialog's width.
            cell.set_property("max-width-chars", 56)
        main = _Rows(1)
        main.add_row("_Preset", self.preset, "the values to start from")
        for name in MAIN:
            self._add(main, settings.parameters[name])
        providers = [(name, name) for name in settings.providers]
        help_ = "the hardware to compute on; auto takes the fastest that loads"
        main.add_row("Provider", self._choice("provider", providers), help_)
        outputs = self._choice("output", list(OUTPUTS.items()))
        main.add_row("_Output", outputs, "where the dream goes")
        advanced = _Rows(2, margin_start=12, margin_top=6, margin_end=12)
        rarer = [parameter for name, parameter in settings.parameters.items() if name not in MAIN]
        for parameter in sorted(rarer, key=lambda parameter: parameter.advanced):
            self._add(advanced, parameter)
        scrolled = Gtk.ScrolledWindow(
            hscrollbar_policy=Gtk.PolicyType.AUTOMATIC,
            propagate_natural_height=True,
            max_content_height=_ADVANCED_HEIGHT,
            overlay_scrolling=False,
        )
        scrolled.add(advanced)
        self.advanced = Gtk.Expander(label="_Advanced", use_underline=True)
        self.advanced.add(scrolled)
        self.pack_start(main, False, False, 0)

    def offer(self, parameter, names):
        """Fill the list of a text parameter; the text in its field stays."""
        combo = self._lists[parameter]
        typed = combo.get_child().get_text()
        combo.remove_all()
        for name in names:
            combo.append_text(name)
        combo.get_child().set_text(typed)

    def _add(self, rows, parameter):
        name = parameter.name.replace("_", "-")
        if parameter.kind == "bool":
            widget = Gtk.CheckButton()
            self._config.bind_property(name, widget, "active", _BOTH)
        elif parameter.kind in ("int", "float"):
            widget = self._number(parameter, name)
        elif parameter.choices:
            widget = self._choice(name, [(choice, choice) for choice in parameter.choices])
        else:
            widget = Gtk.ComboBoxText.new_with_entry()
            # Otherwise the advanced ones, two a row, make the dialog wider than a small screen.
            widget.get_child().set_width_chars(10)
            self._config.bind_property(name, widget.get_child(), "text", _BOTH)
            self._lists[parameter.name] = widget
        rows.add_row(parameter.title, widget, parameter.help)

    def _choice(self, name, choices):
        widget = Gtk.ComboBoxText()
        for choice, title in choices:
            widget.append(choice, title)
        self._config.bind_property(name, widget, "active-id", _BOTH)
        return widget

    def _number(self, parameter, name):
        """A number field, with a slider beside it where a range is given."""
        digits = 0 if parameter.kind == "int" else _DIGITS.get(parameter.name, 3)
        step = 10.0**-digits
        number = _adjustment(parameter.default, parameter.low, parameter.high, step)
        field = Gtk.SpinButton(adjustment=number, digits=digits, width_chars=8, numeric=True)

        def show_all_digits(*_):
            # A field rounds its value to the digits that it shows as soon as it loses the focus.
            text = f"{self._config.get_property(name):.9f}".rstrip("0")
            field.set_digits(max(digits, len(text.partition(".")[2])))

        if parameter.kind == "float":
            show_all_digits()
            self._config.connect(f"notify::{name}", show_all_digits)
        self._config.bind_property(name, number, "value", _BOTH)
        row = Gtk.Box(spacing=6)
        if parameter.name in _SLIDER_RANGE:
            slider = Gtk.Scale(draw_value=False, digits=digits, hexpand=True)
            slider.set_adjustment(
                _adjustment(parameter.default, *_SLIDER_RANGE[parameter.name], step)
            )
            slider.set_size_request(120, -1)
            _tie(slider.get_adjustment(), number)
            row.pack_start(slider, True, True, 0)
            row.pack_start(field, False, True, 0)
            return row
        row.pack_start(field, True, True, 0)
        if parameter.name == "seed":
            another = Gtk.Button(label="_New", use_underline=True)
            another.set_tooltip_text("Another seed, another dream")
            another.connect("clicked", self._another_seed)
            row.pack_start(another, False, False, 0)
        return row

    def _another_seed(self, _):
        self._config.set_property("seed", GLib.random_int_range(0, _SEEDS))


class _Rows(Gtk.Grid):
    """Rows of names and widgets, with `pairs` of them side by side."""

    def __init__(self, pairs, **where):
        super().__init__(row_spacing=6, column_spacing=12, **where)
        self._pairs, self._count = pairs, 0

    def add_row(self, title, widget, help_):
        """Add a name and its widget; the help becomes a tooltip."""
        label = Gtk.Label(label=title, use_underline=True, xalign=0.0)
        label.set_mnemonic_widget(widget)
        widget.set_hexpand(True)
        for part in (label, widget):
            part.set_tooltip_text(help_[:1].upper() + help_[1:])
        row, pair = divmod(self._count, self._pairs)
        self.attach(label, 2 * pair, row, 1, 1)
        self.attach(widget, 2 * pair + 1, row, 1, 1)
        self._count += 1


def _adjustment(value, low, high, step):
    return Gtk.Adjustment(
        value=value, lower=low, upper=high, step_increment=step, page_increment=10 * step
    )


def _tie(slider, number):
    """Bind a slider and a number field to each other; the slider's range is smaller."""

    def within():
        return min(max(number.get_value(), slider.get_lower()), slider.get_upper())

    def moved(_):
        # Not where the number is beyond the slider's end.
        if abs(slider.get_value() - within()) > 1e-12:
            number.set_value(slider.get_value())

    slider.set_value(within())
    slider.connect("value-changed", moved)
    number.connect("value-changed", lambda _: slider.set_value(within()))
