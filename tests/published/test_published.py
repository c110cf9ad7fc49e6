"""Every published dream against the published algorithm itself, run by TensorFlow.

Network, picture and random numbers are the same on both sides; the algorithms are those of
`published`, written from the documents. Each step of ours starts from the published picture before
it, so that no difference grows, and must end at the published picture after it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'dreamlayer[export]'")
pytest.importorskip("tf2onnx", reason="needs tf2onnx: pip install 'dreamlayer[export]'")

from published import course, hvass, laplacian, networks, weighted
from published.dream import Dream, unwatched

from dreamlayer.core.ascent.loop import Callbacks, ascend
from dreamlayer.core.ascent.numpy_backend import NumpyBackend, NumpyOctaveStep
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.dreaming.dreamer import noise_picture
from dreamlayer.core.dreaming.objective import Objective
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.presets import preset, presets
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.export.preprocessing import Pixels
from dreamlayer.export.tf.convert import convert
from dreamlayer.export.tf.network import TensorFlowNetwork
from dreamlayer.export.verify import open_session

Array = np.ndarray
STEP_LIMIT, DREAM_LIMIT = 5e-6, 2e-5
"""How far a step, and a whole dream that goes its own way, may end from the published one, where 1
is black to white; about 1e-6 is usual."""
SEED = 2
MIXED = ["mixed2", "mixed3", "mixed4", "mixed5"]


@dataclass(frozen=True)
class Case:
    """What a preset is compared with, and how both are made small.

    Attributes
    ----------
    published : callable
        The algorithm.
    size : (int, int)
        Height and width of the picture.
    figures : dict
        Values that are changed, by the same names on both sides.
    theirs, ours : dict
        Others, by the names of either.
    epsilon : float
        Factor of what is added to divisors or bounds them, so that it counts beside these
        gradients.
    """

    published: Callable[..., Dream]
    size: tuple[int, int]
    figures: dict[str, Any]
    theirs: dict[str, Any] = field(default_factory=dict)
    ours: dict[str, Any] = field(default_factory=dict)
    epsilon: float = 1.0


LAYERS = Case(course.layers, (107, 119), {"steps": 4}, epsilon=30)
CASES = {
    "channel": replace(LAYERS, published=course.channel, size=(107, 107)),
    "channels": replace(LAYERS, published=course.channels, size=(107, 107)),
    "laplacian": Case(
        laplacian.laplacian,
        (75, 90),
        {"octaves": 3, "steps": 3},
        {"tile_size": 40},
        {"tile": 40, "jitter": "0..39"},
        epsilon=1e4,
    ),
    "layers": LAYERS,
    "layers-photo": LAYERS,
    "octaves": Case(
        course.octaves,
        (83, 91),
        {"octave_scale": 1.1, "steps": 2},
        {"octave_range": range(-1, 2)},
        {"octaves": 3, "octaves_above": 1},
        epsilon=30,
    ),
    "recursive": Case(
        hvass.recursive_optimize,
        # 90 * 0.7 is below 63 in floating point.
        (56, 90),
        {"steps": 2},
        {"repeats": 2, "tile_size": 32},
        {"octaves": 3, "tile": 32},
        epsilon=1e5,
    ),
    "smooth": Case(
        hvass.optimize_image, (56, 60), {"steps": 4}, {"tile_size": 32}, {"tile": 32}, epsilon=1e5
    ),
    "tiled": Case(
        course.tiled,
        # This and its 1.5-fold leave remainders of 77 and 75, as small as the network takes.
        (157, 160),
        {"octave_scale": 1.5, "steps": 2},
        {"tile_size": 80, "octave_range": range(2)},
        {"tile": 80, "jitter": "-80..79", "octaves": 2, "octaves_above": 1},
        epsilon=30,
    ),
    "weighted": Case(
        weighted.weighted,
        (118, 126),
        {"octaves": 2, "octave_scale": 1.2, "steps": 3, "max_loss": None},
        epsilon=20,
    ),
}
AS_PUBLISHED = "-as-published"
NAMES = [name for name in sorted(presets()) if name.removesuffix(AS_PUBLISHED) in CASES]


def picture(height: int, width: int) -> Array:
    """Soft blots under grain, as bytes are: float32 [height, width, 3], well within 0..255.

    A flat part, such as one of 255, comes out of a blur a rounding above or below a whole number,
    which `recursive-as-published` then cuts to 8 bits.
    """
    rng = np.random.default_rng(1)
    blots = rng.uniform(50, 205, (height // 9, width // 9, 3)).astype(np.float32)
    soft = laplacian.bilinear(blots, height, width)
    return np.rint(soft + rng.normal(0, 8, soft.shape)).astype(np.float32)


def between_levels(image: Array) -> Array:
    """Pixels of 0..255 moved to an odd sixteenth, which either side cuts to the same 8 bits."""
    return (np.floor(image * 8) + np.float32(0.5)) / 8


@dataclass(frozen=True)
class System:
    """A network of TensorFlow, and our file of it.

    Attributes
    ----------
    network : Network
        Ours.
    layers : callable
        Function of a recipe that gives what the algorithm takes.
    signed : bool
        Whether the algorithm's pixels are in -1..1, not in 0..255.
    """

    network: Network
    layers: Callable[[Recipe], Any]
    signed: bool

    def to_theirs(self, image: Array) -> Array:
        """A picture in 0..255 in the algorithm's units."""
        return course.to_network_units(image) if self.signed else image

    def to_ours(self, image: Any) -> Array:
        """The algorithm's picture, float32 [3, height, width] in 0..1."""
        pixels = np.asarray(image).reshape(image.shape[-3:])
        scaled = (pixels + 1) / 2 if self.signed else pixels / 255
        return np.ascontiguousarray(scaled.transpose(2, 0, 1), np.float32)


class Taught(NumpyBackend):
    """Goes on from the published pictures, and tells how far it was from each.

    Parameters
    ----------
    recipe, objective
        What to dream.
    pictures : iterable of (array, array)
        Those at the start of an octave and after each step, and what to go on from.
    """

    def __init__(
        self, recipe: Recipe, objective: Objective, pictures: Iterable[tuple[Array, Array]]
    ) -> None:
        super().__init__(recipe, objective, objective.expect)
        self._pictures = iter(pictures)
        self.errors: list[float] = []

    def octave_step(
        self, image: Array, original: Array | None, weights: Array | None = None
    ) -> NumpyOctaveStep:
        """Start an octave from the published picture."""
        self.correct(image)
        return TaughtStep(self, image, original, weights)

    def correct(self, image: Array) -> None:
        """Put the published picture in the place of ours."""
        published, start = next(self._pictures)
        assert image.shape == published.shape
        self.errors.append(float(np.abs(image - published).max()))
        image[:] = start


class TaughtStep(NumpyOctaveStep):
    """The steps of an octave, each from the published picture."""

    def apply(self, step: int) -> float:
        """Change the image, and correct it."""
        divisor = super().apply(step)
        self._backend.correct(self._image)
        return divisor


def dream(network: Network, backend: NumpyBackend, base: Array) -> tuple[Array, list[float]]:
    """The result of our ascent, float32 [3, height, width] in 0..1, and the objective's values."""
    recipe, losses = backend.recipe, []
    geometry = network.geometry([term.layer for term in recipe.layers])
    result = ascend(
        backend,
        base,
        grid=Grid(recipe.tile, recipe.overlap, geometry),
        rng=np.random.default_rng(SEED),
        callbacks=Callbacks(on_step=lambda step: losses.append(step.loss)),
    )
    return result, losses


def cancelled(network: Network, recipe: Recipe, image: Array) -> float:
    """By how much the sizes of an objective's terms exceed that of their sum.

    Means of signed activations cancel: those of `channels` are 2.09 and -1.83, and rounding is in
    proportion to them, not to the 0.26 that is left.
    """
    if not any(term.kind == "mean" for term in recipe.layers):
        return 0.0
    sessions = [open_session(network.gradient_model([term], "cpu")) for term in recipe.layers]
    values = [float(one.run(["loss"], {IMAGE: image[np.newaxis]})[0]) for one in sessions]
    return sum(map(abs, values)) - abs(sum(values))


def compare(system: System, recipe: Recipe, published: Callable[..., Dream], image: Array) -> None:
    """Compare a dream on a picture in 0..255, step by step and then as a whole."""
    pictures: list[tuple[Array, Array]] = []
    onwards = between_levels if recipe.resample == "lanczos-8bit" else unwatched

    def watch(there: Any) -> Any:
        start = onwards(there)
        pictures.append((system.to_ours(there), system.to_ours(start)))
        return start

    start = system.to_theirs(image)
    theirs = published(start, watch=watch)
    objective = Objective(system.network, recipe.layers)
    taught = Taught(recipe, objective, pictures)
    result, losses = dream(system.network, taught, system.to_ours(start))
    assert len(taught.errors) == len(pictures)
    assert max(taught.errors) <= STEP_LIMIT, taught.errors
    assert np.abs(result - system.to_ours(theirs.image)).max() <= STEP_LIMIT
    lost = cancelled(system.network, recipe, pictures[0][1])
    np.testing.assert_allclose(losses, theirs.losses, rtol=1e-5, atol=1e-5 * lost)
    moved = np.abs(pictures[1][0] - pictures[0][1]).max()
    assert moved > 1000 * STEP_LIMIT, "hardly anything was dreamt"

    if onwards is not unwatched:
        theirs = published(start)
    free, _ = dream(system.network, objective.backend(recipe), system.to_ours(start))
    assert np.abs(free - system.to_ours(theirs.image)).max() <= DREAM_LIMIT


def save(layers: list[str], pixels: Pixels, run: Any, path: Path) -> Network:
    """Convert a network as the exporter does."""
    onnx.save(convert(TensorFlowNetwork(layers, pixels, run), path.stem), path)
    return Network(str(path))


def frozen(folder: Path, mean: float) -> System:
    """The frozen graph."""
    graph = networks.inception_5h()
    taps = {name: networks.frozen_layer(graph, name) for name in ("mixed3b", "mixed4c")}

    def run(image: Any, names: Sequence[str]) -> list[Any]:
        return [taps[name](image) for name in names]

    pixels = Pixels(input="image", range="0..255", mean=(mean,) * 3)
    ours = save(list(taps), pixels, run, folder / "inception5h.onnx")
    return System(ours, lambda recipe: taps[recipe.layers[0].layer], signed=False)


@pytest.fixture(scope="module")
def inception5h(tmp_path_factory: pytest.TempPathFactory) -> System:
    return frozen(tmp_path_factory.mktemp("networks"), 117.0)


@pytest.fixture(scope="module")
def inception5h_no_mean(tmp_path_factory: pytest.TempPathFactory) -> System:
    return frozen(tmp_path_factory.mktemp("networks"), 0.0)


@pytest.fixture(scope="module")
def inception_v3(tmp_path_factory: pytest.TempPathFactory) -> System:
    """Keras's InceptionV3, with `conv2d_85` by that name."""
    import keras

    model = networks.inception_v3(3)

    def run(image: Any, names: Sequence[str]) -> Any:
        outputs = [model.get_layer(name).output for name in names]
        maps = keras.Model(model.inputs[0], outputs)(image, training=False)
        return [maps] if len(names) == 1 else maps

    path = tmp_path_factory.mktemp("networks") / "inception_v3.onnx"
    ours = save([*MIXED, "conv2d_85"], Pixels(input="image", range="-1..1"), run, path)
    return System(ours, lambda _: model, signed=True)


@pytest.fixture
def system(name: str, request: pytest.FixtureRequest) -> System:
    """The network of a preset."""
    found: System = request.getfixturevalue(preset(name).network)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_dream_is_the_published_one(
    name: str, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sizes, tiles, objective, divisors, blurs, steps, and what passes from octave to octave."""
    plain = name.removesuffix(AS_PUBLISHED)
    case = CASES[plain]
    recipe = preset(name).replace(**case.figures, **case.ours)
    module = sys.modules[case.published.__module__]
    monkeypatch.setattr(module, "EPSILON", module.EPSILON * case.epsilon)
    added = ("epsilon", "epsilon_tiles", "min_divisor")
    recipe = recipe.replace(**{key: getattr(recipe, key) * case.epsilon for key in added})
    figures = {**case.figures, **case.theirs}
    if plain + AS_PUBLISHED in NAMES:
        figures["repaired"] = name == plain

    def published(image: Array, **watch: Any) -> Dream:
        rng = {"rng": np.random.default_rng(SEED)} if "tile_size" in figures else {}
        return case.published(system.layers(recipe), image, **figures, **rng, **watch)

    compare(system, recipe, published, picture(*case.size))


@pytest.mark.parametrize("name", ["weighted-as-published"])
def test_weighted_stops_before_its_limit(name: str, system: System) -> None:
    """The loss that exceeds the limit ends its octave without an update."""
    image, model = picture(118, 126), system.layers(preset(name))
    figures: dict[str, Any] = {"octaves": 2, "octave_scale": 1.2, "steps": 4}
    free = weighted.weighted(model, system.to_theirs(image), max_loss=None, **figures)
    figures["max_loss"] = float(np.mean(sorted(free.losses)[4:6]))

    def published(image: Array, **watch: Any) -> Dream:
        theirs = weighted.weighted(model, image, **figures, **watch)
        assert theirs.stops
        return theirs

    compare(system, preset(name).replace(**figures), published, image)


@pytest.mark.parametrize("name", ["layers"])
def test_layers_from_noise(name: str, system: System) -> None:
    """The published noise is what the preset draws where no picture is given."""
    recipe = preset(name).replace(canvas=107, steps=2)
    noise = noise_picture(recipe) * 255
    assert noise.shape == (107, 107, 3)
    assert 99.99 < noise.min() < 100.01 < 100.99 < noise.max() < 101.01

    def published(image: Array, **watch: Any) -> Dream:
        return course.layers(system.layers(recipe), image, steps=2, **watch)

    compare(system, recipe, published, noise)
