"""Goes through the dialogs in a real Krita's window, and takes pictures of all that is seen.

Its words are the screen's width and height; runs inside a root as `window.py` does. The environment
names a style picture, DREAMLAYER_STYLE, and the keys, which are other ones in each language, of the
buttons to add files and to style: DREAMLAYER_ADD and DREAMLAYER_DO.
"""

import os
import sys
import time

from krita_screen import REPEAT, STYLE, KritaScreen, document, document_with, visit
from screen import difference, until, workers, workers_soon_gone

DREAM_WINDOW, STYLE_WINDOW = "^Deep Dream: ", "^(Style Transfer|Stiltransfer): "
FILES = "^(Style Pictures|Stilbilder)"

_PAGES = 4


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
    seen["moved_by_pages"] = look_at_pages(screen, dialog, "tour")

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
    style(screen, seen, window)
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
    document_with(2)
    # Krita drops an undo that comes while the last one is still at work.
    screen.wait_until_still(1.0)
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


def look_at_pages(screen, dialog, name):
    """Find the presets by Ctrl+F, and turn to all other pages; how much the preview changed."""
    screen.wait_until_still(3.0)
    before = screen.picture(dialog)
    # What has the focus may be on a page that Ctrl+Tab leaves.
    screen.do("key", "ctrl+f")
    for number in range(_PAGES):
        screen.wait_until_still(2.0)
        screen.shoot(f"{name}-page-{number}")
        screen.do("key", "ctrl+Tab")
    screen.do("key", "ctrl+f")
    return difference(screen.picture(dialog), before)


def style(screen, seen, window):
    """Add a style picture by the keys, look at all pages, and style onto a new layer."""
    dialog = screen.open_dialog(window, STYLE, STYLE_WINDOW)
    screen.wait_until_still(3.0)
    screen.shoot("tour-style-empty")
    original = screen.picture(dialog)
    screen.do("key", os.environ["DREAMLAYER_ADD"])
    chooser = screen.window(FILES)
    screen.do("windowactivate", "--sync", chooser)
    screen.wait_until_still(1.0)
    screen.do("type", os.environ["DREAMLAYER_STYLE"])
    screen.do("key", "Return")
    screen.wait_until_gone(FILES)
    screen.seconds_until_other(dialog, original)
    screen.wait_until_still(3.0)
    screen.shoot("tour-style")
    seen["moved_by_style_pages"] = look_at_pages(screen, dialog, "tour-style")
    screen.do("key", os.environ["DREAMLAYER_DO"])
    seen["styled"] = document_with(3)["layers"]
    screen.wait_until_gone(STYLE_WINDOW)


visit(go_through, int(sys.argv[1]), int(sys.argv[2]), KritaScreen)
