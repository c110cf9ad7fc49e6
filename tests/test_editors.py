"""The commands of docs/editors.md run as the programs there call them, where these are there."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from documents import blocks, section, text
from PIL import Image

from dreamlayer import read

ROOT = Path(__file__).parents[1]
COFFEE = Path(__file__).parent / "data" / "coffee.jpg"
PAGE = text("docs/editors.md")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the lines are for a Unix shell")

Shell = Callable[[str], None]


def shown(title: str, number: int = 0) -> str:
    """A block of commands under a heading."""
    return blocks(section(PAGE, title), "")[number]


def needs(program: str) -> pytest.MarkDecorator:
    """Skip where a program is not installed; it is too large for the tests' own environment."""
    there = shutil.which(program) is not None
    return pytest.mark.skipif(not there, reason=f"no {program} on this machine")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Run a command as a person types it, in a folder with pictures; dreams take one step."""
    program = tmp_path / "bin" / "dreamlayer"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dreamlayer "$@"\n')
    program.chmod(0o755)
    work = tmp_path / "work"
    for folder in ("photos", "exported"):
        (work / folder).mkdir(parents=True)
    with Image.open(COFFEE) as photo:
        small = photo.resize((96, 64))
    for name in ("photo.jpg", "photos/one.jpg", "exported/two.png", "Ann's photo (1).jpg"):
        small.save(work / name)
    environment = {
        **os.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }

    def run(line: str) -> None:
        quick = line.replace("dreamlayer dream", "dreamlayer dream --steps 1")
        ran = subprocess.run(
            ["/bin/bash", "-o", "pipefail", "-c", quick],
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ran.returncode == 0, f"{line}\n{ran.stderr}"

    return run


def test_digikam(shell: Shell, tmp_path: Path) -> None:
    """As its Custom Script does: the two words become names in quotation marks, in Bash."""
    source = tmp_path / "work" / "Ann's photo (1).jpg"
    target = tmp_path / "work" / "BatchTool-x.digikamtempfile.tif"
    target.touch()
    line = shown("digiKam").replace("$INPUT", f'"{source}"').replace("$OUTPUT", f'"{target}"')
    shell(line)
    made = read(target)
    assert (made.format, made.width, made.height) == ("tiff", 96, 64)


def test_rawtherapee_s_external_editor(shell: Shell, tmp_path: Path) -> None:
    """The name of a file stands behind the command, quoted."""
    source = tmp_path / "work" / "Ann's photo (1).jpg"
    line = shown("RawTherapee").strip().replace("/home/ann", str(tmp_path / "work"))
    shell(f"{line} {shlex.quote(str(source))}")
    assert (tmp_path / "work" / "dreams" / source.name).exists()


def test_any_other_program(shell: Shell, tmp_path: Path) -> None:
    """Twice, since it may be run again."""
    for _ in range(2):
        shell(shown("Any other program"))
    assert [one.name for one in (tmp_path / "work" / "dreams").iterdir()] == ["two.png"]


@needs("magick")
def test_imagemagick(shell: Shell, tmp_path: Path) -> None:
    """Each pipe gives a picture, of the depth and size that it says."""
    for line in shown("ImageMagick, and pipes").splitlines():
        shell(line)
    work = tmp_path / "work"
    assert (read(work / "dream.webp").width, read(work / "dream.webp").depth) == (96, 8)
    assert (read(work / "small.tif").width, read(work / "small.tif").depth) == (48, 16)
    assert read(work / "draft.png").width == 800


@needs("darktable-cli")
def test_darktable_without_a_window(shell: Shell, tmp_path: Path) -> None:
    """It develops 16 bits, which the dream keeps."""
    develop, dream = shown("darktable").splitlines()
    # A person's own settings are left alone.
    shell(f"{develop} --configdir {tmp_path}/settings --cachedir {tmp_path}/cache --disable-opencl")
    shell(dream)
    assert read(tmp_path / "work" / "developed-dream.tif").depth == 16


@needs("rawtherapee-cli")
def test_rawtherapee_s_command_line(shell: Shell, tmp_path: Path) -> None:
    """A folder is developed, and dreamt on."""
    for line in shown("RawTherapee", 2).splitlines():
        shell(line)
    assert read(tmp_path / "work" / "dreams" / "one.tif").depth == 16
