"""On Windows, PowerShell is asked to make a shortcut in the folder of the menu "Send to"."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_machine import linux

from dreamlayer.plugin import cli
from dreamlayer.plugin.file_managers.launcher import Setup, script, write_setup
from dreamlayer.plugin.file_managers.send_to import SEND_TO
from dreamlayer.plugin.machine import Answer, InstallError, Machine


@pytest.fixture
def asked() -> list[str]:
    """The scripts that PowerShell was given."""
    return []


@pytest.fixture
def machine(tmp_path: Path, asked: list[str]) -> Machine:
    """Windows, with a PowerShell that makes the shortcut."""

    def run(command: Sequence[str], _environment: Mapping[str, str], _seconds: float) -> Answer:
        assert command[0] == "powershell"
        asked.append(base64.b64decode(command[-1]).decode("utf-16-le"))
        link = SEND_TO.path(made)
        link.write_bytes('-P "C:\\deep-dream.pyw"'.encode("utf-16-le"))
        return Answer(0, "", "")

    made = replace(linux(tmp_path), system="Windows", run=run)
    return made


def test_the_shortcut(machine: Machine, asked: list[str]) -> None:
    """It starts the Python that opens no console, with the script; it is found and removed."""
    python = machine.root / "Ann's" / "python.exe"
    python.parent.mkdir()
    python.with_name("pythonw.exe").touch()
    write_setup(machine, Setup(str(python)))
    path = SEND_TO.path(machine)
    assert path.parts[-5:] == ("Roaming", "Microsoft", "Windows", "SendTo", "Deep Dream.lnk")
    assert SEND_TO.problem(machine, script(machine)) == f"{path} is missing"
    SEND_TO.write(machine, script(machine))
    doubled = str(path).replace("'", "''")
    assert f"CreateShortcut('{doubled}')" in asked[0]
    silent = str(python.with_name("pythonw.exe")).replace("'", "''")
    assert f"$link.TargetPath = '{silent}'" in asked[0]
    arguments = f'-P "{script(machine)}"'.replace("'", "''")
    assert f"$link.Arguments = '{arguments}'" in asked[0]
    assert SEND_TO.problem(machine, script(machine)) is None
    path.write_bytes(b"another")
    assert "does not start" in str(SEND_TO.problem(machine, script(machine)))
    with pytest.raises(InstallError, match="is not Deep Dream's; move it away first"):
        SEND_TO.write(machine, script(machine))
    assert not SEND_TO.remove(machine)
    assert path.read_bytes() == b"another"
    path.write_bytes(b'-P "C:\\deep-dream.pyw"')
    assert SEND_TO.remove(machine)
    assert not SEND_TO.remove(machine)


def test_where_powershell_fails(machine: Machine) -> None:
    """What it says is told."""
    write_setup(machine, Setup(r"C:\python.exe"))
    broken = replace(machine, run=lambda *_: Answer(1, "", "Access is denied.\n"))
    with pytest.raises(InstallError, match=r"PowerShell says: Access is denied\."):
        SEND_TO.write(broken, script(broken))


def test_a_folder_that_cannot_be_made(machine: Machine) -> None:
    """A file in its place is a sentence."""
    write_setup(machine, Setup(r"C:\python.exe"))
    folder = SEND_TO.path(machine).parent
    folder.parent.parent.mkdir(parents=True)
    folder.parent.touch()
    with pytest.raises(InstallError, match=r"SendTo.* cannot be (made|read)"):
        SEND_TO.write(machine, script(machine))


def test_all_of_it_goes(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Uninstalling on Windows removes the shortcut and the script."""
    write_setup(machine, Setup(r"C:\python.exe"))
    SEND_TO.path(machine).parent.mkdir(parents=True)
    SEND_TO.path(machine).write_bytes(b'-P "C:\\deep-dream.pyw"')
    assert cli.main(["uninstall", "--file-managers"], machine=machine) == 0
    assert "Explorer: removed from " in capsys.readouterr().out
    assert not [path for path in machine.home.rglob("*") if path.is_file()]
