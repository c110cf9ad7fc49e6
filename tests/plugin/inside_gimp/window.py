"""Opens the filter in a real GIMP 3 window, with mouse and keys, and takes pictures of it.

Runs inside a root (`tests/support/editor_root.py`) with the root's own Python; see `screen.py`.
"""

import time

from screen import changed_from, dump, pixels, until, visit, workers, workers_soon_gone

CANCEL = ("1000", "832")
"""Where the status bar's button is in a window of 1280 × 830 pixels."""


def go_through(screen, seen):
    """Menu, dialog, result, undo, repeat and cancel."""
    window = screen.open_gimp()
    before = pixels()
    screen.open_menu()
    screen.shoot("menu")
    screen.do("key", "d")
    dialog = screen.window("^Deep Dream$")
    screen.do("windowactivate", "--sync", dialog)
    seen["original_seconds"], seen["first_preview_seconds"] = screen.seconds_until_dream(dialog)
    # In place, since a new layer would leave the pixels that are compared.
    screen.do("key", "alt+o")
    screen.choose_above(3)
    screen.wait_until_rested()
    screen.shoot("dialog")
    seen["workers_with_dialog"] = len(workers())

    screen.do("windowactivate", "--sync", dialog)
    screen.do("key", "alt+d")
    after = changed_from(before)
    screen.wait_until_still(1.0)
    screen.shoot("result")
    dump("after")
    seen["workers_after_ok"] = len(workers_soon_gone())

    screen.do("windowactivate", "--sync", window)
    screen.do("key", "ctrl+z")
    seen["undone_in_one_step"] = changed_from(after) == before
    screen.do("key", "ctrl+f")
    seen["repeated_alike"] = changed_from(before) == after
    # The pixels change while the filter still ends, and GIMP undoes nothing before that.
    screen.wait_until_still(1.0)
    screen.do("key", "ctrl+z")
    changed_from(after)

    # Repeat, and cancel in the middle with the status bar's button.
    screen.do("key", "ctrl+f")
    until(lambda: workers(), "a worker")
    # Where nothing else runs, the dream takes no three seconds.
    time.sleep(1.2)
    screen.shoot("running")
    screen.do("mousemove", *CANCEL, "click", "1")
    seen["workers_after_cancel"] = len(workers_soon_gone())
    screen.wait_until_still(1.0)
    screen.shoot("cancelled")
    seen["unchanged_after_cancel"] = pixels() == before

    # Open the dialog once more and leave it.
    screen.do("key", "ctrl+shift+f")
    dialog = screen.window("^Deep Dream$")
    until(lambda: workers(), "a worker")
    screen.do("windowactivate", "--sync", dialog)
    screen.do("key", "Escape")
    seen["workers_after_leaving"] = len(workers_soon_gone())
    seen["unchanged_after_leaving"] = pixels() == before


visit(go_through, 1280, 860)
