"""The commands that the documents show run, one after another, as a newcomer types them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from documents import section, text
from PIL import Image

COFFEE = Path(__file__).parent / "data" / "coffee.jpg"
ROOT = Path(__file__).parents[1]

LINES = {
    "README.md": section(text("README.md"), "Use"),
    "docs/command-line.md": section(text("docs/command-line.md"), "Many pictures")
    + section(text("docs/command-line.md"), "Pipes"),
}
COMMAND = re.compile(r"^ {4}(dreamlayer .*)$", re.MULTILINE)

PHOTOS = (
    *("photo.jpg", "photo.tif", "other.jpg", "in.png", "where.png", "flowers.jpg"),
    *("painting.jpg", "a.jpg", "b.jpg", "photos/one.jpg", "photos/trip/two.png"),
)

SHORTER = {
    "gallery": "--steps 1 --most 2 --cell 32",
    "style": "--rounds 1 --evaluations 2 --size 64",
    "dream": "--steps 2",
}
"""Added to commands that would take minutes."""

ELSEWHERE = {
    "--preset strokes": "it needs VGG16, whose weights are not shipped",
    "worker": "it is for programs; tests/worker speaks with it",
}


@pytest.mark.skipif(sys.platform == "win32", reason="the lines are those of a Unix shell")
@pytest.mark.parametrize("document", LINES)
def test_shown_commands_run(document: str, tmp_path: Path) -> None:
    """In their order, in one folder, with nothing but the package and an empty home."""
    work, home, programs = tmp_path / "work", tmp_path / "home", tmp_path / "bin"
    for folder in (work / "photos" / "trip", home, programs):
        folder.mkdir(parents=True)
    with Image.open(COFFEE) as photo:
        small = photo.resize((96, 64))
    for name in PHOTOS:
        small.convert("L" if name == "where.png" else "RGB").save(work / name)
    program = programs / "dreamlayer"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dreamlayer "$@"\n')
    program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
    }
    lines = COMMAND.findall(LINES[document])
    assert len(lines) > 3
    for line in lines:
        if any(words in line for words in ELSEWHERE):
            continue
        typed = line.partition(" #")[0].rstrip()
        added = SHORTER.get(line.split()[1], "")
        if "--steps" in typed or "--plot" in typed:
            added = ""
        first, pipe, rest = typed.partition(" < ")
        ran = subprocess.run(
            ["bash", "-c", f"{first} {added}{pipe}{rest}"],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ran.returncode == 0, f"{line}\n{ran.stderr}"
        assert "Traceback" not in ran.stderr, line
    assert list(home.iterdir()) == []
