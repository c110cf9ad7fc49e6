"""The menu of what is open: documents and their layers, each with a small picture."""

from ...editor.style import words
from ..dialog.open_layers import layers_of, thumbnail
from ..documents import documents, name_of
from ..qt import QtGui, QtWidgets
from .pictures import text_of

_SIDE = 32
_INDENT = "    "
_LONGEST = 48


class PictureMenu(QtWidgets.QMenu):
    """Documents, and below each its layers.

    Parameters
    ----------
    parent : QWidget
        Where it belongs.
    chosen : callable
        Called with the text that names what the painter chooses, see `pictures.text_of`.
    """

    def __init__(self, parent, chosen):
        super().__init__(parent)
        self.setStyle(_LargeIcons(self.style().objectName()))
        for number, document in enumerate(documents()):
            if number:
                self.addSeparator()
            title = words.WHOLE_IMAGE.format(name=name_of(document))
            self._offer(title, document, text_of(document), chosen)
            for layer in layers_of(document):
                title = _INDENT * (1 + layer.depth) + layer.node.name()
                self._offer(title, layer.node, text_of(document, layer.node), chosen)

    def _offer(self, title, thing, text, chosen):
        if len(title) > _LONGEST:
            title = title[: _LONGEST - 1] + "…"
        action = self.addAction(title.replace("&", "&&"))
        picture = thumbnail(thing, _SIDE)
        if picture is not None:
            action.setIcon(QtGui.QIcon(QtGui.QPixmap.fromImage(picture)))
            # Krita's menus have no icons by default.
            action.setIconVisibleInMenu(True)
        action.triggered.connect(lambda _=False: chosen(text))


class _LargeIcons(QtWidgets.QProxyStyle):
    """The style of the menu, with room for pictures."""

    def pixelMetric(self, metric, option=None, widget=None):  # noqa: N802  (Qt's own name)
        """The size of icons, and all others."""
        if metric == QtWidgets.QStyle.PixelMetric.PM_SmallIconSize:
            return _SIDE
        return super().pixelMetric(metric, option, widget)
