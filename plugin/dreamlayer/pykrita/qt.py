"""The Qt that this Krita is built with; everything else here takes Qt from this module.

Krita 5 has Qt 5 and Krita 6 has Qt 6. Beside Krita's own binding the system may have the other one
too, which must never be loaded into Krita. Names of enumerations are written in full, which both
understand: `Qt.WindowModality.NonModal`.
"""

import importlib
import sys


def _binding():
    """The name of the binding that is loaded, as it is within Krita, or that there is."""
    for name in ("PyQt6", "PyQt5"):
        if name + ".QtCore" in sys.modules:
            return name
    try:
        importlib.import_module("PyQt6.QtCore")
    except ImportError:
        return "PyQt5"
    return "PyQt6"


BINDING = _binding()
QtCore = importlib.import_module(BINDING + ".QtCore")
QtGui = importlib.import_module(BINDING + ".QtGui")
QtWidgets = importlib.import_module(BINDING + ".QtWidgets")

Qt = QtCore.Qt
pyqtSignal = QtCore.pyqtSignal  # noqa: N816  (PyQt's own name)
QAction = QtGui.QAction if BINDING == "PyQt6" else QtWidgets.QAction
QShortcut = QtGui.QShortcut if BINDING == "PyQt6" else QtWidgets.QShortcut
