"""Chooses layers, channels and a guide by pictures in a real GIMP 3 window, and takes pictures.

Runs inside a root (`tests/support/editor_root.py`) with the root's own Python; see `screen.py`.
"""

from screen import changed_from, difference, pixels, until, visit, workers, workers_soon_gone

WIDTH, HEIGHT = 1366, 768
"""All places below are on a screen of that size, in the middle of what is meant: texts of other
lengths move it somewhat."""

PAGES = {"layers": (1020, 335), "settings": (1130, 335)}
TILE, TILE_PICTURE = (940, 545), (915, 505, 50, 50)
CHANNELS_OF_FIRST = (1217, 390)
CHANNEL, CHANNEL_PICTURE = (1056, 470), (1051, 435, 10, 60)
BACK = (905, 375)
GUIDES = (1150, 425)


def go_through(screen, seen):
    """Choose layers and channels, then a guide, by mouse; dream, undo and repeat."""
    main = screen.open_gimp()
    before = pixels()
    dialog = screen.open_dialog()
    screen.do("windowactivate", "--sync", dialog)
    screen.seconds_until_dream(dialog)
    screen.wait_until_rested()
    seen["workers_before"] = len(workers())
    choose_layers(screen, seen, dialog)
    choose_guide(screen, seen, dialog)

    # In place, since a new layer would leave the pixels that are compared.
    screen.do("key", "alt+o")
    screen.choose_above(3)
    screen.do("key", "alt+d")
    after = changed_from(before)
    seen["workers_after_ok"] = len(workers_soon_gone())
    screen.do("windowactivate", "--sync", main)
    screen.do("key", "ctrl+z")
    changed_from(after)
    screen.do("key", "ctrl+f")
    seen["repeated_with_guide"] = changed_from(before) == after


def choose_layers(screen, seen, dialog):
    """Add a layer, and choose a channel of another, seeing both in the preview."""
    click(screen, *PAGES["layers"])
    screen.wait_until_still(1.0)
    until(lambda: len(set(screen.part(*TILE_PICTURE))) > 64, "the picture of a layer")
    seen["workers_with_pictures"] = len(workers())
    screen.wait_until_rested()
    screen.shoot("chooser-layers")
    dreamt = screen.picture(dialog)
    click(screen, *TILE)
    seen["layer_seconds"] = screen.seconds_until_other(dialog, dreamt)
    screen.wait_until_rested()
    screen.shoot("chooser-added")

    click(screen, *CHANNELS_OF_FIRST)
    screen.wait_until_still(1.0)
    until(lambda: len(set(screen.part(*CHANNEL_PICTURE))) > 64, "the picture of a channel")
    screen.wait_until_rested()
    screen.shoot("chooser-channels")
    dreamt = screen.picture(dialog)
    click(screen, *CHANNEL)
    seen["channel_seconds"] = screen.seconds_until_other(dialog, dreamt)
    click(screen, *BACK)
    screen.wait_until_rested()
    screen.shoot("chooser-chosen")


def choose_guide(screen, seen, dialog):
    """A preset that needs a guide, and the layer itself as guide."""
    screen.do("key", "ctrl+f")
    screen.do("type", "guided")
    screen.wait_until_rested()
    dreamt = screen.picture(dialog)
    screen.do("key", "Return")
    screen.seconds_until_other(dialog, dreamt)
    screen.wait_until_rested()
    without = screen.picture(dialog)
    screen.shoot("chooser-no-guide")
    click(screen, *PAGES["settings"])
    screen.wait_until_still(1.0)
    click(screen, *GUIDES)
    screen.wait_until_still(1.0)
    screen.shoot("chooser-guides")
    screen.do("key", "Down")
    screen.do("key", "Return")
    seen["guide_seconds"] = screen.seconds_until_other(dialog, without)
    screen.wait_until_rested()
    screen.shoot("chooser-guided")
    seen["dream_with_guide_against_original"] = difference(screen.picture(dialog), without)


def click(screen, x, y):
    """Click somewhere, once the mouse is seen there."""
    screen.do("mousemove", str(x), str(y))
    screen.wait_until_still(0.3)
    screen.do("click", "1")


visit(go_through, WIDTH, HEIGHT)
