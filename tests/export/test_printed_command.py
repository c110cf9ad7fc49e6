"""The command that adopting a network prints works as it stands, in a shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import token_network
from onnx import numpy_helper, parser
from PIL import Image

ROOT = Path(__file__).parents[2]
PLAIN = """
<ir_version: 8, opset_import: ["" : 18]>
plain (float[n,3,h,w] pixels) => (float[a,b,c,d] result)
<float[20,3,3,3] w1, float[24,20,3,3] w2> {
  a = Conv<strides=[2,2]>(pixels, w1)
  r = Relu(a)
  result = Conv<strides=[2,2]>(r, w2)
}
"""


def plain() -> onnx.ModelProto:
    """A network whose tensors have odd names."""
    model = parser.parse_model(PLAIN)
    rng = np.random.default_rng(0)
    for name, shape in (("w1", (20, 3, 3, 3)), ("w2", (24, 20, 3, 3))):
        values = (rng.standard_normal(shape) * 0.2).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    for node in model.graph.node:
        node.input[:] = [{"a": "it's: a+b", "r": "$(r) r"}.get(x, x) for x in node.input]
        node.output[:] = [{"a": "it's: a+b", "r": "$(r) r"}.get(x, x) for x in node.output]
    return model


NETWORKS = {
    "plain.onnx": plain,
    "it's a net & more.onnx": plain,
    "a folder/-o.onnx": plain,
    "vit.onnx": lambda: token_network.vision_transformer(1),
    "last $HOME.onnx": token_network.channels_last,
    "swin (1).onnx": token_network.windows,
}


@pytest.mark.skipif(sys.platform == "win32", reason="the line is typed into a Unix shell")
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("listed", [False, True])
def test_the_printed_command_runs(name: str, listed: bool, tmp_path: Path) -> None:
    """Whatever file and folder are called, by path and by name, with a layer of this network."""
    program = tmp_path / "bin" / "dreamlayer"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dreamlayer "$@"\n')
    program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        **({"DREAMLAYER_NETWORKS": str((tmp_path / name).parent)} if listed else {}),
    }
    (tmp_path / name).parent.mkdir(exist_ok=True)
    onnx.save(NETWORKS[name](), tmp_path / "source of it.onnx")
    Image.fromarray(np.full((64, 96, 3), 90, np.uint8)).save(tmp_path / "photo.jpg")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    target = f"--output={name}"
    adopted = run(sys.executable, "-m", "export", "adopt", "source of it.onnx", target)
    assert adopted.returncode == 0, adopted.stderr
    line = next(one for one in adopted.stdout.splitlines() if one.startswith("Use it with: "))
    typed = line.removeprefix("Use it with: ")
    ran = run("sh", "-c", f"{typed} --octaves 1 --steps 1 --output=dreamt.png")
    assert ran.returncode == 0, f"{typed}\n{ran.stderr}"
    assert (tmp_path / "dreamt.png").is_file()
