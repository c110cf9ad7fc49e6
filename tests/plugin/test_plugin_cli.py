"""`python -m plugin` as a user runs it: fast help, one sentence an error, no traceback ever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from command_line import ROOT, refused
from made_up_machine import HOME, gimp, python

from dreamlayer.plugin import cli
from dreamlayer.plugin.machine import InstallError, Machine

posix = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts and signals")


def command(*arguments: object) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "plugin", *map(str, arguments)]


def environment(tmp_path: Path) -> dict[str, str]:
    """Variables under which the real machine looks empty."""
    (tmp_path / HOME).mkdir(exist_ok=True)
    (tmp_path / "bin").mkdir(exist_ok=True)
    system = {k: v for k, v in os.environ.items() if k in ("SYSTEMROOT", "TEMP", "TMP")}
    home = str(tmp_path / HOME)
    return {
        **system,
        "HOME": home,
        "USERPROFILE": home,
        "PATH": str(tmp_path / "bin"),
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
    }


def run(tmp_path: Path, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    """Run it to its end on the empty machine."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        env=environment(tmp_path),
        timeout=120,
        check=False,
    )


def test_help_imports_nothing_heavy() -> None:
    """Help comes without numpy, onnx or ONNX Runtime, also without a command."""
    code = (
        "import sys\n"
        "from plugin.cli import main\n"
        "assert main([]) == 0\n"
        "for name in ('install', 'uninstall', 'doctor', 'zip'):\n"
        "    try: main([name, '--help'])\n"
        "    except SystemExit as end: assert end.code == 0\n"
        "print(sorted({'numpy', 'onnx', 'onnxruntime', 'PIL'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("[]\n")


@posix
@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        (["instal"], "invalid choice"),
        (["install", "--froce"], "unrecognized arguments"),
        (["install", "--python", "/none/python"], "there is no program '/none/python'"),
        (["install", "--to", "/none/plug-ins"], "/none/plug-ins is not a folder"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, arguments: list[str], pattern: str) -> None:
    """Whatever is wrong: exit code 2, one line."""
    refused(run(tmp_path, *arguments), pattern)


@posix
def test_the_whole_way(tmp_path: Path) -> None:
    """Install, doctor and uninstall in a process each, with names of real users."""
    config = tmp_path / HOME / ".config" / "GIMP" / "3.2"
    path = python(tmp_path / HOME / "my venv" / "python")
    gimp(tmp_path / "bin" / "gimp-console", "3.2.6", config)
    done = run(tmp_path, "install", "--python", path)
    assert done.returncode == 0, done.stderr
    first = done.stdout.decode().splitlines()[0]
    folder = config / "plug-ins" / "dreamlayer"
    assert first == f"GIMP 3.2 (native): installed in {folder}, registered"
    done = run(tmp_path, "doctor", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"] is True
    done = run(tmp_path, "uninstall")
    assert done.stdout.decode() == f"GIMP 3.2 (native): removed {folder}\n"
    assert not folder.exists()


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_while_gimp_is_asked(tmp_path: Path, number: int) -> None:
    """Ctrl-C and kill end the command and the GIMP that it started; nothing lies about."""
    config = tmp_path / HOME / ".config" / "GIMP" / "3.2"
    path = python(tmp_path / "python")
    mark = tmp_path / "asked"
    before = f"echo $$ > '{mark}.new'; mv '{mark}.new' '{mark}'; sleep 60"
    gimp(tmp_path / "bin" / "gimp-console", "3.2.6", config, before=before)
    process = subprocess.Popen(
        command("install", "--python", path),
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    begun = time.monotonic()
    while not mark.exists() and time.monotonic() - begun < 20:
        time.sleep(0.02)
    process.send_signal(number)
    _, error = process.communicate(timeout=20)
    assert process.returncode == (130 if number == signal.SIGINT else 128 + number)
    assert b"Traceback" not in error
    assert [file.name for file in config.iterdir()] == ["plug-ins"]
    asked, begun = int(mark.read_text()), time.monotonic()
    while psutil.pid_exists(asked) and time.monotonic() - begun < 20:
        time.sleep(0.05)
    assert not psutil.pid_exists(asked)


def test_errors_are_told_to_programs_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --json an error is on standard output as well."""

    def fail(*_: object) -> None:
        raise InstallError("no such thing")

    monkeypatch.setattr("dreamlayer.plugin.doctor.run", fail)
    assert cli.main(["doctor", "--json"]) == 2
    told = capsys.readouterr()
    assert json.loads(told.out) == {
        "ok": False,
        "gimps": [],
        "kritas": [],
        "file_managers": [],
        "error": "no such thing",
    }
    assert told.err == "dreamlayer-plugin: no such thing\n"


def test_the_system_refuses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What the operating system refuses is a sentence, too."""

    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr("dreamlayer.plugin.uninstall.run", fail)
    assert cli.main(["uninstall"], machine=Machine("Linux", tmp_path, {})) == 2
    assert capsys.readouterr().err == f"dreamlayer-plugin: Permission denied ({tmp_path})\n"
