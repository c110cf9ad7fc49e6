"""Number fields of the dialog, with a slider beside those that are often moved."""

from gi.repository import GObject, Gtk
from translation import _

_DIGITS = {
    "octave_scale": 2,
    "step_size": 4,
    "smoothing": 1,
    "strength": 2,
    "anchor": 2,
    "max_loss": 2,
    "zoom": 1,
    "rotation": 1,
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
    "frames": (2, 120),
    "zoom": (-10.0, 10.0),
    "rotation": (-10.0, 10.0),
    "frame_steps": (0, 10),
    "frame_time": (20, 500),
}
"""The range of a slider; its number field takes the parameter's whole range."""

_AUTO = _("auto")
"""What a field shows for a 0 that stands for a number that is chosen."""

_NARROWEST = 6
_SLIDER_WIDTH = 60
"""Fewest pixels: with more, a number of many digits would widen the page and shrink the preview."""

_BOTH = GObject.BindingFlags.BIDIRECTIONAL | GObject.BindingFlags.SYNC_CREATE


def number(config, name, parameter):
    """A number field, bound to an argument, with a slider beside it where a range is known."""
    digits = 0 if parameter.kind == "int" else _DIGITS.get(parameter.name, 3)
    step = 10.0**-digits
    value = adjustment(parameter.default, parameter.low, parameter.high, step)
    # Fields that show a word must take letters; other words than numbers count as 0.
    field = Gtk.SpinButton(adjustment=value, digits=digits, numeric=not parameter.auto)
    if parameter.auto:
        field.connect("output", _show_auto)
    _show_all_digits(config, name, field, digits, parameter.kind)
    config.bind_property(name, value, "value", _BOTH)
    row = Gtk.Box(spacing=6)
    if parameter.name not in _SLIDER_RANGE:
        row.pack_start(field, False, True, 0)
        return row
    slider = Gtk.Scale(draw_value=False, digits=digits, hexpand=True)
    slider.set_adjustment(adjustment(parameter.default, *_SLIDER_RANGE[parameter.name], step))
    slider.set_size_request(_SLIDER_WIDTH, -1)
    tie(slider.get_adjustment(), value)
    row.pack_start(slider, True, True, 0)
    row.pack_start(field, False, True, 0)
    return row


def adjustment(value, low, high, step):
    """An adjustment with steps of a size, and pages of ten."""
    return Gtk.Adjustment(
        value=value, lower=low, upper=high, step_increment=step, page_increment=10 * step
    )


def _show_all_digits(config, name, field, digits, kind):
    """Keep a field as wide and as precise as its value: it rounds what it does not show."""

    def show(*_):
        shown = digits
        if kind == "float":
            text = f"{config.get_property(name):.9f}".rstrip("0")
            shown = max(digits, len(text.partition(".")[2]))
            field.set_digits(shown)
        whole = len(str(int(config.get_property(name))))
        field.set_width_chars(max(_NARROWEST, whole + shown + 2))

    show()
    config.connect(f"notify::{name}", show)


def _show_auto(field):
    """Show a word where a number is 0; whether that was done."""
    is_auto = field.get_adjustment().get_value() == 0
    if is_auto and field.get_text() != _AUTO:
        field.set_text(_AUTO)
    return is_auto


def tie(slider, number):
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
