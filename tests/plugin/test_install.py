"""Installing into every GIMP of a made-up machine; each is told about, none stops the others."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from made_up_machine import flatpak, gimp, linux, python, script

from dreamlayer.plugin import cli
from dreamlayer.plugin.machine import Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with a good Python and no GIMP."""
    python(tmp_path / "my venv" / "python")
    return linux(tmp_path)


def install(machine: Machine, *arguments: str) -> int:
    """Run the command with the machine's Python."""
    path = str(machine.root / "my venv" / "python")
    return cli.main(["install", "--python", path, *arguments], machine=machine)


def settings(machine: Machine, version: str) -> Path:
    """Where a native GIMP keeps its settings."""
    return machine.home / ".config" / "GIMP" / version


def worker(config: Path) -> dict[str, object]:
    """What was written down for the plug-in."""
    read: dict[str, object] = json.loads(
        (config / "plug-ins" / "dreamlayer" / "worker.json").read_bytes()
    )
    return read


def test_every_gimp(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """2.10 and two of 3 get the plug-in, having made their settings folders themselves."""
    for version in ("2.10", "3.0", "3.2"):
        gimp(machine.root / "bin" / f"gimp-console-{version}", version, settings(machine, version))
    assert install(machine) == 0
    lines = capsys.readouterr().out.splitlines()
    for line, version in zip(lines, ("2.10", "3.0", "3.2"), strict=False):
        folder = settings(machine, version) / "plug-ins" / "dreamlayer"
        assert line == f"GIMP {version} (native): installed in {folder}, registered"
        assert os.access(folder / "dreamlayer.py", os.X_OK)
        log = settings(machine, version).with_name(f"{version}.log").read_text()
        assert log == "started\nstarted\n"
    assert len(lines) == 4
    assert worker(settings(machine, "3.0")) == {
        "command": [str(machine.root / "my venv" / "python"), "-P", "-m", "dreamlayer", "worker"],
        "environment": {},
        "version": worker(settings(machine, "3.2"))["version"],
        "interpreter": str(machine.root / "my venv" / "python"),
    }
    first = (settings(machine, "2.10") / "plug-ins/dreamlayer/dreamlayer.py").read_bytes()
    assert first.startswith(b"#!/usr/bin/env python\n")


def test_one_version(machine: Machine) -> None:
    """With --gimp, only that version is touched."""
    for version in ("3.0", "3.2"):
        gimp(machine.root / "bin" / f"gimp-console-{version}", version, settings(machine, version))
    assert install(machine, "--gimp", "3.0") == 0
    assert (settings(machine, "3.0") / "plug-ins" / "dreamlayer").is_dir()
    assert not settings(machine, "3.2").exists()


def test_one_failure_stops_no_other(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody else's plug-in in one GIMP, none registered in another: the third is done."""
    for version in ("2.10", "3.0", "3.2"):
        gimp(
            machine.root / "bin" / f"gimp-console-{version}",
            version,
            settings(machine, version),
            registers=version != "3.0",
        )
    foreign = settings(machine, "2.10") / "plug-ins" / "dreamlayer"
    foreign.mkdir(parents=True)
    (foreign / "dreamlayer.py").write_text("print()")
    assert install(machine, "--json") == 2
    report = json.loads(capsys.readouterr().out)
    assert [(g["ok"], g["registered"]) for g in report["gimps"]] == [
        (False, None),
        (False, False),
        (True, True),
    ]
    assert "is not Deep Dream's" in report["gimps"][0]["says"]
    assert (foreign / "dreamlayer.py").read_text() == "print()"


def test_a_settings_folder_alone(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """A GIMP that nobody finds gets the plug-in by its settings, but cannot be asked."""
    settings(machine, "3.2").mkdir(parents=True)
    assert install(machine) == 0
    assert "installed in" in (said := capsys.readouterr().out)
    assert "could not be verified: no program was found that starts it" in said


def test_flatpak_alone(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """The worker is started outside the sandbox; without the right to, the command is named."""
    flatpak(machine, "3.2.4", settings(machine, "3.2"))
    assert install(machine) == 2
    assert capsys.readouterr().out.splitlines() == [
        f"GIMP 3.2 (Flatpak): installed in {settings(machine, '3.2')}/plug-ins/dreamlayer, "
        "registered, but Flatpak does not let it start the worker outside the sandbox; run: "
        "flatpak override --user --talk-name=org.freedesktop.Flatpak org.gimp.GIMP"
    ]
    command = worker(settings(machine, "3.2"))["command"]
    assert isinstance(command, list)
    assert command[:3] == ["flatpak-spawn", "--host", "--watch-bus"]
    flatpak(machine, "3.2.4", settings(machine, "3.2"), policy="org.freedesktop.Flatpak=talk")
    assert install(machine) == 0


def test_flatpak_and_native_share_a_folder(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are told about; the command that they share works in both."""
    gimp(machine.root / "bin" / "gimp-console", "3.2.6", settings(machine, "3.2"))
    flatpak(machine, "3.2.4", settings(machine, "3.2"), policy="org.freedesktop.Flatpak=talk")
    assert install(machine) == 0
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()[:2]] == [
        "GIMP 3.2 (Flatpak)",
        "GIMP 3.2 (native)",
    ]
    command = worker(settings(machine, "3.2"))["command"]
    assert isinstance(command, list)
    assert command[:2] == ["/bin/sh", "-c"]


def test_snap_gets_none(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot work is not installed, and why is said."""
    script(machine.root / "bin" / "snap", "#!/bin/sh\necho 'gimp  3.0.6  525  latest x -'\n")
    assert install(machine) == 2
    said = capsys.readouterr().out
    assert said.startswith("GIMP 3.0 (Snap): not installed: Snap does not let GIMP start programs")
    assert not (machine.home / "snap").exists()


def test_no_gimp(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Without any GIMP it is said how to get one."""
    assert install(machine) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "no GIMP was found; get one: see https://www.gimp.org/downloads/" in told.err


def test_a_bad_python_is_found_before_anything_is_copied(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Python without ONNX Runtime is refused, and no GIMP is touched."""
    python(machine.root / "my venv" / "python", onnxruntime=None, reason="ImportError: x")
    gimp(machine.root / "bin" / "gimp-console", "3.2.6", settings(machine, "3.2"))
    assert install(machine) == 2
    assert "ONNX Runtime cannot be loaded in" in capsys.readouterr().err
    assert not settings(machine, "3.2").exists()


def test_into_a_folder(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """A portable GIMP's folder is named by the user, who may say that it is 2.10."""
    folder = machine.root / "portable Jörg"
    folder.mkdir()
    assert install(machine, "--to", str(folder)) == 0
    entry = folder / "dreamlayer" / "dreamlayer.py"
    assert entry.read_bytes().startswith(b"#!/usr/bin/env python3\n")
    assert install(machine, "--to", str(folder), "--gimp", "2.10") == 0
    assert entry.read_bytes().startswith(b"#!/usr/bin/env python\n")
    old = folder / "gimp" / "2.0" / "plug-ins"
    old.mkdir(parents=True)
    assert install(machine, "--to", str(old)) == 0
    assert (
        (old / "dreamlayer" / "dreamlayer.py").read_bytes().startswith(b"#!/usr/bin/env python\n")
    )
    assert f"folder: installed in {folder / 'dreamlayer'}; GIMP was not asked" in (
        capsys.readouterr().out
    )
    assert install(machine, "--to", str(folder / "none")) == 2
    assert "is not a folder; give the plug-ins folder" in capsys.readouterr().err


def test_what_takes_long_is_announced(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Before GIMPs are looked for, and before one is started, a line on standard error says so."""
    gimp(machine.root / "bin" / "gimp-console", "3.2.6", settings(machine, "3.2"))
    assert install(machine, "--json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["ok"] is True
    looking, starting = told.err.splitlines()
    assert looking.endswith("looking for GIMP...")
    assert starting.startswith("starting GIMP 3.2 (native) without a window")
