"""Chooses layers, channels and a guide by pictures in a real GIMP 3 window, and takes pictures.

Runs inside a root (`tests/support/gimp_root.py`) with the root's own Python; see `screen.py`.
"""

import time

from screen import until, visit, workers, workers_soon_gone

WIDTH, HEIGHT = 1366, 768
SIDE = 440
"""How wide the right part of the dialog is."""


def go_through(screen, seen):
    """The page Layers, the channels of a layer, a guide."""
    screen.open_gimp()
    dialog = screen.open_dialog()
    screen.do("windowactivate", "--sync", dialog)
    screen.seconds_until_dream(dialog)
    seen["workers_before"] = len(workers())
    left, top, width, _ = screen.at(dialog)
    right = left + width - SIDE

    def click(x, y):
        screen.do("mousemove", str(right + x), str(top + y))
        time.sleep(0.2)
        screen.do("click", "1")
        time.sleep(0.5)

    screen.do("key", "ctrl+f")
    screen.do("key", "ctrl+Page_Down")
    until(lambda: len(workers()) > 1, "a worker for the pictures")
    seen["workers_with_pictures"] = len(workers())
    time.sleep(25.0)
    screen.shoot("chooser-layers")
    screen.do("key", "Escape")
    seen["workers_after_leaving"] = len(workers_soon_gone())


visit(go_through, WIDTH, HEIGHT)
