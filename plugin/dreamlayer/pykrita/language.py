"""The language that the painter uses Krita in."""

from ..editor import translation
from .qt import QtCore


def choose():
    """Use Krita's language, or else the system's; before any text is shown or imported."""
    translation.choose(chosen() or None)


def chosen():
    """The languages set in Krita by Settings ▸ Switch Application Language, the best first.

    Where none is set Krita follows the system, as `translation.wanted` does.
    """
    paths = QtCore.QStandardPaths
    folder = paths.writableLocation(paths.StandardLocation.GenericConfigLocation)
    form = QtCore.QSettings.Format.IniFormat
    kept = QtCore.QSettings(folder + "/klanguageoverridesrc", form)
    program = QtCore.QCoreApplication.applicationName() or "krita"
    return listed(kept.value("Language/" + program))


def listed(value):
    """The languages in a value of that file: text or bytes, joined by colons."""
    if isinstance(value, QtCore.QByteArray):
        value = bytes(value).decode("ascii", "replace")
    if isinstance(value, (list, tuple)):
        # Qt takes commas for a list of texts.
        value = ":".join(str(one) for one in value)
    return [name for name in (value or "").split(":") if name]
