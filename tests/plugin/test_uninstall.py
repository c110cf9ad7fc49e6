"""Uninstalling takes away what was installed, from every GIMP, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_up_machine import HOME, linux
from small_disk import small_disk, write_protect

from dreamlayer.plugin import cli, darktable, leftovers
from dreamlayer.plugin.folder import install_folder
from dreamlayer.plugin.gimps.content import plugin_files


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """The settings of two GIMPs that have the plug-in, and one that does not."""
    folder = tmp_path / HOME / ".config" / "GIMP"
    for version in ("2.10", "3.0"):
        install_folder(folder / version / "plug-ins", {"dreamlayer.py": b""}, {})
    (folder / "3.2").mkdir()
    return folder


def test_from_every_gimp(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each GIMP is told about; a second time there is nothing left."""
    assert cli.main(["uninstall"], machine=linux(tmp_path)) == 0
    lines = capsys.readouterr().out.splitlines()
    gone = settings / "2.10" / "plug-ins" / "dreamlayer"
    assert lines[0] == f"GIMP 2.10 (settings folder only): removed {gone}"
    assert lines[2] == "GIMP 3.2 (settings folder only): the filter was not installed"
    assert not gone.exists()
    assert cli.main(["uninstall", "--json"], machine=linux(tmp_path)) == 0
    report = json.loads(capsys.readouterr().out)
    assert {gimp["says"] for gimp in report["gimps"]} == {"the filter was not installed"}


def test_from_one(settings: Path, tmp_path: Path) -> None:
    """One version, or one folder, leaves the others alone."""
    assert cli.main(["uninstall", "--gimp", "3.0"], machine=linux(tmp_path)) == 0
    assert not (settings / "3.0" / "plug-ins" / "dreamlayer").exists()
    other = settings / "2.10" / "plug-ins"
    assert (other / "dreamlayer").is_dir()
    assert cli.main(["uninstall", "--to", str(other)], machine=linux(tmp_path)) == 0
    assert not (other / "dreamlayer").exists()


def test_others_stay(settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A plug-in of somebody else's under our name is left, and that is said."""
    entry = settings / "3.0" / "plug-ins" / "dreamlayer" / "dreamlayer.py"
    entry.with_name("worker.json").unlink()
    entry.write_text("another")
    assert cli.main(["uninstall"], machine=linux(tmp_path)) == 0
    assert "which is not Deep Dream's" in capsys.readouterr().out
    assert entry.read_text() == "another"


def test_without_any_gimp(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to do is no failure."""
    assert cli.main(["uninstall"], machine=linux(tmp_path)) == 0
    assert "no filter to remove" in capsys.readouterr().out


def test_a_copy_is_told(settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the user copied by hand is theirs to remove, by the command that is shown."""
    copy = settings / "3.0" / "plug-ins" / "my-dreams"
    copy.mkdir()
    (copy / "my-dreams.py").write_bytes(plugin_files("3.0")["dreamlayer.py"])
    (copy / "worker.json").write_text("{}")
    assert cli.main(["uninstall", "--gimp", "3.0"], machine=linux(tmp_path)) == 2
    assert f"but GIMP also finds a copy of the filter in {copy}; run: rm -r " in (
        capsys.readouterr().out
    )
    assert copy.is_dir()


def test_a_link_goes_alone(settings: Path, tmp_path: Path) -> None:
    """Who linked a checkout into the folder keeps the checkout."""
    target, mine = settings / "3.0" / "plug-ins" / "dreamlayer", tmp_path / "mine"
    target.rename(mine)
    target.symlink_to(mine)
    assert cli.main(["uninstall"], machine=linux(tmp_path)) == 0
    assert not target.is_symlink()
    assert sorted(path.name for path in mine.iterdir()) == ["dreamlayer.py", "worker.json"]


@pytest.mark.usefixtures("settings")
def test_what_is_left_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Caches with the command that removes them, and what is the user's own."""
    home = tmp_path / HOME
    cached = home / ".cache" / "dreamlayer" / "graphs" / f"{40 * 'a'}.blob"
    preset = home / ".config" / "dreamlayer" / "presets" / "my wood.toml"
    for path in (cached, preset):
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(2_500_000))
    assert cli.main(["uninstall"], machine=linux(tmp_path)) == 0
    lines = capsys.readouterr().out.splitlines()[3:]
    assert lines == [
        "left: graphs optimized for this machine, which are made again when they are missing "
        f"(1 file, 2.5 MB) in {cached.parent}",
        f"left: presets of your own: my wood (1 file, 2.5 MB) in {preset.parent}",
        "to remove the caches too, run: python -m plugin uninstall --caches",
    ]
    assert cli.main(["uninstall", "--caches"], machine=linux(tmp_path)) == 0
    lines = capsys.readouterr().out.splitlines()[3:]
    assert [line.partition(":")[0] for line in lines] == ["removed", "left"]
    assert preset.is_file()
    assert not cached.exists()
    assert cli.main(["uninstall", "--caches", "--json"], machine=linux(tmp_path)) == 0
    (left,) = json.loads(capsys.readouterr().out)["left"]
    assert left == {
        "what": "presets of your own: my wood",
        "path": str(preset.parent),
        "files": 1,
        "bytes": 2_500_000,
        "cache": False,
        "removed": False,
        "failed": None,
    }


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("refused", [True, False])
def test_a_cache_that_stays(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    refused: bool,
) -> None:
    """The exit code, `ok` and the reason agree where a cache cannot be removed."""
    put = tmp_path / HOME / ".cache" / "dreamlayer" / "graphs" / f"{40 * 'a'}.blob"
    put.parent.mkdir(parents=True)
    put.touch()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        if refused:
            patched.setattr(leftovers, "_remove", refuse)
        code = cli.main(["uninstall", "--caches", "--json"], machine=linux(tmp_path))
    report = json.loads(capsys.readouterr().out)
    (left,) = report["left"]
    assert bool(left["failed"]) == refused == put.exists()
    assert (code, report["ok"]) == ((2, False) if refused else (0, True))


def test_write_protected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not removed is told with the command that allows it, and is no success."""
    with small_disk(tmp_path / "disk", 400) as disk:
        install_folder(disk, {"dreamlayer.py": b""}, {})
        write_protect(disk)
        assert cli.main(["uninstall", "--to", str(disk)], machine=linux(tmp_path)) == 2
    assert capsys.readouterr().out == (
        f"folder: not removed: {disk} is on a disk that is write-protected, so nothing can be "
        "changed there\n"
    )


def test_out_of_darktable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The target of darktable's export goes too; scripts of others stay."""
    machine = linux(tmp_path)
    folder = darktable.settings_folder(machine)
    darktable.add(folder, ["/usr/bin/python3"])
    (folder / "luarc").write_text('require "other"\nrequire "dreamlayer"\n')
    assert cli.main(["uninstall", "--gimp"], machine=machine) == 0
    assert (folder / "lua" / "dreamlayer.lua").exists()
    capsys.readouterr()
    assert cli.main(["uninstall", "--json"], machine=machine) == 0
    removed = json.loads(capsys.readouterr().out)
    assert removed["darktable"][0]["ok"]
    assert not (folder / "lua").exists()
    assert (folder / "luarc").read_text() == 'require "other"\n'
