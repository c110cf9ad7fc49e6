"""Another copy of the plug-in that GIMP finds is told, wherever it is, and nothing else is."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

import pytest
from made_up_machine import linux

from dreamlayer.plugin.editor import FLATPAK, NATIVE
from dreamlayer.plugin.folder import install_folder
from dreamlayer.plugin.gimps.content import ENTRY, plugin_files
from dreamlayer.plugin.gimps.copies import second_copy
from dreamlayer.plugin.gimps.gimp import Gimp
from dreamlayer.plugin.machine import Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the folders of Linux")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine."""
    return linux(tmp_path)


def installed(machine: Machine, version: str = "3.2", kind: str = NATIVE) -> Gimp:
    """A GIMP that has the plug-in, and others' plug-ins."""
    gimp = Gimp(version, kind, machine.home / ".config" / "GIMP" / version)
    install_folder(gimp.plugins, plugin_files(version), {"version": "1"})
    other = gimp.plugins / "other"
    other.mkdir()
    (other / "other.py").write_text("print()")
    (gimp.plugins / "linked").symlink_to(gimp.plugins / "dreamlayer")
    return gimp


def copy(gimp: Gimp, folder: Path) -> Path:
    """What a user does who copies the folder by hand."""
    shutil.copytree(gimp.plugins / "dreamlayer", folder)
    (folder / "dreamlayer.py").rename(folder / f"{folder.name}.py")
    return folder


def test_none(machine: Machine) -> None:
    """The installed one, others' plug-ins and a link are no copies; nor is what is not there."""
    gimp = installed(machine)
    (gimp.config / "pluginrc").write_text(
        '(plug-in-def "${gimp_dir}/plug-ins/dreamlayer/dreamlayer.py" 17\n'
        '    (proc-def "plug-in-deep-dream" 1\n'
        '(plug-in-def "/gone/dreamlayer/dreamlayer.py" 17\n'
    )
    assert second_copy(machine, gimp) is None
    assert second_copy(machine, Gimp("3.0", NATIVE, machine.root / "none")) is None


@pytest.mark.parametrize("version", ["2.10", "3.2"])
def test_a_script_that_calls_it(machine: Machine, version: str) -> None:
    """A plug-in of the user's own that calls the filter is no copy of it."""
    gimp = installed(machine, version)
    call = "Gimp.get_pdb().lookup_procedure('plug-in-deep-dream')  # dreamlayer.py, worker.json"
    for path in (gimp.plugins / "batch" / "batch.py", gimp.plugins / "alone.py"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(call)
    assert second_copy(machine, gimp) is None


@pytest.mark.parametrize("version", ["2.10", "3.0", "3.2"])
def test_beside_it(machine: Machine, version: str) -> None:
    """A copy under another name in the same folder."""
    gimp = installed(machine, version)
    folder = copy(gimp, gimp.plugins / "deep dream")
    found = second_copy(machine, gimp)
    assert found is not None
    assert found.sentence == f"GIMP also finds a copy of the filter in {folder}"
    assert found.fix == f"rm -r {shlex.quote(str(folder))}"


def test_without_settings(machine: Machine) -> None:
    """Only what our installer wrote is removed; a folder with our entry alone is moved away."""
    gimp = installed(machine)
    folder = copy(gimp, gimp.plugins / "my dreams")
    (folder / "worker.json").unlink()
    for name in ("my dreams.old", "my dreams.old2"):
        found = second_copy(machine, gimp)
        assert found is not None
        assert found.fix == shlex.join(["mv", str(folder), str(gimp.config / name)])
        (gimp.config / name).mkdir()


def test_in_another_of_its_folders(machine: Machine) -> None:
    """GIMP's own list of what it found tells of folders that its preferences name."""
    gimp = installed(machine)
    folder = copy(gimp, machine.root / "more" / "dreamlayer")
    (gimp.config / "pluginrc").write_text(f'(plug-in-def "{folder}/dreamlayer.py" 17\n')
    found = second_copy(machine, gimp)
    assert found is not None
    assert str(folder) in found.sentence


def test_for_all_users(machine: Machine) -> None:
    """The system's folder counts for a GIMP of the system, not for one in a sandbox."""
    gimp = installed(machine)
    system = machine.root / "usr" / "lib" / "x86_64-linux-gnu" / "gimp" / "3.0" / "plug-ins"
    folder = copy(gimp, system / "dreamlayer")
    found = second_copy(machine, gimp)
    assert found is not None
    assert str(folder) in found.sentence
    assert second_copy(machine, Gimp(gimp.version, FLATPAK, gimp.config)) is None


def test_a_file_alone(machine: Machine) -> None:
    """GIMP 2.10 starts a file beside the folders, GIMP 3 does not; it is moved over no other."""
    for version, counts in (("2.10", True), ("3.2", False)):
        gimp = installed(machine, version)
        file = gimp.plugins / "old.py"
        file.write_bytes(plugin_files(version)[ENTRY])
        (gimp.config / "old.py.old").write_text("mine")
        found = second_copy(machine, gimp)
        assert (found is not None) == counts
        if found is not None:
            words = ["mv", str(file), str(gimp.config / "old.py.old2")]
            assert found.fix == shlex.join(words)
