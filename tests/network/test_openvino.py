"""OpenVINO gives what the CPU provider gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from measured_memory import told_and_taken
from onnx import numpy_helper, parser

from dreamlayer.core.autodiff.variants import VARIANTS
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.networks import SHIPPED_NETWORKS
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import PRECISIONS, PROVIDERS, Execution
from dreamlayer.core.runtime.sessions import installed, open_session

pytestmark = pytest.mark.skipif(
    "openvino" not in installed(), reason="no OpenVINO: install dreamlayer[openvino]"
)
TERMS = [Term("mixed3"), Term("mixed5")]


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Of the angle between two arrays."""
    one, other = a.ravel().astype(np.float64), b.ravel().astype(np.float64)
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize(("precision", "least"), [("full", 0.99999), ("fast", 0.98)])
@pytest.mark.parametrize("size", [(150, 131), (149, 149), (160, 161), (97, 203), (224, 112)])
def test_gradient_is_that_of_the_cpu(
    size: tuple[int, int], precision: str, least: float, fixed: bool
) -> None:
    """In full, the same to rounding; fast, as near as PyTorch's bfloat16 is to its float32.

    That has a cosine of 0.985 on tiles of 299 and 512 (bench/RESULTS.md). Among the sizes are
    those where a convolution of stride 2 leaves out the last row or column.
    """
    tile = np.random.default_rng(0).random((3, *size), np.float32)
    # As skies are: flat areas, where the taps of pools are all alike.
    tile[:, :40, :50] = 1.0
    ours = GradientSession(
        Network("inception_v3_mixed5"), TERMS, Execution("openvino", precision=precision)
    )
    assert ours.provider == "openvino"
    if fixed:
        ours.specialize(size)
    loss, gradient = ours(tile)
    expected_loss, expected = GradientSession(
        Network("inception_v3_mixed5"), TERMS, Execution("cpu")
    )(tile)
    assert loss == pytest.approx(expected_loss, rel=1e-5 if precision == "full" else 1e-2)
    assert cosine(gradient, expected) >= least


@pytest.mark.parametrize("name", SHIPPED_NETWORKS)
@pytest.mark.parametrize(("more", "wider"), [(0, 0), (0, 7), (5, 16)])
def test_smallest_tiles_run(name: str, more: int, wider: int) -> None:
    """OpenVINO took feature maps for larger than those of small tiles are."""
    network = Network(name)
    terms = [Term("block_13_expand_relu" if "block" in name else "mixed5")]
    least = network.geometry([term.layer for term in terms]).minimum
    tile = np.random.default_rng(0).random((3, least + more, least + wider), np.float32)
    found = [
        GradientSession(network, terms, Execution(one))(tile)[1] for one in ("openvino", "cpu")
    ]
    assert cosine(*found) >= 0.99999


@pytest.mark.parametrize(
    "pool",
    [
        "kernel_shape=[3,3], strides=[2,2]",
        "kernel_shape=[2,2], strides=[2,2]",
        "kernel_shape=[3,3], pads=[1,1,1,1]",
        'kernel_shape=[3,3], strides=[2,2], auto_pad="SAME_UPPER"',
    ],
)
@pytest.mark.parametrize("fixed", [False, True])
def test_pools_and_masks(pool: str, fixed: bool) -> None:
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
    check(model, {"w": (16, 3, 3, 3), "v": (8, 16, 3, 3)}, (41, 52) if fixed else None)


@pytest.mark.parametrize("fixed", [False, True])
def test_residual_sums_and_gates(fixed: bool) -> None:
    """As ResNets and networks with squeeze-and-excitation have them, at any size too."""
    model = parser.parse_model(
        """<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] deep) {
          a = Conv<strides=[2,2], pads=[1,1,1,1]>(image, w)
          b = Relu(a)
          c = Conv<pads=[1,1,1,1]>(b, v)
          s = GlobalAveragePool(c)
          g = Sigmoid(s)
          e = Mul(c, g)
          d = Add(b, e)
          p = MaxPool<kernel_shape=[3,3], strides=[2,2], ceil_mode=1>(d)
          deep = Add(p, p)
        }"""
    )
    check(model, {"w": (16, 3, 3, 3), "v": (16, 16, 3, 3)}, (41, 52) if fixed else None)


@pytest.mark.parametrize("channels", [16, 64, 96])
@pytest.mark.parametrize("size", [(40, 40), (41, 43), (41, 40)])
@pytest.mark.parametrize("pads", ["[0,0,0,0]", "[1,1,1,1]", "[0,0,1,1]"])
def test_square_kernels_of_stride_two(channels: int, size: tuple[int, int], pads: str) -> None:
    """As many channels in as out: one prepared kernel was taken for the other."""
    model = parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] deep) {{
          a = Conv(image, w)
          b = Relu(a)
          c = Conv<strides=[2,2], pads={pads}>(b, v)
          deep = Relu(c)
        }}"""
    )
    shapes = {"w": (channels, 3, 1, 1), "v": (channels, channels, 3, 3)}
    check(model, shapes, size)


@pytest.mark.parametrize("channels", [16, 64, 96])
@pytest.mark.parametrize("pads", ["[0,0,0,0]", "[1,1,1,1]"])
def test_square_kernels_of_transposed_convolutions(channels: int, pads: str) -> None:
    """The other way round: the gradient is the convolution."""
    model = parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] deep) {{
          a = Conv(image, w)
          b = Relu(a)
          c = ConvTranspose<strides=[2,2], pads={pads}, output_padding=[1,1]>(b, v)
          deep = Relu(c)
        }}"""
    )
    shapes = {"w": (channels, 3, 1, 1), "v": (channels, channels, 3, 3)}
    check(model, shapes, (20, 23))


def check(
    model: onnx.ModelProto, shapes: dict[str, tuple[int, ...]], size: tuple[int, int] | None
) -> None:
    """The gradient is the CPU provider's, with random weights of these shapes."""
    rng = np.random.default_rng(0)
    for name, shape in shapes.items():
        weights = rng.standard_normal(shape).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(weights, name))
    image = rng.random((1, 3, *(size or (41, 52))), np.float32)
    found = []
    for provider in ("openvino", "cpu"):
        made = gradient_model(
            model, [Term("deep")], variant=VARIANTS[PROVIDERS[provider].variant], size=size
        )
        found.append(open_session(made, Execution(provider)).run(["gradient"], {"image": image})[0])
    np.testing.assert_allclose(*found, atol=1e-4 * np.abs(found[1]).max())


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's VmHWM")
@pytest.mark.parametrize(("precision", "most"), [("full", 0.25), ("fast", 0.6)])
@pytest.mark.parametrize("layers", ["mixed3,mixed4,mixed5", "block_13_expand_relu"])
def test_memory_is_told(tmp_path: Path, precision: str, most: float, layers: str) -> None:
    """Within 25 %; in bfloat16 it takes less, and not more than told."""
    options = ("--provider", "openvino", "--precision", precision, "--layer", layers)
    told, peak = told_and_taken(tmp_path, *options)
    assert peak <= 1.25 * told
    assert told - peak <= most * peak


def test_auto_takes_it() -> None:
    """Who has installed it need not name it."""
    assert GradientSession(Network("inception_v3_mixed5"), TERMS).provider == "openvino"


def test_fast_picture_is_near_the_full_one() -> None:
    """A dream in bfloat16 differs from float32's by less than it does from the photo."""
    pixels = np.random.default_rng(0).random((120, 150, 3)).astype(np.float32)
    recipe = Recipe.from_dict({"roll": "any"}).replace(octaves=2, steps=4)
    dreamer = Dreamer("inception_v3_mixed5", "openvino")
    full, fast = (dreamer.dream(pixels, recipe.replace(precision=p)) for p in PRECISIONS)
    assert cosine(fast - pixels, full - pixels) >= 0.8
    assert np.abs(fast - full).mean() < 0.5 * np.abs(full - pixels).mean()
