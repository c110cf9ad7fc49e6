"""Commands are run to their end or ended, and each kind of program gets its own environment."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from made_up_machine import linux, script

from dreamlayer.plugin.machine import Machine, run

posix = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")


@posix
def test_output_and_exit_code(tmp_path: Path) -> None:
    """Both outputs and the exit code come back, bytes that are no UTF-8 replaced."""
    program = script(tmp_path / "a b", "#!/bin/sh\nprintf 'caf\\351\\n'; echo err >&2; exit 3\n")
    answer = run([str(program)], os.environ, 20)
    assert (answer.code, answer.out, answer.err) == (3, "caf�\n", "err\n")


def test_missing_program(tmp_path: Path) -> None:
    """A program that is not there is an answer, no exception."""
    answer = run([str(tmp_path / "none")], os.environ, 20)
    assert answer.code is None
    assert "No such file" in answer.err or answer.err


@posix
def test_timeout_ends_the_children(tmp_path: Path) -> None:
    """A command that takes too long is ended with everything that it started."""
    mark = tmp_path / "mark"
    program = script(tmp_path / "slow", f"#!/bin/sh\n(sleep 2; echo x > '{mark}') &\nsleep 30\n")
    begun = time.monotonic()
    answer = run([str(program)], os.environ, 0.5)
    assert answer.code is None
    assert answer.err == "no answer in 0.5 s"
    assert time.monotonic() - begun < 10
    time.sleep(2.5)
    assert not mark.exists()


@posix
def test_lingering_grandchild_is_not_waited_for(tmp_path: Path) -> None:
    """What a command leaves running with its output open does not hold the answer back."""
    program = script(tmp_path / "leaves", "#!/bin/sh\nsleep 5 &\necho done\n")
    begun = time.monotonic()
    assert run([str(program)], os.environ, 20).out == "done\n"
    assert time.monotonic() - begun < 4


def test_runs_in_a_neutral_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `core` in the current folder is not what a Python finds."""
    (tmp_path / "core.py").write_text("raise SystemExit('wrong')")
    monkeypatch.chdir(tmp_path)
    code = "import importlib.util as u; print(u.find_spec('core'))"
    machine = Machine.this()
    answer = run([sys.executable, "-c", code], machine.python_environment(), 20)
    assert str(tmp_path) not in answer.out


def test_python_environment_is_free_of_ours(tmp_path: Path) -> None:
    """Another Python gets none of the variables that lead it to this one's modules."""
    machine = linux(tmp_path, PYTHONPATH="/x", PYTHONHOME="/x", VIRTUAL_ENV="/x", LANG="C")
    environment = machine.python_environment({"PYTHONPATH": "/checkout"})
    assert environment["PYTHONPATH"] == "/checkout"
    assert environment["LANG"] == "C"
    assert not {"PYTHONHOME", "VIRTUAL_ENV"} & set(environment)


def test_editor_environment_puts_the_system_first(tmp_path: Path) -> None:
    """GIMP's `env python3` must not be that of an active virtual environment, which has no gi."""
    machine = linux(tmp_path, PATH="/venv/bin:/usr/bin:/opt/x", VIRTUAL_ENV="/venv", PYTHONPATH="x")
    environment = machine.editor_environment()
    assert environment["PATH"] == "/usr/local/bin:/usr/bin:/bin:/venv/bin:/opt/x"
    assert not {"VIRTUAL_ENV", "PYTHONPATH"} & set(environment)


def test_folders_of_each_system() -> None:
    """Settings lie where each system keeps them, or where its variables say."""
    home = Path("/home/jörg")
    roaming = str(Path("/c/Roaming"))
    assert Machine("Linux", home, {}).config_home == home / ".config"
    assert Machine("Linux", home, {"XDG_CONFIG_HOME": "/else"}).config_home == Path("/else")
    assert Machine("Linux", home, {"XDG_CONFIG_HOME": ""}).config_home == home / ".config"
    assert Machine("Linux", home, {"XDG_CONFIG_HOME": "else"}).config_home == home / ".config"
    assert Machine("Windows", home, {"APPDATA": roaming}).config_home == Path(roaming)
    assert Machine("Windows", home, {}).config_home == home / "AppData" / "Roaming"
    mac = Machine("Darwin", home, {"XDG_CONFIG_HOME": "/else"}).config_home
    assert mac == home / "Library" / "Application Support"


def test_commands_are_shown_as_typed() -> None:
    """A path with a space is quoted as the machine's shell wants it."""
    command = ["/my python", "-m", "pip", "install", "dreamlayer[cpu]"]
    linux_text = Machine("Linux", Path(), {}).shown(command)
    assert linux_text == "'/my python' -m pip install 'dreamlayer[cpu]'"
    windows_text = Machine("Windows", Path(), {}).shown(command)
    assert windows_text == '"/my python" -m pip install dreamlayer[cpu]'
