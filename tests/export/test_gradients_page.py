"""docs/gradients.md: its commands and its examples run as they stand, and give the gradient."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gradient_page
import numpy as np
import onnx
import pytest
from classifier import classifier
from documents import ROOT, blocks, section
from gradient_page import MODULES, PAGE, RUNTIMES, Missing
from numpy.typing import NDArray
from PIL import Image

from dreamlayer.core.runtime import openvino_session
from dreamlayer.export.verify import COSINE_LIMIT, cosine

COMMANDS = [line.strip() for line in PAGE.splitlines() if line.startswith("    dreamlayer-export")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a reader of the page would be: with a photo, a classifier and onnxruntime-web."""
    made = tmp_path_factory.mktemp("page")
    gradient_page.prepare(made)
    onnx.save(classifier(), made / "classifier.onnx")
    if (MODULES / "node_modules").is_dir():
        (made / "node_modules").symlink_to(MODULES / "node_modules")
    yield made
    (made / "node_modules").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def exported(folder: Path) -> Path:
    """The same after its first commands, which are those without --verify."""
    for line in COMMANDS:
        if "--verify" not in line:
            typed(line, folder)
    return folder


def typed(line: str, folder: Path) -> str:
    """Type a command; what it prints."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    program = programs / "dreamlayer-export"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dreamlayer.export "$@"\n')
    program.chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env={**gradient_page.environment(folder), "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def right(folder: Path) -> tuple[float, NDArray[np.float32]]:
    """Loss and gradient of the default network at the photo, by plain ONNX Runtime."""
    return gradient_page.expected("default", "block_11_expand", gradient_page.prepare(folder))


@pytest.mark.parametrize("line", [line for line in COMMANDS if "--verify" in line])
def test_commands_that_verify(line: str, folder: Path) -> None:
    """Each runtime that the page verifies agrees."""
    if "openvino" in line and not openvino_session.is_installed():
        pytest.skip("no OpenVINO: install dreamlayer[openvino]")
    if "node" in line and not (shutil.which("node") and (folder / "node_modules").is_dir()):
        pytest.skip("no onnxruntime-web: bash .ci/node")
    assert "1.00000000" in typed(line, folder)


@pytest.mark.parametrize("name", RUNTIMES)
def test_examples_give_the_gradient(
    name: str, exported: Path, right: tuple[float, NDArray[np.float32]]
) -> None:
    """Of the default network, beside the network's own."""
    try:
        _, loss, gradient = RUNTIMES[name].run(exported)
    except Missing as missing:
        pytest.skip(str(missing))
    assert loss == pytest.approx(right[0], rel=1e-4)
    assert cosine(gradient, right[1]) >= COSINE_LIMIT
    if name == "python":
        with Image.open(exported / "dream.png") as dream, Image.open(exported / "photo.png") as own:
            assert dream.size == own.size
            assert np.abs(np.asarray(dream, int) - np.asarray(own, int)).max() > 8


def test_the_example_of_a_class(exported: Path) -> None:
    """It draws a saliency map, and its steps make the class more and less likely."""
    (code,) = blocks(section(PAGE, "What a classifier looks at"), "python")
    score = "session.run(['loss'], {'image': NAME})[0]"
    told = ", ".join(score.replace("NAME", name) for name in ("less", "image", "more"))
    (exported / "example.py").write_text(f"{code}\nprint({told})\n")
    ran = subprocess.run(
        [sys.executable, "example.py"],
        cwd=exported,
        env=gradient_page.environment(exported),
        capture_output=True,
        text=True,
        check=True,
    )
    less, as_is, more = map(float, ran.stdout.split())
    assert less < as_is < more
    with Image.open(exported / "saliency.png") as drawn:
        assert (drawn.size, drawn.mode) == ((224, 224), "L")
        assert np.asarray(drawn).max() == 255


def test_the_table_has_a_row_for_each_runtime() -> None:
    """`python tests/support/gradient_page.py` prints those that run here."""
    rows = section(PAGE, "Is it right there?")
    for runtime in RUNTIMES.values():
        assert f"| {runtime.title} |" in rows
