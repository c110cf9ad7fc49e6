"""The script that the menu entries start: with the chosen Python, and never silent."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_desktop import desktop, install, starter
from made_up_machine import linux, script

from dreamlayer.plugin.file_managers import launcher
from dreamlayer.plugin.file_managers.launcher import Setup, read_setup, write_setup
from dreamlayer.plugin.machine import InstallError, Machine

needs_shell = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")


def run(machine: Machine, *files: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start the script as a file manager does."""
    return subprocess.run(
        [starter(machine), *files],
        env={"PATH": f"{machine.root / 'bin'}{os.pathsep}/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@needs_shell
def test_it_starts_the_chosen_python(tmp_path: Path) -> None:
    """It gets the preset and the names, and nothing of another Python's environment."""
    machine = linux(tmp_path)
    path = tmp_path / "Ann's Python"
    text = """#!/bin/sh
echo "$PYTHONPATH|$PYTHONHOME|$PYTHONUTF8"; for one in "$@"; do echo "$one"; done; exit 2
"""
    script(path, text)
    write_setup(machine, Setup(str(path), {"PYTHONPATH": "/my checkout"}, "my 'forest'"))
    ran = run(machine, "-a.jpg", 'b "c" $d.png', PYTHONHOME="/other", PYTHONPATH="/other")
    assert ran.returncode == 2
    assert ran.stdout.splitlines() == [
        "/my checkout||1",
        *["-P", "-m", "dreamlayer.plugin.file_managers", "--preset", "my 'forest'", "--"],
        *["-a.jpg", 'b "c" $d.png'],
    ]
    assert ran.stderr == ""


@needs_shell
@pytest.mark.parametrize("there", [True, False])
def test_a_python_that_is_gone_is_told(tmp_path: Path, there: bool) -> None:
    """Where the Python is gone, or lacks dreamlayer, the desktop says so and what to do."""
    machine = desktop(tmp_path)
    assert install(machine) == 0
    path = tmp_path / "my venv" / "python"
    path.unlink()
    if there:
        script(path, "#!/bin/sh\necho No module named dreamlayer >&2; exit 1\n")
    script(tmp_path / "bin" / "notify-send", "#!/bin/sh\nexit 1\n")
    script(tmp_path / "bin" / "kdialog", '#!/bin/sh\nfor one in "$@"; do echo "$one"; done\n')
    ran = run(machine, "a.jpg")
    assert ran.returncode == 2
    title, kind, text = ran.stdout.splitlines()[1:]
    assert (title, kind) == ("Deep Dream", "--error")
    assert text == (
        f"Deep Dream does not start: its Python, {path}, was removed or lacks dreamlayer. "
        "Run in a terminal: dreamlayer-plugin doctor"
    )


def test_on_windows(tmp_path: Path) -> None:
    """The script is Python, which sets the path of a checkout and shows a message box at worst."""
    machine = replace(linux(tmp_path), system="Windows")
    write_setup(machine, Setup(r"C:\Jörg\python.exe", {"PYTHONPATH": r"C:\my checkout"}, "it's"))
    path = launcher.script(machine)
    assert path.name == "deep-dream.pyw"
    text = path.read_text("utf-8")
    ast.parse(text)
    assert r"sys.path[:0] = ['C:\\my checkout']" in text
    assert "sys.argv[1:1] = ['--preset', \"it's\", '--']" in text
    assert "MessageBoxW" in text


def test_the_settings_are_read_back(tmp_path: Path) -> None:
    """What was written is read, and what is damaged is told by its path."""
    machine = linux(tmp_path)
    assert read_setup(machine) is None
    setup = Setup("/usr/bin/python3", {"A": "b"}, "animals")
    write_setup(machine, setup)
    assert read_setup(machine) == setup
    path = starter(machine).with_name("settings.json")
    for text in ("{", "[]", '{"interpreter": 3}', '{"a": 1}'):
        path.write_text(text)
        with pytest.raises(InstallError, match=r"settings\.json is damaged"):
            read_setup(machine)
