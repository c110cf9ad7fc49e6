"""Goes through the dialogs in a real Krita's window, and takes pictures of all that is seen.

Its words are the screen's width and height; runs inside a root as `window.py` does.
"""

import sys
import time

from krita_screen import REPEAT, STYLE, KritaScreen, document, document_with, visit
from screen import until, workers, workers_soon_gone

DREAM_WINDOW, STYLE_WINDOW = "^Deep Dream: ", "^(Style Transfer|Stilübertragung): "


def go_through(screen, seen):
    """Split view, stop, apply, style, repeat, a closed document, no document."""
    window = screen.open_krita()
    before = document()
    dialog = screen.open_dialog(window)
    screen.seconds_until_dream(dialog)
    left, top, width, height = seen["window"] = screen.at(dialog)
    screen.wait_until_still(3.0)
    screen.shoot("tour-dialog")
    screen.do("key", "s", "plus", "plus")
    screen.wait_until_still(3.0)
    screen.shoot("tour-split")
    screen.do("key", "s", "0")
    for page in range(1, 4):
        # The tabs lie at the right, below what is set most often.
        screen.do("mousemove", str(left + width - 440 + 95 * page), str(top + 215), "click", "1")
        screen.wait_until_still(2.0)
        screen.shoot(f"tour-page-{page}")

    screen.do("key", "alt+a")
    time.sleep(1.0)
    screen.shoot("tour-working")
    began = time.monotonic()
    screen.do("key", "Escape")
    screen.wait_until_still(2.0)
    seen["seconds_until_still"] = time.monotonic() - began
    screen.shoot("tour-stopped")
    seen["unchanged_after_stop"] = document() == before
    screen.do("key", "alt+a")
    seen["applied"] = document_with(2)["layers"]
    screen.wait_until_still(3.0)
    screen.shoot("tour-applied")
    seen["workers_after_apply"] = len(workers())

    # The other filter beside it, then both without their document.
    screen.do("windowactivate", "--sync", window)
    screen.open_dialog(window, STYLE, STYLE_WINDOW)
    screen.wait_until_still(3.0)
    screen.shoot("tour-style")
    screen.do("key", "Escape")
    screen.wait_until_gone(STYLE_WINDOW)
    screen.do("windowactivate", "--sync", dialog)
    screen.do("key", "Escape")
    screen.wait_until_gone(DREAM_WINDOW)
    seen["workers_after_leaving"] = len(workers_soon_gone())

    screen.choose(window, REPEAT)
    until(workers, "a worker")
    time.sleep(1.5)
    screen.shoot("tour-repeat")
    screen.do("key", "Escape")
    seen["workers_after_cancel"] = len(workers_soon_gone())
    seen["layers_after_cancel"] = len(document()["layers"])

    screen.do("windowactivate", "--sync", window)
    screen.do("key", "ctrl+z")
    document_with(1)
    screen.open_dialog(window)
    screen.do("windowactivate", "--sync", window)
    screen.do("key", "ctrl+w")
    time.sleep(1.5)
    screen.shoot("tour-closing")
    # Krita asks about the changed document: discard.
    screen.do("key", "alt+n")
    screen.wait_until_gone(DREAM_WINDOW)
    seen["workers_after_closing"] = len(workers_soon_gone())
    screen.wait_until_still(1.0)
    screen.choose(window, 0)
    screen.wait_until_still(1.0)
    screen.shoot("tour-no-document")
    seen["running"] = screen.is_running()


visit(go_through, int(sys.argv[1]), int(sys.argv[2]), KritaScreen)
