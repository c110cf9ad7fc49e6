"""Opens the dialogs in a real GIMP 3 window in one language, and takes pictures of them.

Of Deep Dream it goes through all pages.

Runs inside a root (`tests/support/gimp_root.py`) with the root's own Python; see `screen.py`. The
environment names the language as GIMP does, LANGUAGE. The size of the screen is given as two words.
"""

import sys
import time
from pathlib import Path

from processes import workers_soon_gone
from screen import until, visit

DIALOGS = {"dream": "d", "style": "t"}
"""The keys that choose the filters in the menu."""

PAGES = 4


def go_through(screen, seen):
    """Look at both dialogs."""
    fonts = Path("/host/usr/share/fonts")
    if fonts.is_dir():
        # The root has letters of the Latin alphabet only.
        Path("/tmp/home/.local/share").mkdir(parents=True, exist_ok=True)
        Path("/tmp/home/.local/share/fonts").symlink_to(fonts)
    screen.open_gimp()
    for name, letter in DIALOGS.items():
        look(screen, seen, name, letter)


def look(screen, seen, name, letter):
    """Open a dialog, take pictures of its pages, and leave it."""
    before = windows(screen)
    for key in ("alt+r", "a", letter):
        screen.do("key", key)
        time.sleep(0.7)
    # Its title is in that language.
    dialog = until(lambda: windows(screen) - before, f"the dialog: {name}").pop()
    screen.do("windowactivate", "--sync", dialog)
    screen.wait_until_rested()
    left, top, width, height = screen.at(dialog)
    seen[name] = [left, top, left + width, top + height]
    screen.shoot(f"language-{name}-1")
    if name == "dream":
        # From the field to search, back to the tabs.
        screen.do("key", "ctrl+f")
        screen.do("key", "shift+Tab")
        for page in range(2, PAGES + 1):
            screen.do("key", "Right")
            screen.wait_until_still(0.7)
            screen.shoot(f"language-{name}-{page}")
    screen.do("key", "Escape")
    until(lambda: screen.at(dialog) is None, "the end of the dialog")
    seen[f"workers_after_{name}"] = len(workers_soon_gone())


def windows(screen):
    """The visible windows that have a title and are as large as a dialog."""
    found = screen.do("search", "--onlyvisible", "--name", ".") or []
    places = {window: screen.at(window) for window in found}
    return {window for window, place in places.items() if place and place[2] > 500}


visit(go_through, int(sys.argv[1]), int(sys.argv[2]))
