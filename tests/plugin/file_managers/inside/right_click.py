"""In a root, with a D-Bus session: open Thunar on a folder, select all, and choose Deep Dream.

`right_click.py FOLDER PROGRAMS` ends when there are two results, and the file `told` in PROGRAMS:
what the work, which runs outside the root, says by the programs that it finds there.
"""

import os
import pathlib
import subprocess
import sys
import time

DISPLAY = ":7"
MOST = 40.0
"""Seconds that anything may take."""


def main(folder: str, programs: str) -> None:
    """Right-click, and wait for the results."""
    path = f"{programs}:/usr/bin:/bin:/usr/sbin:/sbin"
    environment = {**os.environ, "DISPLAY": DISPLAY, "PATH": path, "NO_AT_BRIDGE": "1"}

    def start(*command: str) -> None:
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)

    def ask(*command: str) -> str:
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return ran.stdout

    start("Xvfb", DISPLAY, "-screen", "0", "1000x700x24", "-nolisten", "tcp")
    wait(lambda: pathlib.Path("/tmp/.X11-unix/X7").exists())
    start("openbox")
    start("thunar", folder)
    name = pathlib.Path(folder).name
    wait(lambda: ask("xdotool", "search", "--onlyvisible", "--name", name))
    window = ask("xdotool", "search", "--onlyvisible", "--name", name).split()[-1]
    # The folder is read once the window is there.
    time.sleep(2)
    ask("xdotool", "windowactivate", "--sync", window)
    ask("xdotool", "key", "ctrl+a")
    time.sleep(0.5)
    ask("xdotool", "key", "Menu")
    time.sleep(1.5)
    # Properties is the last in the menu, custom actions come before it.
    for key in ("Up", "Up", "Return"):
        ask("xdotool", "key", key)
        time.sleep(0.2)
    told = pathlib.Path(programs) / "told"
    # The first notification tells of the beginning; the names of results are held from then on.
    wait(lambda: told.exists() and "finished" in told.read_text())


def wait(condition) -> None:  # type: ignore[no-untyped-def]
    """Wait until it is true, or too long."""
    end = time.monotonic() + MOST
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)


main(*sys.argv[1:])
