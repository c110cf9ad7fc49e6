"""Rows of the dialog: a name and a widget for each parameter, bound to its argument."""

from editor.settings import choices_of
from editor.translation import _
from gi.repository import GObject, Gtk

from gimp3.dialog.guide_chooser import GuideChooser
from gimp3.dialog.numbers import number

_BOTH = GObject.BindingFlags.BIDIRECTIONAL | GObject.BindingFlags.SYNC_CREATE


class Rows(Gtk.Grid):
    """Names at the left, widgets at the right."""

    def __init__(self, **where):
        super().__init__(row_spacing=6, column_spacing=12, **where)
        self._count = 0

    def add_row(self, title, widget, help_):
        """Add a name and its widget; the help becomes a tooltip."""
        label = Gtk.Label(label=title, use_underline=True, xalign=0.0)
        label.set_mnemonic_widget(_first_field(widget))
        widget.set_hexpand(True)
        for part in (label, widget):
            part.set_tooltip_text(help_[:1].upper() + help_[1:])
        self.attach(label, 0, self._count, 1, 1)
        self.attach(widget, 1, self._count, 1, 1)
        self._count += 1


class ParameterRows(Rows):
    """Rows that are made from the parameters of the recipe.

    Parameters
    ----------
    config : Gimp.ProcedureConfig
        The arguments, bound to the widgets in both directions.
    """

    def __init__(self, config, **where):
        super().__init__(**where)
        self._config, self._lists = config, {}

    def add(self, parameter, title=None):
        """Add the row of a `settings.Parameter`."""
        name = parameter.name.replace("_", "-")
        if parameter.kind == "bool":
            widget = Gtk.CheckButton(halign=Gtk.Align.START)
            self._config.bind_property(name, widget, "active", _BOTH)
        elif parameter.kind in ("int", "float"):
            widget = number(self._config, name, parameter)
        elif parameter.choices:
            widget = choice(self._config, name, choices_of(parameter))
        elif parameter.name == "guide":
            widget = GuideChooser(self._config)
        else:
            widget = Gtk.ComboBoxText.new_with_entry()
            widget.get_child().set_width_chars(10)
            self._config.bind_property(name, widget.get_child(), "text", _BOTH)
            self._lists[parameter.name] = widget
        self.add_row(title or _(parameter.title), widget, _(parameter.help))

    def offer(self, names):
        """Fill the lists of text parameters, by name; the texts in their fields stay."""
        for parameter in names.keys() & self._lists.keys():
            combo = self._lists[parameter]
            typed = combo.get_child().get_text()
            combo.remove_all()
            for name in names[parameter]:
                combo.append_text(name)
            combo.get_child().set_text(typed)


def _first_field(widget):
    """What gets the focus in a row of several widgets."""
    several = isinstance(widget, Gtk.Box) and not isinstance(widget, Gtk.FileChooserButton)
    return widget.get_children()[0] if several else widget


def choice(config, name, choices):
    """A list of pairs of a value and what it is called, bound to a text argument."""
    widget = Gtk.ComboBoxText()
    for value, title in choices:
        widget.append(value, _(title))
    config.bind_property(name, widget, "active-id", _BOTH)
    return widget
