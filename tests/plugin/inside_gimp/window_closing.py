"""Closes the image in a real GIMP 3 window while the filter dreams on it.

Runs inside a root (`tests/support/editor_root.py`) with the root's own Python; see `screen.py`.
"""

import json
import os
from pathlib import Path

from screen import RESULTS, state, until, visit


def go_through(screen, seen):
    """Start a dream, close the image, and wait for what becomes of it."""
    pause_worker()
    main = screen.open_gimp(batch="window_closing_batch.py")
    dialog = screen.open_dialog()
    screen.wait_until_rested()
    screen.do("windowactivate", "--sync", dialog)
    screen.do("key", "alt+d")
    screen.wait_until_gone("^Deep Dream$")
    until((RESULTS / "asked").exists, "the dream's beginning")
    screen.do("windowactivate", "--sync", main)
    screen.do("key", "ctrl+w")
    screen.wait_until_gone("600x400")
    seen["closed"] = not state()["images"]
    (RESULTS / "go").touch()
    seen["images"] = until(lambda: [one for one in state()["images"] if one[2]], "the dream")
    if (RESULTS / "failed").exists():
        raise TimeoutError((RESULTS / "failed").read_text(encoding="utf-8"))
    seen["shown"] = bool(screen.window("600x400"))
    screen.wait_until_still(1.0)
    screen.shoot("closing")


def pause_worker():
    """Have the worker wait before the dream until the image is closed."""
    path = Path(os.environ["GIMP3_DIRECTORY"]) / "plug-ins" / "dreamlayer" / "worker.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    paused = ["/usr/bin/python3", str(Path(__file__).with_name("paused_worker.py"))]
    settings["command"] = [*paused, *settings["command"]]
    path.write_text(json.dumps(settings), encoding="utf-8")
    for name in ("asked", "go", "failed"):
        (RESULTS / name).unlink(missing_ok=True)


visit(go_through, 1280, 860)
