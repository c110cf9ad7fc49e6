"""Opens the dialogs in a real GIMP 3 window in one language, and takes pictures of all their pages.

Runs inside a root (`tests/support/editor_root.py`) with the root's own Python; see `screen.py`. The
environment names the language as GIMP does, LANGUAGE, and two style pictures, DREAMLAYER_STYLES.
The size of the screen is given as two words.
"""

import os
import sys
from pathlib import Path

from screen import difference, remember, until, visit, workers_soon_gone

PAGES = ("layers", "settings", "advanced")


def go_through(screen, seen):
    """Look at both dialogs."""
    fonts = Path("/host/usr/share/fonts")
    if fonts.is_dir():
        # The root has letters of the Latin alphabet only.
        Path("/tmp/home/.local/share").mkdir(parents=True, exist_ok=True)
        Path("/tmp/home/.local/share/fonts").symlink_to(fonts)
    styles = os.environ["DREAMLAYER_STYLES"].split(":")
    listed = " ".join(f'"{style}"' for style in styles)
    listed = f'(style-pictures {len(styles)} {listed})\n(style-weights "1, 0.5")\n'
    remember("style-transfer", listed)
    screen.open_gimp()
    dialog = open_dialog(screen, seen, "dream", "d")
    screen.do("key", "s")
    screen.wait_until_rested()
    screen.shoot("language-dream-split")
    screen.do("key", "s")
    screen.wait_until_rested()
    dreamt, moved = screen.picture(dialog), []
    # From the field to search, back to the tabs.
    screen.do("key", "ctrl+f")
    screen.do("key", "shift+Tab")
    for page in PAGES:
        screen.do("key", "Right")
        screen.wait_until_rested()
        screen.shoot(f"language-dream-{page}")
        moved.append(difference(screen.picture(dialog), dreamt))
    for _ in PAGES[1:]:
        screen.do("key", "Left")
    # Past the first layer's slider and number to its channels.
    screen.do("key", "Tab", "Tab", "Tab", "Return")
    screen.wait_until_rested()
    screen.shoot("language-dream-channels")
    moved.append(difference(screen.picture(dialog), dreamt))
    seen["moved_by_pages"] = max(moved)
    leave(screen, seen, "dream", dialog)
    leave(screen, seen, "style", open_dialog(screen, seen, "style", "t"))


def open_dialog(screen, seen, name, letter):
    """Open a dialog, and take a picture when its preview is complete."""
    before = windows(screen)
    screen.open_menu()
    screen.do("key", letter)
    # Its title is in that language.
    dialog = until(lambda: windows(screen) - before, f"the dialog: {name}").pop()
    screen.do("windowactivate", "--sync", dialog)
    screen.seconds_until_dream(dialog)
    screen.wait_until_rested()
    left, top, width, height = screen.at(dialog)
    seen[name] = [left, top, left + width, top + height]
    screen.shoot(f"language-{name}")
    return dialog


def leave(screen, seen, name, dialog):
    """Leave a dialog."""
    screen.do("key", "Escape")
    until(lambda: screen.at(dialog) is None, "the end of the dialog")
    seen[f"workers_after_{name}"] = len(workers_soon_gone())
    screen.wait_until_rested()


def windows(screen):
    """The visible windows that have a title and are as large as a dialog."""
    found = screen.do("search", "--onlyvisible", "--name", ".") or []
    places = {window: screen.at(window) for window in found}
    return {window for window, place in places.items() if place and place[2] > 500}


visit(go_through, int(sys.argv[1]), int(sys.argv[2]))
