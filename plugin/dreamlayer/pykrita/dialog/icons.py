"""Icons as Krita has them for its theme, and Qt's own where Krita has none."""

from krita import Krita

from ..qt import QtWidgets

_PIXMAP = QtWidgets.QStyle.StandardPixmap
_INSTEAD = {
    "edit-delete": _PIXMAP.SP_TrashIcon,
    "edit-rename": _PIXMAP.SP_FileDialogDetailedView,
    "reload-preset": _PIXMAP.SP_BrowserReload,
    "arrow-left": _PIXMAP.SP_ArrowLeft,
    "arrow-right": _PIXMAP.SP_ArrowRight,
}


def icon(name):
    """An icon by Krita's name for it."""
    found = Krita.instance().icon(name)
    if found.isNull():
        found = QtWidgets.QApplication.style().standardIcon(_INSTEAD[name])
    return found
