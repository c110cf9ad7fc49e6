"""Uses the dialog of Style Transfer in a real GIMP 3 window, and takes pictures of it.

Runs inside a root (`tests/support/gimp_root.py`) with the root's own Python; see `screen.py`. The
style picture is the file DREAMLAYER_STYLE.
"""

import os
import time

from screen import changed_from, difference, dump, pixels, until, visit, workers, workers_soon_gone


def go_through(screen, seen):
    """Menu, a layer and a file as style pictures, preview, result, undo, leaving."""
    main = screen.open_gimp()
    before = pixels()
    dialog = open_dialog(screen)
    screen.wait_until_rested()
    screen.shoot("style-empty")
    original = screen.picture(dialog)

    screen.do("key", "alt+f")
    chooser = screen.window("^Style Pictures$")
    screen.do("windowactivate", "--sync", chooser)
    # The first letter opens the field for paths.
    screen.do("type", "/")
    time.sleep(1.0)
    screen.do("type", os.environ["DREAMLAYER_STYLE"][1:])
    time.sleep(1.0)
    screen.do("key", "alt+a")
    title = ("search", "--onlyvisible", "--name", "^Style Pictures$")
    until(lambda: not screen.do(*title), "the end of the question for files")
    seen["preview_seconds"] = screen.seconds_until_other(dialog, original)
    screen.wait_until_rested()
    screen.shoot("style-file")
    by_file = screen.picture(dialog)

    screen.do("windowactivate", "--sync", dialog)
    screen.do("key", "alt+l")
    time.sleep(0.7)
    screen.shoot("style-menu")
    screen.do("key", "Down")
    screen.do("key", "Down")
    screen.do("key", "Return")
    screen.wait_until_rested()
    screen.shoot("style-both")
    seen["both_against_file"] = difference(screen.picture(dialog), by_file)

    # In place, since a new layer would leave the pixels that are compared.
    screen.do("key", "alt+o")
    screen.choose_above(3)
    screen.wait_until_rested()
    seen["workers_with_dialog"] = len(workers())
    screen.do("key", "alt+s")
    after = changed_from(before)
    screen.wait_until_still(1.0)
    screen.shoot("style-result")
    dump("style-after")
    seen["workers_after_ok"] = len(workers_soon_gone())
    screen.do("windowactivate", "--sync", main)
    screen.do("key", "ctrl+z")
    seen["undone_in_one_step"] = changed_from(after) == before

    # The pictures are there again; leave.
    screen.wait_until_still(1.0)
    dialog = open_dialog(screen)
    screen.wait_until_rested()
    screen.shoot("style-again")
    screen.do("windowactivate", "--sync", dialog)
    screen.do("key", "Escape")
    seen["workers_after_leaving"] = len(workers_soon_gone())
    seen["unchanged_after_leaving"] = pixels() == before


def open_dialog(screen):
    """Choose the filter in the menu; its window."""
    for key in ("alt+r", "a", "t"):
        screen.do("key", key)
        time.sleep(0.7)
    dialog = screen.window("^Style Transfer$")
    screen.do("windowactivate", "--sync", dialog)
    return dialog


visit(go_through, 1366, 768)
