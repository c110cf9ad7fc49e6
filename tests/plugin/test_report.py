"""What was done is told in one line a GIMP, or in JSON, and in the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dreamlayer.plugin.editor import FLATPAK
from dreamlayer.plugin.gimps.gimp import Gimp
from dreamlayer.plugin.report import Report, exit_code, show

GOOD = Report(
    "GIMP 3.2 (Flatpak)",
    "gimps",
    Path("/ö"),
    True,
    "installed",
    editor=Gimp("3.2", FLATPAK, Path()),
)
BAD = Report("folder", "gimps", Path("/x"), False, "not installed: full", fix="rm y")


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, with the command that fixes it; 2 as soon as one is not well."""
    assert exit_code(show([GOOD], as_json=False)) == 0
    assert exit_code(show([GOOD, BAD], as_json=False)) == 2
    assert capsys.readouterr().out.splitlines()[1:] == [
        "GIMP 3.2 (Flatpak): installed",
        "folder: not installed: full; run: rm y",
    ]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The same for another program."""
    assert exit_code(show([GOOD, BAD], as_json=True)) == 2
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert report["gimps"][0] == {
        "name": "GIMP 3.2 (Flatpak)",
        "version": "3.2",
        "kind": "Flatpak",
        "folder": str(Path("/ö")),
        "ok": True,
        "registered": None,
        "says": "installed",
        "fix": None,
    }
    assert report["gimps"][1]["fix"] == "rm y"


@pytest.mark.parametrize("well", [True, False])
def test_what_else_there_is(well: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """What is done beside the GIMPs counts in the exit code and in the JSON alike."""
    shown = show([GOOD], as_json=True, more=lambda: (well, {"left": [1]}))
    report = json.loads(capsys.readouterr().out)
    assert (report["ok"], report["left"]) == (well, [1])
    assert exit_code(shown, well=well) == (0 if well else 2)
