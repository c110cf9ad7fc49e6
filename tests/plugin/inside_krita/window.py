"""Opens Deep Dream in a real Krita's window, with keys, and takes pictures of it.

Runs inside a root (`tests/support/editor_root.py`) with the root's own Python; `krita_screen.py`
has mouse, keys and pictures.
"""

from krita_screen import KritaScreen, document, document_with, visit
from screen import workers, workers_soon_gone


def go_through(screen, seen):
    """Menu, dialog, preview, dream, undo, redo; the dialog again, and leave it."""
    window = screen.open_krita()
    before = document()
    dialog = screen.open_dialog(window)
    seen["window"] = screen.at(dialog)
    seen["original_seconds"], seen["first_preview_seconds"] = screen.seconds_until_dream(dialog)
    seen["workers_with_dialog"] = len(workers())
    screen.shoot("dialog")
    screen.do("key", "s")
    screen.wait_until_still(2.0)
    screen.shoot("split")
    screen.do("key", "s")

    screen.do("key", "alt+d")
    document_with(2)
    # It ends after the new layer is active.
    screen.wait_until_gone("^Deep Dream: ")
    after = document()
    seen["layers"], seen["active"] = after["layers"], after["active"]
    seen["changed"] = after["pixels"] != before["pixels"]
    seen["workers_after_dream"] = len(workers_soon_gone())
    screen.wait_until_still(0.5)
    screen.shoot("result")

    screen.do("windowactivate", "--sync", window)
    screen.do("key", "ctrl+z")
    seen["undone_in_one_step"] = document_with(1) == before
    screen.do("key", "ctrl+shift+z")
    seen["redone"] = document_with(2)["pixels"] == after["pixels"]

    screen.open_dialog(window)
    screen.do("key", "Escape")
    screen.wait_until_gone("^Deep Dream: ")
    seen["workers_after_leaving"] = len(workers_soon_gone())
    seen["running"] = screen.is_running()


visit(go_through, 1366, 768, KritaScreen)
