"""The right sides of the dialogs as they open inside Krita, and hands that type."""

import os
import time

import dreamlayer
from dreamlayer.editor.choices import CHOSEN
from dreamlayer.editor.dialog.arguments import Arguments
from dreamlayer.editor.dialog.catalog import sections
from dreamlayer.editor.settings import DREAM, Settings
from dreamlayer.pykrita.dialog.mnemonics import label
from dreamlayer.pykrita.dialog.settings_side import SettingsSide
from dreamlayer.pykrita.offered import OF_KRITA
from dreamlayer.pykrita.qt import Qt, QtCore, QtGui, QtWidgets
from dreamlayer.pykrita.style.side import StyleSide

FOLDER = os.path.dirname(dreamlayer.__file__)


class Gallery:
    """Notes what pictures are asked for, and makes none."""

    def __init__(self):
        self.wanted = []

    def want(self, requests):
        """Note them."""
        self.wanted = requests


class Given:
    """The right side of a dialog as it opens, its arguments, and the presets that were chosen."""

    def __init__(self, kind=DREAM):
        self.settings = Settings(FOLDER, kind, OF_KRITA)
        known = [*self.settings.parameters.values(), *self.settings.animation.values()]
        values = {one.name.replace("_", "-"): one.default for one in known}
        values.update(CHOSEN)
        self.config, self.chosen, self.changes = Arguments(values), [], []
        self.gallery = Gallery()
        given = self.config, self.settings, self.chosen.append
        rest = dict, None, lambda name, saved=False: None
        if kind == DREAM:
            self.side = SettingsSide(*given, self.gallery, *rest)
        else:
            changed, warn = lambda: self.changes.append("changed"), self.warned
            self.side = StyleSide(*given, *rest, changed, warn)
        self.side.resize(self.side.sizeHint().width(), 590)
        self.side.chooser.fill(sections(self.settings, FOLDER))
        self.side.show()
        handle_events()

    def warned(self, sentence, later):
        """Note what the list of pictures says."""
        self.changes.append(sentence)

    def row(self, title):
        """The widget of a row by its name."""
        labels = self.side.findChildren(QtWidgets.QLabel)
        named = [one for one in labels if one.text() == label(title) and one.buddy() is not None]
        return named[0].buddy()


def handle_events(seconds=0.05):
    """Let Qt do what waits."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QtWidgets.QApplication.instance().processEvents()


def type_into(field, text):
    """Type a number in place of the one that is there."""
    field.selectAll()
    for letter in text:
        for kind in (QtCore.QEvent.Type.KeyPress, QtCore.QEvent.Type.KeyRelease):
            event = QtGui.QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, letter)
            QtWidgets.QApplication.sendEvent(field, event)
