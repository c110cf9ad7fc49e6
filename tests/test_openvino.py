"""OpenVINO gives what the CPU provider gives; `.ci/run` runs this in an environment of its own."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser

from core.dreaming import Dreamer
from core.network import Network
from core.providers import PRECISIONS
from core.recipe import Recipe
from core.sessions import GradientSession, offered, open_session
from core.term import Term

pytestmark = pytest.mark.skipif(
    "openvino" not in offered(), reason="no OpenVINO: install dreamlayer[openvino]"
)
TERMS = [Term("mixed3"), Term("mixed5")]


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Of the angle between two arrays."""
    one, other = a.ravel().astype(np.float64), b.ravel().astype(np.float64)
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize(("precision", "least"), [("full", 0.99999), ("fast", 0.99)])
def test_gradient_is_that_of_the_cpu(precision: str, least: float, fixed: bool) -> None:
    """In full, the same to rounding; fast, the same direction."""
    tile = np.random.default_rng(0).random((3, 150, 131), np.float32)
    ours = GradientSession(Network(), TERMS, "openvino", precision=precision)
    assert ours.provider == "openvino"
    if fixed:
        ours.fix((150, 131))
    loss, gradient = ours(tile)
    expected_loss, expected = GradientSession(Network(), TERMS, "cpu")(tile)
    assert loss == pytest.approx(expected_loss, rel=1e-5 if precision == "full" else 1e-2)
    assert cosine(gradient, expected) >= least


@pytest.mark.parametrize(
    "pool",
    [
        "kernel_shape=[3,3], strides=[2,2]",
        "kernel_shape=[2,2], strides=[2,2]",
        "kernel_shape=[3,3], pads=[1,1,1,1]",
        'kernel_shape=[3,3], strides=[2,2], auto_pad="SAME_UPPER"',
    ],
)
def test_pools_and_masks(pool: str) -> None:
    """Max-pools with and without padding, a ReLU before and behind, a stride of two."""
    model = parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] deep) {{
          a = Conv<strides=[2,2], pads=[1,1,1,1]>(image, w)
          b = Relu(a)
          p = MaxPool<{pool}>(b)
          q = Conv(p, v)
          deep = Relu(q)
        }}"""
    )
    rng = np.random.default_rng(0)
    for name, shape in (("w", (16, 3, 3, 3)), ("v", (8, 16, 3, 3))):
        weights = rng.standard_normal(shape).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(weights, name))
    image = rng.random((1, 3, 41, 52), np.float32)
    found = []
    for provider in ("openvino", "cpu"):
        made = gradient_of(model, provider)
        found.append(open_session(made, provider).run(["gradient"], {"image": image})[0])
    np.testing.assert_allclose(*found, atol=1e-4 * np.abs(found[1]).max())


def gradient_of(model: onnx.ModelProto, provider: str) -> onnx.ModelProto:
    """As `Network.gradient_model` writes it for a provider."""
    from core.forms import forms_of
    from core.gradient import gradient_model

    return gradient_model(model, [Term("deep")], forms=forms_of(provider))


def test_fast_picture_is_near_the_full_one() -> None:
    """A whole dream in bfloat16 differs from float32's by less than it does from the photo."""
    pixels = np.random.default_rng(0).random((120, 150, 3)).astype(np.float32)
    recipe = Recipe(octaves=2, steps=4)
    dreamer = Dreamer("default", "openvino")
    full, fast = (dreamer.dream(pixels, recipe.replace(precision=p)) for p in PRECISIONS)
    assert cosine(fast - pixels, full - pixels) >= 0.8
    assert np.abs(fast - full).mean() < 0.5 * np.abs(full - pixels).mean()
