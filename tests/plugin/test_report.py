"""What was done is told in one line a GIMP, or in JSON, and in the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dreamlayer.plugin.gimps.gimp import FLATPAK, Gimp
from dreamlayer.plugin.report import Outcome, show

GOOD = Outcome(
    "GIMP 3.2 (Flatpak)", Path("/ö"), True, "installed", gimp=Gimp("3.2", FLATPAK, Path())
)
BAD = Outcome("folder", Path("/x"), False, "not installed: full", mend="rm y")


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, with the command that mends it; 2 as soon as one is not well."""
    assert show([GOOD], as_json=False) == 0
    assert show([GOOD, BAD], as_json=False) == 2
    assert capsys.readouterr().out.splitlines()[1:] == [
        "GIMP 3.2 (Flatpak): installed",
        "folder: not installed: full; run: rm y",
    ]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The same for another program."""
    assert show([GOOD, BAD], as_json=True) == 2
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
        "mend": None,
    }
    assert report["gimps"][1]["mend"] == "rm y"
