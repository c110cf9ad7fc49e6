"""WebGPU gives what the CPU provider gives; `.ci/run` runs this on SwiftShader, which needs no GPU.

It runs with the package onnxruntime-webgpu, and with the plug-in onnxruntime-ep-webgpu. SwiftShader
comes with Debian's Chromium, and is 40 to 100 times slower than the CPU provider:

    VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json \\
    ORT_WEBGPU_EP_ALLOW_SOFTWARE_ADAPTER=1 python -m pytest tests/runtime/test_webgpu.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.drivers import vulkan_fault
from dreamlayer.core.runtime.installed import offered
from dreamlayer.core.runtime.loading import fault
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.sessions import first_choice
from dreamlayer.export.gradient.command import run
from dreamlayer.export.gradient.request import Request

if "webgpu" not in offered():
    pytest.skip("no WebGPU: install dreamlayer[webgpu]", allow_module_level=True)
if found := fault("webgpu"):
    pytest.skip(f"WebGPU does not load: {found.reason}", allow_module_level=True)

SIDE = 76


@pytest.mark.parametrize(
    ("network", "layers"),
    [
        ("default", ["block_9_expand_relu", "block_5_project_BN"]),
        ("inception_v3_mixed5", ["mixed3", "mixed5"]),
    ],
)
def test_gradient_is_that_of_the_cpu(network: str, layers: list[str]) -> None:
    """Of both shipped networks, with a flat area, where the taps of a pool are all alike."""
    tile = np.random.default_rng(0).random((3, SIDE, SIDE), np.float32)
    tile[:, :40, :50] = 1.0
    terms = [Term(layer) for layer in layers]
    ours = GradientSession(Network(network), terms, Execution("webgpu"))
    assert ours.provider == "webgpu"
    loss, gradient = ours(tile)
    expected_loss, expected = GradientSession(Network(network), terms, Execution("cpu"))(tile)
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    lengths = np.linalg.norm(gradient) * np.linalg.norm(expected)
    assert float((gradient * expected).sum() / lengths) >= 0.99999


@pytest.mark.parametrize("layer", ["block_9_expand_relu", "mixed3"])
def test_exported_gradient_is_right(layer: str, tmp_path: Path) -> None:
    """Of both shipped networks, as they are exported for any runtime."""
    request = Request("default", (layer,), tmp_path / "gradient.onnx", size=(SIDE, SIDE))
    *_, row = run(request, ["webgpu"])
    assert row.startswith("webgpu")


def test_dream_is_that_of_the_cpu_and_quiet(photo: Path, tmp_path: Path) -> None:
    """By the command line, from the first octave to the file; nothing but our own lines is said."""
    small = tmp_path / "small.png"
    with Image.open(photo) as picture:
        picture.convert("RGB").resize((SIDE, SIDE)).save(small)
    dreamt = {}
    for provider in ("cpu", "webgpu"):
        out = tmp_path / f"{provider}.png"
        words = ["dream", str(small), "-o", str(out), "--steps", "1", "--octaves", "1"]
        ran = subprocess.run(
            [sys.executable, "-m", "core", *words, "--provider", provider],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout == ""
        first, *_, last = ran.stderr.splitlines()
        assert f"provider {provider}" in first
        assert last.startswith(f"{out}: done in")
        assert "onnxruntime" not in ran.stderr
        with Image.open(out) as picture:
            dreamt[provider] = np.asarray(picture, np.int16)
    with Image.open(small) as picture:
        before = np.asarray(picture, np.int16)
    assert np.abs(dreamt["cpu"] - before).max() > 8, "nothing was dreamt"
    assert np.abs(dreamt["webgpu"] - dreamt["cpu"]).max() <= 1


@pytest.mark.skipif(sys.platform != "linux", reason="asks Vulkan")
def test_auto_takes_it_only_on_a_gpu() -> None:
    """A software renderer, as in `.ci/run`, is passed over."""
    software = vulkan_fault(software=False) is not None
    assert first_choice("auto") == ("cpu" if software else "webgpu")
