"""The entries of Nautilus, Nemo and Dolphin start the script, whatever its path holds."""

from __future__ import annotations

import configparser
import subprocess
import sys
from pathlib import Path

import pytest
from made_up_desktop import desktop
from made_up_machine import script

from dreamlayer.plugin.file_managers.dolphin import DOLPHIN
from dreamlayer.plugin.file_managers.entry import FileEntry
from dreamlayer.plugin.file_managers.nautilus import NAUTILUS
from dreamlayer.plugin.file_managers.nemo import NEMO

ODD = '/home/Jörg\'s "café" $HOME `x` 100% \\ y/deep-dream'


def group(entry: FileEntry, name: str, path: str = ODD) -> configparser.SectionProxy:
    """A group of a desktop file."""
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(entry.content(Path(path)).decode())
    return parser[name]


def started(value: str) -> str:
    """The program that `Exec` means: first the file's escapes, then the words', then percents."""
    words = value.replace("\\\\", "\\")
    said = subprocess.check_output(["sh", "-c", f"printf '%s\\n' {words}"], text=True)
    program, files = said.splitlines()
    assert files == "%F"
    return program.replace("%%", "%")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell")
@pytest.mark.parametrize(
    ("entry", "name"), [(NEMO, "Nemo Action"), (DOLPHIN, "Desktop Action deepDream")]
)
def test_what_is_started(entry: FileEntry, name: str) -> None:
    """The command is the script with all selected files."""
    assert started(group(entry, name)["Exec"]) == ODD
    assert group(entry, name)["Name"] == "Deep Dream"


def test_for_pictures_only() -> None:
    """Nemo and KDE's file managers show the entry for the pictures that are read."""
    types = group(NEMO, "Nemo Action")["Mimetypes"]
    assert types == group(DOLPHIN, "Desktop Entry")["MimeType"]
    assert {"image/png", "image/jpeg", "image/tiff", "image/webp"} < set(types.split(";"))
    assert "image/gif" not in types


def test_in_the_user_s_language() -> None:
    """Nemo's tooltip is translated."""
    action = group(NEMO, "Nemo Action")
    assert action["Comment[de]"] == "Auf den Bildern träumen; die Ergebnisse kommen daneben"
    assert {f"Comment[{language}]" for language in ("es", "fr", "ja", "zh_CN")} < set(action)


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")
def test_nautilus_runs_the_script(tmp_path: Path) -> None:
    """The file in Nautilus's folder hands on full paths of what is in the shown folder."""
    machine = desktop(tmp_path)
    program = script(
        tmp_path / "Jörg's $x" / "deep-dream", '#!/bin/sh\nfor one; do echo "$one"; done\n'
    )
    NAUTILUS.write(machine, program)
    assert NAUTILUS.problem(machine, program) is None
    words = [NAUTILUS.path(machine), "-a b.jpg", "/c's $d.png"]
    said = subprocess.check_output(words, cwd=tmp_path, text=True)
    assert said.splitlines() == [f"{tmp_path}/-a b.jpg", "/c's $d.png"]
    NAUTILUS.path(machine).chmod(0o644)
    assert "is not executable" in str(NAUTILUS.problem(machine, program))
