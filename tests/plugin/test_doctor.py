"""The doctor names the first thing that is broken and its fix, as text, as JSON, by exit code."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_machine import flatpak, gimp, linux, python, script

from dreamlayer.core.version import VERSION
from dreamlayer.plugin import cli
from dreamlayer.plugin.editor import SNAP, Registration
from dreamlayer.plugin.examiner import Check, Examiner, Target
from dreamlayer.plugin.folder import install_folder
from dreamlayer.plugin.gimps.content import plugin_files
from dreamlayer.plugin.gimps.family import GIMP
from dreamlayer.plugin.gimps.find import find
from dreamlayer.plugin.gimps.gimp import Gimp
from dreamlayer.plugin.interpreter import PythonProbe, worker_settings
from dreamlayer.plugin.machine import Machine
from dreamlayer.plugin.steps import Steps

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")

INSTALL = "'{installer}' -m dreamlayer.plugin install"
KEPT = f"{INSTALL} --python '{{python}}'"
"""With the Python that was chosen when the plug-in was installed, since it still works."""


REPAIR = f"'{{installer}}' -m pip install 'dreamlayer[cpu]' && {INSTALL}"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with one GIMP that has the plug-in, in which all is well.

    This program runs in another Python than the worker.
    """
    installer = python(tmp_path / "the installer" / "python")
    machine = replace(linux(tmp_path), python=str(installer))
    path = python(tmp_path / "my venv" / "python")
    config = machine.home / ".config" / "GIMP" / "3.2"
    gimp(tmp_path / "bin" / "gimp-console", "3.2.6", config)
    settings = worker_settings(PythonProbe(str(path)), inside=False, outside=True)
    install_folder(config / "plug-ins", plugin_files("3.2"), settings)
    return machine


def folder(machine: Machine) -> Path:
    """Where the plug-in is."""
    return machine.home / ".config" / "GIMP" / "3.2" / "plug-ins" / "dreamlayer"


def target(one: Gimp) -> Target:
    """The folder of a GIMP's plug-ins."""
    return Target(one.name, GIMP, one.plugins, one)


def examine(machine: Machine) -> list[Check]:
    """The checks of the only GIMP."""
    (one,) = find(machine)
    return list(Examiner(machine, Steps(quiet=True)).examine(target(one)))


def test_all_is_well(machine: Machine) -> None:
    """Everything is checked, in this order."""
    checks = examine(machine)
    assert [check.name for check in checks] == [
        "plug-in",
        "files",
        "Python",
        "networks",
        "providers",
        "GIMP",
    ]
    assert all(check.ok and check.fix is None for check in checks)
    assert checks[2].says == f"3.12.1 ({machine.root}/my venv/python), ONNX Runtime 1.20.0"


def remove_all(machine: Machine) -> None:
    folder(machine).rename(machine.root / "gone")


def make_foreign(machine: Machine) -> None:
    remove_all(machine)
    folder(machine).mkdir()
    (folder(machine) / "dreamlayer.py").write_text("print()")


def change_a_file(machine: Machine) -> None:
    (folder(machine) / "description.json").write_text("{}")


def lose_a_file(machine: Machine) -> None:
    (folder(machine) / "editor/messages.py").unlink()


def leave_a_file(machine: Machine) -> None:
    (folder(machine) / "gimp3" / "old.py").write_text("")


def make_old(machine: Machine) -> None:
    settings = folder(machine) / "worker.json"
    settings.write_text(settings.read_text().replace(f'"{VERSION}"', '"0.0.9"'))
    leave_a_file(machine)


def move_plugins_away(machine: Machine) -> None:
    folder(machine).parent.rename(machine.root / "gone")
    folder(machine).parent.write_text("")


def copy_it(machine: Machine) -> None:
    copied = shutil.copytree(folder(machine), folder(machine).with_name("copy"))
    (copied / "dreamlayer.py").rename(copied / "copy.py")


def take_the_bit(machine: Machine) -> None:
    (folder(machine) / "dreamlayer.py").chmod(0o644)


def damage_settings(machine: Machine) -> None:
    (folder(machine) / "worker.json").write_text("{")


def remove_python(machine: Machine) -> None:
    (machine.root / "my venv" / "python").unlink()


def lose_the_base(machine: Machine) -> None:
    """Of a virtual environment, the Python that its own leads to."""
    remove_python(machine)
    (machine.root / "my venv" / "python").symlink_to("/opt/none/python3.11")


def upgrade_python(machine: Machine) -> None:
    """The system's Python under a virtual environment is another one after an upgrade."""
    change_python(
        machine,
        dreamlayer=None,
        onnxruntime=None,
        missing="ModuleNotFoundError: No module named 'dreamlayer'",
        prefix=str(machine.root / "my venv"),
        base="/usr/bin/python3.12",
        made_for="3.11",
        pip=False,
    )


def rewrite(machine: Machine, **settings: object) -> None:
    path = folder(machine) / "worker.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **settings}))


def from_a_mac(machine: Machine) -> None:
    rewrite(machine, interpreter="/Users/ann/venv/bin/python")


def lose_the_checkout(machine: Machine) -> None:
    rewrite(machine, environment={"PYTHONPATH": "/gone"})


def break_both(machine: Machine) -> None:
    """Neither the worker's Python nor this one will do."""
    remove_python(machine)
    python(machine.root / "the installer" / "python", onnxruntime=None, reason="ImportError: x")


def change_python(machine: Machine, **changes: object) -> None:
    python(machine.root / "my venv" / "python", **changes)  # type: ignore[arg-type]


def break_dreamlayer(machine: Machine) -> None:
    path = machine.root / "my venv" / "python"
    path.write_text(path.read_text().replace('echo \'{"onnxruntime": {', "echo no >&2; exit '"))


def not_registered(machine: Machine) -> None:
    config = machine.home / ".config" / "GIMP" / "3.2"
    gimp(machine.root / "bin" / "gimp-console", "3.2.6", config, registers=False)


@pytest.mark.parametrize(
    ("harm", "name", "says", "fix"),
    [
        (remove_all, "plug-in", "it is not installed in", INSTALL),
        (make_foreign, "plug-in", "is not Deep Dream's; move it away", f"{{move}} && {INSTALL}"),
        (change_a_file, "files", "description.json is not that of version", KEPT),
        (lose_a_file, "files", "editor/messages.py is missing", KEPT),
        (leave_a_file, "files", "old.py does not belong to version", KEPT),
        (
            make_old,
            "files",
            f"they are those of version 0.0.9, but this is {VERSION}",
            KEPT,
        ),
        (
            move_plugins_away,
            "plug-in",
            "plug-ins is a file, where a folder is needed",
            f"{{clear}} && {INSTALL}",
        ),
        (take_the_bit, "files", "dreamlayer.py is not executable", KEPT),
        (damage_settings, "settings", "worker.json cannot be read", INSTALL),
        (remove_python, "Python", "{python} is not there: this Python was removed or", INSTALL),
        (lose_the_base, "Python", "no longer there (/opt/none/python3.11)", INSTALL),
        (
            upgrade_python,
            "Python",
            "environment {venv} was made for Python 3.11, but its Python is now 3.12.1",
            "/usr/bin/python3.12 -m venv --upgrade '{venv}' && "
            "'{python}' -m pip install 'dreamlayer[cpu]'",
        ),
        (from_a_mac, "Python", "/Users/ann/venv/bin/python is not there: ", INSTALL),
        (lose_the_checkout, "Python", "/gone, which dreamlayer was run from, is no", INSTALL),
        (break_both, "Python", "{python} is not there", REPAIR),
        (
            lambda m: change_python(m, dreamlayer=None, missing="ModuleNotFoundError: dreamlayer"),
            "Python",
            "dreamlayer is not installed in",
            "'{python}' -m pip install 'dreamlayer[cpu]'",
        ),
        (
            lambda m: change_python(m, onnxruntime=None, reason="ImportError: libx"),
            "Python",
            "ONNX Runtime cannot be loaded in {python} (ImportError: libx)",
            "'{python}' -m pip install 'dreamlayer[cpu]'",
        ),
        (
            break_dreamlayer,
            "worker",
            "dreamlayer does not run: ",
            "'{python}' -m dreamlayer doctor",
        ),
        (
            lambda m: change_python(m, report={"networks": {"default": "/gone/x.onnx"}}),
            "networks",
            "the network /gone/x.onnx is missing",
            "'{python}' -m pip install --force-reinstall --no-deps dreamlayer",
        ),
        (
            lambda m: change_python(
                m,
                report={
                    "providers": [{"name": "cuda", "loaded": False, "reason": "no libcudnn"}],
                    "onnxruntime": {"onnxruntime-gpu": "1.20"},
                },
            ),
            "providers",
            "cuda does not load: no libcudnn",
            "'{python}' -m pip install --force-reinstall onnxruntime-gpu",
        ),
        (not_registered, "GIMP", "the plug-in is not registered", KEPT),
        (copy_it, "copies", "GIMP also finds a copy of the filter in ", "rm -r {copy}"),
    ],
)
def test_each_fault(
    machine: Machine, harm: Callable[[Machine], None], name: str, says: str, fix: str
) -> None:
    """The first fault is the last check; all before it are well."""
    harm(machine)
    *before, last = examine(machine)
    path, target = str(machine.root / "my venv" / "python"), folder(machine)
    assert all(check.ok for check in before)
    assert (last.ok, last.name) == (False, name)
    names = {
        "python": path,
        "venv": str(machine.root / "my venv"),
        "installer": str(machine.root / "the installer" / "python"),
        "move": shlex.join(["mv", str(target), str(target.parents[1] / "dreamlayer.old")]),
        "clear": shlex.join(["mv", str(target.parent), f"{target.parent}.old"]),
        "copy": shlex.quote(str(target.with_name("copy"))),
    }
    assert says.format(**names) in last.says
    assert last.fix == fix.format(**names)


def test_a_gpu_that_does_not_load_is_said(machine: Machine) -> None:
    """Where the CPU works, the rest is no failure, but no secret either."""
    cuda = {"name": "cuda", "loaded": False, "reason": "no libcudnn", "fix": "install it"}
    cpu = {"name": "cpu", "loaded": True, "reason": None}
    change_python(machine, report={"providers": [cuda, cpu]})
    (providers,) = [check for check in examine(machine) if check.name == "providers"]
    assert providers.ok
    assert providers.says == "cpu works; cuda does not load: no libcudnn; install it"


def test_a_checkout_is_repaired_as_one(machine: Machine) -> None:
    """What is missing in a checkout is installed from it, or brought back by git."""
    path, root = machine.root / "my venv" / "python", machine.root / "check out"
    root.mkdir()
    settings = worker_settings(
        PythonProbe(str(path), {"PYTHONPATH": str(root)}), inside=False, outside=True
    )
    install_folder(folder(machine).parent, plugin_files("3.2"), settings)
    change_python(machine, onnxruntime=None, reason="x")
    assert examine(machine)[-1].fix == f"'{path}' -m pip install '{root}[cpu]'"
    change_python(machine, report={"networks": {"default": "/gone"}})
    assert examine(machine)[-1].fix == f"git -C '{root}' checkout -- core/data"


def test_flatpak_that_confines(machine: Machine) -> None:
    """The right to start the worker is missed before GIMP is asked."""
    (machine.root / "bin" / "gimp-console").unlink()
    flatpak(machine, "3.2.4", machine.home / ".config" / "GIMP" / "3.2")
    path = machine.root / "my venv" / "python"
    settings = worker_settings(PythonProbe(str(path)), inside=True, outside=True)
    install_folder(folder(machine).parent, plugin_files("3.2"), settings)
    last = examine(machine)[-1]
    assert (last.ok, last.name) == (False, "sandbox")
    assert last.fix is not None
    assert last.fix.startswith("flatpak override --user")


def test_a_command_for_elsewhere(machine: Machine) -> None:
    """A GIMP that came later, in the sandbox or out of it, needs the command written again."""
    config = machine.home / ".config" / "GIMP" / "3.2"
    flatpak(machine, "3.2.4", config, policy="org.freedesktop.Flatpak=talk")
    inside, outside = find(machine)
    for wrong, right, where in ((inside, outside, "inside"), (outside, inside, "outside")):
        checks = [
            list(Examiner(machine, Steps(quiet=True)).examine(target(g))) for g in (wrong, right)
        ]
        assert checks[0][-1].says == f"the worker's command does not work {where} Flatpak's sandbox"
        path = str(machine.root / "my venv" / "python")
        assert checks[0][-1].fix == KEPT.format(installer=machine.python, python=path)
        assert all(check.ok for check in checks[1])
        path = str(machine.root / "my venv" / "python")
        settings = worker_settings(PythonProbe(path), inside=True, outside=False)
        install_folder(folder(machine).parent, plugin_files("3.2"), settings)


def test_snap(machine: Machine) -> None:
    """In Snap nothing else is looked at."""
    script(machine.root / "bin" / "flatpak", "")
    snap = Gimp("3.0", SNAP, machine.root)
    (only,) = Examiner(machine, Steps(quiet=True)).examine(target(snap))
    assert (only.ok, only.fix) == (False, "flatpak install flathub org.gimp.GIMP")


def test_gimp_that_cannot_be_asked(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is said, but is no failure."""
    silent = Registration(None, "it needs a display to start")
    monkeypatch.setattr("dreamlayer.plugin.gimps.family.registered", lambda *_: silent)
    last = examine(machine)[-1]
    assert (last.ok, last.says) == (True, "could not be verified: it needs a display to start")


def test_a_named_folder(machine: Machine) -> None:
    """Of a portable GIMP all is checked but GIMP itself; it is repaired where it lies."""
    plugins = folder(machine).parent
    named = Target("folder", GIMP, plugins, None, ["--to", str(plugins)])
    checks = list(Examiner(machine, Steps(quiet=True)).examine(named))
    assert [check.name for check in checks][-1] == "providers"
    install_folder(folder(machine).parent, plugin_files("2.10"), {})
    *_, last = Examiner(machine, Steps(quiet=True)).examine(named)
    assert last.name == "settings"
    assert last.fix == machine.shown(
        [machine.python, "-m", "dreamlayer.plugin", "install", "--to", str(folder(machine).parent)]
    )


def test_each_python_is_asked_once(machine: Machine) -> None:
    """Two GIMPs with one Python cost one trial of it."""
    log = machine.root / "log"
    path = machine.root / "my venv" / "python"
    path.write_text(path.read_text().replace("#!/bin/sh\n", f"#!/bin/sh\necho x >> '{log}'\n"))
    (one,) = find(machine)
    examiner = Examiner(machine, Steps(quiet=True))
    for _ in range(2):
        assert len(list(examiner.examine(target(one)))) == 6
    assert log.read_text() == "x\nx\n"


@pytest.fixture
def two_gimps(tmp_path: Path) -> Machine:
    """A machine with GIMP 3.0, in which all is well, and 3.2, which was never started."""
    machine = linux(tmp_path)
    path = python(tmp_path / "python")
    for version in ("3.0", "3.2"):
        config = machine.home / ".config" / "GIMP" / version
        gimp(tmp_path / "bin" / f"gimp-console-{version}", version, config)
    settings = worker_settings(PythonProbe(str(path)), inside=False, outside=True)
    install_folder(machine.home / ".config/GIMP/3.0/plug-ins", plugin_files("3.0"), settings)
    return machine


def test_text(two_gimps: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a check, and the command that fixes what is wrong."""
    assert cli.main(["doctor"], machine=two_gimps) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "GIMP 3.0 (native)"
    assert lines[6] == "  ok     GIMP: the plug-in is registered"
    assert lines[7] == "GIMP 3.2 (native)"
    assert lines[8].startswith("  WRONG  plug-in: it is not installed in")
    assert lines[9] == f"         fix: {sys.executable} -m dreamlayer.plugin install"
    assert len(lines) == 10


def test_one_version(two_gimps: Machine) -> None:
    """With --gimp, only that version counts."""
    assert cli.main(["doctor", "--gimp", "3.0"], machine=two_gimps) == 0
    assert cli.main(["doctor", "--gimp", "3.2"], machine=two_gimps) == 2


def test_json(two_gimps: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for another program."""
    assert cli.main(["doctor", "--json"], machine=two_gimps) == 2
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    good, bad = report["gimps"]
    assert (good["ok"], good["wrong"], good["fix"]) == (True, None, None)
    assert good["checks"][0]["name"] == "plug-in"
    assert bad["wrong"].startswith("it is not installed in")
    assert bad["fix"] == f"{sys.executable} -m dreamlayer.plugin install"


def test_no_gimp(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without any GIMP that is what is wrong."""
    assert cli.main(["doctor"], machine=linux(tmp_path)) == 2
    said = capsys.readouterr().out
    assert "WRONG  GIMP: no GIMP was found" in said
    assert "fix: see https://www.gimp.org/downloads/" in said
    assert cli.main(["doctor", "--json"], machine=linux(tmp_path)) == 2
    report = json.loads(capsys.readouterr().out)
    assert report == {
        "ok": False,
        "gimps": [],
        "kritas": [],
        "file_managers": [],
        "fix": "see https://www.gimp.org/downloads/",
    }


def test_a_folder(two_gimps: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that the user names is checked without a GIMP."""
    plugins = two_gimps.home / ".config" / "GIMP" / "3.0" / "plug-ins"
    assert cli.main(["doctor", "--to", str(plugins)], machine=two_gimps) == 0
    assert capsys.readouterr().out.startswith("folder\n  ok     plug-in: installed in")
