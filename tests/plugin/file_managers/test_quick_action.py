"""On macOS, a Quick Action that hands the selected pictures to the script."""

from __future__ import annotations

import plistlib
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_machine import linux

from dreamlayer.plugin.file_managers.quick_action import QUICK_ACTION
from dreamlayer.plugin.machine import Answer, InstallError, Machine

SCRIPT = Path("/Users/Jörg's café/Library/Application Support/dreamlayer/deep-dream")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A Mac that notes what is run."""

    def run(command: Sequence[str], *_: object) -> Answer:
        with (tmp_path / "ran").open("a") as file:
            file.write(f"{' '.join(command)}\n")
        return Answer(0, "", "")

    return replace(linux(tmp_path), system="Darwin", run=run)


def test_the_service(machine: Machine) -> None:
    """The Finder offers it for pictures, and Automator runs the script with them as arguments."""
    QUICK_ACTION.write(machine, SCRIPT)
    contents = machine.home / "Library/Services/Deep Dream.workflow/Contents"
    (service,) = plistlib.loads((contents / "Info.plist").read_bytes())["NSServices"]
    assert service["NSMenuItem"] == {"default": "Deep Dream"}
    assert service["NSMessage"] == "runWorkflowAsService"
    assert service["NSSendFileTypes"] == ["public.image"]
    document = plistlib.loads((contents / "document.wflow").read_bytes())
    (action,) = document["actions"]
    parameters = action["action"]["ActionParameters"]
    assert parameters["shell"] == "/bin/sh"
    assert parameters["inputMethod"] == 1
    assert shlex.split(parameters["COMMAND_STRING"]) == ["exec", str(SCRIPT), "$@"]
    assert document["workflowMetaData"]["workflowTypeIdentifier"] == (
        "com.apple.Automator.servicesMenu"
    )
    assert QUICK_ACTION.problem(machine, SCRIPT) is None
    assert (machine.root / "ran").read_text() == "/System/Library/CoreServices/pbs -update\n"


def test_written_again(machine: Machine) -> None:
    """A second time changes no byte, and what was changed or lost is told."""
    QUICK_ACTION.write(machine, SCRIPT)
    contents = QUICK_ACTION.path(machine) / "Contents"
    before = (contents / "document.wflow").read_bytes()
    QUICK_ACTION.write(machine, SCRIPT)
    assert (contents / "document.wflow").read_bytes() == before
    assert "is not as this version" in str(QUICK_ACTION.problem(machine, Path("/other")))
    (contents / "Info.plist").unlink()
    assert QUICK_ACTION.problem(machine, SCRIPT) == f"{contents / 'Info.plist'} is missing"


def test_removed(machine: Machine) -> None:
    """The folder goes; one of somebody else's under the same name stays."""
    QUICK_ACTION.write(machine, SCRIPT)
    assert QUICK_ACTION.remove(machine)
    path = QUICK_ACTION.path(machine)
    assert not path.exists()
    (path / "Contents").mkdir(parents=True)
    (path / "Contents" / "document.wflow").write_bytes(b"another")
    assert not QUICK_ACTION.remove(machine)
    with pytest.raises(InstallError, match="is not Deep Dream's"):
        QUICK_ACTION.write(machine, SCRIPT)
