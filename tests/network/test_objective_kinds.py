"""Every kind of objective against TensorFlow's automatic differentiation.

The formulas are written here once more, in TensorFlow and for channels last.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import parser

pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'dreamlayer[export]'")

import tensorflow as tf

from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.network.objective import SCORES
from dreamlayer.core.network.references import mean_gram
from dreamlayer.core.recipe.kinds import KINDS
from dreamlayer.core.recipe.term import Term, parse_term
from dreamlayer.export.verify import open_session

Array = np.ndarray

_NETWORK = """
<ir_version: 8, opset_import: ["" : 18]>
kinds (float[batch,3,height,width] image) => (float[batch,classes] logits)
<float[6,3,3,3] w1, float[8,6,3,3] w2, float[8,5] w3> {
  first_conv = Conv<pads=[1,1,1,1]>(image, w1)
  first = Relu(first_conv)
  pooled = MaxPool<kernel_shape=[2,2], strides=[2,2]>(first)
  deep_conv = Conv<pads=[1,1,1,1]>(pooled, w2)
  deep = Relu(deep_conv)
  mean = GlobalAveragePool(deep)
  flat = Flatten(mean)
  logits = Gemm(flat, w3)
}
"""


def weights() -> dict[str, Array]:
    rng = np.random.default_rng(0)
    shapes = {"w1": (6, 3, 3, 3), "w2": (8, 6, 3, 3), "w3": (8, 5)}
    return {n: (rng.standard_normal(s) * 0.4).astype(np.float32) for n, s in shapes.items()}


def network() -> onnx.ModelProto:
    """Two convolutions, a pool between them and a classifier, with random weights."""
    model = parser.parse_model(_NETWORK)
    for name, values in weights().items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(values, name))
    return model


def layers(image: Any) -> dict[str, Any]:
    """The same network in TensorFlow: [1, h, w, 3] to each layer, channels last."""
    w = {name: tf.constant(values) for name, values in weights().items()}
    kernels = {name: tf.transpose(w[name], [2, 3, 1, 0]) for name in ("w1", "w2")}
    first = tf.nn.relu(tf.nn.conv2d(image, kernels["w1"], 1, "SAME"))
    deep = tf.nn.relu(
        tf.nn.conv2d(tf.nn.max_pool2d(first, 2, 2, "VALID"), kernels["w2"], 1, "SAME")
    )
    logits = tf.linalg.matmul(tf.reduce_mean(deep, [1, 2]), w["w3"])
    return {"image": image, "first": first, "deep": deep, "logits": logits}


def guide_score(a: Any, guide: Any) -> Any:
    """google/deepdream: each position times the guide's position that suits it best."""
    x, y = tf.reshape(a, [-1, a.shape[3]]), tf.reshape(guide, [-1, a.shape[3]])
    best = tf.argmax(tf.stop_gradient(tf.matmul(x, y, transpose_b=True)), 1)
    return tf.reduce_mean(tf.reduce_sum(x * tf.gather(y, best), 1))


def towards(guide: Any) -> Any:
    return tf.math.l2_normalize(tf.reduce_mean(guide, [0, 1, 2]))


def gram(a: Any) -> Any:
    rows = tf.reshape(a, [-1, a.shape[3]])
    return tf.matmul(rows, rows, transpose_a=True)


def places(a: Any) -> float:
    return float(a.shape[1] * a.shape[2])


def variation(a: Any, exponent: float) -> Any:
    down, right = a[:, 1:, :-1] - a[:, :-1, :-1], a[:, :-1, 1:] - a[:, :-1, :-1]
    return tf.reduce_mean((down**2 + right**2) ** exponent)


Score = Callable[[Any, Any, Any, Any], Any]
"""Takes a layer's activations, the guide's, the original's, and the image."""

CASES: dict[str, Score] = {
    "deep": lambda a, g, o, x: tf.reduce_mean(a**2),
    "deep:1::mean": lambda a, g, o, x: tf.reduce_mean(a),
    "deep:-2:1+5:mean": lambda a, g, o, x: -2 * tf.reduce_mean(tf.gather(a, [1, 5], axis=3)),
    "deep:1:::border=2": lambda a, g, o, x: (
        tf.reduce_sum(a[:, 2:-2, 2:-2] ** 2) / float(np.prod(a.shape))
    ),
    "first:1::mean:border=3": lambda a, g, o, x: (
        tf.reduce_sum(a[:, 3:-3, 3:-3]) / float(np.prod(a.shape))
    ),
    "deep:1:5:neuron": lambda a, g, o, x: a[0, a.shape[1] // 2, a.shape[2] // 2, 5],
    "deep:1:0+5:neuron:position=2x5": lambda a, g, o, x: (a[0, 2, 5, 0] + a[0, 2, 5, 5]) / 2,
    "deep:1:3:neuron:position=999x0": lambda a, g, o, x: a[0, -1, 0, 3],
    "logits:1:2:mean": lambda a, g, o, x: a[0, 2],
    "logits:1:1:squares": lambda a, g, o, x: a[0, 1] ** 2,
    "deep:1::guide": lambda a, g, o, x: guide_score(a, g),
    "deep:1:2+7+0:guide": lambda a, g, o, x: guide_score(
        tf.gather(a, [2, 7, 0], axis=3), tf.gather(g, [2, 7, 0], axis=3)
    ),
    "deep:1::direction": lambda a, g, o, x: tf.reduce_mean(tf.linalg.matvec(a, towards(g))),
    "deep:1::cosine": lambda a, g, o, x: tf.reduce_mean(
        tf.linalg.matvec(tf.math.l2_normalize(a, 3), towards(g))
    ),
    "deep:1::caricature": lambda a, g, o, x: -tf.reduce_mean((a - 2 * o) ** 2),
    "first:1::caricature:factor=-0.5": lambda a, g, o, x: -tf.reduce_mean((a + 0.5 * o) ** 2),
    "deep:1::original": lambda a, g, o, x: -tf.reduce_mean((a - o) ** 2),
    "image:3::original": lambda a, g, o, x: -3 * tf.reduce_mean((a - o) ** 2),
    "deep:1::content": lambda a, g, o, x: -tf.reduce_sum((a - o) ** 2),
    "deep:1::gram": lambda a, g, o, x: (
        -tf.reduce_sum((gram(a) - gram(g) / places(g) * places(a)) ** 2)
        / (4 * 3**2 * places(x) ** 2)
    ),
    "deep:1::style": lambda a, g, o, x: (
        -tf.reduce_sum((gram(a) / places(a) - gram(g) / places(g)) ** 2)
        / tf.reduce_sum((gram(g) / places(g)) ** 2)
    ),
    "first:1:0+4:style": lambda a, g, o, x: CASES["deep:1::style"](
        tf.gather(a, [0, 4], axis=3), tf.gather(g, [0, 4], axis=3), o, x
    ),
    "image:1::variation": lambda a, g, o, x: -variation(a, 1.25),
    "first:1::variation:exponent=1": lambda a, g, o, x: -variation(a, 1.0),
}


def picture(seed: int, height: int, width: int) -> Array:
    """Noise, float32 [1, h, w, 3], 0..1."""
    return np.random.default_rng(seed).random((1, height, width, 3), np.float32)


def test_every_kind_has_a_case() -> None:
    """A new kind cannot be forgotten here, nor be without a formula."""
    assert {parse_term(text).kind for text in CASES} == set(KINDS) == set(SCORES)


@pytest.mark.parametrize("text", CASES)
def test_kind_agrees_with_tensorflow(text: str) -> None:
    """Value and gradient, to 1e-5 of the largest."""
    term = parse_term(text)
    image, original, guide = picture(1, 22, 26), picture(2, 22, 26), picture(3, 18, 20)
    x = tf.constant(image)
    with tf.GradientTape() as tape:
        tape.watch(x)
        seen = layers(x)[term.layer]
        guided, first = (layers(tf.constant(p))[term.layer] for p in (guide, original))
        score = CASES[text](seen, guided, first, x)
    expected = tape.gradient(score, x).numpy().transpose(0, 3, 1, 2)
    loss, gradient = ours(term, image, guided.numpy(), first.numpy())
    assert loss == pytest.approx(float(score), rel=1e-5, abs=1e-7)
    assert np.abs(expected).max() > 0
    assert np.abs(gradient - expected).max() <= 1e-5 * np.abs(expected).max()


def ours(term: Term, image: Array, guide: Array, original: Array) -> tuple[float, Array]:
    """Our gradient model, fed what the term is compared with."""
    model = gradient_model(network(), [term])
    session = open_session(model, optimize=False)
    maps = {
        name: values.transpose(0, 3, 1, 2) if values.ndim == 4 else values
        for name, values in (("guide", guide), ("original", original))
    }
    fed = {"image": np.ascontiguousarray(image.transpose(0, 3, 1, 2))}
    for info in model.graph.input:
        source = info.name.partition("/")[0]
        if source in maps:
            fed[info.name] = np.ascontiguousarray(maps[source])
        elif source == "gram":
            fed[info.name] = mean_gram(maps["guide"])
    loss, gradient = session.run(["loss", "gradient"], fed)
    return float(loss), gradient


def test_sum_of_kinds_is_the_sum_of_their_gradients(tmp_path: Path) -> None:
    """Regularisers beside an objective: weights count, and both pull."""
    image, other = picture(1, 16, 16), picture(2, 16, 16)
    first = layers(tf.constant(other))["deep"].numpy()
    terms = [parse_term("deep:0.7::caricature"), parse_term("image:-0.3::variation")]
    parts = [ours(term, image, first, first) for term in terms]
    model = gradient_model(network(), terms)
    fed = {
        "image": np.ascontiguousarray(image.transpose(0, 3, 1, 2)),
        "original/deep": np.ascontiguousarray(first.transpose(0, 3, 1, 2)),
    }
    onnx.save(model, tmp_path / "both.onnx")
    loss, gradient = open_session(model, optimize=False).run(["loss", "gradient"], fed)
    assert float(loss) == pytest.approx(sum(part[0] for part in parts), rel=1e-5)
    np.testing.assert_allclose(gradient, parts[0][1] + parts[1][1], atol=1e-7)
