"""A real Krita with our modules, and how scripts of `tests/plugin/inside_krita` run there."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import editor_root

SUITES = ("trixie", "sid")
"""Debian's with Krita 5.2, and with Krita 5.3."""

INSIDE = editor_root.PROJECT / "tests" / "plugin" / "inside_krita"
SOURCE = editor_root.PROJECT / "plugin" / "dreamlayer"
_SCREEN = ":7"
_STARTER = """[Desktop Entry]
Type=Service
ServiceTypes=Krita/PythonPlugin
X-KDE-Library=starter
X-Python-2-Compatible=false
Name=Runs the checks
"""


@dataclass
class Krita:
    """A root with Krita, a folder with the plug-in in it, and a network."""

    suite: str
    folder: Path
    network: Path

    def run(self, script: str, timeout: float, **more: str) -> str:
        """Run `main` of one of the scripts of `inside_krita` without a window; what it said."""
        command = ["kritarunner", "-s", Path(script).stem, "-f", "main"]
        return self._run(command, timeout, QT_QPA_PLATFORM="offscreen", **more)

    def run_in_window(self, script: str, timeout: float, **more: str) -> str:
        """The same in Krita's window, on a display of its own."""
        plug_ins = self.folder / "home" / ".local" / "share" / "krita" / "pykrita"
        if not plug_ins.is_dir():
            (plug_ins / "starter").mkdir(parents=True)
            shutil.copy(INSIDE / "starter.py", plug_ins / "starter" / "__init__.py")
            (plug_ins / "starter.desktop").write_text(_STARTER)
            config = self.folder / "home" / ".config"
            config.mkdir(exist_ok=True)
            (config / "kritarc").write_text("[python]\nenable_starter=true\n")
        screen = f"Xvfb {_SCREEN} -screen 0 1280x900x24 & sleep 1; DISPLAY={_SCREEN} openbox & "
        command = ["sh", "-c", screen + f"DISPLAY={_SCREEN} krita --nosplash"]
        name = Path(script).stem
        return self._run(command, timeout, QT_QPA_PLATFORM="xcb", DREAMLAYER_SCRIPT=name, **more)

    def kill(self, times: int, seed: int, timeout: float) -> str:
        """Run `kills.py`, which starts and kills Kritas without a window; what it said."""
        command = ["python3", f"/host{INSIDE / 'kills.py'}", str(times), str(seed)]
        return self._run(command, timeout, QT_QPA_PLATFORM="offscreen")

    def _run(self, command: list[str], timeout: float, **more: str) -> str:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        environment = {
            "HOME": str(home),
            "XDG_RUNTIME_DIR": "/tmp",
            # Krita's own folder for plug-ins is another one in kritarunner.
            "PYTHONPATH": f"{self.folder / 'plug-ins'}:/host{INSIDE}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "DREAMLAYER_RESULTS": str(self.folder),
            "DREAMLAYER_NETWORK": str(self.network),
            **more,
        }
        ran = editor_root.run(
            self.suite, command, self.folder, environment=environment, timeout=timeout
        )
        return ran.stdout + ran.stderr

    def read(self, name: str) -> Any:
        """A result, as the script left it."""
        return json.loads((self.folder / name).read_text(encoding="utf-8"))


def install(suite: str, folder: Path, network: Path) -> Krita:
    """A Krita with a fresh home, and the plug-in's modules where its Python finds them."""
    plug_in = folder / "plug-ins" / "dreamlayer"
    plug_in.mkdir(parents=True)
    for name in ("editor", "pykrita", "locale"):
        shutil.copytree(SOURCE / name, plug_in / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SOURCE / "description.json", plug_in)
    (plug_in / "__init__.py").write_text('"""The package as Krita has it."""\n')
    python = editor_root.interpreter(folder / "the python", editor_root.PROJECT)
    settings = {"command": [str(python), "-P", "-m", "dreamlayer", "worker"], "version": ""}
    (plug_in / "worker.json").write_text(json.dumps(settings), encoding="utf-8")
    return Krita(suite, folder, network)
