"""What keeps the plug-in from being written is one true sentence, with the command that helps."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_up_machine import HOME, linux
from other_user import as_nobody
from small_disk import fill, small_disk, write_protect

from dreamlayer.plugin import places
from dreamlayer.plugin.folder import install_folder
from dreamlayer.plugin.gimps.content import ENTRY
from dreamlayer.plugin.machine import InstallError, Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links, owners and mounts")

FILES = {ENTRY: b"# plug-in-deep-dream"}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with nothing on it."""
    return linux(tmp_path)


@pytest.fixture
def plugins(machine: Machine) -> Path:
    """A plug-ins folder that is not there, in settings that are."""
    config = machine.home / ".config" / "GIMP" / "3.2"
    config.mkdir(parents=True)
    return config / "plug-ins"


def follow(fix: str | None) -> None:
    """Do what is said."""
    assert fix is not None
    subprocess.run(["/bin/sh", "-c", fix], check=True)


def test_nothing_is_in_the_way(machine: Machine, plugins: Path) -> None:
    """A folder that is missing, there, a link to one, or has the plug-in is well."""
    assert places.obstacle(machine, plugins, 1000) is None
    assert places.obstacle(machine, machine.root / "a" / "b" / "plug-ins") is None
    real = machine.root / "real"
    real.mkdir()
    plugins.symlink_to(real)
    assert places.obstacle(machine, plugins) is None
    install_folder(plugins, FILES, {})
    assert places.obstacle(machine, plugins) is None


def make_file(plugins: Path) -> None:
    plugins.write_text("mine")


def make_file_above(plugins: Path) -> None:
    plugins.parent.rmdir()
    plugins.parent.write_text("mine")


def make_lost_link(plugins: Path) -> None:
    plugins.symlink_to("/nowhere/plug-ins")


def make_loop(plugins: Path) -> None:
    plugins.symlink_to(plugins)


def make_foreign(plugins: Path) -> None:
    (plugins / "dreamlayer").mkdir(parents=True)
    (plugins / "dreamlayer" / ENTRY).write_text("another plug-in")


def make_foreign_file(plugins: Path) -> None:
    plugins.mkdir()
    (plugins / "dreamlayer").write_text("mine")


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (make_file, "plug-ins is a file, where a folder is needed"),
        (make_file_above, "3.2 is a file, where a folder is needed"),
        (make_lost_link, "plug-ins is a link to /nowhere/plug-ins, where there is no folder"),
        (make_loop, "plug-ins, where there is no folder"),
        (make_foreign, "dreamlayer is not Deep Dream's; move it away"),
        (make_foreign_file, "dreamlayer is not Deep Dream's; move it away"),
    ],
)
def test_the_command_clears_the_way(
    machine: Machine, plugins: Path, harm: object, says: str
) -> None:
    """What is there is moved, never deleted, and the plug-in can be installed then."""
    harm(plugins)  # type: ignore[operator]
    found = places.obstacle(machine, plugins)
    assert found is not None
    assert found.sentence.endswith(says)
    follow(found.fix)
    assert places.obstacle(machine, plugins) is None
    install_folder(plugins, FILES, {})
    moved = list(machine.home.rglob("*.old"))
    assert len(moved) == 1
    assert moved[0].parent.name != "plug-ins", "GIMP looks into every folder in there"


def test_what_was_moved_before_stays(machine: Machine, plugins: Path) -> None:
    """A name that is taken is not taken again."""
    for number in range(3):
        plugins.write_text(str(number))
        found = places.obstacle(machine, plugins)
        assert found is not None
        follow(found.fix)
    names = sorted(path.name for path in plugins.parent.iterdir())
    assert names == ["plug-ins.old", "plug-ins.old2", "plug-ins.old3"]


@pytest.fixture
def nobody() -> Iterator[Machine]:
    """The machine of a user without rights, which this process is."""
    with as_nobody() as folder:
        (folder / HOME).mkdir()
        yield linux(folder)


def in_home(machine: Machine) -> Path:
    """A plug-ins folder in the user's home."""
    folder = machine.home / ".config" / "GIMP" / "3.2" / "plug-ins"
    folder.mkdir(parents=True)
    return folder


def test_write_protected_by_its_owner(nobody: Machine) -> None:
    """The command gives the right back."""
    plugins = in_home(nobody)
    plugins.chmod(0o555)
    found = places.obstacle(nobody, plugins)
    assert found is not None
    assert found.sentence == f"{plugins} is write-protected"
    follow(found.fix)
    assert places.obstacle(nobody, plugins) is None


def test_the_plug_in_itself_is_write_protected(nobody: Machine) -> None:
    """A folder that cannot be changed can be neither replaced nor removed."""
    plugins = in_home(nobody)
    target = install_folder(plugins, FILES, {})
    target.chmod(0o555)
    for found in (places.obstacle(nobody, plugins), places.not_removable(nobody, plugins)):
        assert found is not None
        assert found.sentence == f"{target} is write-protected"
        assert found.fix == f"chmod u+rwx {shlex.quote(str(target))}"
    target.chmod(0o755)
    assert places.not_removable(nobody, plugins) is None


def give_to_root(path: Path) -> None:
    """Make a path root's, where this process can be root again."""
    if os.getresuid()[2] != 0:
        pytest.skip("what belongs to another user can be made by root only")
    own = os.geteuid()
    os.seteuid(0)
    os.chown(path, 0, 0)
    os.seteuid(own)


def test_of_another_user(nobody: Machine) -> None:
    """What is root's in the home, as after `sudo gimp`, is given back."""
    plugins = in_home(nobody)
    give_to_root(plugins)
    found = places.obstacle(nobody, plugins)
    assert found is not None
    assert found.sentence == f"{plugins} belongs to root, so the user nobody cannot change it"
    assert found.fix == f"sudo chown -R nobody {shlex.quote(str(plugins))}"


def test_the_home_and_the_system_are_left_alone(nobody: Machine) -> None:
    """No command makes another user's home one's own, nor a folder of all users."""
    give_to_root(nobody.home)
    home = places.obstacle(nobody, nobody.home / ".config" / "GIMP" / "3.2" / "plug-ins")
    assert home is not None
    assert home.fix is None
    assert home.sentence.startswith(f"{nobody.home} belongs to root")
    assert home.sentence.endswith("; set the variable HOME to a folder of your own")
    system = places.obstacle(nobody, Path("/usr/none/plug-ins"))
    assert system is not None
    assert system.fix is None
    assert system.sentence.startswith("/usr belongs to root")
    assert system.sentence.endswith("; name a folder of your own with --to")


def test_a_disk_that_is_write_protected(machine: Machine, tmp_path: Path) -> None:
    """No command of the user's helps; the sentence says what it is."""
    with small_disk(tmp_path / "disk", 400) as disk:
        write_protect(disk)
        found = places.obstacle(machine, disk / "plug-ins")
        assert found is not None
        assert found.fix is None
        assert found.sentence.startswith(f"{disk} is on a disk that is write-protected")


def test_a_full_disk(machine: Machine, tmp_path: Path) -> None:
    """The room that there is and that is needed are told, before anything is written."""
    with small_disk(tmp_path / "disk", 400) as disk:
        assert places.obstacle(machine, disk / "plug-ins", 100_000) is None
        found = places.obstacle(machine, disk / "plug-ins", 500_000)
        assert found is not None
        assert "has 409 kB free, but the filter needs 565 kB" in found.sentence


def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    """The plug-in that was there stays, and nothing else does."""
    with small_disk(tmp_path / "disk", 400) as disk:
        plugins = disk / "plug-ins"
        install_folder(plugins, FILES, {})
        before = {path.name for path in disk.rglob("*")}
        fill(disk, 50_000)
        with pytest.raises(InstallError, match="cannot be written, since the disk is full"):
            install_folder(plugins, {ENTRY: bytes(200_000)}, {})
        (disk / "filler").unlink()
        assert {path.name for path in disk.rglob("*")} == before
        assert (plugins / "dreamlayer" / ENTRY).read_bytes() == FILES[ENTRY]
        shutil.rmtree(plugins)


def test_windows(tmp_path: Path) -> None:
    """The command is one of its shell; whether a folder can be written is tried."""
    home = tmp_path / "Jörg Müller"
    plugins = home / "plug-ins"
    home.mkdir()
    plugins.write_text("")
    found = places.obstacle(Machine("Windows", home, {}), plugins)
    assert found is not None
    assert found.fix == f'move "{plugins}" "{plugins}.old"'
