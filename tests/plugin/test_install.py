"""Installing into every GIMP of a made-up machine; each is told about, none stops the others."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_machine import flatpak, gimp, linux, python, script

from dreamlayer.plugin import cli
from dreamlayer.plugin.gimps.content import plugin_files
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
    """Without any editor it is said how to get one."""
    assert install(machine) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert (
        "no GIMP was found and no Krita was found; get one: see https://www.gimp.org/" in told.err
    )
    assert install(machine, "--gimp") == 2
    assert "no GIMP was found; get one: see https://www.gimp.org/downloads/; or" in (
        capsys.readouterr().err
    )


def test_a_gimp_that_is_too_old(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """It is not called missing, nor is anything done to it."""
    program = gimp(machine.root / "bin" / "gimp", "2.8.22", settings(machine, "2.8"))
    for command in (["install"], ["doctor"], ["uninstall"]):
        python_path = ["--python", str(machine.root / "my venv" / "python")]
        cli.main([*command, *(python_path if command == ["install"] else [])], machine=machine)
        told = capsys.readouterr()
        assert f"{program} tells of no version that the filter works in, 2.10 or 3.0 and later" in (
            told.out + told.err
        )


def test_a_gimp_that_does_not_start(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Its settings folder is made for it; that it gave no answer is said."""
    text = """#!/bin/sh
case "$*" in *--version*) echo "GIMP version 3.2.6";; *) echo no memory >&2; exit 1;; esac
"""
    script(machine.root / "bin" / "gimp-console", text)
    assert install(machine) == 0
    told = capsys.readouterr()
    assert "which makes its settings folder (up to a minute) ... it made none" in told.err
    assert "whether it knows the filter ... no answer" in told.err
    assert "could not be verified: it did not answer: no memory" in told.out


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


def test_every_step_is_told(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """What is done and what came of it, on standard error, with --json too; not with --quiet."""
    gimp(machine.root / "bin" / "gimp-console", "3.2.6", settings(machine, "3.2"))
    assert install(machine, "--json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["ok"] is True
    path, folder = machine.root / "my venv" / "python", settings(machine, "3.2") / "plug-ins"
    steps = [re.sub(r" \(\d+ s\)$", "", line) for line in told.err.splitlines()]
    assert steps[0].startswith(f"Trying the Python that is to run the dreams, {path} ... 3.12.1")
    assert steps[1] == "Looking for GIMP ... GIMP 3.2 (native)"
    assert steps[2] == "Looking for Krita ... none"
    assert steps[3].startswith("Starting GIMP 3.2 (native) without a window, which makes its")
    assert steps[4].startswith("Copying ")
    assert steps[4].endswith(f" files into {folder / 'dreamlayer'} ... done")
    assert steps[5] == "Asking GIMP 3.2 (native) whether it knows the filter ... yes"
    assert len(steps) == 6
    assert install(machine, "--quiet") == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.startswith("GIMP 3.2 (native): installed in ")


def test_what_is_in_the_way(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Before GIMP is started; the command that is told clears the way, and installs."""
    config = settings(machine, "3.2")
    gimp(machine.root / "bin" / "gimp-console", "3.2.6", config)
    config.mkdir(parents=True)
    (config / "plug-ins").write_text("")
    assert install(machine) == 2
    told = capsys.readouterr()
    assert "Starting" not in told.err
    path = machine.root / "my venv" / "python"
    clear = machine.shown(["mv", f"{config}/plug-ins", f"{config}/plug-ins.old"])
    again = machine.shown([machine.python, "-m", "dreamlayer.plugin", "install"])
    assert told.out == (
        f"GIMP 3.2 (native): not installed: {config}/plug-ins is a file, where a folder "
        f"is needed; run: {clear} && {again} --python '{path}'\n"
    )
    folder = machine.root / "portable" / "plug-ins"
    (folder / "dreamlayer").mkdir(parents=True)
    (folder / "dreamlayer" / "x").write_text("mine")
    assert install(machine, "--to", str(folder)) == 2
    assert f"{again} --to {folder} --python" in capsys.readouterr().out
    assert install(machine, "--gimp", "3.2") == 2
    assert f"{again} --gimp 3.2 --python" in capsys.readouterr().out
    assert install(machine, "--to", str(folder), "--gimp", "2.10") == 2
    assert f"{again} --to {folder} --gimp 2.10 --python" in capsys.readouterr().out


def test_two_homes_of_settings(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the environment names GIMP's settings, it must do so when GIMP is started, too."""
    elsewhere = machine.root / "portable"
    named = replace(machine, environment={**machine.environment, "GIMP3_DIRECTORY": str(elsewhere)})
    gimp(machine.root / "bin" / "gimp-console", "3.2.6", elsewhere)
    settings(machine, "3.2").mkdir(parents=True)
    assert install(named) == 0
    said = capsys.readouterr().out
    assert f"installed in {elsewhere}/plug-ins/dreamlayer, registered" in said
    assert "Start it with GIMP3_DIRECTORY set as now, or it looks in another folder." in said
    assert not (settings(machine, "3.2") / "plug-ins").exists()


@pytest.mark.parametrize(("open_now", "says"), [(True, "GIMP is open: close"), (False, "Start G")])
def test_a_gimp_that_is_open(
    machine: Machine, capsys: pytest.CaptureFixture[str], open_now: object, says: str
) -> None:
    """It must be started again to see the filter; where none is open, nothing is restarted."""
    gimp(machine.root / "bin" / "gimp-console", "3.2.6", settings(machine, "3.2"))
    for number, name in (("self", "python"), ("17", "gimp-3.2" if open_now else "bash")):
        (machine.root / "proc" / number).mkdir(parents=True)
        (machine.root / "proc" / number / "comm").write_text(name)
    assert install(machine) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(says)


def test_a_second_copy(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """The filter is installed, but GIMP may start another one: that is no success."""
    config = settings(machine, "3.2")
    gimp(machine.root / "bin" / "gimp-console", "3.2.6", config)
    copy = config / "plug-ins" / "my-dreams"
    copy.mkdir(parents=True)
    (copy / "my-dreams.py").write_bytes(plugin_files("3.0")["dreamlayer.py"])
    (copy / "worker.json").write_text("{}")
    assert install(machine) == 2
    assert f"registered, but GIMP also finds a copy of the filter in {copy}; run: rm -r " in (
        capsys.readouterr().out
    )
