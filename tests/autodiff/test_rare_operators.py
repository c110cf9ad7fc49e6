"""Small networks of operators that few networks have, of symbolic size, along their gradient."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from finite_differences import session
from onnx import numpy_helper, parser

from dreamlayer.core.autodiff.variants import VARIANTS
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.recipe.term import Term

RNG = np.random.default_rng(1)


@dataclass(frozen=True)
class Sample:
    """The body of a network from `image` to `y`, and its weights."""

    name: str
    body: str
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    opset: int = 21

    def __str__(self) -> str:
        return self.name


def some(*shape: int) -> np.ndarray:
    return (0.3 * RNG.standard_normal(shape)).astype(np.float32)


def whole(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


SAMPLES = [
    Sample(
        "spatial transformer",
        """c = Conv<pads=[1,1,1,1]>(image, k) p = GlobalAveragePool(c) q = Flatten(p)
        th = Gemm(q, a, b) t = Reshape(th, to) s = Shape(c) g = AffineGrid(t, s)
        z = GridSample<align_corners=0>(c, g) y = Tanh(z)""",
        {
            "k": some(4, 3, 3, 3),
            "a": some(4, 6),
            "b": np.array([1, 0, 0.05, 0, 1, 0.03], np.float32),
            "to": whole(-1, 2, 3),
        },
    ),
    Sample(
        "mixed kernels",
        """p = GlobalAveragePool(image) q = Flatten(p) l = Gemm(q, a) m = ReduceMean(l, zero)
        r = Softmax(m) o = MatMul(r, bank) w = Reshape(o, to)
        c = Conv<pads=[1,1,1,1]>(image, w) y = Tanh(c)""",
        {"a": some(3, 5), "bank": some(5, 135), "to": whole(5, 3, 3, 3), "zero": whole(0)},
    ),
    Sample(
        "adaptive normalization",
        """c = Conv<pads=[1,1,1,1]>(image, k) p = GlobalAveragePool(image) q = Flatten(p)
        l = Gemm(q, a) s = ReduceMean<keepdims=0>(l, zero)
        n = InstanceNormalization(c, s, b) y = Tanh(n)""",
        {"k": some(4, 3, 3, 3), "a": some(3, 4), "b": some(4), "zero": whole(0)},
    ),
    Sample(
        "deformed convolution",
        """o = Conv<pads=[1,1,1,1]>(image, ko) l = Conv<pads=[1,1,1,1]>(image, km) m = Sigmoid(l)
        d = DeformConv<pads=[1,1,1,1]>(image, w, o, b, m) y = Tanh(d)""",
        {
            "ko": some(18, 3, 3, 3),
            "km": some(9, 3, 3, 3),
            "w": some(5, 3, 3, 3),
            "b": some(5),
        },
    ),
    Sample(
        "product of two maps and a matrix",
        """a = Conv(image, k) b = Conv(image, l)
        e = Einsum<equation="nchw,dc,ndhw->nchw">(a, m, b) y = Tanh(e)""",
        {"k": some(4, 3, 1, 1), "l": some(6, 3, 1, 1), "m": some(6, 4)},
    ),
    Sample(
        "attention",
        """c = Conv<strides=[4,4]>(image, k) s = Shape(c) f = Reshape(c, to)
        t = Transpose<perm=[0,2,1]>(f) q = MatMul(t, wq) l = MatMul(t, wk) v = MatMul(t, wv)
        a = Attention<q_num_heads=2, kv_num_heads=2>(q, l, v)
        b = Transpose<perm=[0,2,1]>(a) y = Reshape(b, s)""",
        {
            "k": some(8, 3, 4, 4),
            "to": whole(0, 0, -1),
            **{name: some(8, 8) for name in ("wq", "wk", "wv")},
        },
        opset=23,
    ),
    Sample(
        "spectrum",
        """u = Unsqueeze(image, last) d = DFT(u, "", axis) r = Slice(d, zero, one, last)
        q = Squeeze(r, last) y = Tanh(q)""",
        {"last": whole(-1), "axis": np.array(-2), "zero": whole(0), "one": whole(1)},
    ),
    Sample(
        "pool of norms",
        """c = Conv<pads=[1,1,1,1]>(image, k)
        y = LpPool<kernel_shape=[3,3], strides=[2,2], p=3>(c)""",
        {"k": some(4, 3, 3, 3)},
    ),
    Sample(
        "largest channels",
        "c = Conv(image, k) v, i = TopK<axis=1>(c, two) y = Tanh(v)",
        {"k": some(6, 3, 3, 3), "two": whole(2)},
    ),
    Sample(
        "normalized groups",
        "c = Conv<pads=[1,1,1,1]>(image, k) y = GroupNormalization<num_groups=2>(c, s, b)",
        {"k": some(6, 3, 3, 3), "s": some(6), "b": some(6)},
    ),
    Sample(
        "batch norm as product and sum",
        "c = ConvTranspose<strides=[2,2]>(image, k) m = Mul(c, s) a = Add(m, b) y = Relu(a)",
        {"k": some(3, 4, 3, 3), "s": some(1, 4, 1, 1), "b": some(4, 1, 1)},
    ),
]


@pytest.mark.parametrize("variant", ["blocked", "portable"])
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_loss_grows_along_the_gradient_as_that_says(sample: Sample, variant: str) -> None:
    """Along its own direction, the gradient is the slope of the loss."""
    network = parser.parse_model(
        f"""<ir_version: 10, opset_import: ["" : {sample.opset}]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] y) {{ {sample.body} }}"""
    )
    for name, value in sample.weights.items():
        network.graph.initializer.append(numpy_helper.from_array(value, name))
    running = session(gradient_model(network, [Term("y")], variant=VARIANTS[variant]))
    image = np.random.default_rng(0).random((2, 3, 20, 24)).astype(np.float32)
    (gradient,) = running.run(["gradient"], {"image": image})
    size = float(np.linalg.norm(gradient))
    step = np.float32(0.03 / size) * gradient
    ahead, behind = (
        float(running.run(["loss"], {"image": image + sign * step})[0]) for sign in (1, -1)
    )
    assert (ahead - behind) / 0.06 == pytest.approx(size, rel=5e-3)
