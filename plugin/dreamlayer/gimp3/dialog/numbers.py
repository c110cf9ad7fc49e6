"""Number fields of the dialog, with a slider beside those that are often moved."""

from editor.dialog.number_fields import AUTO, SLIDERS, digits_of, fewest_digits
from gi.repository import GObject, Gtk

_NARROWEST = 6
_SLIDER_WIDTH, _SHORTEST, _DIGIT_WIDTH = 90, 40, 10
"""Pixels of a slider at least; and per character by which the field beside it is wider, so that a
number of many digits does not widen the page and shrink the preview."""

_BOTH = GObject.BindingFlags.BIDIRECTIONAL | GObject.BindingFlags.SYNC_CREATE


def number(config, name, parameter):
    """A number field, bound to an argument, with a slider beside it where a range is known."""
    digits = fewest_digits(parameter)
    step = 10.0**-digits
    value = adjustment(parameter.default, parameter.low, parameter.high, step)
    # Fields that show a word must take letters; other words than numbers count as 0.
    field = Gtk.SpinButton(adjustment=value, digits=digits, numeric=not parameter.auto)
    if parameter.auto:
        field.connect("output", _show_auto)
    slider = None
    if parameter.name in SLIDERS:
        slider = Gtk.Scale(draw_value=False, digits=digits, hexpand=True)
        slider.set_adjustment(adjustment(parameter.default, *SLIDERS[parameter.name], step))
    _show_all_digits(config, name, field, digits, parameter.kind, slider)
    config.bind_property(name, value, "value", _BOTH)
    row = Gtk.Box(spacing=6)
    if slider is not None:
        tie(slider.get_adjustment(), value)
        row.pack_start(slider, True, True, 0)
    row.pack_start(field, False, True, 0)
    return row


def adjustment(value, low, high, step):
    """An adjustment with steps of a size, and pages of ten."""
    return Gtk.Adjustment(
        value=value, lower=low, upper=high, step_increment=step, page_increment=10 * step
    )


def _show_all_digits(config, name, field, digits, kind, slider):
    """Keep a field as wide and as precise as its value: it rounds what it does not show.

    The slider beside it, or None, makes room.
    """

    def show(*_):
        shown = digits
        if kind == "float":
            shown = digits_of(config.get_property(name), digits)
            field.set_digits(shown)
        whole = len(str(int(config.get_property(name))))
        characters = max(_NARROWEST, whole + shown + 2)
        field.set_width_chars(characters)
        if slider is not None:
            width = _SLIDER_WIDTH - _DIGIT_WIDTH * (characters - _NARROWEST)
            slider.set_size_request(max(_SHORTEST, width), -1)

    show()
    config.connect(f"notify::{name}", show)


def _show_auto(field):
    """Show a word where a number is 0; whether that was done."""
    is_auto = field.get_adjustment().get_value() == 0
    if is_auto and field.get_text() != AUTO:
        field.set_text(AUTO)
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
