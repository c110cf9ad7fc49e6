"""The Python that the worker runs in: chosen, tried out, and written down for the plug-in."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dreamlayer.core.version import VERSION
from dreamlayer.plugin.errors import InstallError
from dreamlayer.plugin.machine import Machine

SETTINGS = "worker.json"
"""The file in the installed folder that tells the plug-in how to start the worker."""

_OLDEST = (3, 11)
_SECONDS = 120.0

# Reads as any Python from 2.7 on; the last line that it prints is the answer.
_TRIAL = """
import json, sys
said = {"python": list(sys.version_info[:3]), "core": None, "onnxruntime": None, "missing": None}
if sys.version_info >= (3, 11):
    try:
        from dreamlayer.core.version import VERSION
        said["core"] = str(VERSION)
        import dreamlayer.core.dreaming.dreamer
    except Exception as error:
        if str(getattr(error, "name", None)).startswith("dreamlayer"):
            said["core"] = None
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
class Trial:
    """What a Python said when it was tried.

    Attributes
    ----------
    path : str
        The program.
    environment : mapping
        The variables that were set for it.
    failure : str or None
        Why it gave no answer; the rest then says nothing.
    python : tuple of int
        Its version.
    core, onnxruntime : str or None
        The versions of both packages, None where they are not there.
    missing : str or None
        Why dreamlayer does not import: it, or one of its dependencies, is missing or broken.
    reason : str or None
        Why ONNX Runtime does not import.
    """

    path: str
    environment: Mapping[str, str] = field(default_factory=dict)
    failure: str | None = None
    python: tuple[int, ...] = ()
    core: str | None = None
    onnxruntime: str | None = None
    missing: str | None = None
    reason: str | None = None

    @property
    def version(self) -> str:
        """The version of Python, as people write it."""
        return ".".join(str(part) for part in self.python)

    @property
    def too_old(self) -> bool:
        """Whether dreamlayer cannot run in a Python of this version."""
        return self.python < _OLDEST


def attempt(machine: Machine, path: str, environment: Mapping[str, str]) -> Trial:
    """Run a Python, from a folder of no importance, and ask what it can import."""
    wanted = machine.python_environment(environment)
    answer = machine.run([path, "-c", _TRIAL], wanted, _SECONDS)
    try:
        said: dict[str, Any] = json.loads(answer.out.splitlines()[-1])
        python = tuple(said.pop("python"))
        return Trial(path, environment, None, python, **said)
    except (IndexError, KeyError, TypeError, ValueError):
        lines = [line for line in answer.err.splitlines() if line.strip()]
        failure = (
            lines[-1] if lines else f"it does not answer as a Python does (exit code {answer.code})"
        )
        return Trial(path, environment, failure)


def checked(machine: Machine, named: str | None) -> Trial:
    """A Python that the worker can run in: the present one, or the one that the user names.

    Where dreamlayer is not installed in it, but this program runs from a checkout, the checkout is
    put on its path.

    Raises
    ------
    InstallError
        It does not start, is older than 3.11, or cannot import dreamlayer or ONNX Runtime.
    """
    path = _path(named)
    trial = attempt(machine, path, {})
    root = checkout()
    if trial.core is None and root is not None and not trial.failure:
        trial = attempt(machine, path, {"PYTHONPATH": str(root)})
    problem = obstacle(machine, trial)
    if problem:
        sentence, mend = problem
        raise InstallError(f"{sentence}; run: {mend}" if mend else sentence)
    return trial


def obstacle(machine: Machine, trial: Trial) -> tuple[str, str | None] | None:
    """What keeps the worker from running in a Python, and the command that mends it, if any."""
    path = trial.path
    if trial.failure:
        return f"{path} does not run: {trial.failure}", None
    if trial.too_old:
        return (
            f"{path} is Python {trial.version}, but dreamlayer needs 3.11 or later; "
            "name another with --python",
            None,
        )
    if trial.core is None:
        return f"dreamlayer is not installed in {path}", _pip(machine, trial)
    if trial.missing:
        return f"dreamlayer does not start in {path} ({trial.missing})", _pip(machine, trial)
    if trial.core != VERSION:
        return (
            f"{path} has dreamlayer {trial.core}, but this is {VERSION}",
            machine.shown([path, "-m", "pip", "install", f"dreamlayer=={VERSION}"]),
        )
    if trial.onnxruntime is None:
        return f"ONNX Runtime is not there in {path} ({trial.reason})", _pip(machine, trial)
    return None


def _pip(machine: Machine, trial: Trial) -> str:
    source = trial.environment.get("PYTHONPATH", "dreamlayer")
    return machine.shown([trial.path, "-m", "pip", "install", f"{source}[cpu]"])


def checkout() -> Path | None:
    """The folder of the checkout that this program runs from, None where it is installed."""
    root = Path(__file__).resolve().parents[1]
    return root if (root / "pyproject.toml").is_file() else None


def _path(named: str | None) -> str:
    """The absolute path of a Python, links in it kept: a virtual environment's is a link."""
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


def record(trial: Trial, *, inside: bool, outside: bool) -> dict[str, Any]:
    """What `worker.json` holds.

    Parameters
    ----------
    trial : Trial
        The Python.
    inside, outside : bool
        Whether a GIMP inside Flatpak's sandbox, and one outside, will read it. Both may share
        one settings folder; the command then sees for itself where it is.

    Returns
    -------
    dict
        `command`, `environment` and `version`, which the plug-in reads, and `interpreter`.
    """
    worker = [trial.path, "-P", "-m", "dreamlayer", "worker"]
    # Outside, a program gets no variable from the sandbox but those that are named.
    named = {**trial.environment, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    variables = [f"--env={name}={value}" for name, value in named.items()]
    command = [*(["flatpak-spawn", "--host", "--watch-bus", *variables] if inside else []), *worker]
    if inside and outside:
        skip = len(command) - len(worker)
        script = f'[ -e /.flatpak-info ] || shift {skip}; exec "$@"'
        command = ["/bin/sh", "-c", script, "sh", *command]
    return {
        "command": command,
        "environment": dict(trial.environment),
        "version": VERSION,
        "interpreter": trial.path,
    }
