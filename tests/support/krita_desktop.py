"""A real Krita on a display of its own, with the plug-in put there by our installer."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import editor_root

INSIDE = editor_root.PROJECT / "tests" / "plugin" / "inside_krita"

_TELLER = """[Desktop Entry]
Type=Service
ServiceTypes=Krita/PythonPlugin
X-KDE-Library=teller
X-Python-2-Compatible=false
Name=Tells how the documents are
"""

_KRITARC = """[python]
enable_dreamlayer=true
enable_teller=true
"""


@dataclass
class Desktop:
    """A root with Krita, and a folder with the home of its user."""

    suite: str
    folder: Path

    def visit(self, script: str, *words: str, timeout: float, **more: str) -> str:
        """Run one of the scripts `window*.py` of `inside_krita`; what it said."""
        for name in ("seen.json", "state.json"):
            (self.folder / name).unlink(missing_ok=True)
        for picture in self.folder.glob("*.xwd"):
            picture.unlink()
        home = self.folder / "home"
        config = home / ".config"
        config.mkdir(exist_ok=True)
        # Nothing that a former visit has set.
        (config / "kritarc").write_text(_KRITARC + more.pop("KRITARC", ""), encoding="utf-8")
        (config / "klanguageoverridesrc").unlink(missing_ok=True)
        if language := more.pop("KRITA_LANGUAGE", ""):
            text = f"[Language]\nkrita={language}\n"
            (config / "klanguageoverridesrc").write_text(text, encoding="utf-8")
        environment = {
            "HOME": str(home),
            "XDG_RUNTIME_DIR": "/tmp",
            "QT_QPA_PLATFORM": "xcb",
            "PYTHONDONTWRITEBYTECODE": "1",
            "DREAMLAYER_RESULTS": str(self.folder),
            **more,
        }
        command = ["python3", str(Path("/host") / INSIDE.relative_to("/") / script), *words]
        ran = editor_root.run(
            self.suite, command, self.folder, environment=environment, timeout=timeout
        )
        return ran.stdout + ran.stderr

    def read(self, name: str) -> Any:
        """A result, as the script left it."""
        return json.loads((self.folder / name).read_text(encoding="utf-8"))


def install(suite: str, folder: Path) -> Desktop:
    """A Krita with a fresh home, the plug-in in it, and one that tells of the documents."""
    pykrita = folder / "home" / ".local" / "share" / "krita" / "pykrita"
    (pykrita / "teller").mkdir(parents=True)
    shutil.copy(INSIDE / "teller.py", pykrita / "teller" / "__init__.py")
    (pykrita / "teller.desktop").write_text(_TELLER, encoding="utf-8")
    python = editor_root.interpreter(folder / "the python", editor_root.PROJECT)
    command = [sys.executable, "-m", "plugin", "install", "--to", str(pykrita)]
    ran = subprocess.run(
        [*command, "--python", str(python)],
        cwd=editor_root.PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return Desktop(suite, folder)
