"""The machine as the installer sees it, in one value that tests replace: system, folders, commands.

Everything that looks for an editor asks a `Machine` and nothing else, so that the rules of Windows
and macOS, of Flatpak and Snap, are tested on Linux with folders and answers that a test makes up.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dreamlayer.plugin.errors import InstallError

_NO_WINDOW = 0x08000000

_OTHER_PYTHON = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONPLATLIBDIR",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
)
"""What leads a Python other than the present one to the wrong modules."""


@dataclass(frozen=True)
class Answer:
    """What a command said.

    Attributes
    ----------
    code : int or None
        Its exit code; None where it did not start or did not end in time.
    out, err : str
        What it wrote; where the code is None, `err` says why.
    """

    code: int | None
    out: str
    err: str


Run = Callable[[Sequence[str], Mapping[str, str], float], Answer]
"""Run a command in an environment for at most so many seconds, in a folder of no importance."""


def run(command: Sequence[str], environment: Mapping[str, str], seconds: float) -> Answer:
    """Run a command to its end without input, and with everything it started if it takes too long.

    The output goes through files: a pipe would stay open as long as any grandchild lives.
    """
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        tempfile.TemporaryDirectory(prefix="dreamlayer-") as folder,
    ):
        try:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=dict(environment),
                cwd=folder,
                start_new_session=os.name != "nt",
                creationflags=_NO_WINDOW if os.name == "nt" else 0,
            )
        except (OSError, ValueError) as error:
            return Answer(None, "", getattr(error, "strerror", None) or str(error))
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return Answer(None, "", f"no answer in {seconds:g} s")
        finally:
            _end(process)
        return Answer(code, _written(out), _written(err))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is still running, as after a timeout or Ctrl-C, children included."""
    if process.poll() is None:
        if os.name == "nt":
            process.kill()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _written(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


@dataclass(frozen=True)
class Machine:
    """Where an installer works.

    Attributes
    ----------
    system : str
        `Linux`, `Windows` or `Darwin`; anything else is treated like Linux.
    home : Path
        The user's home folder.
    environment : mapping
        The environment variables.
    root : Path
        What absolute folders such as /opt and /Applications are looked for in.
    run : callable
        Runs a command; see `run`.
    """

    system: str
    home: Path
    environment: Mapping[str, str]
    root: Path = Path("/")
    run: Run = run

    @classmethod
    def this(cls) -> Machine:
        """The machine that the program runs on.

        Raises
        ------
        InstallError
            Nothing tells where the user's home folder is.
        """
        try:
            home = Path.home()
        except RuntimeError as error:
            raise InstallError("the home folder is unknown; set the variable HOME") from error
        return cls(platform.system(), home, dict(os.environ))

    @property
    def windows(self) -> bool:
        """Whether the rules of Windows hold."""
        return self.system == "Windows"

    def variable(self, name: str) -> Path | None:
        """A folder named by an environment variable, None where that is not set or empty."""
        value = self.environment.get(name, "")
        return Path(value) if value else None

    @property
    def config_home(self) -> Path:
        """The folder in which native programs keep settings, GIMP in `GIMP/X.Y`."""
        if self.windows:
            return self.variable("APPDATA") or self.home / "AppData" / "Roaming"
        if self.system == "Darwin":
            return self.home / "Library" / "Application Support"
        return self.variable("XDG_CONFIG_HOME") or self.home / ".config"

    @property
    def path(self) -> list[Path]:
        """The folders in which programs are looked for."""
        separator = ";" if self.windows else ":"
        parts = self.environment.get("PATH", "").split(separator)
        return [Path(part) for part in parts if part]

    def which(self, name: str) -> Path | None:
        """The program that the shell would start, None where there is none."""
        file = f"{name}.exe" if self.windows else name
        return next((f / file for f in self.path if self.executable(f / file)), None)

    def executable(self, path: Path) -> bool:
        """Whether a file can be started."""
        with contextlib.suppress(OSError):
            if not path.is_file():
                return False
            return path.suffix.lower() == ".exe" if self.windows else os.access(path, os.X_OK)
        return False

    def python_environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment for another Python, free of what belongs to this one, with `extra`."""
        kept = {k: v for k, v in self.environment.items() if k.upper() not in _OTHER_PYTHON}
        # ONNX Runtime, which that Python may import, reports to Microsoft unless told not to.
        return {"ORT_DISABLE_TELEMETRY": "1", **kept, "PYTHONUTF8": "1", **(extra or {})}

    def editor_environment(self) -> dict[str, str]:
        """The environment for an editor, as its menu entry would start it.

        The plug-ins in Python that GIMP starts on Linux begin with `#!/usr/bin/env python3`. In an
        active virtual environment that Python has no `gi`: all would fail, and GIMP would remember
        that. So the system's programs come first.
        """
        kept = {k: v for k, v in self.environment.items() if k.upper() not in _OTHER_PYTHON}
        if self.system not in ("Windows", "Darwin"):
            own = ["/usr/local/bin", "/usr/bin", "/bin"]
            kept["PATH"] = ":".join([*own, *(str(p) for p in self.path if str(p) not in own)])
        return kept

    def shown(self, command: Sequence[str]) -> str:
        """A command as one types it in this machine's shell."""
        return subprocess.list2cmdline(command) if self.windows else shlex.join(command)
