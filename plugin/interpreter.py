"""The Python that the worker runs in: found, probed, and written down for the plug-in."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dreamlayer.core.version import VERSION
from dreamlayer.plugin.machine import InstallError, Machine, Obstacle

SETTINGS = "worker.json"
"""The file in the installed folder that tells the plug-in how to start the worker."""

_OLDEST = (3, 11)
_SECONDS = 120.0

# Runs in any Python from 2.7 on; the last line that it prints is the answer.
_PROBE = """
import json, sys
said = {"python": list(sys.version_info[:3]), "dreamlayer": None, "onnxruntime": None}
if sys.version_info >= (3, 11):
    try:
        from dreamlayer.core.version import VERSION
        said["dreamlayer"] = str(VERSION)
        import dreamlayer.core.dreaming.dreamer
    except Exception as error:
        if str(getattr(error, "name", None)).startswith("dreamlayer"):
            said["dreamlayer"] = None
        said["missing"] = "%s: %s" % (type(error).__name__, error)
    try:
        import onnxruntime
        onnxruntime.InferenceSession
        said["onnxruntime"] = str(onnxruntime.__version__)
    except Exception as error:
        said["reason"] = "%s: %s" % (type(error).__name__, error)
print("")
print(json.dumps(said))
"""


@dataclass(frozen=True)
class PythonProbe:
    """What a Python can import.

    Attributes
    ----------
    path : str
        The program.
    environment : mapping
        The variables that were set for it.
    failure : str or None
        Why it gave no answer; the rest is then empty.
    python : tuple of int
        Its version.
    dreamlayer, onnxruntime : str or None
        The versions of both packages, None where they are not installed.
    missing : str or None
        Why dreamlayer cannot be imported: it, or one of its dependencies, is missing or broken.
    reason : str or None
        Why ONNX Runtime cannot be imported.
    """

    path: str
    environment: Mapping[str, str] = field(default_factory=dict)
    failure: str | None = None
    python: tuple[int, ...] = ()
    dreamlayer: str | None = None
    onnxruntime: str | None = None
    missing: str | None = None
    reason: str | None = None

    @property
    def version(self) -> str:
        """The version of Python, as people write it."""
        return ".".join(str(part) for part in self.python)

    def obstacle(self, machine: Machine) -> Obstacle | None:
        """What keeps the worker from running in this Python, None where it can run."""
        path = self.path
        source = self.environment.get("PYTHONPATH")
        wanted = f"{source}[cpu]" if source else machine.requirement("cpu")
        install = machine.shown([path, "-m", "pip", "install", wanted])
        if self.failure:
            return Obstacle(f"{path} does not run: {self.failure}")
        if self.python < _OLDEST:
            return Obstacle(
                f"{path} is Python {self.version}, but dreamlayer needs 3.11 or later; "
                "name another with --python"
            )
        if self.dreamlayer is None:
            return Obstacle(f"dreamlayer is not installed in {path}", install)
        if self.missing:
            return Obstacle(f"dreamlayer does not start in {path} ({self.missing})", install)
        if self.dreamlayer != VERSION:
            return Obstacle(
                f"{path} has dreamlayer {self.dreamlayer}, but this is {VERSION}",
                machine.shown(
                    [path, "-m", "pip", "install", "--upgrade", machine.requirement("cpu")]
                ),
            )
        if self.onnxruntime is None:
            return Obstacle(f"ONNX Runtime cannot be loaded in {path} ({self.reason})", install)
        return None


def probe_python(machine: Machine, path: str, environment: Mapping[str, str]) -> PythonProbe:
    """Run a Python, from a temporary folder, and ask what it can import."""
    wanted = machine.python_environment(environment)
    answer = machine.run([path, "-c", _PROBE], wanted, _SECONDS)
    try:
        said: dict[str, Any] = json.loads(answer.out.splitlines()[-1])
        python = tuple(said.pop("python"))
        return PythonProbe(path, environment, None, python, **said)
    except (IndexError, KeyError, TypeError, ValueError):
        unlike = f"it does not answer as a Python does (exit code {answer.code})"
        return PythonProbe(path, environment, answer.last_line or unlike)


def find_python(machine: Machine, named: str | None) -> PythonProbe:
    """A Python that the worker can run in: the present one, or the one that the user names.

    Where dreamlayer is not installed in it, but this program runs from a checkout, the checkout is
    put on its path.

    Raises
    ------
    InstallError
        It does not start, is older than 3.11, or cannot import dreamlayer or ONNX Runtime.
    """
    path = _python_path(named)
    probe = probe_python(machine, path, {})
    root = checkout()
    if probe.dreamlayer is None and root is not None and not probe.failure:
        probe = probe_python(machine, path, {"PYTHONPATH": str(root)})
    obstacle = probe.obstacle(machine)
    if obstacle:
        run = f"; run: {obstacle.fix}" if obstacle.fix else ""
        raise InstallError(f"{obstacle.sentence}{run}")
    return probe


def checkout() -> Path | None:
    """The folder of the checkout that this program runs from, None where it is installed."""
    root = Path(__file__).resolve().parents[1]
    return root if (root / "pyproject.toml").is_file() else None


def _python_path(named: str | None) -> str:
    """The absolute path of a Python, not resolved: a virtual environment's is a link."""
    if named is None:
        if not sys.executable:
            raise InstallError("this Python does not know its own path; name it with --python")
        path = Path(sys.executable)
    else:
        found = shutil.which(str(Path(named).expanduser()))
        if found is None:
            raise InstallError(f"there is no program {named!r}; give the path of a Python")
        path = Path(found)
    console = path.with_name("python.exe")
    if path.name.lower() == "pythonw.exe" and console.is_file():
        path = console
    return str(path.absolute())


def worker_settings(probe: PythonProbe, *, inside: bool, outside: bool) -> dict[str, Any]:
    """What `worker.json` holds.

    Parameters
    ----------
    probe : PythonProbe
        The Python.
    inside, outside : bool
        Whether a GIMP inside Flatpak's sandbox, and one outside, will read it. Both may share
        one settings folder; the command then finds out for itself where it runs.

    Returns
    -------
    dict
        `command`, `environment` and `version`, which the plug-in reads, and `interpreter`.
    """
    worker = [probe.path, "-P", "-m", "dreamlayer", "worker"]
    # A program started outside gets no variable from the sandbox but those named here.
    fixed = {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "ORT_DISABLE_TELEMETRY": "1"}
    named = {**probe.environment, **fixed}
    variables = [f"--env={name}={value}" for name, value in named.items()]
    command = [*(["flatpak-spawn", "--host", "--watch-bus", *variables] if inside else []), *worker]
    if inside and outside:
        skip = len(command) - len(worker)
        script = f'[ -e /.flatpak-info ] || shift {skip}; exec "$@"'
        command = ["/bin/sh", "-c", script, "sh", *command]
    return {
        "command": command,
        "environment": dict(probe.environment),
        "version": VERSION,
        "interpreter": probe.path,
    }
