"""Several processes that open the same network at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.sessions import open_session
source = Network(sys.argv[1]).gradient_source([Term("deep")])
for _ in range(3):
    open_session(source, Execution(sys.argv[2], 1))
"""


def open_at_once(network: Path, provider: str, count: int = 4) -> None:
    """Open three sessions in each of `count` processes; all must succeed."""
    command = [sys.executable, "-c", _PROGRAM, str(network), provider]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(count)]
    for process in running:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
