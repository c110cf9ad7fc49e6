"""Programs of their own, for what a fork cannot have, and pictures to give them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from command_line import ROOT
from image_samples import noise, png

QUICK = ["--network", "small.onnx", "--layer", "deep", "--octaves", "1", "--steps", "1"]
"""Options that make a dream take no time, in a folder that has `small.onnx`."""


def started(*words: object, cwd: Path, **settings: object) -> subprocess.Popen[bytes]:
    """A program of its own, for what a fork cannot have."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings.pop("env", {})}  # type: ignore[dict-item]
    command = [sys.executable, "-m", "dreamlayer", *map(str, words)]
    return subprocess.Popen(command, cwd=cwd, env=environment, **settings)  # type: ignore[call-overload, no-any-return]


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Exit code, and standard error if that is a pipe."""
    _, errors = process.communicate(timeout=60)
    return process.returncode, (errors or b"").decode(errors="replace")


def pictures(folder: Path, *names: str) -> None:
    """Sound pictures by these names, each another one."""
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(noise(14, 20, 3) + np.uint8(number)))
