"""Opens the filter in a real GIMP 3 window, with mouse and keys, and takes pictures of it.

Runs inside a root (`tests/support/gimp_root.py`) with the root's own Python: a display without a
screen, a window manager, GIMP. `window_batch.py` runs in that GIMP and reports the layer's pixels.
The environment names the folder for results, DREAMLAYER_RESULTS, and the photo, DREAMLAYER_PHOTO.
"""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

RESULTS = Path(os.environ["DREAMLAYER_RESULTS"])
HERE = Path(__file__).parent
SCREEN = Path("/tmp/screen/Xvfb_screen0")
DISPLAY = ":7"
PATIENCE = 90.0
CANCEL = ("1000", "832")
"""Where the status bar's button is in a window of 1280 × 830 pixels."""

_GIMPRC = """
(show-welcome-dialog no)
(check-updates no)
(config-version "{version}")
"""


def main():
    """Go through menu, dialog, result, undo, repeat and cancel; write what was seen."""
    screen = Screen()
    folder = Path(os.environ["GIMP3_DIRECTORY"])
    said = subprocess.run(["gimp", "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"\d+\.\d+\.\d+", said)[0]
    (folder / "gimprc").write_text(_GIMPRC.format(version=version))
    batch = f"exec(open({str(HERE / 'window_batch.py')!r}).read())"
    command = ["gimp", "--no-splash", "--batch-interpreter", "python-fu-eval", "-b", batch]
    screen.start([*command, os.environ["DREAMLAYER_PHOTO"]])
    seen = {}
    try:
        go_through(screen, seen)
    except Exception as error:
        seen["error"] = f"{type(error).__name__}: {error}"
        screen.shoot("failed")
        raise
    finally:
        (RESULTS / "seen.json").write_text(json.dumps(seen, indent=2))
        screen.end()


def go_through(screen, seen):
    """One visit of a painter."""
    window = screen.window("600x400")
    screen.do("windowsize", window, "1280", "830")
    screen.do("mousemove", "1100", "700")
    before = pixels()
    screen.wait_until_still(1.0)

    screen.do("key", "alt+r")
    time.sleep(0.7)
    screen.do("key", "a")
    time.sleep(0.7)
    screen.shoot("menu")
    screen.do("key", "d")
    dialog = screen.window("^Deep Dream$")
    seen["first_preview_seconds"] = screen.first_change(dialog)
    screen.wait_until_still(2.0)
    screen.shoot("dialog")
    seen["workers_with_dialog"] = len(workers())

    screen.do("windowactivate", "--sync", dialog)
    screen.do("key", "alt+d")
    after = changed_from(before)
    screen.wait_until_still(1.0)
    screen.shoot("result")
    dump("after")
    seen["workers_after_ok"] = len(workers_soon_gone())

    screen.do("windowactivate", "--sync", window)
    screen.do("key", "ctrl+z")
    seen["undone_in_one_step"] = changed_from(after) == before
    screen.do("key", "ctrl+f")
    seen["repeated_alike"] = changed_from(before) == after
    # The pixels change while the filter still ends, and GIMP undoes nothing before that.
    screen.wait_until_still(1.0)
    screen.do("key", "ctrl+z")
    changed_from(after)

    # Repeat, and cancel in the middle with the status bar's button.
    screen.do("key", "ctrl+f")
    until(lambda: workers(), "a worker")
    # Where nothing else runs, the dream takes no three seconds.
    time.sleep(1.2)
    screen.shoot("running")
    screen.do("mousemove", *CANCEL, "click", "1")
    seen["workers_after_cancel"] = len(workers_soon_gone())
    screen.wait_until_still(1.0)
    screen.shoot("cancelled")
    seen["unchanged_after_cancel"] = pixels() == before

    # Open the dialog once more and leave it.
    screen.do("key", "ctrl+shift+f")
    dialog = screen.window("^Deep Dream$")
    until(lambda: workers(), "a worker")
    screen.do("windowactivate", "--sync", dialog)
    screen.do("key", "Escape")
    seen["workers_after_leaving"] = len(workers_soon_gone())
    seen["unchanged_after_leaving"] = pixels() == before


class Screen:
    """A display without a screen, what is on it, and hands to work with."""

    def __init__(self):
        SCREEN.parent.mkdir()
        self.environment = {**os.environ, "DISPLAY": DISPLAY}
        self.started = []
        size = ["-screen", "0", "1280x860x24", "-fbdir", str(SCREEN.parent)]
        self.start(["Xvfb", DISPLAY, *size])
        until(lambda: self.do("search", "--name", "") is not None and SCREEN.exists(), "Xvfb")
        self.start(["openbox"])

    def start(self, command):
        """Start a program on the display."""
        with (RESULTS / f"{Path(command[0]).name}.log").open("w") as log:
            process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        self.started.append(process)

    def end(self):
        """End what was started."""
        for process in reversed(self.started):
            process.kill()
            process.wait()

    def do(self, *words):
        """Have xdotool do something; the words that it answers, None where it failed."""
        ran = subprocess.run(
            ["xdotool", *words], env=self.environment, capture_output=True, text=True, check=False
        )
        return ran.stdout.split() if ran.returncode == 0 else None

    def window(self, name):
        """The visible window whose title matches; it is waited for."""
        search = ("search", "--onlyvisible", "--name", name)
        return until(lambda: self.do(*search), f"a window {name}")[-1]

    def shoot(self, name):
        """Keep what is on the screen, as a window dump."""
        shutil.copy(SCREEN, RESULTS / f"{name}.xwd")

    def rows(self, dialog):
        """The rows of the screen's memory where the dialog's preview is."""
        self.do("windowactivate", dialog)
        words = self.do("getwindowgeometry", "--shell", dialog)
        at = dict(word.split("=") for word in words)
        left, top = int(at["X"]) + 60, int(at["Y"]) + 110
        data = SCREEN.read_bytes()
        start, line = len(data) - 860 * 1280 * 4, 1280 * 4
        return [
            data[start + y * line + left * 4 : start + y * line + (left + 240) * 4]
            for y in range(top, top + 120)
        ]

    def first_change(self, dialog):
        """Seconds from now until the picture in the dialog changes for the second time.

        First the original appears, then the first preview.
        """
        began, changes = time.monotonic(), 0
        last = self.rows(dialog)
        if len(set(b"".join(last))) > 16:
            changes = 1
        while changes < 2:
            if time.monotonic() - began > PATIENCE:
                raise TimeoutError("no preview")
            time.sleep(0.02)
            now = self.rows(dialog)
            if now != last:
                last = now
                changes += 1
        return time.monotonic() - began

    def wait_until_still(self, seconds):
        """Wait until nothing moves on the screen."""
        last, since = None, time.monotonic()
        end = since + PATIENCE
        while time.monotonic() - since < seconds and time.monotonic() < end:
            now = SCREEN.read_bytes()
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.1)


def until(ask, what):
    """Ask until the answer is something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    raise TimeoutError(f"{what} did not come")


def pixels():
    """A digest of the layer's pixels, as the batch tells it."""

    def ask():
        try:
            return json.loads((RESULTS / "state.json").read_text())["pixels"]
        except (OSError, ValueError):
            return None

    return until(ask, "GIMP's batch")


def changed_from(digest):
    """The digest after the pixels changed."""
    until(lambda: pixels() != digest, "a change of the pixels")
    return pixels()


def dump(name):
    """Have the batch write the pixels to a file."""
    (RESULTS / "wanted").write_text(name)
    until(lambda: not (RESULTS / "wanted").exists(), "the pixels")


def workers():
    """Numbers of the workers that run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"dreamlayer" in words and b"worker" in words:
                found.append(entry.name)
    return found


def workers_soon_gone():
    """The workers that are left after some seconds."""
    end = time.monotonic() + 10
    while workers() and time.monotonic() < end:
        time.sleep(0.05)
    return workers()


main()
