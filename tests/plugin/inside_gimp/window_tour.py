"""Uses all of the dialog in a real GIMP 3 window, with mouse and keys, and takes pictures of it.

Runs inside a root (`tests/support/editor_root.py`) with the root's own Python; see `screen.py`. The
size of the screen is given as two words. DREAMLAYER_PRESETS names the folder of one's own presets.
"""

import json
import os
import sys
import time
from pathlib import Path

from screen import changed_from, difference, pixels, until, visit, workers, workers_soon_gone

PRESETS = Path(os.environ["DREAMLAYER_PRESETS"])


def go_through(screen, seen):
    """Look at the preview from all sides, choose, save, apply, stop, leave."""
    PRESETS.mkdir(parents=True, exist_ok=True)
    (PRESETS / "Slow.json").write_text(json.dumps({"steps": 100}))
    main = screen.open_gimp()
    before = pixels()
    dialog = screen.open_dialog()
    screen.do("windowactivate", "--sync", dialog)
    seen["original_seconds"], seen["first_preview_seconds"] = screen.seconds_until_dream(dialog)
    screen.wait_until_rested()
    screen.shoot("tour-open")
    left, top, width, height = screen.at(dialog)
    seen["window"] = [left, top, left + width, top + height]
    look(screen, seen, dialog)
    choose(screen, seen, dialog)
    apply(screen, seen, main, dialog, before)
    screen.do("windowactivate", "--sync", dialog)
    screen.do("key", "Escape")
    seen["workers_after_leaving"] = len(workers_soon_gone())


def look(screen, seen, dialog):
    """Zoom, pan, hold the original, split."""
    left, top, _, _ = screen.at(dialog)
    dreamt = screen.picture(dialog)
    point = str(left + 200), str(top + 180)
    screen.do("mousemove", *point, "click", "4")
    screen.wait_until_still(0.5)
    once = screen.picture(dialog)
    screen.do("click", "4", "click", "4", "click", "4")
    screen.seconds_until_other(dialog, once)
    screen.wait_until_still(0.5)
    seen["zoomed"] = difference(screen.picture(dialog), dreamt)
    screen.wait_until_rested()
    screen.shoot("tour-zoomed")

    there = left + 160, top + 150, 150, 80
    zoomed = screen.part(*there)
    screen.do("mousedown", "1")
    for step in range(1, 5):
        screen.do("mousemove", str(left + 200 + 10 * step), str(top + 180 + 10 * step))
    until(lambda: difference(screen.part(*there), zoomed) > 3, "another part of the picture")
    screen.wait_until_still(0.5)
    moved = screen.part(left + 200, top + 190, 150, 80)
    seen["not_moved_by_pan"] = difference(moved, zoomed)
    seen["moved_by_pan"] = difference(screen.part(*there), zoomed)
    panned = screen.picture(dialog)
    screen.do("mouseup", "1")
    screen.do("key", "0")
    screen.seconds_until_other(dialog, panned)
    screen.wait_until_rested()
    seen["changed_by_looking"] = difference(screen.picture(dialog), dreamt)

    dreamt_again = screen.picture(dialog)
    screen.do("keydown", "o")
    screen.seconds_until_other(dialog, dreamt_again)
    screen.wait_until_still(0.5)
    original = screen.picture(dialog)
    screen.do("keyup", "o")
    screen.seconds_until_other(dialog, original)
    screen.wait_until_still(0.5)
    seen["original_against_dream"] = difference(original, screen.picture(dialog))
    screen.do("key", "s")
    screen.seconds_until_other(dialog, dreamt_again)
    screen.wait_until_still(0.5)
    screen.shoot("tour-split")
    seen["left_of_split_against_original"] = difference(screen.picture(dialog), original)
    screen.do("key", "s")
    screen.seconds_until_other(dialog, original)
    screen.wait_until_still(0.5)
    seen["after_split_against_dream"] = difference(screen.picture(dialog), dreamt)


def choose(screen, seen, dialog):
    """A preset by search, another seed, a preset of one's own."""
    dreamt = screen.picture(dialog)
    screen.do("key", "ctrl+f")
    screen.do("type", "flowers")
    screen.wait_until_rested()
    screen.shoot("tour-search")
    screen.do("key", "Return")
    seen["preset_seconds"] = screen.seconds_until_other(dialog, dreamt)
    screen.wait_until_rested()
    screen.shoot("tour-chosen")
    dreamt = screen.picture(dialog)
    screen.do("key", "alt+w")
    seen["seed_seconds"] = screen.seconds_until_other(dialog, dreamt)
    screen.wait_until_rested()

    screen.do("key", "alt+p")
    asked = screen.window("^Save as Preset$")
    screen.do("windowactivate", "--sync", asked)
    screen.do("type", "My dream")
    screen.shoot("tour-save")
    screen.do("key", "Return")
    until(lambda: (PRESETS / "My dream.json").exists(), "the preset's file")
    until(lambda: (PRESETS / "My dream.jpg").exists(), "the preset's picture")
    screen.do("windowactivate", "--sync", dialog)
    screen.do("key", "ctrl+f")
    screen.do("key", "ctrl+a", "BackSpace")
    screen.wait_until_rested()
    screen.shoot("tour-saved")
    # From the first page's field to search, back to the tabs.
    screen.do("key", "shift+Tab")
    for number, page in enumerate(("Layers", "Settings", "Advanced"), 1):
        screen.do("key", "Right")
        screen.wait_until_still(0.5)
        screen.shoot(f"tour-page-{number}-{page.lower()}")


def apply(screen, seen, main, dialog, before):
    """Dream and stay, undo, dream and stop."""
    # In place, since a new layer would leave the pixels that are compared.
    screen.do("windowactivate", "--sync", dialog)
    screen.do("key", "alt+o")
    screen.choose_above(3)
    # The page of the layers has a worker of its own.
    seen["workers_before_apply"] = len(workers())
    screen.do("key", "alt+a")
    # For the picture only: a little later it may be over.
    time.sleep(2.0)
    screen.shoot("tour-applying")
    after = changed_from(before)
    screen.wait_until_rested()
    screen.shoot("tour-applied")
    seen["workers_after_apply"] = len(workers())
    dreamt = screen.picture(dialog)
    screen.do("key", "alt+w")
    seen["seed_seconds_after_apply"] = screen.seconds_until_other(dialog, dreamt)
    screen.wait_until_rested()
    screen.do("windowactivate", "--sync", main)
    screen.do("key", "ctrl+z")
    seen["undone_in_one_step"] = changed_from(after) == before
    screen.do("windowactivate", "--sync", dialog)
    screen.wait_until_rested()
    # With many steps, so that it is not over before it is stopped.
    dreamt = screen.picture(dialog)
    screen.do("key", "ctrl+f")
    screen.do("key", "ctrl+a")
    screen.do("type", "slow")
    screen.wait_until_rested()
    screen.do("key", "Return")
    screen.seconds_until_other(dialog, dreamt)
    screen.do("key", "alt+a")
    screen.wait_until_at_work()
    screen.do("key", "alt+t")
    screen.wait_until_rested()
    screen.shoot("tour-stopped")
    seen["unchanged_after_stop"] = pixels() == before
    seen["workers_after_stop"] = len(workers())


visit(go_through, int(sys.argv[1]), int(sys.argv[2]))
