"""A list to choose the guide picture from: none, layers of open documents, or a file."""

import os

from ...editor.dialog import plan, words
from ...editor.guide import is_layer, number_in
from ...editor.translation import _
from .. import guide
from ..documents import documents, name_of
from ..nodes import id_of
from ..qt import QtCore, QtGui, QtWidgets
from .calm import CalmList
from .coming_back import ComingBack
from .open_layers import layers_of, thumbnail

_SIDE = 24
_ASK = object()


class GuideChooser(CalmList):
    """The list, bound to the argument `guide`.

    Parameters
    ----------
    config : editor.dialog.arguments.Arguments
        The arguments.
    """

    def __init__(self, config):
        super().__init__()
        self._config, self._texts = config, []
        self.setIconSize(QtCore.QSize(_SIDE, _SIDE))
        self.view().setTextElideMode(QtCore.Qt.TextElideMode.ElideMiddle)
        self.activated.connect(lambda _: self._choose())
        config.connect("notify::guide", lambda *_: self._fill())
        self._coming_back = ComingBack(self, self._fill)
        self._fill()

    def showPopup(self):  # noqa: N802  (Qt's own name)
        """With what is open now, and its pictures."""
        self._fill(with_pictures=True)
        super().showPopup()

    def _fill(self, with_pictures=False):
        """List what there is, and mark what is set."""
        wanted = self._config.get_property("guide") or ""
        self.clear()
        self._texts = []
        self._offer("", _("No guide picture"))
        for document in documents():
            layers = layers_of(document)
            template = words.LAYER_OF if len(layers) > 1 else words.ONLY_LAYER_OF
            for layer in layers:
                node = layer.node
                title = template.format(layer=node.name(), image=name_of(document))
                chosen = is_layer(wanted) and number_in(wanted) == id_of(node)
                picture = thumbnail(node, _SIDE) if with_pictures or chosen else None
                # As it is set: the layer may be called otherwise now.
                self._offer(wanted if chosen else guide.text_for(node), title, picture)
        self.insertSeparator(self.count())
        self._texts.append(None)
        if wanted and not is_layer(wanted):
            self._offer(wanted, _named(wanted), _picture(wanted))
        self._offer(_ASK, _("Choose a file…"))
        self.setCurrentIndex(self._texts.index(wanted) if wanted in self._texts else -1)

    def _offer(self, text, title, picture=None):
        if picture is None:
            self.addItem(title)
        else:
            self.addItem(QtGui.QIcon(QtGui.QPixmap.fromImage(picture)), title)
        self._texts.append(text)

    def _choose(self):
        text = self._texts[self.currentIndex()]
        if text is _ASK:
            # Once this list is closed.
            QtCore.QTimer.singleShot(0, self._ask)
        elif text is not None:
            self._config.set_property("guide", text)

    def _ask(self):
        """Ask for a file."""
        kinds = " ".join("*." + bytes(f).decode() for f in _formats())
        path, _kind = QtWidgets.QFileDialog.getOpenFileName(
            self.window(), _("Guide Picture"), "", "{} ({})".format(_("Pictures"), kinds)
        )
        if path:
            self._config.set_property("guide", os.path.abspath(path))
        self._fill()


def _formats():
    return QtGui.QImageReader.supportedImageFormats()


def _picture(path):
    """A small picture of a file; None where only the worker can read it."""
    picture = QtGui.QImage(path)
    if picture.isNull():
        return None
    keep, smooth = QtCore.Qt.AspectRatioMode, QtCore.Qt.TransformationMode
    return picture.scaled(_SIDE, _SIDE, keep.KeepAspectRatio, smooth.SmoothTransformation)


def _named(path):
    """What a file, or the layer of a stored recipe, is called."""
    if plan.is_former(path):
        return words.FORMER_GUIDE
    return os.path.basename(path)
