"""Makes an animation in a real GIMP 3 window, with Apply, and takes pictures of it.

Runs inside a root (`tests/support/editor_root.py`) with the root's own Python; see `screen.py`. The
size of the screen is given as two words.
"""

import sys

from screen import remember, state, until, visit, workers_soon_gone

FRAMES = 6


def go_through(screen, seen):
    """See the page of the animation, apply, and wait for the image with the frames."""
    remember("deep-dream", f'(output "animation")\n(frames {FRAMES})\n(rotation 2.0)\n')
    main = screen.open_gimp(batch="window_closing_batch.py")
    dialog = screen.open_dialog()
    screen.seconds_until_dream(dialog)
    screen.wait_until_rested()
    screen.shoot("animation-page")
    left, top, width, height = screen.at(dialog)
    seen["window"] = [left, top, left + width, top + height]
    screen.do("key", "alt+a")
    screen.wait_until_at_work()
    screen.shoot("animation-applying")
    made = until(lambda: [one for one in state()["images"] if one[2]], "the frames")
    seen["layers"] = made[0][1]
    screen.wait_until_rested()
    screen.shoot("animation-applied")
    screen.do("windowactivate", "--sync", dialog)
    # Without an animation its page is gone.
    screen.do("key", "alt+o")
    screen.choose_above(1)
    screen.wait_until_rested()
    screen.shoot("animation-chosen-no-more")
    screen.do("key", "Escape")
    until(lambda: screen.at(dialog) is None, "the end of the dialog")
    seen["workers_after_leaving"] = len(workers_soon_gone())
    seen["is_open"] = bool(screen.at(main))
    screen.wait_until_rested()
    screen.shoot("animation-frames")


visit(go_through, int(sys.argv[1]), int(sys.argv[2]))
