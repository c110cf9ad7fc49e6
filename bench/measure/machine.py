"""The machine that the numbers are from: processor, memory, system."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

from dreamlayer.core.runtime.cores import usable_cores


@dataclass(frozen=True)
class Machine:
    """A machine.

    Attributes
    ----------
    processor : str
        Its model.
    cores : int
        Physical cores that this process may use.
    system : str
        Operating system and Python.
    memory : int
        Bytes installed.
    gpu : str
        Model, memory and driver of the first NVIDIA GPU; empty without one.
    """

    processor: str
    cores: int
    system: str
    memory: int = 0
    gpu: str = ""


def this_machine() -> Machine:
    """Describe this machine."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return Machine(_processor(), physical_cores(), system, psutil.virtual_memory().total, _gpu())


def physical_cores() -> int:
    """Physical cores that this process may use; a second thread on a core slows all peers down."""
    allowed = usable_cores()
    return min(allowed, psutil.cpu_count(logical=False) or allowed)


def _processor() -> str:
    """The processor's model, which Python itself knows on some systems only."""
    try:
        listed = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        listed = ""
    for line in listed.splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _gpu() -> str:
    asked = "--query-gpu=name,memory.total,driver_version"
    try:
        done = subprocess.run(
            ["nvidia-smi", asked, "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = done.stdout.strip().splitlines()
    return lines[0] if done.returncode == 0 and lines else ""
