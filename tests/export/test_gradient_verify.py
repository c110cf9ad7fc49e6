"""``--verify``: what agrees passes, what is wrong or missing is told in one sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from classifier import classifier
from gradient_page import MODULES
from small_network import small_model

from dreamlayer.core.autodiff.variants import VARIANTS
from dreamlayer.core.errors import NetworkError, ProviderError
from dreamlayer.core.runtime import openvino_session
from dreamlayer.export.gradient import runtimes
from dreamlayer.export.gradient.command import run
from dreamlayer.export.gradient.options import RUNTIME_HELP, VARIANT_HELP
from dreamlayer.export.gradient.request import Request
from dreamlayer.export.gradient.runtimes import RUNTIMES, Runtime

ROOT = Path(__file__).parents[2]


def needed(name: str) -> None:
    """Skip where a runtime is not installed."""
    if name == "openvino" and not openvino_session.is_installed():
        pytest.skip("no OpenVINO: install dreamlayer[openvino]")
    if name == "node" and not (shutil.which("node") and (MODULES / "node_modules").is_dir()):
        pytest.skip("no onnxruntime-web: bash .ci/node")


@pytest.fixture
def network(tmp_path: Path) -> Path:
    onnx.save(small_model(), tmp_path / "small.onnx")
    return tmp_path / "small.onnx"


def test_help_names_what_there_is() -> None:
    """Each variant and runtime has its words, though help imports neither."""
    assert set(VARIANT_HELP) == set(VARIANTS)
    assert list(RUNTIME_HELP) == list(RUNTIMES)


@pytest.mark.parametrize("name", ["onnxruntime", "openvino", "node", "reference"])
@pytest.mark.parametrize(
    ("layers", "size"),
    [
        (("deep:1:2-5:mean", "first:-0.5"), None),
        (("deep:1::direction", "deep:0.5::gram", "image:0.1::original"), None),
        (("deep:1::neuron", "deep:0.1::guide"), (20, 33)),
    ],
)
def test_runtimes_agree(
    name: str, layers: tuple[str, ...], size: tuple[int, int] | None, network: Path
) -> None:
    """Of any size and of one, inputs to compare with included; a row tells how well."""
    needed(name)
    request = Request(str(network), layers, network.with_name("g.onnx"), size=size, fold=True)
    *_, heading, row = run(request, [name], MODULES)
    assert heading.split()[:3] == ["runtime", "version", "cosine"]
    found, version, cosine, error, loss = row.split()
    assert (found, float(cosine)) == (name, 1.0)
    assert version[0].isdigit()
    assert max(float(error), float(loss)) <= 1e-4


def test_a_head_of_one_size_is_verified_at_it(tmp_path: Path) -> None:
    """Its image of noise has that size."""
    onnx.save(classifier("one", classes=9), tmp_path / "one.onnx")
    request = Request(
        str(tmp_path / "one.onnx"), (), tmp_path / "g.onnx", classes=((8, 1.0),), size=(32, 32)
    )
    told = list(run(request, ["onnxruntime"]))
    assert "32 × 32 pixels" in told[-3]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda loss, g: (loss, g[..., ::-1]), "cosine 0"),
        (lambda loss, g: (loss, -g), "cosine -1.0"),
        (lambda loss, g: (loss, g * 1.1), "cosine 1.0"),
        (lambda loss, g: (loss * 1.01, g), "loss 1.0e-02 off"),
        (lambda loss, g: (loss, g * np.nan), "cosine nan"),
        (lambda loss, g: (loss, g * 0), "cosine 0.0"),
    ],
)
def test_what_is_wrong_is_told(
    wrong: Any, words: str, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Turned, negated, scaled, not a number, zero, or of another loss: an error after the table."""
    right = RUNTIMES["onnxruntime"]
    monkeypatch.setitem(
        RUNTIMES,
        "openvino",
        Runtime(lambda _: "1.0", lambda *given: wrong(*right.run(*given))),
    )
    request = Request(str(network), ("deep",), network.with_name("g.onnx"))
    lines = []
    with pytest.raises(NetworkError, match="is written, but not right in openvino") as told:
        lines.extend(run(request, ["onnxruntime", "openvino"]))
    assert words in str(told.value)


def test_near_ties_get_another_image(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong on the first image alone is no fault of the runtime."""
    right, tried = RUNTIMES["onnxruntime"], []

    def unlucky(*given: Any) -> Any:
        loss, gradient = right.run(*given)
        tried.append(gradient)
        return loss, gradient if len(tried) == 2 else -gradient

    monkeypatch.setitem(RUNTIMES, "onnxruntime", Runtime(lambda _: "1.0", unlucky))
    list(run(Request(str(network), ("deep",), network.with_name("g.onnx")), ["onnxruntime"]))
    assert len(tried) == 2


def test_missing_runtimes_are_named_before_the_work(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with the command that installs it; nothing is written."""
    output = tmp_path / "g.onnx"
    request = Request(str(network), ("deep",), output)

    def refused(name: str, words: str, modules: Path | None = None) -> None:
        with pytest.raises(ProviderError, match=words) as told:
            list(run(request, [name], modules))
        assert "\n" not in str(told.value)
        assert not output.exists()

    refused("webgpu", r"install it with: .*\[webgpu\]|did not load on this machine")
    monkeypatch.setenv("PYTHONPATH", str(_without(tmp_path, "openvino")))
    refused("openvino", "install it with: .* -m pip install openvino")
    refused("node", "is not a folder", tmp_path / "none")
    if shutil.which("node"):
        monkeypatch.delenv("NODE_PATH", raising=False)
        empty = tmp_path / "empty"
        empty.mkdir()
        refused("node", "not found from .*npm install onnxruntime-web", empty)
    monkeypatch.setenv("PATH", str(tmp_path))
    refused("node", "Node.js, which is not on the PATH")


def _without(folder: Path, package: str) -> Path:
    """A folder in which a package does not load."""
    place = folder / "without"
    place.mkdir()
    (place / f"{package}.py").write_text("raise ImportError\n")
    return place


@pytest.mark.parametrize("name", ["openvino", "node", "reference", "onnxruntime"])
def test_a_model_that_does_not_run_is_told(name: str, tmp_path: Path) -> None:
    """The runtime's own reason, in one line."""
    needed(name)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"\x08\x08no model")
    image = np.zeros((1, 3, 8, 8), np.float32)
    with pytest.raises(NetworkError) as told:
        RUNTIMES[name].run(broken, {"image": image}, MODULES)
    assert "\n" not in str(told.value)


def test_a_runtime_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """After some minutes, in one sentence."""
    monkeypatch.setattr(runtimes, "_SECONDS", 0.2)
    monkeypatch.setattr(runtimes, "_SCRIPTS", tmp_path)
    (tmp_path / "with_openvino.py").write_text("import time\ntime.sleep(60)\n")
    with pytest.raises(NetworkError, match="OpenVINO does not run the model: it took more than"):
        RUNTIMES["openvino"].version(None)


def test_modules_are_found_as_node_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a named folder, node_modules itself, the current folder, one above it, or NODE_PATH."""
    needed("node")
    version = RUNTIMES["node"].version
    monkeypatch.delenv("NODE_PATH", raising=False)
    known = version(MODULES)
    assert version(MODULES / "node_modules") == known
    below = tmp_path / "project" / "below"
    below.mkdir(parents=True)
    (tmp_path / "project" / "node_modules").symlink_to(MODULES / "node_modules")
    monkeypatch.chdir(below)
    assert version(None) == known
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProviderError):
        version(None)
    monkeypatch.setenv("NODE_PATH", str(MODULES / "node_modules"))
    assert version(None) == known


def test_the_command_ends_with_an_error(network: Path, tmp_path: Path) -> None:
    """What a runtime gets wrong is the exit code's matter; the table is printed before."""
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "openvino.py").write_text(_FAKE_OPENVINO)
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "export", "gradient", str(network), "--layer", "deep"),
            *("-o", str(tmp_path / "g.onnx"), "--verify", "onnxruntime", "--verify", "openvino"),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(fake)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2, ran.stdout + ran.stderr
    table = ran.stdout.splitlines()[-2:]
    assert [line.split()[0] for line in table] == ["onnxruntime", "openvino"]
    assert "not right in openvino" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


_FAKE_OPENVINO = """
import numpy as np
__version__ = "9.9"
class Core:
    def compile_model(self, model, device, hints):
        return lambda feeds: {"loss": np.float32(1), "gradient": feeds["image"]}
"""
