"""The Python that the worker runs in: found, probed, and written down for the plug-in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dreamlayer.core.version import VERSION
from dreamlayer.plugin.machine import InstallError, Machine, Obstacle, chain

SETTINGS = "worker.json"
"""The file in the installed folder that tells the plug-in how to start the worker."""

INSTALL = ("-m", "dreamlayer.plugin", "install")
"""What a Python is called with to install the plug-in."""

_OLDEST = (3, 11)
_SECONDS = 120.0

# Runs in any Python from 2.7 on; the last line that it prints is the answer.
_PROBE = """
import json, os, sys
said = {"python": list(sys.version_info[:3]), "dreamlayer": None, "onnxruntime": None}
said["prefix"], said["made_for"] = sys.prefix, None
base = getattr(sys, "base_prefix", sys.prefix)
if sys.prefix != base:
    said["base"] = getattr(sys, "_base_executable", None)
    try:
        with open(os.path.join(sys.prefix, "pyvenv.cfg")) as file:
            lines = [line.partition("=") for line in file]
        told = [v.strip() for k, _, v in lines if k.strip() in ("version", "version_info")]
        wanted = told[0].split(".")[:2]
        if wanted != [str(part) for part in sys.version_info[:2]]:
            said["made_for"] = ".".join(wanted)
    except (OSError, ValueError, IndexError):
        pass
if sys.version_info >= (3, 11):
    import importlib.util, sysconfig
    said["pip"] = importlib.util.find_spec("pip") is not None
    managed = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
    said["managed"] = os.name != "nt" and sys.prefix == base and os.path.isfile(managed)
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
    prefix : str
        The folder of its packages, such as a virtual environment's.
    base : str or None
        Of a virtual environment, the Python that it was made with.
    made_for : str or None
        Of a virtual environment that was made for another version of Python, such as ``3.11``.
    pip : bool
        Whether it has pip.
    managed : bool
        Whether it is the system's, and keeps pip from installing into it (PEP 668).
    """

    path: str
    environment: Mapping[str, str] = field(default_factory=dict)
    failure: str | None = None
    python: tuple[int, ...] = ()
    dreamlayer: str | None = None
    onnxruntime: str | None = None
    missing: str | None = None
    reason: str | None = None
    prefix: str = ""
    base: str | None = None
    made_for: str | None = None
    pip: bool = True
    managed: bool = False

    @property
    def version(self) -> str:
        """The version of Python, as people write it."""
        return ".".join(str(part) for part in self.python)

    def obstacle(self, machine: Machine) -> Obstacle | None:
        """What keeps the worker from running in this Python, None where it can run."""
        path = self.path
        source = self.environment.get("PYTHONPATH")
        if source and not Path(source).is_dir():
            return Obstacle(f"{source}, which dreamlayer was run from, is no longer there")
        if self.failure:
            return Obstacle(_gone(path) or f"{path} does not run: {self.failure}")
        if self.python < _OLDEST:
            return Obstacle(
                f"{path} is Python {self.version}, but dreamlayer needs 3.11 or later; "
                "name another with --python"
            )
        wanted = f"{source}[cpu]" if source else machine.requirement("cpu")
        if self.dreamlayer is None and self.made_for:
            return self._fixed_by(
                machine,
                f"the virtual environment {self.prefix} was made for Python {self.made_for}, but "
                f"its Python is now {self.version}, which finds none of its packages",
                wanted,
            )
        if self.dreamlayer is None:
            return self._fixed_by(machine, f"dreamlayer is not installed in {path}", wanted)
        if self.missing:
            sentence = f"dreamlayer does not start in {path} ({self.missing})"
            return self._fixed_by(machine, sentence, wanted)
        if self.dreamlayer != VERSION:
            sentence = f"{path} has dreamlayer {self.dreamlayer}, but this is {VERSION}"
            return self._fixed_by(machine, sentence, "--upgrade", machine.requirement("cpu"))
        if self.onnxruntime is None:
            sentence = f"ONNX Runtime cannot be loaded in {path} ({self.reason})"
            return self._fixed_by(machine, sentence, wanted)
        return None

    def _fixed_by(self, machine: Machine, sentence: str, *wanted: str) -> Obstacle:
        """An obstacle that an installation removes, by what there is to install with."""
        path = self.path
        pip = machine.shown([path, "-m", "pip", "install", *wanted])
        if self.made_for and self.base:
            renew = machine.shown([self.base, "-m", "venv", "--upgrade", self.prefix])
            return Obstacle(sentence, chain(renew, pip))
        if self.managed:
            folder = machine.home / "dreamlayer"
            own = str(folder / "bin" / "python")
            make = machine.shown([path, "-m", "venv", str(folder)])
            pip = machine.shown([own, "-m", "pip", "install", *wanted])
            return Obstacle(sentence, chain(make, pip), own)
        if not self.pip and machine.which("uv"):
            uv = machine.shown(["uv", "pip", "install", "--python", path, *wanted])
            return Obstacle(sentence, uv)
        if not self.pip:
            return Obstacle(sentence, chain(machine.shown([path, "-m", "ensurepip"]), pip))
        return Obstacle(sentence, pip)


def _gone(path: str) -> str | None:
    """Why a program that was once there is not, None where it is."""
    file = Path(path)
    if file.is_symlink() and not file.exists():
        return (
            f"{path} leads to a Python that is no longer there "
            f"({file.readlink()}): it was removed or replaced"
        )
    if not file.exists():
        return (
            f"{path} is not there: this Python was removed or moved, or the settings come from "
            "another machine"
        )
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


def find_python(machine: Machine, path: str) -> PythonProbe:
    """What a Python can import, if the worker can run in it.

    Where dreamlayer is not installed in it, but this program runs from a checkout, the checkout is
    put on its path.

    Raises
    ------
    InstallError
        It does not start, is older than 3.11, or cannot import dreamlayer or ONNX Runtime.
    """
    probe = best_probe(machine, path)
    obstacle = probe.obstacle(machine)
    if obstacle:
        again = machine.shown([obstacle.python, *INSTALL]) if obstacle.python else None
        fix = chain(obstacle.fix, again)
        raise InstallError(f"{obstacle.sentence}{f'; run: {fix}' if fix else ''}")
    return probe


def best_probe(machine: Machine, path: str) -> PythonProbe:
    """What a Python can import, with the checkout on its path where it needs that."""
    probe = probe_python(machine, path, {})
    root = checkout()
    if probe.dreamlayer is None and root is not None and not probe.failure:
        return probe_python(machine, path, {"PYTHONPATH": str(root)})
    return probe


def checkout() -> Path | None:
    """The folder of the checkout that this program runs from, None where it is installed."""
    root = Path(__file__).resolve().parents[1]
    return root if (root / "pyproject.toml").is_file() else None


def python_path(machine: Machine, named: str | None) -> str:
    """The absolute path of a Python: the present one, or the one that the user names.

    It is not resolved, since a virtual environment's Python is a link.

    Raises
    ------
    InstallError
        There is no such program.
    """
    if named is None:
        if not machine.python:
            raise InstallError("this Python does not know its own path; name it with --python")
        path = Path(machine.python)
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
        Whether an editor inside Flatpak's sandbox, and one outside, will read it. Both may share
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
