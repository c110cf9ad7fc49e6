"""Closes the image in a real GIMP 3 window while the filter dreams on it.

Runs inside a root (`tests/support/gimp_root.py`) with the root's own Python. The batch runs in
GIMP and tells of the open images in `images.json`; what was seen is in `closing.json`.
"""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

RESULTS = Path(os.environ["DREAMLAYER_RESULTS"])
SCREEN = Path("/tmp/screen/Xvfb_screen0")
DISPLAY = ":8"
PATIENCE = 90.0

_GIMPRC = '(show-welcome-dialog no)\n(check-updates no)\n(config-version "{version}")\n'
_BATCH = """
import json, os, time
from gi.repository import Gimp
path = os.path.join(os.environ["DREAMLAYER_RESULTS"], "images.json")
while True:
    told = [[one.get_id(), [layer.get_name() for layer in one.get_layers()],
             one.get_layers()[0].get_parasite("dreamlayer-recipe") is not None]
            for one in Gimp.get_images() if one.get_layers()]
    with open(path + ".new", "w") as file:
        json.dump(told, file)
    os.rename(path + ".new", path)
    time.sleep(0.2)
"""


def main():
    """Open the photo, start a dream, close the image, and wait for what becomes of it."""
    SCREEN.parent.mkdir()
    environment = {**os.environ, "DISPLAY": DISPLAY}
    started, seen = [], {}

    def start(*command):
        with (RESULTS / f"{command[0]}.log").open("w") as log:
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))

    def do(*words):
        ran = subprocess.run(
            ["xdotool", *words], env=environment, capture_output=True, text=True, check=False
        )
        return ran.stdout.split() if ran.returncode == 0 else None

    def window(name):
        return until(lambda: do("search", "--onlyvisible", "--name", name), name)[-1]

    start("Xvfb", DISPLAY, "-screen", "0", "1280x860x24", "-fbdir", str(SCREEN.parent))
    until(lambda: do("search", "--name", "") is not None and SCREEN.exists(), "Xvfb")
    start("openbox")
    folder = Path(os.environ["GIMP3_DIRECTORY"])
    said = subprocess.run(["gimp", "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"\d+\.\d+\.\d+", said)[0]
    (folder / "gimprc").write_text(_GIMPRC.format(version=version))
    pause_worker(folder / "plug-ins" / "dreamlayer" / "worker.json")
    photo = os.environ["DREAMLAYER_PHOTO"]
    batch = ("--batch-interpreter", "python-fu-eval", "-b", _BATCH)
    try:
        start("gimp", "--no-splash", *batch, photo)
        main_window = window("600x400")
        until(images, "the batch")
        time.sleep(2)
        do("key", "alt+r")
        time.sleep(0.7)
        do("key", "a")
        time.sleep(0.7)
        do("key", "d")
        dialog = window("^Deep Dream$")
        time.sleep(1)
        do("windowactivate", "--sync", dialog)
        do("key", "alt+d")
        until(
            lambda: not do("search", "--onlyvisible", "--name", "^Deep Dream$"), "the dialog's end"
        )
        until((RESULTS / "asked").exists, "the dream's beginning")
        do("windowactivate", "--sync", main_window)
        do("key", "ctrl+w")
        seen["closed"] = bool(
            until(lambda: not do("search", "--onlyvisible", "--name", "600x400"), "closing")
        )
        (RESULTS / "go").touch()
        seen["images"] = until(lambda: [one for one in images() if one[2]], "the dream")
        if (RESULTS / "failed").exists():
            raise TimeoutError((RESULTS / "failed").read_text(encoding="utf-8"))
        seen["shown"] = bool(window("600x400"))
        time.sleep(1)
    except Exception as error:
        seen["error"] = f"{type(error).__name__}: {error}; {images()}"
    finally:
        shutil.copy(SCREEN, RESULTS / "closing.xwd")
        (RESULTS / "closing.json").write_text(json.dumps(seen))
        for process in reversed(started):
            process.kill()
            process.wait()


def pause_worker(path):
    """Have the worker wait before the dream until the image is closed."""
    settings = json.loads(path.read_text(encoding="utf-8"))
    paused = ["/usr/bin/python3", str(Path(__file__).with_name("paused_worker.py"))]
    settings["command"] = [*paused, *settings["command"]]
    path.write_text(json.dumps(settings), encoding="utf-8")
    for name in ("asked", "go", "failed"):
        (RESULTS / name).unlink(missing_ok=True)


def images():
    """The open images: number, names of the layers, and whether the first is a dream."""
    try:
        return json.loads((RESULTS / "images.json").read_text())
    except (OSError, ValueError):
        return []


def until(ask, what):
    """Ask until the answer is something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    raise TimeoutError(f"{what} did not come")


main()
