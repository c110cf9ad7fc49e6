"""Writing to a process that has ended, in a program that does not ignore the signal for it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from plugin_modules import FOLDER

_WRITE = """
import os, signal, sys
sys.path.insert(0, {folder!r})
from editor import broken_pipes
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
read, write = os.pipe()
os.close(read)
for _ in range(2):
    try:
        with broken_pipes.as_errors():
            os.write(write, b"x")
    except BrokenPipeError:
        print("an error")
print(signal.SIGPIPE in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
os.write(write, b"x")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for broken pipes")
def test_a_broken_pipe_is_an_error() -> None:
    """It is an error within the block; behind it, the program is as it was before."""
    ran = subprocess.run(
        [sys.executable, "-c", _WRITE.format(folder=str(FOLDER))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.split("\n")[:3] == ["an error", "an error", "False"], ran
    # The last write is outside of the block, and ends the program as before.
    assert ran.returncode < 0
