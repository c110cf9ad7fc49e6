"""Installing into Krita, beside GIMP or alone, and removing it again without a trace."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from made_up_machine import flatpak_with_krita, gimp, krita, linux, python, script

from dreamlayer.plugin import cli
from dreamlayer.plugin.folder import install_folder
from dreamlayer.plugin.kritas.content import desktop_file, plugin_files
from dreamlayer.plugin.kritas.kritarc import enabled
from dreamlayer.plugin.machine import Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with a good Python and a Krita."""
    python(tmp_path / "my venv" / "python")
    krita(tmp_path / "bin" / "krita", "5.2.9")
    return linux(tmp_path)


def install(machine: Machine, *arguments: str) -> int:
    """Run the command with the machine's Python."""
    path = str(machine.root / "my venv" / "python")
    return cli.main(["install", "--python", path, *arguments], machine=machine)


def resources(machine: Machine) -> Path:
    """Where a native Krita keeps what is the user's."""
    return machine.home / ".local" / "share" / "krita"


def rc(machine: Machine) -> Path:
    """A native Krita's settings."""
    return machine.home / ".config" / "kritarc"


def test_what_is_installed() -> None:
    """The package that Krita imports, what all editors share, and nothing of GIMP's."""
    found = plugin_files()
    assert b"register()" in found["__init__.py"]
    assert found["Manual.html"].startswith(b"<!DOCTYPE html>")
    assert "description.json" in found
    assert {name.partition("/")[0] for name in found if "/" in name} <= {
        "editor",
        "locale",
        "pykrita",
        "thumbnails",
    }
    assert not {"dreamlayer.py", "pykrita/entry.py", "pykrita/Manual.html"} & set(found)
    assert not [name for name in found if name.endswith(("desktop", ".pyc"))]
    (text,) = desktop_file().values()
    assert b"ServiceTypes=Krita/PythonPlugin\nX-KDE-Library=dreamlayer\n" in text


def test_krita(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder, the file beside it and the line in the settings; then Krita is asked."""
    rc(machine).parent.mkdir()
    rc(machine).write_bytes(b"[theme]\nTheme=dark\n")
    assert install(machine) == 0
    plugins = resources(machine) / "pykrita"
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        f"Krita 5.2 (native): installed in {plugins}/dreamlayer, registered",
        "Restart Krita if it is open; Deep Dream is in its menu Tools > Scripts.",
    ]
    assert sorted(path.name for path in plugins.iterdir()) == ["dreamlayer", "dreamlayer.desktop"]
    assert [path.name for path in resources(machine).iterdir()] == ["pykrita"]
    settings = json.loads((plugins / "dreamlayer" / "worker.json").read_bytes())
    assert settings["command"][1:] == ["-P", "-m", "dreamlayer", "worker"]
    assert rc(machine).read_bytes() == b"[theme]\nTheme=dark\n\n[python]\nenable_dreamlayer=true\n"
    assert cli.main(["uninstall"], machine=machine) == 0
    assert f"Krita 5.2 (native): removed {plugins}/dreamlayer" in capsys.readouterr().out
    assert not resources(machine).exists()
    assert rc(machine).read_bytes() == b"[theme]\nTheme=dark\n"
    assert cli.main(["uninstall"], machine=machine) == 0
    assert "the filter was not installed" in capsys.readouterr().out


def test_both_editors(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Without an option each gets it; with one, that make alone; JSON lists them apart."""
    config = machine.home / ".config" / "GIMP" / "3.2"
    gimp(machine.root / "bin" / "gimp-console", "3.2.6", config)
    assert install(machine, "--krita", "--quiet") == 0
    assert not config.exists()
    assert install(machine, "--gimp", "--json") == 0
    report = json.loads(capsys.readouterr().out.partition("\n{")[2].join(["{", ""]))
    assert [one["name"] for one in report["gimps"]] == ["GIMP 3.2 (native)"]
    assert report["kritas"] == []
    assert install(machine, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["kritas"] == [
        {
            "name": "Krita 5.2 (native)",
            "version": "5.2",
            "kind": "native",
            "folder": str(resources(machine) / "pykrita" / "dreamlayer"),
            "ok": True,
            "registered": True,
            "says": report["kritas"][0]["says"],
            "fix": None,
        }
    ]
    assert install(machine, "--krita", "5.2", "--gimp", "3.2") == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert install(machine, "--krita", "4.4") == 2
    assert "no Krita 4.4 was found; there are: Krita 5.2" in capsys.readouterr().err


def test_without_pyqt(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Debian's Krita only recommends it; without it no plug-in in Python loads."""
    said = "ModuleNotFoundError: No module named 'PyQt5.sip' Could not import krita"
    krita(machine.root / "bin" / "krita", "5.2.9", answer="", says=said)
    script(machine.root / "bin" / "apt-get", "")
    assert install(machine) == 2
    assert capsys.readouterr().out.endswith(
        "but not registered: this Krita finds no PyQt5, without which it loads no plug-in in "
        "Python; run: sudo apt-get install python3-pyqt5\n"
    )


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        ('{"known": false, "error": "ImportError: x"}', 2, "the plug-in says: ImportError: x"),
        ('{"known": false, "error": ""}', 2, "but not registered: it says no reason"),
        ('{"known": true, "error": "a warning"}', 0, "dreamlayer, registered"),
        ("", 0, "could not be verified: it did not answer: no memory"),
        ("{", 0, "could not be verified: it did not answer: no memory"),
    ],
)
def test_what_krita_says(
    machine: Machine, capsys: pytest.CaptureFixture[str], answer: str, code: int, says: str
) -> None:
    """An error of the plug-in is told; no answer is said, but is no failure."""
    krita(machine.root / "bin" / "krita", "5.2.9", answer=answer, says="no memory")
    assert install(machine) == code
    assert says in capsys.readouterr().out


def test_flatpak(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """It has folders of its own, and starts the worker outside, where its user permits that."""
    (machine.root / "bin" / "krita").unlink()
    flatpak_with_krita(machine, "5.2.11")
    own = machine.home / ".var" / "app" / "org.kde.krita"
    assert install(machine) == 2
    assert capsys.readouterr().out.endswith(
        "but Flatpak does not let it start the worker outside the sandbox; run: flatpak override "
        "--user --talk-name=org.freedesktop.Flatpak org.kde.krita\n"
    )
    folder = own / "data" / "krita" / "pykrita" / "dreamlayer"
    command = json.loads((folder / "worker.json").read_bytes())["command"]
    assert command[:3] == ["flatpak-spawn", "--host", "--watch-bus"]
    assert enabled(own / "config" / "kritarc")
    flatpak_with_krita(machine, "5.2.11", policy="org.freedesktop.Flatpak=talk")
    assert install(machine) == 0
    assert "could not be verified: this Krita tells it only in its window" in (
        capsys.readouterr().out
    )


def test_snap_gets_none(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot work is not installed, and why is said."""
    script(machine.root / "bin" / "snap", "#!/bin/sh\necho 'krita  5.2.2  64  latest x -'\n")
    assert install(machine, "--quiet") == 2
    said = capsys.readouterr().out
    assert "Krita 5.2 (Snap): not installed: Snap does not let Krita start programs" in said
    assert not (machine.home / "snap").exists()


def test_into_a_folder(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder is Krita's by its name or by the option; what must be enabled by hand is said."""
    named, other = machine.root / "stick" / "pykrita", machine.root / "other"
    named.mkdir(parents=True)
    other.mkdir()
    assert install(machine, "--to", str(named)) == 0
    assert capsys.readouterr().out.splitlines()[0] == (
        f"folder: installed in {named}/dreamlayer; Krita was not asked: enable it in Settings > "
        "Configure Krita > Python Plugin Manager"
    )
    assert (named / "dreamlayer.desktop").is_file()
    assert not rc(machine).exists()
    assert install(machine, "--to", str(other), "--krita") == 0
    assert (other / "dreamlayer" / "__init__.py").is_file()
    for folder, options in ((named, []), (other, ["--krita"])):
        assert cli.main(["doctor", "--to", str(folder), *options], machine=machine) == 0
        assert cli.main(["uninstall", "--to", str(folder), *options], machine=machine) == 0
        assert list(folder.iterdir()) == []
    assert install(machine, "--to", str(other), "--krita", "--gimp") == 2
    assert "a folder belongs to one editor, not to GIMP and Krita; name one" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(("open_now", "says"), [(True, "Krita is open: cl"), (False, "Start Kr")])
def test_a_krita_that_is_open(
    machine: Machine, capsys: pytest.CaptureFixture[str], open_now: object, says: str
) -> None:
    """It must be started again; what runs without a window does not count."""
    for number, name in (("self", "python"), ("17", "krita" if open_now else "kritarunner")):
        (machine.root / "proc" / number).mkdir(parents=True)
        (machine.root / "proc" / number / "comm").write_text(name)
    assert install(machine) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(says)
    assert last.endswith("and may have switched it off.") == bool(open_now)
    assert cli.main(["uninstall"], machine=machine) == 0
    first = capsys.readouterr().out.splitlines()[0]
    warning = (
        "; Krita is open and writes its settings when it quits: close it, then uninstall again"
    )
    assert (warning in first) == bool(open_now)


def test_settings_that_cannot_be_changed(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    """That is told, and is no success, neither of installing nor of removing."""
    rc(machine).mkdir(parents=True)
    assert install(machine) == 2
    said = capsys.readouterr().out
    assert f"dreamlayer, but not enabled: {rc(machine)} cannot be read" in said
    assert "; enable it in Settings > Configure Krita > Python Plugin Manager\n" in said
    assert (resources(machine) / "pykrita" / "dreamlayer" / "worker.json").is_file()
    assert cli.main(["uninstall"], machine=machine) == 2
    assert f"not removed: {rc(machine)} cannot be read" in capsys.readouterr().out


def test_others_stay(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Another plug-in of our name is neither replaced nor removed, nor is what lies beside it."""
    plugins = resources(machine) / "pykrita"
    (plugins / "dreamlayer").mkdir(parents=True)
    (plugins / "dreamlayer" / "__init__.py").write_text("print()")
    (plugins / "dreamlayer.desktop").write_text("mine")
    assert install(machine) == 2
    assert "is not Deep Dream's; move it away" in capsys.readouterr().out
    assert cli.main(["uninstall"], machine=machine) == 0
    assert "which is not Deep Dream's" in capsys.readouterr().out
    assert (plugins / "dreamlayer.desktop").read_text() == "mine"


def test_the_file_beside_comes_last_and_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Krita never sees a plug-in that is not whole, nor anything temporary among its own."""
    plugins, seen = tmp_path / "pykrita", []
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        seen.append(sorted(path.name for path in plugins.iterdir()))
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    install_folder(plugins, plugin_files(), {}, desktop_file())
    assert seen == [[]]
    install_folder(plugins, plugin_files(), {}, desktop_file())
    assert all(not name.startswith(".") for names in seen for name in names)
