"""The layers that are chosen: a picture, a weight and buttons for each."""

from editor.dialog.layer_terms import about
from editor.dialog.number_fields import (
    FARTHEST_WEIGHT,
    WEIGHT_DIGITS,
    WEIGHT_SLIDER,
    WEIGHT_STEP,
    digits_of,
)
from editor.translation import _
from gi.repository import GdkPixbuf, GLib, Gtk, Pango

from gimp3.dialog.numbers import adjustment, tie

_PICTURE = 44


class ChosenLayers(Gtk.Box):
    """Rows, one for each term.

    Parameters
    ----------
    weigh : callable
        Called with a row's number and another weight.
    open_channels, remove : callable
        Called with a row's number.
    """

    def __init__(self, weigh, open_channels, remove):
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=2)
        self._weigh, self._open, self._remove = weigh, open_channels, remove
        self._rows = []

    def show_terms(self, terms):
        """Show these terms; rows of the same layers and channels stay, so that they can be held."""
        if [row.term._replace(weight=0) for row in self._rows] != [
            term._replace(weight=0) for term in terms
        ]:
            for row in self._rows:
                self.remove(row)
            self._rows = [self._row(number, term) for number, term in enumerate(terms)]
            for row in self._rows:
                self.pack_start(row, False, False, 0)
                row.show_all()
        for row, term in zip(self._rows, terms):
            row.show_weight(term)

    def show_pictures(self, find):
        """Show the pictures that `find` gives for terms: pixbufs, or None."""
        for row in self._rows:
            picture = find(row.term)
            if picture is not None:
                row.show_picture(picture)

    def _row(self, number, term):
        return _Row(
            term,
            lambda weight: self._weigh(number, weight),
            lambda: self._open(number),
            lambda: self._remove(number),
        )


class _Row(Gtk.Box):
    def __init__(self, term, weigh, open_channels, remove):
        super().__init__(spacing=4)
        self.term = term
        self._image = Gtk.Image()
        self._image.set_size_request(_PICTURE, _PICTURE)
        self.pack_start(self._image, False, False, 0)
        self._weight = adjustment(term.weight, -FARTHEST_WEIGHT, FARTHEST_WEIGHT, WEIGHT_STEP)
        # A name takes what room there is; it does not widen the page.
        name = Gtk.Label(xalign=0.0, ellipsize=Pango.EllipsizeMode.MIDDLE, max_width_chars=20)
        name.set_margin_start(6)
        name.set_text(about(term))
        name.set_tooltip_text(about(term, all_channels=True))
        # Names are long: each has a line of its own.
        column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, valign=Gtk.Align.CENTER)
        column.pack_start(name, False, False, 0)
        column.pack_start(self._line(open_channels, remove), False, False, 0)
        self.pack_start(column, True, True, 0)
        self._telling = True
        self._weight.connect("value-changed", lambda value: self._moved(value, weigh))

    def _line(self, open_channels, remove):
        """What a term's weight is changed with, and the buttons."""
        slider = Gtk.Scale(draw_value=False)
        slider.set_adjustment(
            adjustment(self.term.weight, -WEIGHT_SLIDER, WEIGHT_SLIDER, WEIGHT_STEP)
        )
        slider.set_digits(WEIGHT_DIGITS)
        slider.set_size_request(60, -1)
        slider.set_tooltip_text(_("Weight; where it is negative, the dream avoids the layer"))
        tie(slider.get_adjustment(), self._weight)
        # A field rounds what it does not show.
        digits = digits_of(self.term.weight, WEIGHT_DIGITS)
        field = Gtk.SpinButton(adjustment=self._weight, digits=digits, numeric=True, width_chars=4)
        channels = Gtk.Button(relief=Gtk.ReliefStyle.NONE)
        label = Gtk.Label()
        label.set_markup(f"<small>{GLib.markup_escape_text(_('Channels…'))}</small>")
        channels.add(label)
        channels.set_tooltip_text(_("Choose channels by pictures"))
        channels.connect("clicked", lambda _: open_channels())
        away = Gtk.Button.new_from_icon_name("edit-delete", Gtk.IconSize.BUTTON)
        away.set_relief(Gtk.ReliefStyle.NONE)
        away.set_tooltip_text(_("Do not dream of this layer"))
        away.connect("clicked", lambda _: remove())
        line = Gtk.Box(spacing=4)
        line.pack_start(slider, True, True, 0)
        for widget in (field, channels, away):
            line.pack_start(widget, False, False, 0)
        return line

    def show_weight(self, term):
        self._telling = False
        self._weight.set_value(term.weight)
        self._telling = True
        self.term = term

    def show_picture(self, picture):
        how = GdkPixbuf.InterpType.BILINEAR
        self._image.set_from_pixbuf(picture.scale_simple(_PICTURE, _PICTURE, how))

    def _moved(self, value, weigh):
        if self._telling:
            weigh(round(value.get_value(), 9))
