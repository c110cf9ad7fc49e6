"""A display without a screen, GIMP on it, and hands to work with, for the scripts in windows.

The environment names the folder for results, DREAMLAYER_RESULTS, and the photo, DREAMLAYER_PHOTO;
DREAMLAYER_GIMPRC adds lines to GIMP's settings. A batch runs in that GIMP and reports how the image
is: `window_batch.py`, or another one.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "inside_editors"))

from processes import any_waits, at_work, spent_by_workers, workers

RESULTS = Path(os.environ["DREAMLAYER_RESULTS"])
HERE = Path(__file__).parent
SCREEN = Path("/tmp/screen/Xvfb_screen0")
DISPLAY = ":7"
PATIENCE = 240.0
"""Seconds for which anything is waited for, also where the machine does much else."""

_AT_WORK = 3 * os.sysconf("SC_CLK_TCK")
"""Ticks, of which a worker's start takes fewer than a dream."""

_GIMPRC = """
(show-welcome-dialog no)
(check-updates no)
(config-version "{version}")
"""

_GTK = """[Settings]
gtk-cursor-blink=0
gtk-enable-animations=0
"""
"""Nothing moves on the screen without a reason."""


def visit(go_through, width, height, kind=None):
    """Go through something on a screen of this size, and write what was seen into `seen.json`."""
    screen, seen = (kind or Screen)(width, height), {}
    try:
        screen.open()
        go_through(screen, seen)
    except Exception as error:
        seen["error"] = f"{type(error).__name__}: {error}"
        if SCREEN.exists():
            screen.shoot("failed")
        raise
    finally:
        (RESULTS / "seen.json").write_text(json.dumps(seen, indent=2))
        screen.end()


class Screen:
    """A display without a screen, what is on it, and hands to work with."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.environment = {**os.environ, "DISPLAY": DISPLAY, "DREAMLAYER_INSIDE": str(HERE)}
        self.started = []

    def open(self):
        """Start the display, and what moves windows on it."""
        SCREEN.parent.mkdir()
        size = ["-screen", "0", f"{self.width}x{self.height}x24", "-fbdir", str(SCREEN.parent)]
        self.start(["Xvfb", DISPLAY, *size])
        until(lambda: self.do("search", "--name", "") is not None and SCREEN.exists(), "Xvfb")
        self.start(["openbox"])

    def open_gimp(self, batch="window_batch.py"):
        """Start GIMP with the photo; its window, as large as the screen."""
        folder = Path(os.environ["GIMP3_DIRECTORY"])
        told = subprocess.run(["gimp", "--version"], capture_output=True, text=True, check=True)
        version = re.search(r"\d+\.\d+\.\d+", told.stdout)[0]
        more = os.environ.get("DREAMLAYER_GIMPRC", "")
        (folder / "gimprc").write_text(_GIMPRC.format(version=version) + more)
        gtk = Path(os.environ["HOME"]) / ".config" / "gtk-3.0"
        gtk.mkdir(parents=True, exist_ok=True)
        (gtk / "settings.ini").write_text(_GTK)
        code = f"exec(open({str(HERE / batch)!r}).read())"
        command = ["gimp", "--no-splash", "--batch-interpreter", "python-fu-eval", "-b", code]
        self.start([*command, os.environ["DREAMLAYER_PHOTO"]])
        window = self.window("600x400")
        self.do("windowsize", window, str(self.width), str(self.height - 30))
        # Into a corner, where it opens no tooltip.
        self.do("mousemove", "2", str(self.height - 2))
        state()
        self.wait_until_rested()
        return window

    def open_dialog(self, title="^Deep Dream$", letter="d"):
        """Choose a filter in the menu; its window."""
        self.open_menu()
        self.do("key", letter)
        dialog = self.window(title)
        self.do("windowactivate", "--sync", dialog)
        return dialog

    def open_menu(self):
        """Open the menu where the filters are."""
        for key in ("alt+r", "a"):
            before = SCREEN.read_bytes()
            self.do("key", key)
            until(lambda before=before: SCREEN.read_bytes() != before, "the menu")
            self.wait_until_still(0.5)

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
        return until(lambda: self._named(name), f"a window {name}")[-1]

    def wait_until_gone(self, name):
        """Wait until no visible window has a title that matches."""
        until(lambda: not self._named(name), f"the end of {name}")

    def _named(self, name):
        return self.do("search", "--onlyvisible", "--name", name)

    def shoot(self, name):
        """Keep what is on the screen, as a window dump."""
        shutil.copy(SCREEN, RESULTS / f"{name}.xwd")

    def at(self, window):
        """Left, top, width and height of a window on the screen; None where it is gone."""
        words = self.do("getwindowgeometry", "--shell", window)
        if words is None:
            return None
        found = dict(word.split("=") for word in words)
        return tuple(int(found[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))

    def part(self, left, top, width, height):
        """The colors of a part of the screen, as bytes."""
        data, line = SCREEN.read_bytes(), self.width * 4
        start = len(data) - self.height * line
        rows = range(start + top * line, start + (top + height) * line, line)
        return b"".join(data[row + left * 4 : row + (left + width) * 4] for row in rows)

    def picture(self, dialog):
        """A part of the dialog's preview."""
        left, top, _, _ = self.at(dialog)
        return self.part(left + 120, top + 120, 240, 120)

    def seconds_until_dream(self, dialog):
        """Seconds from now until the original is seen in the dialog, and until the first dream."""
        began = time.monotonic()
        original = until(lambda: _colorful(self.picture(dialog)), "the original in the dialog")
        shown = time.monotonic() - began
        return shown, shown + self.seconds_until_other(dialog, original)

    def seconds_until_other(self, dialog, picture):
        """Seconds from now until the dialog's preview is another picture than this one."""
        began = time.monotonic()
        until(lambda: difference(self.picture(dialog), picture) > 3, "a preview")
        return time.monotonic() - began

    def choose_above(self, times):
        """Choose an earlier entry of the list that has the focus."""
        for _ in range(times):
            self.do("key", "Up")
            time.sleep(0.2)

    def wait_until_rested(self):
        """Wait until nothing moves on the screen, and neither the filter nor a worker works."""

        def rested():
            before = at_work()
            self.wait_until_still(1.0)
            return at_work() == before and not any_waits()

        until(rested, "rest")

    def wait_until_at_work(self):
        """Wait until a worker has computed from now on for longer than its start takes."""
        began = {}

        def worked():
            spent = spent_by_workers().items()
            return any(ticks - began.setdefault(one, ticks) > _AT_WORK for one, ticks in spent)

        until(worked, "a worker at work")

    def wait_until_still(self, seconds):
        """Wait until nothing moves on the screen."""
        last, since = None, time.monotonic()
        end = since + PATIENCE
        while time.monotonic() - since < seconds:
            if time.monotonic() > end:
                raise TimeoutError("the screen did not become still")
            now = SCREEN.read_bytes()
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.1)


def remember(filter_, settings):
    """Have a filter begin with these settings, as if they were of its last run."""
    folder = Path(os.environ["GIMP3_DIRECTORY"]) / "plug-in-settings"
    folder.mkdir(exist_ok=True)
    (folder / f"GimpProcedureConfigRun-plug-in-{filter_}.last").write_text(settings)


def difference(one, other):
    """The mean difference of two runs of bytes."""
    return sum(abs(a - b) for a, b in zip(one[::7], other[::7])) / (len(one) // 7 or 1)


def _colorful(part):
    """A part of the screen if a photo is in it, else nothing."""
    return part if len(set(part)) > 64 else None


def until(ask, what):
    """Ask until the answer is something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    raise TimeoutError(f"{what} did not come")


def state():
    """What the batch tells of the image as it is from now on, not of what it read before."""
    last = _told().get("number", 0)
    # One that is being written may have been read before.
    return until(lambda: (told := _told()).get("number", 0) > last + 1 and told, "GIMP's batch")


def _told():
    try:
        return json.loads((RESULTS / "state.json").read_text())
    except (OSError, ValueError):
        return {}


def pixels():
    """A digest of the layer's pixels, as the batch tells it."""
    return state()["pixels"]


def changed_from(digest):
    """The digest after the pixels changed."""
    return until(lambda: (now := pixels()) != digest and now, "a change of the pixels")


def dump(name):
    """Have the batch write the pixels to a file."""
    (RESULTS / "wanted").write_text(name)
    until(lambda: not (RESULTS / "wanted").exists(), "the pixels")


def workers_soon_gone():
    """The workers that are left after a while."""
    end = time.monotonic() + PATIENCE
    while workers() and time.monotonic() < end:
        time.sleep(0.05)
    return workers()
