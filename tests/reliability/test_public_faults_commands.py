"""Each fault of version 0.1 found from outside stays mended: the command line, installing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import ROOT
from forked_program import ForkedProgram
from image_samples import noise
from outcomes import done, sentence
from PIL import Image
from started_program import QUICK, ended, pictures, started

# C. The command line as people use it


@pytest.mark.parametrize("stray", ["two.gif", "two.heic", "two", "two.txt", "folder", "none.png"])
def test_c1_one_stray_file_does_not_stop_a_batch(
    program: ForkedProgram, folder: Path, stray: str
) -> None:
    """One file of another kind, or a folder, stopped the whole batch."""
    pictures(folder, "one.png", "three.png")
    if stray == "two.gif":
        frames = [Image.fromarray(noise(14, 20, 3) + np.uint8(n)) for n in (0, 50)]
        frames[0].save(folder / stray, save_all=True, append_images=frames[1:])
    elif stray == "folder":
        (folder / stray).mkdir()
    elif stray != "none.png":
        (folder / stray).write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 99)
    ran = program.run("dream", "one.png", stray, "three.png", *QUICK, cwd=folder)
    assert (folder / "one-dream.png").exists()
    assert (folder / "three-dream.png").exists()
    text = ran.errors.decode()
    assert "Traceback" not in text
    assert Path(stray).name in text
    # An empty folder holds nothing that could fail.
    assert ran.code == 2 or stray == "folder"


def test_c1_the_message_speaks_of_the_picture(program: ForkedProgram, folder: Path) -> None:
    """The message blamed an output that nobody had typed."""
    (folder / "I.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 99)
    said = sentence(program.run("dream", "I.HEIC", cwd=folder))
    assert "I.HEIC" in said
    assert "HEIC, AVIF" in said
    assert "-dream" not in said


def test_c2_wildcards_that_the_shell_leaves(program: ForkedProgram, folder: Path) -> None:
    """cmd and PowerShell leave patterns to the program, which took them for names."""
    pictures(folder, "w1.png", "w2.png", "in[1].png")
    done(program.run("dream", "w*.png", *QUICK, cwd=folder))
    assert (folder / "w2-dream.png").exists()
    done(program.run("dream", "in[1].png", *QUICK, cwd=folder))
    assert (folder / "in[1]-dream.png").exists()
    assert "z*.png" in sentence(program.run("dream", "z*.png", *QUICK, cwd=folder))


def test_c2_the_output_folder_is_made(program: ForkedProgram, folder: Path) -> None:
    """`-o dreams/` was refused where the folder did not exist."""
    pictures(folder, "one.png", "two.png")
    done(program.run("dream", "one.png", "two.png", "-o", "new/dreams/", *QUICK, cwd=folder))
    assert sorted(path.name for path in (folder / "new/dreams").iterdir()) == ["one.png", "two.png"]


def test_c2_options_between_pictures(program: ForkedProgram, folder: Path) -> None:
    """`one.png --steps 1 two.png` was refused."""
    pictures(folder, "one.png", "two.png")
    done(program.run("dream", "one.png", *QUICK, "two.png", cwd=folder))
    assert (folder / "two-dream.png").exists()


def test_c2_a_glob_run_twice(program: ForkedProgram, folder: Path) -> None:
    """Of the second run, the results of the first were inputs."""
    pictures(folder, "one.png", "two.png")
    done(program.run("dream", "one.png", "two.png", *QUICK, cwd=folder))
    names = ["one-dream.png", "one.png", "two-dream.png", "two.png"]
    done(program.run("dream", *names, *QUICK, cwd=folder))
    done(program.run("dream", "*.png", *QUICK, cwd=folder))
    assert list(folder.glob("*-dream-dream*")) == []


def test_c2_folders_in(program: ForkedProgram, folder: Path) -> None:
    """A folder could not be given, nor what lies below it, nor what is done be skipped."""
    pictures(folder, "in/one.png", "in/deep/two.png")
    (folder / "in/notes.txt").write_text("no picture")
    done(program.run("dream", "in", "-o", "out/", *QUICK, cwd=folder))
    assert [path.name for path in folder.glob("out/**/*.png")] == ["one.png"]
    made = (folder / "out/one.png").stat().st_mtime_ns
    words = ["dream", "in", "--recursive", "--skip-existing", "-o", "out/", *QUICK]
    done(program.run(*words, cwd=folder))
    assert (folder / "out/deep/two.png").exists()
    assert (folder / "out/one.png").stat().st_mtime_ns == made


def test_c3_the_command_that_adopt_prints_works(program: ForkedProgram, folder: Path) -> None:
    """It failed for a layer of another network."""
    command = [sys.executable, "-m", "dreamlayer.export", "adopt", "small.onnx", "--range", "0..1"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [*command, "-o", "adopted.onnx"], cwd=folder, env=env, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    line = next(one for one in ran.stdout.splitlines() if one.startswith("Use it with"))
    words = line.split("(")[0].split(" dream ", 1)[1].split()
    words = ["other.png" if word == "photo.jpg" else word for word in words]
    done(program.run("dream", *words, "--octaves", "1", "--steps", "1", cwd=folder))


def test_c4_the_readme_knows_environments_that_systems_manage() -> None:
    """`pip install` alone ends in `externally-managed-environment` on Debian and others."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "-m venv" in text
    assert "pipx" in text
    assert re.search(r"pip wheel|pip download", text), "nothing on machines without the internet"


def test_c4_half_a_runtime_is_told_in_one_sentence(folder: Path) -> None:
    """After all but one ONNX Runtime were uninstalled, an empty package gave AttributeError."""
    (folder / "site/onnxruntime").mkdir(parents=True)
    env = {"PYTHONPATH": os.pathsep.join([str(folder / "site"), str(ROOT)])}
    (folder / "site/onnxruntime/__init__.py").write_text("")
    words = ["dream", "other.png", *QUICK, "-o", "out.png"]
    code, errors = ended(started(*words, cwd=folder, env=env, stderr=subprocess.PIPE))
    assert code == 2
    assert "Traceback" not in errors
    assert len(errors.strip().splitlines()) == 1
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE}
    doctor = started("doctor", cwd=folder, env=env, **pipes)
    output, errors_ = doctor.communicate(timeout=60)
    assert b"Traceback" not in output + errors_


def test_c4_help_names_what_this_copy_came_from(folder: Path) -> None:
    """Doctor advised a name on PyPI that nobody owns."""
    (folder / "copy").symlink_to(ROOT)
    process = started("doctor", cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    output, _ = process.communicate(timeout=60)
    assert b'"dreamlayer[' not in output
    assert b"'dreamlayer[" not in output
