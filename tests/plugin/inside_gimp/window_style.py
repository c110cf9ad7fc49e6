"""Uses the dialog of Style Transfer in a real GIMP 3 window, and takes pictures of it.

Runs inside a root (`tests/support/editor_root.py`) with the root's own Python; see `screen.py`. The
style picture is the file DREAMLAYER_STYLE. DREAMLAYER_PRESETS names the folder of one's own
presets.
"""

import json
import os
import time
from pathlib import Path

from screen import changed_from, difference, dump, pixels, until, visit, workers, workers_soon_gone

PRESETS = Path(os.environ["DREAMLAYER_PRESETS"])

QUICK = {"command": "style", "rounds": 1, "evaluations": 6, "size": 256, "octaves": 2}
SLOW = {"command": "style", "rounds": 500}
VANISHED = {**QUICK, "styles": ["/a picture that is not there.png"]}


def go_through(screen, seen):
    """Pictures, presets, Apply, Stop, the work, leaving."""
    PRESETS.mkdir(parents=True, exist_ok=True)
    (PRESETS / "Quick.json").write_text(json.dumps(QUICK))
    (PRESETS / "Slow.json").write_text(json.dumps(SLOW))
    (PRESETS / "Vanished.json").write_text(json.dumps(VANISHED))
    main = screen.open_gimp()
    before = pixels()
    dialog = open_dialog(screen)
    screen.wait_until_rested()
    screen.shoot("style-empty")
    left, top, width, height = screen.at(dialog)
    seen["window"] = [left, top, left + width, top + height]
    add_a_file(screen, seen, dialog)
    choose(screen, seen, dialog)
    add_a_layer(screen, seen, dialog)
    apply(screen, seen, main, dialog, before)
    finish(screen, seen, main, dialog, before)

    # The pictures are there again; leave.
    screen.wait_until_still(1.0)
    dialog = open_dialog(screen)
    screen.wait_until_rested()
    screen.shoot("style-again")
    screen.do("windowactivate", "--sync", dialog)
    screen.do("key", "Escape")
    seen["workers_after_leaving"] = len(workers_soon_gone())
    seen["unchanged_after_leaving"] = pixels() == before


def add_a_file(screen, seen, dialog):
    """A file as style picture."""
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


def choose(screen, seen, dialog):
    """The first preset of one's own, another seed, and what is set as another preset."""
    screen.do("windowactivate", "--sync", dialog)
    choose_own(screen, 0)
    screen.shoot("style-presets")
    styled = screen.picture(dialog)
    screen.do("key", "alt+w")
    time.sleep(1.0)
    screen.wait_until_rested()
    screen.shoot("style-seed")
    seen["changed_by_seed"] = difference(screen.picture(dialog), styled)

    save_as(screen, dialog, "My style")
    screen.shoot("style-saved")
    screen.do("key", "ctrl+f")
    for number, page in enumerate(("Settings", "Advanced"), 1):
        screen.do("key", "ctrl+Page_Down")
        time.sleep(0.7)
        screen.shoot(f"style-page-{number}-{page.lower()}")
    # From the presets to the page before, where pictures are added.
    screen.do("key", "ctrl+f", "ctrl+Page_Up")
    time.sleep(0.7)


def add_a_layer(screen, seen, dialog):
    """The layer itself as style picture, from the menu."""
    by_file = screen.picture(dialog)
    screen.do("key", "alt+l")
    time.sleep(1.0)
    screen.shoot("style-menu")
    screen.do("key", "Down")
    screen.do("key", "Down")
    screen.do("key", "Return")
    screen.wait_until_rested()
    screen.shoot("style-both")
    both = screen.picture(dialog)
    seen["both_against_file"] = difference(both, by_file)

    # A preset whose picture is not there leaves those in the list.
    choose_own(screen, 3)
    screen.shoot("style-vanished")
    seen["vanished_against_both"] = difference(screen.picture(dialog), both)
    save_as(screen, dialog, "Without pictures")
    screen.shoot("style-saved-without-pictures")


def apply(screen, seen, main, dialog, before):
    """Style and stay, undo, style and stop."""
    # In place, since a new layer would leave the pixels that are compared.
    screen.do("windowactivate", "--sync", dialog)
    screen.do("key", "alt+o")
    screen.choose_above(3)
    screen.wait_until_rested()
    seen["workers_before_apply"] = len(workers())
    screen.do("key", "alt+a")
    time.sleep(2.0)
    screen.shoot("style-applying")
    after = changed_from(before)
    screen.wait_until_rested()
    screen.shoot("style-applied")
    seen["workers_after_apply"] = len(workers())
    screen.do("windowactivate", "--sync", main)
    screen.do("key", "ctrl+z")
    seen["apply_undone_in_one_step"] = changed_from(after) == before

    # With many rounds, so that it is not over before it is stopped.
    screen.do("windowactivate", "--sync", dialog)
    choose_own(screen, 2)
    screen.do("key", "alt+a")
    screen.wait_until_at_work()
    screen.shoot("style-working")
    screen.do("key", "alt+t")
    time.sleep(2.0)
    screen.wait_until_rested()
    screen.shoot("style-stopped")
    seen["unchanged_after_stop"] = pixels() == before
    seen["workers_after_stop"] = len(workers())


def finish(screen, seen, main, dialog, before):
    """Choose a preset that keeps its picture, style and close, undo."""
    screen.do("windowactivate", "--sync", dialog)
    choose_own(screen, 0)
    screen.shoot("style-kept-picture")
    seen["active_after_choosing"] = screen.do("getactivewindow") == [dialog]
    screen.do("key", "alt+s")
    after = changed_from(before)
    screen.wait_until_still(1.0)
    screen.shoot("style-result")
    dump("style-after")
    seen["workers_after_ok"] = len(workers_soon_gone())
    screen.do("windowactivate", "--sync", main)
    screen.do("key", "ctrl+z")
    seen["undone_in_one_step"] = changed_from(after) == before


def save_as(screen, dialog, name):
    """Save what is set as a preset."""
    screen.do("key", "alt+p")
    asked = screen.window("^Save as Preset$")
    screen.do("windowactivate", "--sync", asked)
    screen.do("key", "ctrl+a")
    screen.do("type", name)
    screen.do("key", "Return")
    until(lambda: (PRESETS / f"{name}.json").exists(), "the preset's file")
    until(lambda: (PRESETS / f"{name}.jpg").exists(), "the preset's picture")
    screen.do("windowactivate", "--sync", dialog)
    time.sleep(1.0)


def choose_own(screen, number):
    """Choose a preset of one's own, with the keys."""
    screen.do("key", "ctrl+f")
    # In rows of three, beyond whose end no key goes.
    for key in ["Down"] * (number // 3) + ["Right"] * (number % 3):
        screen.do("key", key)
        time.sleep(0.2)
    # Return would press the button below.
    screen.do("key", "space")
    time.sleep(1.0)
    screen.wait_until_rested()


def open_dialog(screen):
    """Choose the filter in the menu; its window."""
    for key in ("alt+r", "a", "t"):
        screen.do("key", key)
        time.sleep(0.7)
    dialog = screen.window("^Style Transfer$")
    screen.do("windowactivate", "--sync", dialog)
    return dialog


visit(go_through, 1366, 768)
