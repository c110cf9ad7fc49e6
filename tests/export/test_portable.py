"""The exported gradient is right in another runtime: OpenVINO's own package, no ONNX Runtime in it.

What is not right there is silently wrong: the loss fits, the gradient does not.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser

from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.sessions import open_session
from dreamlayer.export.gradient.command import run
from dreamlayer.export.gradient.request import Request
from dreamlayer.export.verify import cosine, relative_error

pytest.importorskip("openvino", reason="no OpenVINO package: pip install openvino")

# In a process of its own: ONNX Runtime may bring another OpenVINO, and what it writes is watched.
RUN = """
import sys
# Its package for reports writes into HOME at its import; OpenVINO does without where it is missing.
sys.modules["openvino_telemetry"] = None
import numpy as np
import openvino
core = openvino.Core()
core.set_property("CPU", {"INFERENCE_PRECISION_HINT": "f32"})
compiled = core.compile_model(sys.argv[1], "CPU")
found = [compiled({"image": image}) for image in np.load(sys.argv[2])]
np.savez(sys.argv[3], **{n: np.stack([one[n] for one in found]) for n in ("loss", "gradient")})
"""

IMAGES = 5

POOLED = """
<ir_version: 8, opset_import: ["" : 18]>
m (float[batch,3,height,width] image) => (float[n,c,h,w] deep) {
  a = Conv<pads=[1,1,1,1], strides=[2,2]>(image, w1)
  b = Relu(a)
  c = MaxPool<kernel_shape=[3,3], strides=[2,2]>(b)
  d = Conv<pads=[1,1,1,1]>(c, w2)
  e = Relu(d)
  f = MaxPool<kernel_shape=[3,3], strides=[1,1], pads=[1,1,1,1]>(e)
  g = Conv<pads=[1,1,1,1], strides=[2,2]>(f, w2)
  deep = Relu(g)
}
"""


def pooled() -> onnx.ModelProto:
    """Convolutions of as many channels in as out, ReLUs and pools: what other runtimes mistake."""
    model = parser.parse_model(POOLED)
    rng = np.random.default_rng(0)
    for name, shape in (("w1", (16, 3, 3, 3)), ("w2", (16, 16, 3, 3))):
        weights = rng.standard_normal(shape).astype(np.float32) * 0.3
        model.graph.initializer.append(numpy_helper.from_array(weights, name))
    return model


PRODUCTS = """
<ir_version: 8, opset_import: ["" : 18]>
m (float[batch,3,height,width] image) => (float[n,c] deep) {
  a = Conv<strides=[8,8]>(image, patch)
  b = Reshape(a, columns)
  c = Transpose<perm=[0,2,1]>(b)
  d = MatMul(c, w1)
  e = Tanh(d)
  f = Einsum<equation="bij,jk->bik">(e, w2)
  g = Tanh(f)
  j = ReduceMean<keepdims=0>(g, rows)
  k = Gemm<transB=1>(j, w3)
  l = Tanh(k)
  deep = Gemm(l, w4)
}
"""


def products() -> onnx.ModelProto:
    """Square matrices by MatMul, Einsum and Gemm, as networks of tokens have them."""
    model = parser.parse_model(PRODUCTS)
    rng = np.random.default_rng(0)
    shapes = {
        "patch": (16, 3, 8, 8),
        "w1": (16, 16),
        "w2": (16, 16),
        "w3": (16, 16),
        "w4": (16, 16),
    }
    for name, shape in shapes.items():
        weights = rng.standard_normal(shape).astype(np.float32) * np.float32(0.3)
        model.graph.initializer.append(numpy_helper.from_array(weights, name))
    model.graph.initializer.append(numpy_helper.from_array(np.array([0, 16, -1]), "columns"))
    model.graph.initializer.append(numpy_helper.from_array(np.array([1]), "rows"))
    return model


@pytest.fixture(scope="module", params=["default", "inception", "pooled", "products"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradient model in a file, of a shipped network or of one full of traps."""
    path = tmp_path_factory.mktemp("exported") / "gradient.onnx"
    layers = {
        "default": ["block_10_depthwise:0.5", "block_11_expand", "block_13_expand"],
        "inception": ["mixed3", "mixed5:0.5"],
    }
    if request.param in layers:
        list(run(Request("default", tuple(layers[request.param]), path)))
    else:
        model = pooled() if request.param == "pooled" else products()
        onnx.save(gradient_model(model, [Term("deep")]), path)
    return path


@pytest.mark.parametrize("size", [(107, 107), (99, 112)])
def test_openvino_agrees(exported: Path, size: tuple[int, int], tmp_path: Path) -> None:
    """Loss and gradient are ONNX Runtime's; nothing is left in HOME.

    Where two taps of a pool lie within rounding of each other, two right programs decide
    differently, here and there in an image: the best of five must agree to rounding, and each in
    direction. A wrong gradient is wrong on all.
    """
    images = np.random.default_rng(1).random((IMAGES, 1, 3, *size), np.float32)
    # As skies are: flat areas, where the taps of pools are all alike and ReLUs meet zeros.
    images[0, :, :, :40, :50] = 1.0
    given, taken, home = tmp_path / "images.npy", tmp_path / "result.npz", tmp_path / "home"
    np.save(given, images)
    home.mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", RUN, str(exported), str(given), str(taken)],
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert list(home.iterdir()) == []
    found = np.load(taken)
    session = open_session(onnx.load(exported), Execution("cpu"))
    errors = []
    for image, value, slope in zip(images, found["loss"], found["gradient"], strict=True):
        loss, gradient = session.run(["loss", "gradient"], {"image": image})
        assert value == pytest.approx(loss, rel=1e-5)
        assert cosine(slope, gradient) >= 0.9999
        errors.append(relative_error(slope, gradient))
    assert min(errors) <= 1e-4, errors
