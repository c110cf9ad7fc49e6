"""A real GIMP with the filter in it, and how scripts of `tests/plugin/inside_gimp` run there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import editor_root
import numpy as np
from PIL import Image

SUITES = ("trixie", "sid")
"""Debian's with GIMP 3.0, and with GIMP 3.2."""

INSIDE = editor_root.PROJECT / "tests" / "plugin" / "inside_gimp"


@dataclass
class Gimp:
    """A root with GIMP, a configuration folder with the filter in it, and a network."""

    suite: str
    folder: Path
    network: Path

    def run(self, script: str, *words: str, timeout: float, **more: str) -> str:
        """Run one of the scripts of `inside_gimp`; what it said."""
        inside = Path("/host") / INSIDE.relative_to("/") / script
        if script.startswith(("window", "kills.")):
            command = ["python3", str(inside), *words]
            # What the script before has seen is no result of this one's, nor does it go on with
            # the settings that GIMP remembers of it.
            shutil.rmtree(self.folder / "gimp" / "plug-in-settings", ignore_errors=True)
            for name in ("seen.json", "state.json", "wanted"):
                (self.folder / name).unlink(missing_ok=True)
            for picture in self.folder.glob("*.xwd"):
                picture.unlink()
        else:
            batch = f"import runpy; runpy.run_path({str(inside)!r})"
            console = ["gimp-console-3", "-i", "--quit", "--batch-interpreter"]
            command = [*console, "python-fu-eval", "-b", batch]
        environment = {
            "GIMP3_DIRECTORY": str(self.folder / "gimp"),
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

    def pixels(self, name: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """8-bit pixels that a script left."""
        return np.fromfile(self.folder / name, np.uint8).reshape(shape)


def install(suite: str, folder: Path, network: Path) -> Gimp:
    """A GIMP with a fresh configuration, and the filter in it, put there by our installer."""
    plug_ins = folder / "gimp" / "plug-ins"
    plug_ins.mkdir(parents=True)
    (plug_ins / "painter").mkdir()
    shutil.copy(INSIDE / "painter.py", plug_ins / "painter" / "painter.py")
    (plug_ins / "painter" / "painter.py").chmod(0o755)
    python = editor_root.interpreter(folder / "the python")
    command = [sys.executable, "-m", "plugin", "install", "--to", str(plug_ins)]
    ran = subprocess.run(
        [*command, "--python", str(python)],
        cwd=editor_root.PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return Gimp(suite, folder, network)


def screenshot(path: Path) -> Image.Image:
    """Read an X window dump as Xvfb keeps it: a header, a color map, rows of BGRX."""
    data = path.read_bytes()
    header = np.frombuffer(data, ">u4", 25)
    size, width, height, line, colors = (int(header[i]) for i in (0, 4, 5, 12, 19))
    pixels = np.frombuffer(data, np.uint8, line * height, offset=size + colors * 12)
    return Image.fromarray(pixels.reshape(height, line // 4, 4)[:, :width, 2::-1].copy())
