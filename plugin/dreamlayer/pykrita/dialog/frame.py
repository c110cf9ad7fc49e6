"""The frame of a dialog: a window that leaves Krita usable, with its panes and buttons."""

from ...editor.translation import _
from ..qt import Qt, QtCore, QtWidgets
from . import words
from .mnemonics import label

_WIDTH, _HEIGHT = 1320, 660
"""The window's size where the screen has room; on large screens it is larger."""

_OF_SCREEN = 0.72
_BESIDE, _ABOVE = 40, 80
"""Pixels of the screen that stay free for a panel, and the window's own frame."""

_Role = QtWidgets.QDialogButtonBox.ButtonRole
_FIELDS = (QtWidgets.QLineEdit, QtWidgets.QAbstractSpinBox, QtWidgets.QComboBox)
"""Widgets that Enter and letters are typed into."""


class Frame(QtWidgets.QDialog):
    """The window of a dialog, which asks before it closes.

    Parameters
    ----------
    parent : QWidget
        Krita's window, above which it stays.
    title : str
        Its title.
    on_close : callable
        Called when the painter wants it to close, which it does not by itself.
    on_key : callable
        Called with a key that nothing else has taken, as a `Qt.Key`, and whether it was pressed or
        released; tells whether it stands for something.
    on_return : callable
        Called when the painter comes back to it.
    """

    def __init__(self, parent, title, on_close, on_key, on_return):
        super().__init__(parent)
        self._on_close, self._on_key, self._on_return = on_close, on_key, on_return
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.setWindowTitle(title)
        more = Qt.WindowType.WindowMinMaxButtonsHint
        less = Qt.WindowType.WindowContextHelpButtonHint
        self.setWindowFlags((self.windowFlags() | more) & ~less)

    def fill(self, pane, side, buttons):
        """Put the preview at the left, which grows with the window, and the settings right."""
        panes = QtWidgets.QHBoxLayout()
        panes.setSpacing(12)
        panes.addWidget(pane, 1)
        panes.addWidget(side, 0)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(12)
        column.addLayout(panes, 1)
        column.addWidget(buttons)
        self.resize(self._size_for_screen())

    def detach(self):
        """Hide it, and let it outlive Krita's window, which would delete it amid the work."""
        self.hide()
        self.setParent(None)

    def reject(self):
        """What Escape and the frame's button do."""
        self._on_close()

    def closeEvent(self, event):  # noqa: N802
        """The same, also where the window system closes it."""
        event.ignore()
        self._on_close()

    def keyPressEvent(self, event):  # noqa: N802
        """Keys of the preview, where they are not typed into a field."""
        if not self._take_key(event, True):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event):  # noqa: N802
        """The same, where a key is let go."""
        if not self._take_key(event, False):
            super().keyReleaseEvent(event)

    def changeEvent(self, event):  # noqa: N802
        """Look at what the painter did meanwhile."""
        if event.type() == QtCore.QEvent.Type.ActivationChange and self.isActiveWindow():
            self._on_return()
        super().changeEvent(event)

    def _take_key(self, event, pressed):
        typing = isinstance(self.focusWidget(), _FIELDS)
        if typing and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # It ends what is typed, and must not begin the work.
            return True
        free = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        if typing or event.isAutoRepeat() or event.modifiers() & ~free:
            return False
        return self._on_key(event.key(), pressed)

    def _size_for_screen(self):
        """The window's size: most of a small screen, a good part of a large one."""
        screen = self.parent().windowHandle().screen() if self.parent() else None
        area = (screen or QtWidgets.QApplication.primaryScreen()).availableGeometry()
        width = min(max(_WIDTH, round(area.width() * _OF_SCREEN)), area.width() - _BESIDE)
        height = min(max(_HEIGHT, round(area.height() * _OF_SCREEN)), area.height() - _ABOVE)
        return QtCore.QSize(width, height)


class Buttons(QtWidgets.QDialogButtonBox):
    """The buttons of a dialog, in the order of the system.

    Parameters
    ----------
    ok_label, apply_help : str
        Of the button that does the work and closes, and what is told of the one that stays open.
    ok, apply, close, reset : callable
        What they do; `close` also stops.
    """

    def __init__(self, ok_label, apply_help, ok, apply, close, reset):
        super().__init__()
        self._ok = self._add(ok_label, _Role.AcceptRole, ok)
        self._apply = self._add(_("_Apply"), _Role.ApplyRole, apply)
        self._close = self._add(_("_Close"), _Role.RejectRole, close)
        self._reset = self._add(_("_Reset"), _Role.ResetRole, reset)
        self._apply.setToolTip(apply_help)
        self._reset.setToolTip(words.RESET_HELP)
        self._ok.setDefault(True)
        self.show_state(True, False)

    def show_state(self, idle, ready):
        """Offer what can be done: whether nothing is done now, and something could be."""
        for button in (self._ok, self._apply):
            button.setEnabled(idle and ready)
        self._reset.setEnabled(idle)
        self._close.setText(label(_("_Close") if idle else _("S_top")))
        self._close.setToolTip("" if idle else words.STOP_HELP)

    def _add(self, text, role, call):
        button = self.addButton(label(text), role)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: call())
        return button
