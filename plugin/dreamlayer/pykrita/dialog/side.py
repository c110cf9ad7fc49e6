"""The right side of the dialogs: what is set most often, below it pages of all other settings."""

from ...editor.choices import CUSTOM
from ...editor.dialog import pages
from ...editor.translation import _
from ..qt import Qt, QtCore, QtWidgets
from .everyday import Everyday
from .own_buttons import OwnButtons
from .parameter_rows import ParameterRows, choice
from .preset_chooser import PresetChooser
from .tabs import Tabs
from .tiles import see_through

_WIDTH, _LETTERS = 440, 54
"""Its width in pixels, and in letters."""

_MARGIN = 10


class Side(QtWidgets.QWidget):
    """All settings of a filter; which pages there are is the filter's own.

    Parameters
    ----------
    config : editor.dialog.arguments.Arguments
        The arguments.
    settings : settings.Settings
        The parameters.
    main : collection of str
        Parameters on the page Settings, in order; all others are under Advanced.
    choose : callable
        Called with the name of the preset that the painter chooses.
    now, picture, changed
        As for `editor.dialog.own_choice.OwnChoice.begin_with`.

    Attributes
    ----------
    chooser : PresetChooser
        The page of the presets.
    """

    def __init__(self, config, settings, main, choose, now, picture, changed):
        super().__init__()
        # What is left belongs to the preview.
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Fixed, policy.Expanding)
        self._settings = settings
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self._everyday = Everyday(config, settings)
        column.addWidget(self._everyday)
        self._own = OwnButtons(settings, now, picture, changed)
        self.chooser = PresetChooser(choose, self._own)
        self._rows = ParameterRows(config, _MARGIN)
        for name in main:
            self._rows.add(settings.parameters[name])
        if len(settings.masks) > 1:
            masks = choice(config, "mask-from", list(settings.masks.items()))
            self._rows.add_row(_("Keep to"), masks, _(settings.mask_help))
        self._advanced = ParameterRows(config, _MARGIN)
        for parameter in pages.advanced(settings, main):
            self._advanced.add(parameter)
        providers = choice(config, "provider", [(name, name) for name in settings.providers])
        self._advanced.add_row(_("Provider"), providers, pages.PROVIDER_HELP)
        self._pages = Tabs()
        column.addWidget(self._pages, 1)

    def sizeHint(self):  # noqa: N802  (Qt's own name)
        """As wide as designed, or wider with larger letters."""
        letters = self.fontMetrics().horizontalAdvance("n") * _LETTERS
        return QtCore.QSize(max(_WIDTH, letters, self.minimumSizeHint().width()), 600)

    def add_pages(self, titled):
        """Add pages, as pairs of a title and a widget."""
        for title, page in titled:
            self._pages.addTab(page, title)

    def settings_pages(self):
        """The pages Settings and Advanced."""
        return (
            (_("Settings"), scrolled(self._rows)),
            (_("Advanced"), scrolled(self._advanced)),
        )

    def show_preset(self, name):
        """Name a preset, and mark it among the others."""
        self._everyday.show_preset(*pages.about_preset(self._settings, name))
        self.chooser.show_preset(None if name == CUSTOM else name)
        self._own.show_preset(name)

    def offer(self, networks, layers):
        """Fill the lists of networks and layers with what there is."""
        names = pages.names_for(self._settings, networks, layers)
        for rows in (self._rows, self._advanced):
            rows.offer(names)

    def search(self):
        """Put the cursor into the field to search for presets."""
        self._pages.setCurrentWidget(self.chooser)
        self.chooser.search()


def scrolled(page):
    """A page behind a scroll bar, where it is taller than the window."""
    area = _Page()
    area.setWidgetResizable(True)
    area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    holder = QtWidgets.QWidget()
    column = QtWidgets.QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(page)
    column.addStretch(1)
    area.setWidget(holder)
    see_through(area)
    return area


class _Page(QtWidgets.QScrollArea):
    """A page that scrolls up and down only, and so is as wide as what is on it."""

    def minimumSizeHint(self):  # noqa: N802  (Qt's own name)
        """No narrower than its rows and its scroll bar."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QtCore.QSize(self.widget().minimumSizeHint().width() + bar, 80)
