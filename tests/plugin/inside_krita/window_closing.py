"""Closes a real Krita while its dialog dreams, and looks what is left.

Runs inside a root as `window.py` does.
"""

import time

from krita_screen import KritaScreen, visit
from screen import until, workers, workers_soon_gone


def go_through(screen, seen):
    """Dream, and quit in the middle of it."""
    window = screen.open_krita()
    dialog = screen.open_dialog(window)
    screen.seconds_until_dream(dialog)
    screen.do("windowactivate", "--sync", dialog)
    screen.do("key", "alt+d")
    screen.wait_until_at_work()
    seen["workers_at_work"] = len(workers())
    screen.do("windowactivate", "--sync", window)
    began = time.monotonic()
    screen.do("key", "ctrl+q")
    seen["workers_left"] = len(workers_soon_gone())
    seen["seconds"] = time.monotonic() - began
    until(lambda: not screen.is_running(), "the end of Krita")
    seen["code"] = screen.started[-1].returncode


visit(go_through, 1366, 768, KritaScreen)
