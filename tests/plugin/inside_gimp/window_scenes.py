"""Dreams in a real GIMP 3 window on images that are not just a photo, and compares the preview.

Runs inside a root (`tests/support/editor_root.py`) with the root's own Python; see `screen.py`. The
environment names the image, DREAMLAYER_SCENE, which `scenes.py` makes.
"""

import os

from screen import changed_from, pixels, remember, state, until, visit, workers_soon_gone

SCENE = os.environ["DREAMLAYER_SCENE"]


def go_through(screen, seen):
    """Take pictures of the canvas, of the preview, of the canvas after it, and undo."""
    if SCENE == "masked":
        remember("deep-dream", '(mask-from "layer-mask")\n')
    main = screen.open_gimp()
    before = state()
    screen.shoot("scene-canvas")
    dialog = screen.open_dialog()
    screen.seconds_until_dream(dialog)
    screen.wait_until_rested()
    screen.shoot("scene-dialog")
    # In place, since a new layer would leave the pixels that are compared.
    screen.do("key", "alt+o")
    screen.choose_above(3)
    # From the list back to the preview, and each pixel as one of the screen.
    left, top, _, _ = screen.at(dialog)
    seen["dialog"] = [left, top]
    screen.do("mousemove", str(left + 200), str(top + 180), "click", "1")
    screen.do("key", "1")
    screen.wait_until_rested()
    screen.shoot("scene-preview")
    dreamt = screen.picture(dialog)
    screen.do("keydown", "o")
    screen.seconds_until_other(dialog, dreamt)
    screen.wait_until_still(1.0)
    screen.shoot("scene-original")
    screen.do("keyup", "o")
    screen.wait_until_still(1.0)
    screen.do("key", "alt+d")
    changed_from(before["pixels"])
    seen["workers_after_ok"] = len(workers_soon_gone())
    screen.wait_until_rested()
    screen.shoot("scene-result")
    after = state()
    seen["changed"] = [one != other for one, other in zip(all_of(before), all_of(after))]
    screen.do("windowactivate", "--sync", main)
    if SCENE == "selected":
        select_otherwise(screen, seen, before, after)
    screen.do("key", "ctrl+z")
    changed_from(after["pixels"])
    seen["undone_in_one_step"] = alike(state(), before)
    screen.do("key", "ctrl+y")
    changed_from(before["pixels"])
    seen["done_again"] = alike(state(), after)


def select_otherwise(screen, seen, before, after):
    """Select all instead; that is a step of its own, which leaves the dream."""
    seen["selection_after_dream"] = after["selection"] == before["selection"]
    screen.do("key", "ctrl+a")
    until(lambda: state()["selection"] != after["selection"], "another selection")
    seen["dream_with_other_selection"] = pixels() == after["pixels"]
    screen.do("key", "ctrl+z")
    until(lambda: state()["selection"] == after["selection"], "the selection before")
    seen["dream_with_selection_before"] = pixels() == after["pixels"]


def all_of(told):
    """Digests of all layers."""
    return [told["pixels"], *told["others"]]


def alike(one, other):
    """Whether layers and selection are the same."""
    return {**one, "number": 0} == {**other, "number": 0}


visit(go_through, 1366, 768)
