"""Rows of the dialog: a name and a widget for each parameter, bound to its argument."""

from ...editor.settings import choices_of
from ...editor.translation import _
from ..qt import Qt, QtWidgets
from . import mnemonics
from .bound import bound
from .calm import CalmList
from .guide_chooser import GuideChooser
from .numbers import number

_WIDEST = 170
"""Pixels of a name; longer ones have two lines."""


class Rows(QtWidgets.QWidget):
    """Names at the left, widgets at the right.

    Parameters
    ----------
    margin : int
        Pixels around the rows.
    """

    def __init__(self, margin=0):
        super().__init__()
        self._grid = QtWidgets.QGridLayout(self)
        self._grid.setContentsMargins(margin, margin, margin, margin)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)

    def add_row(self, title, widget, help_):
        """Add a name and its widget; the help becomes a tooltip."""
        row = self._grid.rowCount()
        tip = tooltip(help_)
        name = QtWidgets.QLabel(mnemonics.label(title))
        if name.sizeHint().width() > _WIDEST:
            name.setWordWrap(True)
            name.setFixedWidth(_WIDEST)
        # A mnemonic leads to the field, where a row has several widgets.
        name.setBuddy(widget.focusProxy() or widget)
        name.setToolTip(tip)
        widget.setToolTip(tip)
        self._grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(widget, row, 1)

    def add_wide(self, widget, help_):
        """Add a widget that has its name in itself."""
        widget.setToolTip(tooltip(help_))
        self._grid.addWidget(widget, self._grid.rowCount(), 0, 1, 2)


class ParameterRows(Rows):
    """Rows that are made from the parameters of the recipe.

    Parameters
    ----------
    config : editor.dialog.arguments.Arguments
        The arguments, bound to the widgets in both directions.
    margin : int
        Pixels around the rows.
    """

    def __init__(self, config, margin=0):
        super().__init__(margin)
        self._config, self._lists = config, {}

    def add(self, parameter, title=None):
        """Add the row of a `settings.Parameter`."""
        name, title = parameter.name.replace("_", "-"), title or _(parameter.title)
        if parameter.kind == "bool":
            box = QtWidgets.QCheckBox(mnemonics.label(title))
            bound(self._config, name, box.setChecked, box.toggled, box.isChecked)
            self.add_wide(box, _(parameter.help))
            return
        if parameter.kind in ("int", "float"):
            widget = number(self._config, name, parameter)
        elif parameter.choices:
            widget = choice(self._config, name, choices_of(parameter))
        elif parameter.name == "guide":
            widget = GuideChooser(self._config)
        else:
            widget = _typed(self._config, name)
            self._lists[parameter.name] = widget
        self.add_row(title, widget, _(parameter.help))

    def offer(self, names):
        """Fill the lists of text parameters, by name; the texts in their fields stay."""
        for parameter in names.keys() & self._lists.keys():
            widget = self._lists[parameter]
            typed = widget.currentText()
            was = widget.blockSignals(True)
            widget.clear()
            widget.addItems(names[parameter])
            widget.setEditText(typed)
            widget.lineEdit().setCursorPosition(0)
            widget.blockSignals(was)


def tooltip(text):
    """A sentence as a tooltip, whose lines Qt breaks only where it is marked as rich text."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
    return "<qt>" + escaped[:1].upper() + escaped[1:] + "</qt>" if text else ""


def choice(config, name, choices):
    """A list of pairs of a value and what it is called, bound to a text argument."""
    widget = CalmList()
    for value, title in choices:
        widget.addItem(_(title), value)

    def show(value):
        widget.setCurrentIndex(widget.findData(value))

    bound(config, name, show, widget.activated, widget.currentData)
    return widget


def _typed(config, name):
    """A field to type in, with a list of what there is."""
    widget = CalmList()
    widget.setEditable(True)
    widget.setInsertPolicy(QtWidgets.QComboBox.InsertPolicy.NoInsert)
    # It would replace what is typed.
    widget.setCompleter(None)

    def show(text):
        if widget.currentText() != (text or ""):
            widget.setEditText(text or "")
            widget.lineEdit().setCursorPosition(0)

    bound(config, name, show, widget.editTextChanged, widget.currentText)
    return widget
