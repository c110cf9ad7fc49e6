"""The end of the worker's process: it always comes, whatever state the others are in."""

from __future__ import annotations

import subprocess
import sys

import pytest
from command_line import ROOT

STATES = {
    "nothing was dreamed": "",
    "the cache is being imported": "sys.modules[NAME] = types.ModuleType(NAME)",
    "the cache hangs": "sys.modules[NAME] = types.SimpleNamespace(fill=lambda: time.sleep(600))",
    "the cache fails": "sys.modules[NAME] = types.SimpleNamespace(fill=lambda: 1 / 0)",
    "threads cannot be started": "threading.Thread.start = None\n"
    "sys.modules[NAME] = types.SimpleNamespace(fill=print)",
}
PROGRAM = """
import sys, threading, time, types
from dreamlayer.core.worker import leaving
NAME = leaving._GRAPH_CACHE
leaving._FILL_SECONDS = 0.2
{}
threading._start_new_thread(leaving.leave, (7,))
time.sleep(600)
"""


@pytest.mark.parametrize("state", STATES)
def test_process_ends_with_its_code(state: str) -> None:
    """Nobody is there any more who could end it."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(STATES[state])],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 7
