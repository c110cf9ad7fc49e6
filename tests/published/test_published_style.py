"""The published style against the published algorithm itself, run by TensorFlow.

Network and pictures are the same on both sides; the algorithm is that of `published.style`,
written from the document. L-BFGS is chaotic: after 2 rounds of 20 evaluations even two runs of the
published algorithm, on pictures 1e-4 of 255 apart, have parted, hence 2 rounds of 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import pytest

pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'dreamlayer[export]'")
pytest.importorskip("tf2onnx", reason="needs tf2onnx: pip install 'dreamlayer[export]'")

from published import networks, style

from dreamlayer.core.network.network import Network
from dreamlayer.core.network.references import mean_gram
from dreamlayer.core.recipe.presets import style_preset
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.style import whole
from dreamlayer.core.style.optimization import Round
from dreamlayer.core.style.transfer import StyleTransfer
from dreamlayer.export.preprocessing import Pixels
from dreamlayer.export.tf.convert import convert
from dreamlayer.export.tf.network import TensorFlowNetwork
from dreamlayer.export.verify import open_session

Array = np.ndarray
LIMIT = 2.0
SIDE = 64
CONTENT, LAYERS = "conv5_2", list(style.STYLE_LAYERS)
# What the published recipe calls by Keras's names, in the model of the oracle.
OURS = style_preset("style").replace(
    content_layers=(Term(CONTENT),),
    style_layers=tuple(Term(name) for name in LAYERS),
    rounds=2,
    evaluations=5,
    size=SIDE,
)


def picture(seed: int) -> Array:
    """Soft blots under grain, as bytes are: float32 [SIDE, SIDE, 3]."""
    rng = np.random.default_rng(seed)
    blots = rng.integers(30, 225, (8, 8, 3)).astype(np.uint8)
    soft = style.resize(blots, SIDE, SIDE).astype(np.float32)
    return np.clip(np.rint(soft + rng.normal(0, 8, soft.shape)), 0, 255).astype(np.float32)


@pytest.fixture(scope="module")
def keras_model() -> Any:
    return networks.vgg16(share=0.125)


@pytest.fixture(scope="module")
def network(keras_model: Any, tmp_path_factory: pytest.TempPathFactory) -> Network:
    """Our network file of it."""
    import keras

    def run(image: Any, names: Sequence[str]) -> Any:
        outputs = [keras_model.get_layer(name).output for name in names]
        return keras.Model(keras_model.inputs[0], outputs)(image, training=False)

    path = tmp_path_factory.mktemp("networks") / "vgg16.onnx"
    source = TensorFlowNetwork([*LAYERS, CONTENT], Pixels("pixels", range="0..255"), run)
    onnx.save(convert(source, "vgg16"), path)
    return Network(str(path))


class Plain:
    """A gradient session without graph optimisation, so that the arithmetic is as written."""

    provider = "cpu"

    def __init__(self, network: Network, terms: Sequence[Term], *_: object) -> None:
        self._session = open_session(network.gradient_model(terms), optimize=False)

    def reset(self) -> None:
        """Nothing is counted."""

    def expect(self, size: tuple[int, int], pixels: int) -> None:
        """One session does for all sizes."""

    def __call__(self, tile: Array, references: Mapping[str, Array]) -> tuple[float, Array]:
        fed = {"image": tile[np.newaxis], **references}
        loss, gradient = self._session.run(["loss", "gradient"], fed)
        return float(loss), gradient[0]


def ours(
    network: Network, recipe: StyleRecipe, content: Array, references: Sequence[Array]
) -> tuple[list[Array], list[float]]:
    """Our pictures, 0..255, and losses after each round."""
    images: list[Array] = []
    losses: list[float] = []
    prepared = StyleTransfer(network, "cpu").prepare(
        content / 255, recipe, [r / 255 for r in references]
    )

    def keep(made: Round) -> None:
        images.append(made.pixels * 255)
        losses.append(made.loss)

    prepared.run(on_round=keep)
    return images, losses


def difference(image: Array, expected: Array) -> float:
    """The largest difference from what a picture file of the published result holds."""
    return float(np.abs(image - expected.astype(np.float32)).max())


def test_published_style(
    keras_model: Any, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same picture after each round, to 2 of 255, and the same losses to 1e-4."""
    monkeypatch.setattr(whole, "GradientSession", Plain)
    content, reference = picture(1), picture(2)
    theirs = style.style(keras_model, content, reference, rounds=2, evaluations=5)
    images, losses = ours(network, OURS, content, [reference])
    assert np.abs(images[-1] - content).max() > 8, "hardly anything was styled"
    assert losses[-1] < 0.9 * theirs.start
    for image, expected in zip(images, theirs.images, strict=True):
        assert difference(image, style.saved(expected)) <= LIMIT
    np.testing.assert_allclose(losses, theirs.losses, rtol=1e-4)


def test_pictures_of_any_size_as_published(
    keras_model: Any, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are squeezed into the square first, and the result goes back to the content's size."""
    monkeypatch.setattr(whole, "GradientSession", Plain)
    content, reference = picture(3)[:50], picture(4)[:, :40]
    squares = [
        style.resize(p.astype(np.uint8), SIDE, SIDE).astype(np.float32)
        for p in (content, reference)
    ]
    theirs = style.style(keras_model, *squares, rounds=1, evaluations=5)
    images, losses = ours(network, OURS.replace(rounds=1), content, [reference])
    back = style.resize(style.saved(theirs.image), 50, SIDE)
    assert difference(images[-1], back) <= LIMIT
    np.testing.assert_allclose(losses, theirs.losses, rtol=1e-4)


@pytest.mark.parametrize("kind", ["content", "gram", "style", "variation"])
def test_gradients_agree_with_tensorflow(kind: str, keras_model: Any, network: Network) -> None:
    """Each objective and its gradient are those of the formula under TensorFlow's tape."""
    import keras
    import tensorflow as tf

    image, other = picture(5), picture(6)
    layer = "conv2_1"
    part = keras.Model(keras_model.input, keras_model.get_layer(layer).output)
    kept = part(other[np.newaxis], training=False)
    positions = kept.shape[1] * kept.shape[2]
    x = tf.constant(image[np.newaxis])
    with tf.GradientTape() as tape:
        tape.watch(x)
        found, wanted = part(x, training=False), style.gram(kept[0])
        if kind == "content":
            value = tf.reduce_sum(tf.square(found - kept))
        elif kind == "gram":
            value = style.style_distance(wanted, style.gram(found[0]), SIDE * SIDE)
        elif kind == "style":
            away = style.gram(found[0]) / positions - wanted / positions
            value = tf.reduce_sum(tf.square(away)) / tf.reduce_sum(tf.square(wanted / positions))
        else:
            value = style.total_variation(x / 255, 1.25) / (3 * (SIDE - 1) ** 2)
    expected = tape.gradient(value, x).numpy()[0].transpose(2, 0, 1)

    term = Term("image" if kind == "variation" else layer, kind=kind)
    maps = np.ascontiguousarray(kept.numpy().transpose(0, 3, 1, 2))
    references = {
        "content": {f"original/{layer}": maps},
        "gram": {f"gram/{layer}": mean_gram(maps)},
        "style": {f"gram/{layer}": mean_gram(maps)},
        "variation": {},
    }[kind]
    tile = np.ascontiguousarray(image.transpose(2, 0, 1) / np.float32(255))
    score, gradient = Plain(network, [term])(tile, references)
    assert -score == pytest.approx(float(value), rel=1e-4)
    ours_per_level = -gradient / 255
    scale = np.abs(expected).max()
    np.testing.assert_allclose(ours_per_level / scale, expected / scale, atol=2e-4)
