"""In a real Thunar, a right-click on two pictures makes two dreams; and the desktops' own tools
find nothing wrong with the entries."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import editor_root
import numpy as np
import pytest
from made_up_desktop import EVERY
from made_up_machine import script
from PIL import Image

from dreamlayer.plugin.file_managers.dolphin import DOLPHIN
from dreamlayer.plugin.file_managers.thunar import THUNAR
from dreamlayer.plugin.machine import Machine

SUITE = "trixie"
INSIDE = Path(__file__).parent / "inside" / "right_click.py"
NAMES = ['it\'s & a <b> "quote" $HOME.jpg', "two words.png"]


@pytest.fixture(scope="module")
def root() -> Path:
    """A root with Thunar and what checks entries."""
    if reason := editor_root.missing(SUITE):
        pytest.skip(reason)
    folder = editor_root.folder(SUITE)
    for name in ("thunar", "desktop-file-validate", "dbus-run-session", "xmllint"):
        if not (folder / "usr" / "bin" / name).exists():
            pytest.skip(f"the root {folder} has no {name}")
    return folder


@pytest.fixture(scope="module")
def desk(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A home in which `install --file-managers` was run, in a folder that the root sees too."""
    shared = tmp_path_factory.mktemp("Jörg's desk")
    home, programs = shared / "home", shared / "bin"
    home.mkdir()
    for name in EVERY:
        script(programs / name, "#!/bin/sh\n")
    python = editor_root.interpreter(shared / "the python", editor_root.PROJECT)
    environment = {
        "HOME": str(home),
        "PATH": f"{programs}:/usr/bin:/bin",
        "XDG_CONFIG_DIRS": str(root / "etc" / "xdg"),
        "PYTHONPATH": str(editor_root.PROJECT),
    }
    command = [sys.executable, "-m", "plugin", "install", "--file-managers", "--preset", "draft"]
    ran = subprocess.run(
        [*command, "--python", str(python)],
        cwd=editor_root.PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    yield Machine("Linux", home, {}, shared)
    shutil.rmtree(shared)


def inside(desk: Machine, *command: str) -> str:
    """What a command says in the root."""
    ran = editor_root.run(
        SUITE, list(command), desk.root, environment={"HOME": str(desk.home)}, timeout=120
    )
    return ran.stdout + ran.stderr


def test_a_right_click(desk: Machine) -> None:
    """Both results are beside the originals, whatever these are called, and that is told."""
    folder, programs = desk.root / "My pictures", desk.root / "tools"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    for name in NAMES:
        Image.fromarray(noise).save(folder / name)
    # The work runs outside the root, and has no notifications of its own there.
    script(programs / "notify-send", f'#!/bin/sh\necho "$@" > "{programs}/told"\n')
    path = Path("/host") / INSIDE.relative_to("/")
    said = inside(desk, "dbus-run-session", "--", "python3", str(path), str(folder), str(programs))
    results = ['it\'s & a <b> "quote" $HOME-dream.jpg', "two words-dream.png"]
    assert sorted(one.name for one in folder.iterdir()) == sorted([*NAMES, *results]), said
    told = (programs / "told").read_text()
    assert "2 pictures are finished: " in told


def test_dolphin_s_entry_is_valid(desk: Machine) -> None:
    """What is found is what KDE's own service menus have too: keys of applications."""
    said = inside(desk, "desktop-file-validate", str(DOLPHIN.path(desk)))
    errors = [line for line in said.splitlines() if ": error" in line]
    assert errors
    assert all("only valid for type" in line for line in errors), errors


def test_thunar_s_actions_are_xml(desk: Machine) -> None:
    """Our action beside those that Thunar comes with."""
    assert inside(desk, "xmllint", "--noout", str(THUNAR.path(desk))) == ""
