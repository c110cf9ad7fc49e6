"""The machine as the installer sees it: one value, which tests replace, for all that it asks.

Everything that looks for an editor asks a `Machine` and nothing else, so that the rules of Windows,
macOS, Flatpak and Snap are tested on Linux, with made-up folders and answers.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dreamlayer.core.errors import DreamlayerError
from dreamlayer.core.installation import requirement

_NO_WINDOW = 0x08000000

_OTHER_PYTHON = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONPLATLIBDIR",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
)
"""Variables that would make another Python load the modules of this one."""


class InstallError(DreamlayerError):
    """The plug-in cannot be installed: no editor, an unsuitable Python, or a folder that is not
    ours or not writable."""


@dataclass(frozen=True)
class Obstacle:
    """What keeps the plug-in from working.

    Attributes
    ----------
    sentence : str
        What it is, in one sentence.
    fix : str or None
        The command that fixes it, if any.
    python : str or None
        Where the fix makes another Python, its path; the plug-in is then installed with it.
    """

    sentence: str
    fix: str | None = None
    python: str | None = None


@dataclass(frozen=True)
class Answer:
    """What a command printed and how it ended.

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

    @property
    def last_line(self) -> str:
        """The last line of `err` that is not blank, or ''."""
        return next((line for line in reversed(self.err.splitlines()) if line.strip()), "")


Run = Callable[[Sequence[str], Mapping[str, str], float], Answer]
"""Run a command in an environment, for at most so many seconds, in a temporary folder."""


Folders = Callable[[str, str], Path]
"""Where a program keeps the user's `cache`, `config` or `data`, and the program's name."""


def _folders() -> Folders | None:
    """What platformdirs says of this machine, as the core asks it; None where it is missing."""
    try:
        import platformdirs
    except ImportError:
        return None
    ask: dict[str, Callable[..., Path]] = {
        "cache": platformdirs.user_cache_path,
        "config": platformdirs.user_config_path,
        "data": platformdirs.user_data_path,
    }
    return lambda kind, application: ask[kind](application, appauthor=False)


def run(command: Sequence[str], environment: Mapping[str, str], seconds: float) -> Answer:
    """Run a command without input; one that takes too long is killed with everything it started.

    The output goes through files: a pipe would stay open as long as any grandchild lives.
    """
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        tempfile.TemporaryDirectory(prefix="dreamlayer-", ignore_cleanup_errors=True) as folder,
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
            _kill(process)
        return Answer(code, _read(out), _read(err))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill what is still running after a timeout or Ctrl-C, children included."""
    if process.poll() is None:
        if os.name == "nt":
            process.kill()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


@dataclass(frozen=True)
class Machine:
    """Where the installer works.

    Attributes
    ----------
    system : str
        `Linux`, `Windows` or `Darwin`; anything else is treated as Linux.
    home : Path
        The user's home folder.
    environment : mapping
        The environment variables.
    root : Path
        The folder that stands for `/` when folders such as /opt and /Applications are searched.
    run : callable
        Runs a command; see `run`.
    requirement : callable
        What pip installs dreamlayer from, given some extras.
    python : str
        The Python that runs this program, empty where that is unknown.
    folders : callable or None
        What platformdirs says of the machine, None where it is not installed or not asked.
    """

    system: str
    home: Path
    environment: Mapping[str, str]
    root: Path = Path("/")
    run: Run = run
    requirement: Callable[[str], str] = lambda extras: "dreamlayer" + (f"[{extras}]" * bool(extras))
    python: str = sys.executable
    folders: Folders | None = None

    @classmethod
    def this(cls) -> Machine:
        """The machine that the program runs on.

        Raises
        ------
        InstallError
            The user's home folder is unknown.
        """
        try:
            home = Path.home()
        except RuntimeError as error:
            raise InstallError("the home folder is unknown; set the variable HOME") from error
        environment = dict(os.environ)
        return cls(
            platform.system(), home, environment, requirement=requirement, folders=_folders()
        )

    @property
    def windows(self) -> bool:
        """Whether the system is Windows."""
        return self.system == "Windows"

    def variable(self, name: str) -> Path | None:
        """The folder that an environment variable names, None where it is not set or empty."""
        value = self.environment.get(name, "")
        return Path(value) if value else None

    @property
    def config_home(self) -> Path:
        """Where native programs keep their settings; GIMP's are in `GIMP/X.Y` below it."""
        if self.windows:
            return self.variable("APPDATA") or self.home / "AppData" / "Roaming"
        if self.system == "Darwin":
            return self.home / "Library" / "Application Support"
        return self.desktop_folder("config")

    def own_folder(self, kind: str, application: str) -> Path:
        """Where a program keeps the user's `cache`, `config` or `data`.

        platformdirs tells, as it tells the core: its versions differ. Where only the plug-in is
        handled it may not be installed; the rules are then those that all of them have.
        """
        if self.folders is not None:
            return self.folders(kind, application)
        if self.windows:
            local = self.variable("LOCALAPPDATA") or self.home / "AppData" / "Local"
            return local / application / ("Cache" if kind == "cache" else "")
        if self.system == "Darwin":
            library = self.home / "Library"
            return library / ("Caches" if kind == "cache" else "Application Support") / application
        return self.desktop_folder(kind) / application

    def desktop_folder(self, kind: str) -> Path:
        """As `own_folder`, for the Linux desktops; as for Qt, a relative path does not count."""
        usual = {"cache": ".cache", "config": ".config", "data": ".local/share"}[kind]
        named = self.variable(f"XDG_{kind.upper()}_HOME")
        return named if named is not None and named.is_absolute() else self.home / usual

    @property
    def path(self) -> list[Path]:
        """The folders on the PATH."""
        separator = ";" if self.windows else ":"
        parts = self.environment.get("PATH", "").split(separator)
        return [Path(part) for part in parts if part]

    def which(self, name: str) -> Path | None:
        """The program of that name on the PATH, None where it is not found."""
        file = f"{name}.exe" if self.windows else name
        return next((f / file for f in self.path if self.executable(f / file)), None)

    def executable(self, path: Path) -> bool:
        """Whether a file is a program that can be run."""
        with contextlib.suppress(OSError):
            if not path.is_file():
                return False
            return path.suffix.lower() == ".exe" if self.windows else os.access(path, os.X_OK)
        return False

    def python_environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment for another Python: without what belongs to this one, with `extra`."""
        kept = {k: v for k, v in self.environment.items() if k.upper() not in _OTHER_PYTHON}
        # ONNX Runtime, which that Python may import, reports to Microsoft unless told not to.
        return {"ORT_DISABLE_TELEMETRY": "1", **kept, "PYTHONUTF8": "1", **(extra or {})}

    def editor_environment(self) -> dict[str, str]:
        """The environment for an editor, as its menu entry would start it.

        On Linux, GIMP's Python plug-ins begin with `#!/usr/bin/env python3`. The Python of an
        active virtual environment has no `gi`: all of them would fail, and GIMP would remember
        that. So the system's programs come first.
        """
        kept = {k: v for k, v in self.environment.items() if k.upper() not in _OTHER_PYTHON}
        if self.system not in ("Windows", "Darwin"):
            own = ["/usr/local/bin", "/usr/bin", "/bin"]
            kept["PATH"] = ":".join([*own, *(str(p) for p in self.path if str(p) not in own)])
        return kept

    def shown(self, command: Sequence[str]) -> str:
        """A command as it is typed in this machine's shell."""
        return subprocess.list2cmdline(command) if self.windows else shlex.join(command)

    def move(self, path: Path, target: Path) -> list[str]:
        """The command that moves a file or folder."""
        return ["move" if self.windows else "mv", str(path), str(target)]

    def remove(self, folder: Path) -> list[str]:
        """The command that removes a folder with all that it holds."""
        return [*(["rmdir", "/s"] if self.windows else ["rm", "-r"]), str(folder)]


def chain(*commands: str | None) -> str | None:
    """Commands that are run one after the other, as long as they succeed; None for none."""
    return " && ".join(filter(None, commands)) or None
