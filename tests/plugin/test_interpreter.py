"""The worker's Python is tried before anything is copied, and written down for each sandbox."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_machine import HOME, linux, python, script

from dreamlayer.core.version import VERSION
from dreamlayer.plugin import interpreter
from dreamlayer.plugin.interpreter import (
    PythonProbe,
    find_python,
    probe_python,
    python_path,
    worker_settings,
)
from dreamlayer.plugin.machine import InstallError, Machine

posix = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")
ROOT = Path(__file__).parents[2]


def test_the_present_python_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The real Python that runs the tests, from another folder, links in its path kept."""
    monkeypatch.chdir(tmp_path)
    probe = find_python(Machine.this(), python_path(Machine.this(), None))
    assert probe.path == str(Path(sys.executable).absolute())
    assert probe.dreamlayer == VERSION
    assert probe.python == sys.version_info[:3]
    assert probe.onnxruntime


@posix
def test_a_checkout_is_put_on_the_path(tmp_path: Path) -> None:
    """Where dreamlayer is not installed, the checkout that this runs from is recorded."""
    machine = linux(tmp_path)
    here = json.dumps({"python": [3, 11, 0], "dreamlayer": VERSION, "onnxruntime": "1.20"})
    gone = json.dumps({"python": [3, 11, 0], "dreamlayer": None, "onnxruntime": "1.20"})
    text = f"#!/bin/sh\nif [ \"$PYTHONPATH\" ]; then echo '{here}'; else echo '{gone}'; fi\n"
    path = script(tmp_path / HOME / "python", text)
    assert find_python(machine, str(path)).environment == {"PYTHONPATH": str(ROOT)}


@posix
def test_an_install_stays_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages of one Python are never put on the path of another."""
    monkeypatch.setattr(interpreter, "checkout", lambda: None)
    path = python(tmp_path / "python", dreamlayer=None, missing="ModuleNotFoundError: dreamlayer")
    with pytest.raises(InstallError, match=rf"not installed in .*; run: {path} -m pip install"):
        find_python(linux(tmp_path), str(path))


@posix
@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"python": [3, 10, 2]}, r"is Python 3\.10\.2, but dreamlayer needs 3\.11"),
        ({"python": [2, 7, 18]}, r"is Python 2\.7\.18"),
        ({"missing": "ModuleNotFoundError: No module named 'onnx'"}, "No module named 'onnx'"),
        (
            {"dreamlayer": "0.0.1"},
            r"has dreamlayer 0\.0\.1, but this .*pip install --upgrade ",
        ),
        ({"onnxruntime": None, "reason": "ImportError: DLL"}, r"ONNX Runtime .*DLL.*pip install"),
    ],
)
def test_refused(tmp_path: Path, said: dict[str, object], sentence: str) -> None:
    """A Python that is too old, or lacks something, is refused with what to do."""
    path = python(tmp_path / HOME / "python", **said)
    with pytest.raises(InstallError, match=sentence):
        find_python(linux(tmp_path), str(path))


@posix
@pytest.mark.parametrize(
    "text", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho '[1]'\n", "#!/bin/sh\necho {}\n", "#!/none\n"]
)
def test_no_python_at_all(tmp_path: Path, text: str) -> None:
    """A program that does not answer as a Python does is refused in one sentence."""
    path = script(tmp_path / "thing", text)
    with pytest.raises(InstallError, match=f"{path} does not run: "):
        find_python(linux(tmp_path), str(path))


def test_no_such_program(tmp_path: Path) -> None:
    """A name that nothing has is refused."""
    with pytest.raises(InstallError, match="there is no program"):
        python_path(linux(tmp_path), str(tmp_path / "python"))


def test_another_dreamlayer_is_not_ours(tmp_path: Path) -> None:
    """Somebody else's package of the name dreamlayer is not taken for ours."""
    (tmp_path / "dreamlayer").mkdir()
    (tmp_path / "dreamlayer" / "__init__.py").write_text("VERSION = '9'")
    # Without ours, which an editable install would still find below it.
    venv.create(tmp_path / "bare", symlinks=True)
    python = tmp_path / "bare" / ("Scripts" if os.name == "nt" else "bin") / "python"
    probe = probe_python(Machine.this(), str(python), {"PYTHONPATH": str(tmp_path)})
    assert probe.failure is None
    assert probe.dreamlayer is None


def test_pythonw_gives_way(tmp_path: Path) -> None:
    """On Windows, the Python that has a console is recorded."""
    for name in ("python.exe", "pythonw.exe"):
        script(tmp_path / name, "")
    machine = Machine("Windows", tmp_path, {}, python=str(tmp_path / "pythonw.exe"))
    assert python_path(machine, None) == str(tmp_path / "python.exe")
    with pytest.raises(InstallError, match="--python"):
        python_path(replace(machine, python=""), None)


@posix
@pytest.mark.parametrize(
    ("said", "programs", "command"),
    [
        ({}, [], "{python} -m pip install 'dreamlayer[cpu]'"),
        (
            {"pip": False},
            [],
            "{python} -m ensurepip && {python} -m pip install 'dreamlayer[cpu]'",
        ),
        ({"pip": False}, ["uv"], "uv pip install --python {python} 'dreamlayer[cpu]'"),
        (
            {"managed": True},
            [],
            "{python} -m venv {home}/dreamlayer && "
            "{home}/dreamlayer/bin/python -m pip install 'dreamlayer[cpu]' && "
            "{home}/dreamlayer/bin/python -m dreamlayer.plugin install",
        ),
    ],
)
def test_what_there_is_to_install_with(
    tmp_path: Path, said: dict[str, object], programs: list[str], command: str
) -> None:
    """A Python of the system's refuses pip, and some have none: the command still works."""
    machine = replace(linux(tmp_path), home=tmp_path / "home")
    path = python(tmp_path / "python", onnxruntime=None, reason="ImportError: x", **said)
    for name in programs:
        script(tmp_path / "bin" / name, "#!/bin/sh\n")
    with pytest.raises(InstallError) as caught:
        find_python(machine, str(path))
    assert str(caught.value).endswith("; run: " + command.format(python=path, home=machine.home))


@posix
def test_an_environment_under_which_python_was_upgraded(tmp_path: Path) -> None:
    """A real one: its Python finds no packages; the command makes it one of the new version."""
    folder = tmp_path / "venv"
    venv.create(folder, symlinks=True, with_pip=False)
    # As it is after the system's Python 3.8 has become the present one.
    settings = folder / "pyvenv.cfg"
    settings.write_text(re.sub(r"(?m)^version = .*", "version = 3.8.10", settings.read_text()))
    packages = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages.rename(folder / "lib" / "python3.8")
    probe = probe_python(Machine.this(), str(folder / "bin" / "python"), {})
    assert probe.made_for == "3.8"
    assert probe.pip is False
    found = probe.obstacle(Machine.this())
    assert found is not None
    assert found.sentence.startswith(f"the virtual environment {folder} was made for Python 3.8")
    assert found.fix is not None
    renew, _, pip = found.fix.partition(" && ")
    subprocess.run(["/bin/sh", "-c", renew], check=True, timeout=300)
    assert pip.startswith(f"{folder}/bin/python -m pip install ")
    again = probe_python(Machine.this(), str(folder / "bin" / "python"), {})
    assert (again.made_for, again.pip) == (None, True)


@posix
def test_a_moved_environment(tmp_path: Path) -> None:
    """A real one works where it is now, and is not there where it was."""
    venv.create(tmp_path / "a", symlinks=True)
    (tmp_path / "a").rename(tmp_path / "b")
    machine = Machine.this()
    assert probe_python(machine, str(tmp_path / "b" / "bin" / "python"), {}).failure is None
    gone = probe_python(machine, str(tmp_path / "a" / "bin" / "python"), {}).obstacle(machine)
    assert gone is not None
    assert gone.sentence.startswith(f"{tmp_path}/a/bin/python is not there: ")


PROBE = PythonProbe("/my venv/bin/python", {"PYTHONPATH": "/check out"})
WORKER = ["/my venv/bin/python", "-P", "-m", "dreamlayer", "worker"]
LEAVE = [
    "flatpak-spawn",
    "--host",
    "--watch-bus",
    "--env=PYTHONPATH=/check out",
    "--env=PYTHONUTF8=1",
    "--env=PYTHONUNBUFFERED=1",
    "--env=ORT_DISABLE_TELEMETRY=1",
]


def test_record_outside() -> None:
    """Outside a sandbox the worker is started directly."""
    assert worker_settings(PROBE, inside=False, outside=True) == {
        "command": WORKER,
        "environment": {"PYTHONPATH": "/check out"},
        "version": VERSION,
        "interpreter": "/my venv/bin/python",
    }


def test_record_inside() -> None:
    """Inside Flatpak the worker is started on the host, with its variables named."""
    assert worker_settings(PROBE, inside=True, outside=False)["command"] == [*LEAVE, *WORKER]


@posix
def test_record_for_both(tmp_path: Path) -> None:
    """A folder that both read holds a command that works outside; inside, by the same text."""
    python_path = script(tmp_path / "my venv" / "python", '#!/bin/sh\nprintf "<%s>" "$@"\n')
    command = worker_settings(PythonProbe(str(python_path)), inside=True, outside=True)["command"]
    assert subprocess.check_output(command, text=True) == "<-P><-m><dreamlayer><worker>"
    # The file that tells the sandbox is not there in a test: look for another that is.
    sandbox = script(tmp_path / "flatpak-spawn", '#!/bin/sh\nprintf "(%s)" "$@"\n')
    there = [part.replace("/.flatpak-info", str(sandbox)) for part in command]
    environment = {**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"}
    said = subprocess.check_output(there, text=True, env=environment)
    assert said.startswith("(--host)(--watch-bus)(--env=PYTHONUTF8=1)")
    assert said.endswith(f"({python_path})(-P)(-m)(dreamlayer)(worker)")
