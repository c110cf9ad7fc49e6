"""A plug-in of Krita that runs a script of this folder once the window is there, and ends Krita."""

import importlib
import os
import time

from krita import Extension, Krita, QTimer

_PATIENCE = 500
"""Milliseconds after Krita's window, which then is built up to its end."""


class Starter(Extension):
    """Waits for the window."""

    def setup(self):
        """Nothing to do yet."""

    def createActions(self, window):  # noqa: N802  (Krita's own name)
        """Krita calls this when there is a window."""
        QTimer.singleShot(_PATIENCE, run)


def run():
    """Run the script, and end at once: Krita would ask about documents that are not saved."""
    try:
        importlib.import_module(os.environ["DREAMLAYER_SCRIPT"]).main()
    finally:
        time.sleep(0.1)
        os._exit(0)


EXTENSION = Starter(Krita.instance())
Krita.instance().addExtension(EXTENSION)
