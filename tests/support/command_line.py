"""Run the command line as a user does: a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(
    *arguments: object, cwd: Path | None = None, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run `python -m core` to its end."""
    return subprocess.run(
        command(*arguments),
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment},
        timeout=120,
        check=False,
    )


def command(*arguments: object) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "core", *map(str, arguments)]


def refused(result: subprocess.CompletedProcess[bytes], pattern: str) -> None:
    """Exit code 2, and one line of error that says what the pattern says."""
    error = result.stderr.decode()
    assert result.returncode == 2, error
    assert "Traceback" not in error
    assert len(error.strip().splitlines()) == 1, error
    assert re.search(pattern, error), error
