"""The buttons beside the search for presets: save as one's own, rename, delete."""

from ...editor.dialog import words
from ...editor.dialog.own_choice import OwnChoice
from ...editor.translation import _
from ..qt import QtWidgets
from . import mnemonics
from .icons import icon
from .parameter_rows import tooltip

_BUTTON = QtWidgets.QDialogButtonBox.StandardButton
_ROLE = QtWidgets.QMessageBox.ButtonRole


class OwnButtons(OwnChoice, QtWidgets.QWidget):
    """Buttons for the painter's own presets; disabled where they have nothing to do.

    Parameters
    ----------
    settings, now, picture, changed
        As for `editor.dialog.own_choice.OwnChoice.begin_with`.
    """

    def __init__(self, settings, now, picture, changed):
        QtWidgets.QWidget.__init__(self)
        self.begin_with(settings, now, picture, changed)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self._save = QtWidgets.QPushButton(mnemonics.label(_("Save as _Preset…")))
        self._save.setAutoDefault(False)
        tip = _("Keeps the present settings as a preset of your own")
        self._save.setToolTip(tooltip(tip))
        self._save.clicked.connect(lambda: self.save())
        self._rename = _icon_button("edit-rename", words.RENAME_TIP, self.rename)
        self._delete = _icon_button("edit-delete", words.DELETE_TIP, self.delete)
        for button in (self._save, self._rename, self._delete):
            row.addWidget(button)
        self.show_preset(None)

    def allow(self, saving, changing):
        """Disable buttons that have nothing to do."""
        self._save.setEnabled(saving)
        for button in (self._rename, self._delete):
            button.setEnabled(changing)

    def question(self, title, name, with_about=False):
        """A dialog over this one."""
        return _Question(self.window(), title, name, with_about)

    def agrees(self, text):
        """Ask in a message."""
        return _agrees(self.window(), text, _("_Delete"))

    def tell(self, text):
        """Say it in a message."""
        QtWidgets.QMessageBox.warning(self.window(), words.DELETE_TIP, text)


def _icon_button(name, tip, call):
    button = QtWidgets.QToolButton()
    button.setIcon(icon(name))
    button.setAutoRaise(True)
    button.setToolTip(tooltip(tip))
    button.setAccessibleName(tip)
    button.clicked.connect(lambda: call())
    return button


class _Question(QtWidgets.QDialog):
    """Asks for a preset's name, and for a sentence about it."""

    def __init__(self, parent, title, name, with_about):
        super().__init__(parent)
        self.setWindowTitle(title)
        column = QtWidgets.QVBoxLayout(self)
        form = QtWidgets.QFormLayout()
        self._name, self._about = QtWidgets.QLineEdit(name), QtWidgets.QLineEdit()
        self._name.setMinimumWidth(self.fontMetrics().horizontalAdvance("m") * 24)
        self._about.setPlaceholderText(_("May be empty"))
        form.addRow(mnemonics.label(_("_Name")), self._name)
        if with_about:
            form.addRow(mnemonics.label(_("_Description")), self._about)
        column.addLayout(form)
        self._words = QtWidgets.QLabel()
        self._words.setWordWrap(True)
        self._words.hide()
        column.addWidget(self._words)
        buttons = QtWidgets.QDialogButtonBox(_BUTTON.Save | _BUTTON.Cancel)
        self._ok = buttons.button(_BUTTON.Save)
        self._ok.setText(mnemonics.label(_("_Save")))
        buttons.button(_BUTTON.Cancel).setText(mnemonics.label(_("_Cancel")))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self._name.textChanged.connect(lambda _: self._look())
        self._look()

    def answer(self):
        """Ask; the name and the sentence, or None where the painter does not want it."""
        if self.exec() != QtWidgets.QDialog.DialogCode.Accepted:
            return None
        return self._name.text().strip(), self._about.text().strip()

    def agrees(self, text):
        """Ask once more."""
        return _agrees(self, text, _("_Replace"))

    def warn(self, text):
        """Say what is wrong with the name."""
        self._words.setText(text)
        self._words.show()

    def close(self):
        """End it."""
        self.deleteLater()

    def _look(self):
        self._ok.setEnabled(bool(self._name.text().strip()))


def _agrees(parent, text, action):
    box = QtWidgets.QMessageBox(parent)
    box.setIcon(QtWidgets.QMessageBox.Icon.Question)
    box.setWindowTitle(action.replace("_", ""))
    box.setText(text)
    agreed = box.addButton(mnemonics.label(action), _ROLE.AcceptRole)
    refused = box.addButton(mnemonics.label(_("_Cancel")), _ROLE.RejectRole)
    box.setEscapeButton(refused)
    box.exec()
    answer = box.clickedButton() is agreed
    box.deleteLater()
    return answer
