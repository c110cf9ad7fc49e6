"""Every published dream against the published algorithm itself, run by TensorFlow.

Network, picture and random numbers are the same on both sides; the algorithms are those of
`tests/published`, written from the documents. The image may differ by 2 of 255 at most.

Where a max-pool's window holds two values within rounding of each other, or a ReLU's input is
within rounding of zero, two right answers choose differently, and from there on the dreams part; so
do two runs of the published algorithm itself, on pictures 1e-4 of 255 apart. Hence pictures are
small, and grainy, for smooth ones are full of such windows; and a dream that parts is looked at on
another picture, at most five. A wrong algorithm is wrong on each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'dreamlayer[export]'")
pytest.importorskip("tf2onnx", reason="needs tf2onnx: pip install 'dreamlayer[export]'")

from published import course, hvass, laplacian, networks, weighted
from published.dream import Dream

from dreamlayer.core.ascent.loop import Callbacks, Step, ascend
from dreamlayer.core.ascent.numpy_backend import NumpyBackend
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.dreaming.dreamer import noise_picture
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.presets import preset
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.export.preprocessing import Pixels
from dreamlayer.export.tf.convert import convert
from dreamlayer.export.tf.network import TensorFlowNetwork
from dreamlayer.export.verify import open_session

Array = np.ndarray
LIMIT = 2 / 255
SEED = 2
ATTEMPTS = 5
MIXED = ["mixed2", "mixed3", "mixed4", "mixed5"]


def picture(height: int, width: int, seed: int = 1) -> Array:
    """Soft blots under grain, as bytes are: float32 [height, width, 3], well within 0..255.

    A flat part, such as one of 255, comes out of a blur a rounding above or below a whole number,
    which `recursive` then cuts to 8 bits.
    """
    rng = np.random.default_rng(seed)
    blots = rng.uniform(50, 205, (height // 9, width // 9, 3)).astype(np.float32)
    soft = laplacian.bilinear(blots, height, width)
    return np.rint(soft + rng.normal(0, 8, soft.shape)).astype(np.float32)


def save(network: TensorFlowNetwork, path: Path) -> Network:
    """Convert a network as the exporter does."""
    onnx.save(convert(network, path.stem), path)
    return Network(str(path))


def dream(network: Network, recipe: Recipe, image: Array) -> tuple[Array, list[float]]:
    """Run our ascent on a picture in 0..255: the result in 0..255, and the objective's values.

    ONNX Runtime's graph optimisation is off, so that the arithmetic is as written.
    """
    model = network.gradient_model(recipe.layers)
    session = open_session(model, optimize=False)
    losses: list[float] = []

    def gradient_of(tile: Array) -> tuple[float, Array]:
        loss, gradient = session.run(["loss", "gradient"], {"image": tile[np.newaxis]})
        return float(loss), gradient[0]

    def trace(step: Step) -> None:
        losses.append(step.loss)

    layers = [term.layer for term in recipe.layers]
    base = np.ascontiguousarray((image / np.float32(255)).transpose(2, 0, 1))
    result = ascend(
        NumpyBackend(recipe, gradient_of),
        base,
        grid=Grid(recipe.tile, recipe.overlap, network.geometry(layers)),
        rng=np.random.default_rng(SEED),
        callbacks=Callbacks(on_step=trace),
    )
    return result.transpose(1, 2, 0) * 255, losses


Both = Callable[[Array], tuple[Dream, tuple[Array, list[float]]]]


def assert_same(both: Both, size: tuple[int, int], scale: float = 1.0) -> list[float]:
    """Images within 2 of 255, losses within a thousandth; the losses are returned.

    `both` dreams as published and as we do. `scale` is 127.5 where theirs is in -1..1.
    """
    for seed in range(ATTEMPTS):
        image = picture(*size, seed)
        theirs, (ours, losses) = both(image)
        expected = theirs.image if scale == 1 else (theirs.image + 1) * scale
        assert np.abs(ours - image).max() > 4, "hardly anything was dreamt"
        if np.abs(ours - expected).max() / 255 <= LIMIT:
            break
    assert np.abs(ours - expected).max() / 255 <= LIMIT
    np.testing.assert_allclose(losses, theirs.losses, rtol=1e-3)
    return losses


def rises(losses: Sequence[float], steps: int) -> bool:
    """True where each octave's objective ends above its beginning."""
    return all(losses[first + steps - 1] > losses[first] for first in range(0, len(losses), steps))


@pytest.fixture(scope="module")
def frozen() -> Any:
    """A frozen graph with inception5h's operators and names."""
    return networks.inception_5h()


def frozen_network(graph: Any, folder: Path, mean: float) -> Network:
    """Our network file of it, up to mixed4c."""
    layers = ["mixed3b", "mixed4c"]
    taps = {name: networks.frozen_layer(graph, name) for name in layers}

    def run(image: Any, names: Sequence[str]) -> list[Any]:
        return [taps[name](image) for name in names]

    pixels = Pixels(input="image", range="0..255", mean=(mean,) * 3)
    return save(TensorFlowNetwork(layers, pixels, run), folder / f"inception5h_{mean:g}.onnx")


@pytest.fixture(scope="module")
def inception5h(frozen: Any, tmp_path_factory: pytest.TempPathFactory) -> Network:
    return frozen_network(frozen, tmp_path_factory.mktemp("networks"), 117.0)


@pytest.fixture(scope="module")
def inception5h_no_mean(frozen: Any, tmp_path_factory: pytest.TempPathFactory) -> Network:
    return frozen_network(frozen, tmp_path_factory.mktemp("networks"), 0.0)


@pytest.fixture(scope="module")
def keras_model() -> Any:
    return networks.inception_v3(3)


@pytest.fixture(scope="module")
def conv2d_85(keras_model: Any) -> str:
    """The convolution's name in this process, where others may have been built before."""
    return networks.convolution(keras_model, 85)


@pytest.fixture(scope="module")
def inception_v3(
    keras_model: Any, conv2d_85: str, tmp_path_factory: pytest.TempPathFactory
) -> Network:
    import keras

    def run(image: Any, names: Sequence[str]) -> Any:
        outputs = [keras_model.get_layer(name).output for name in names]
        maps = keras.Model(keras_model.inputs[0], outputs)(image, training=False)
        return [maps] if len(names) == 1 else maps

    pixels = Pixels(input="image", range="-1..1")
    path = tmp_path_factory.mktemp("networks") / "inception_v3.onnx"
    return save(TensorFlowNetwork([*MIXED, conv2d_85], pixels, run), path)


@pytest.mark.parametrize("form", ["as-published", "repaired"])
def test_laplacian(form: str, frozen: Any, inception5h: Network) -> None:
    """Laplacian octaves, tiles of a rolled image, with remainders left out or not."""
    name = "laplacian-as-published" if form == "as-published" else "laplacian"
    # The repaired form weighs tiles by their pixels, too, which the oracle does not.
    recipe = preset(name).replace(octaves=3, steps=4, tile=40, jitter="0..39", weigh_tiles=False)

    def both(image: Array) -> Any:
        theirs = laplacian.laplacian(
            networks.frozen_layer(frozen, "mixed4c"),
            image,
            rng=np.random.default_rng(SEED),
            octaves=3,
            steps=4,
            tile_size=40,
            repaired=form == "repaired",
        )
        return theirs, dream(inception5h, recipe, image)

    assert_same(both, (75, 90))


@pytest.mark.parametrize("form", ["as-published", "repaired"])
def test_weighted(form: str, keras_model: Any, inception_v3: Network) -> None:
    """Layers by weight without their borders, lost detail given back after or before the steps."""
    name = "weighted-as-published" if form == "as-published" else "weighted"
    figures = {"octaves": 2, "octave_scale": 1.2, "steps": 3, "max_loss": None}
    recipe = preset(name).replace(**figures)

    def both(image: Array) -> Any:
        units = course.to_network_units(image)
        theirs = weighted.weighted(keras_model, units, repaired=form == "repaired", **figures)
        return theirs, dream(inception_v3, recipe, image)

    assert rises(assert_same(both, (118, 126), 127.5), 3)


def test_weighted_stops_before_its_limit(keras_model: Any, inception_v3: Network) -> None:
    """The loss that exceeds the limit ends its octave without an update."""
    figures = {"octaves": 2, "octave_scale": 1.15, "steps": 4}

    def both(image: Array) -> Any:
        units = course.to_network_units(image)
        free = weighted.weighted(keras_model, units, max_loss=None, **figures)
        limit = float(np.mean(sorted(free.losses)[4:6]))
        theirs = weighted.weighted(keras_model, units, max_loss=limit, **figures)
        assert theirs.stops
        recipe = preset("weighted-as-published").replace(max_loss=limit, **figures)
        return theirs, dream(inception_v3, recipe, image)

    assert_same(both, (115, 107), 127.5)


@pytest.mark.parametrize("name", ["channel", "channels"])
def test_channel_and_channels(
    name: str, keras_model: Any, inception_v3: Network, conv2d_85: str
) -> None:
    """One and two channels of a convolution before its batch norm."""
    oracle = {"channel": course.channel, "channels": course.channels}[name]
    terms = tuple(dataclasses.replace(t, layer=conv2d_85) for t in preset(name).layers)
    recipe = preset(name).replace(layers=terms, steps=6)

    def both(image: Array) -> Any:
        theirs = oracle(keras_model, course.to_network_units(image), layer=conv2d_85, steps=6)
        return theirs, dream(inception_v3, recipe, image)

    assert rises(assert_same(both, (107, 107), 127.5), 6)


@pytest.mark.parametrize("name", ["layers", "layers-photo"])
def test_layers(name: str, keras_model: Any, inception_v3: Network) -> None:
    """The means of two layers, added up."""

    def both(image: Array) -> Any:
        theirs = course.layers(keras_model, course.to_network_units(image), steps=6)
        return theirs, dream(inception_v3, preset(name).replace(steps=6), image)

    assert rises(assert_same(both, (107, 119), 127.5), 6)


def test_layers_from_noise(keras_model: Any, inception_v3: Network) -> None:
    """The published noise is what the preset draws where no picture is given, and is climbed.

    One step: the noise is all but flat, which makes every pool's window a near tie.
    """
    recipe = preset("layers").replace(canvas=107, steps=1)
    noise = noise_picture(recipe) * 255
    assert noise.shape == (107, 107, 3)
    assert 99.99 < noise.min() < 100.01 < 100.99 < noise.max() < 101.01
    theirs = course.layers(keras_model, course.to_network_units(noise), steps=1)
    ours, losses = dream(inception_v3, recipe, noise)
    np.testing.assert_allclose(losses, theirs.losses, rtol=1e-3)
    assert np.abs(ours - (theirs.image + 1) * 127.5).max() / 255 <= LIMIT


def test_octaves(keras_model: Any, inception_v3: Network) -> None:
    """The whole image resized from below its size to beyond it, and back."""
    recipe = preset("octaves").replace(octaves=3, octaves_above=1, octave_scale=1.1, steps=2)

    def both(image: Array) -> Any:
        units = course.to_network_units(image)
        theirs = course.octaves(
            keras_model, units, octave_range=range(-1, 2), octave_scale=1.1, steps=2
        )
        return theirs, dream(inception_v3, recipe, image)

    assert rises(assert_same(both, (83, 91), 127.5), 2)


def test_tiled(keras_model: Any, inception_v3: Network) -> None:
    """Tiles of a rolled image with their remainders, each counting alike."""
    recipe = preset("tiled-as-published").replace(
        tile=80, jitter="-80..79", octaves=2, octaves_above=1, octave_scale=1.5, steps=2
    )

    def both(image: Array) -> Any:
        theirs = course.tiled(
            keras_model,
            course.to_network_units(image),
            rng=np.random.default_rng(SEED),
            tile_size=80,
            octave_range=range(2),
            octave_scale=1.5,
            steps=2,
        )
        return theirs, dream(inception_v3, recipe, image)

    # 157 and its 1.5-fold leave remainders of 77 and 75, as small as the network takes.
    assert_same(both, (157, 160), 127.5)


VARIANTS: dict[str, tuple[Callable[..., Dream], dict[str, Any], dict[str, Any]]] = {
    "smooth": (hvass.optimize_image, {"steps": 6}, {"steps": 6}),
    "recursive": (
        hvass.recursive_optimize,
        {"repeats": 2, "steps": 2},
        {"octaves": 3, "steps": 2, "resample": "lanczos-8bit"},
    ),
}
"""Oracle, its figures and ours; the oracle cuts to 8 bits in its repaired form too."""


@pytest.mark.parametrize("form", ["as-published", "repaired"])
@pytest.mark.parametrize("name", list(VARIANTS))
def test_smooth_and_recursive(
    name: str, form: str, frozen: Any, inception5h_no_mean: Network
) -> None:
    """Random tiles, Gaussians that grow, and the blend with ever smaller copies."""
    oracle, theirs_with, ours_with = VARIANTS[name]
    chosen = name if form == "repaired" else f"{name}-as-published"
    recipe = preset(chosen).replace(tile=32, **ours_with)

    def both(image: Array) -> Any:
        theirs = oracle(
            networks.frozen_layer(frozen, "mixed3b"),
            image,
            rng=np.random.default_rng(SEED),
            tile_size=32,
            repaired=form == "repaired",
            **theirs_with,
        )
        return theirs, dream(inception5h_no_mean, recipe, image)

    assert_same(both, (56, 60))
