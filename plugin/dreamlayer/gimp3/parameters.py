"""The right side of the dialog in GIMP 3: a row for each parameter, bound to its argument."""

from gi.repository import GLib, GObject, Gtk, Pango
from settings import MAIN, OUTPUTS, choices_of

from gimp3.presets import PresetList, PresetPicture

_DIGITS = {
    "octave_scale": 2,
    "step_size": 4,
    "smoothing": 1,
    "strength": 2,
    "anchor": 2,
    "max_loss": 2,
}
"""Fewest decimal places that a field shows; 3 for others."""

_SLIDER_RANGE = {
    "strength": (0.0, 1.0),
    "steps": (0, 100),
    "octaves": (0, 16),
    "octave_scale": (1.01, 3.0),
    "step_size": (0.0, 0.05),
    "smoothing": (0.0, 10.0),
    "anchor": (0.0, 1.0),
}
"""The range of a slider; its number field takes the parameter's whole range."""

_AUTO = "auto"
"""What a field shows for a 0 that stands for a number that is chosen."""

_SEEDS = 2**31 - 1
_BOTH = GObject.BindingFlags.BIDIRECTIONAL | GObject.BindingFlags.SYNC_CREATE


class ParameterSide(Gtk.Box):
    """All settings: the preset and where the dream goes, then `MAIN` and the others on two pages.

    Parameters
    ----------
    config : Gimp.ProcedureConfig
        The arguments, bound to the widgets in both directions.
    settings : settings.Settings
        The parameters.
    groups : list
        The presets on offer, as `gimp3.presets.PresetList` takes them.
    pictures : str
        The folder with the presets' pictures.
    """

    def __init__(self, config, settings, groups, pictures):
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=12)
        self._config, self._settings, self._lists = config, settings, {}
        self.preset = PresetList(groups)
        self._picture = PresetPicture(pictures)
        self._about = Gtk.Label(wrap=True, xalign=0.0, yalign=0.0, lines=2, max_width_chars=40)
        self._about.set_ellipsize(Pango.EllipsizeMode.END)
        # Two lines, whatever the preset, so that the dialog keeps its size.
        self._about.set_size_request(-1, 40)
        top = _Rows()
        top.add_row("_Preset", self.preset, "the values to start from")
        top.attach(self._about, 1, top.count, 1, 1)
        top.count += 1
        outputs = self._choice("output", list(OUTPUTS.items()))
        top.add_row("_Output", outputs, "where the dream goes")
        top.attach(self._picture, 2, 0, 1, top.count)
        self.pack_start(top, False, False, 0)
        main = _Rows(border_width=12)
        for name in MAIN:
            self._add(main, settings.parameters[name])
        advanced = _Rows(border_width=12)
        rarer = [parameter for name, parameter in settings.parameters.items() if name not in MAIN]
        for parameter in sorted(rarer, key=lambda parameter: parameter.advanced):
            self._add(advanced, parameter)
        providers = [(name, name) for name in settings.providers]
        help_ = "the hardware to compute on; auto takes the fastest that loads"
        advanced.add_row("Provider", self._choice("provider", providers), help_)
        # As high as the other page, which fits small screens.
        scrolled = Gtk.ScrolledWindow(
            hscrollbar_policy=Gtk.PolicyType.NEVER, overlay_scrolling=False
        )
        scrolled.add(advanced)
        pages = Gtk.Notebook()
        for title, page in (("Settings", main), ("Advanced", scrolled)):
            pages.append_page(page, Gtk.Label(label=title, margin_start=6, margin_end=6))
        self.pack_start(pages, True, True, 0)

    def show_preset(self, name):
        """Choose a preset in the list, and show its description and picture."""
        self.preset.choose(name)
        preset = self._settings.presets.get(name, {})
        self._about.set_text(preset.get("description", ""))
        self._about.set_tooltip_text(preset.get("source") or None)
        self._picture.show_preset(name)

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
            widget = self._choice(name, choices_of(parameter))
        else:
            widget = Gtk.ComboBoxText.new_with_entry()
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
        # Fields that show a word must take letters; other words than numbers count as 0.
        field = Gtk.SpinButton(
            adjustment=number, digits=digits, width_chars=11, numeric=not parameter.auto
        )
        if parameter.auto:
            field.connect("output", _show_auto)

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
    """Rows of names and widgets; `count` is their number."""

    def __init__(self, **where):
        super().__init__(row_spacing=6, column_spacing=12, **where)
        self.count = 0

    def add_row(self, title, widget, help_):
        """Add a name and its widget; the help becomes a tooltip."""
        label = Gtk.Label(label=title, use_underline=True, xalign=0.0)
        label.set_mnemonic_widget(widget)
        widget.set_hexpand(True)
        for part in (label, widget):
            part.set_tooltip_text(help_[:1].upper() + help_[1:])
        self.attach(label, 0, self.count, 1, 1)
        self.attach(widget, 1, self.count, 1, 1)
        self.count += 1


def _show_auto(field):
    """Show a word where a number is 0; whether that was done."""
    is_auto = field.get_adjustment().get_value() == 0
    if is_auto and field.get_text() != _AUTO:
        field.set_text(_AUTO)
    return is_auto


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
