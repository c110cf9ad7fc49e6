"""What is set most often, always at hand: strength, output and seed."""

import random

from ...editor.choices import LAYERED
from ...editor.translation import _
from ..qt import QtWidgets
from . import mnemonics
from .bound import bound
from .icons import icon
from .numbers import NumberField
from .parameter_rows import ParameterRows, choice, tooltip
from .short_text import ShortLabel

_SEEDS = 2**31 - 1
_LARGER = 1.25


class Everyday(QtWidgets.QWidget):
    """The chosen preset's name, and rows that are always visible.

    Parameters
    ----------
    config : editor.dialog.arguments.Arguments
        The arguments.
    settings : settings.Settings
        The parameters.
    """

    def __init__(self, config, settings):
        super().__init__()
        self._config = config
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._title = ShortLabel()
        font = self._title.font()
        font.setBold(True)
        font.setPointSizeF(_LARGER * font.pointSizeF())
        self._title.setFont(font)
        column.addWidget(self._title)
        # Two lines, whatever the preset, so that the rows stay where they are.
        self._about = ShortLabel(lines=2, dim=True)
        column.addWidget(self._about)
        rows = ParameterRows(config)
        rows.add(settings.parameters["strength"], _("S_trength"))
        outputs = choice(config, "output", list(settings.outputs.items()))
        rows.add_row(_("_Output"), outputs, _(settings.output_help))
        rows.add_row(
            _("New layer"), self._look(config, settings), _("How a new layer covers the others")
        )
        rows.add_row(_("S_eed"), self._seed(config), _(settings.parameters["seed"].help))
        column.addWidget(rows)

    def show_preset(self, title, about, source):
        """Name the chosen preset."""
        self._title.set_text(title)
        self._about.set_text(about)
        # Where it does not fit, or tells where the preset was published.
        self._about.setToolTip(tooltip("\n".join(filter(None, [about, source]))))

    def _look(self, config, settings):
        """Opacity and mode of a new layer; disabled where there will be none."""
        opacity = NumberField(0, 100, 1)
        opacity.setSuffix(" %")
        bound(config, "opacity", opacity.show_number, opacity.valueChanged, opacity.number)
        mode = choice(config, "mode", list(settings.modes.items()))
        row = _row(opacity, mode)

        def adapt(*_):
            row.setEnabled(config.get_property("output") in LAYERED)

        config.connect("notify::output", adapt)
        adapt()
        # After the row's own tooltip was set.
        opacity.setToolTip(tooltip(_("Opacity in per cent")))
        mode.setToolTip(tooltip(_("Mode; the preview shows it as Normal")))
        return row

    def _seed(self, config):
        """The number, and a button for another one."""
        field = NumberField(0, _SEEDS, 1, whole=True)
        bound(config, "seed", field.show_number, field.valueChanged, field.number)
        dice = QtWidgets.QPushButton(icon("reload-preset"), mnemonics.label(_("Ne_w Seed")))
        dice.setAutoDefault(False)
        dice.setToolTip(tooltip(_("Another seed, another result")))
        dice.clicked.connect(lambda: self._another_seed())
        policy = QtWidgets.QSizePolicy.Policy
        field.setSizePolicy(policy.Expanding, policy.Fixed)
        return _row(field, dice)

    def _another_seed(self):
        self._config.set_property("seed", random.randrange(_SEEDS))


def _row(first, second):
    """Two widgets beside each other, of which the first gets the focus."""
    widget = QtWidgets.QWidget()
    row = QtWidgets.QHBoxLayout(widget)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(first)
    row.addWidget(second, 1 if isinstance(second, QtWidgets.QComboBox) else 0)
    widget.setFocusProxy(first)
    return widget
