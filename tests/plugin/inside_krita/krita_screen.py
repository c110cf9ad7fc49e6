"""A display without a screen, Krita on it, and hands to work with, for the scripts in windows.

It is what `inside_gimp/screen.py` is for GIMP, on which it is built; `teller.py` runs in Krita.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "inside_gimp"))

import screen

until, visit, state = screen.until, screen.visit, screen.state

_LEAST = 600
"""Width of Krita's own window; others of it that are seen for a moment are smaller."""

DREAM, REPEAT, STYLE = range(3)
"""Places of the commands in the menu, from the first of ours."""

_BEFORE = {"5.2": 0}
"""Entries before ours, by the version of Krita: 5.2 has the last ones first, others sort them."""

_SORTED = 2


class KritaScreen(screen.Screen):
    """The display with Krita."""

    def open_krita(self):
        """Start Krita with the photo; its window, nearly as large as the screen."""
        asked, shown = ["krita", "--version"], self.environment
        told = subprocess.run(asked, env=shown, capture_output=True, text=True, check=True)
        version = re.search(r"\d+\.\d+", told.stdout)[0]
        self.before = _BEFORE.get(version, _SORTED)
        self.start(["krita", "--nosplash", os.environ["DREAMLAYER_PHOTO"]])
        window = until(self._main, "Krita's window")
        self.do("windowmove", window, "0", "0")
        self.do("windowsize", window, str(self.width), str(self.height - 30))
        until(lambda: state()["documents"], "the photo")
        self.wait_until_still(1.0)
        return window

    def choose(self, window, place):
        """Choose one of the commands in Tools ▸ Scripts."""
        self.do("windowactivate", "--sync", window)
        for keys in (["alt+t"], ["Return"], ["Down"] * (self.before + place)):
            if keys:
                self.do("key", *keys)
            time.sleep(0.6)
        self.shoot("menu")
        self.do("key", "Return")

    def open_dialog(self, window, place=DREAM, title="^Deep Dream: "):
        """Open the dialog of a filter; its window."""
        self.choose(window, place)
        dialog = self.window(title)
        self.do("windowactivate", "--sync", dialog)
        return dialog

    def is_running(self):
        """Whether Krita has not ended."""
        return self.started[-1].poll() is None

    def _main(self):
        for window in self.do("search", "--onlyvisible", "--class", "krita") or []:
            place = self.at(window)
            if place is not None and place[2] > _LEAST:
                return window
        return None


def document():
    """How the first document is now."""
    return state()["documents"][0]


def document_with(layers):
    """How it is once it has so many layers."""
    return until(lambda: (now := document()) and len(now["layers"]) == layers and now, "layers")
