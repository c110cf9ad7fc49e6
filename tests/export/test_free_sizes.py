"""Networks that were exported for one size take others, and compute there what they should."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from baked_networks import FREED, dense, positions

from dreamlayer.export.adopt.baked.check import problem_with
from dreamlayer.export.adopt.baked.reshape import Guesses, NoMatchError, matched
from dreamlayer.export.adopt.baked.trials import Trials, images_for
from dreamlayer.export.adopt.free_sizes import _attempt, free_sizes
from dreamlayer.export.verify import open_session

OWN = (32, 48)
OTHERS = [(32, 48), (64, 96), (96, 32), (32, 80), (160, 224)]


def run(model: onnx.ModelProto, size: tuple[int, int], batch: int = 1) -> np.ndarray:
    """The first output for noise of a size."""
    image = np.random.default_rng(3).random((batch, 3, *size), np.float32)
    return open_session(model).run(None, {"image": image})[0]


@pytest.mark.parametrize("size", OTHERS)
@pytest.mark.parametrize("name", FREED)
def test_freed_network_is_the_one_written_for_another_size(
    name: str, size: tuple[int, int]
) -> None:
    """At each size it gives what the same network, exported for that size, gives."""
    freed = free_sizes(FREED[name](*OWN), OWN)
    assert freed.changed
    assert not freed.stuck
    np.testing.assert_allclose(run(freed.model, size), run(FREED[name](*size), size), atol=1e-5)


@pytest.mark.parametrize("name", FREED)
def test_own_size_stays_the_same(name: str) -> None:
    """At the size that it was exported for, nothing changes in any bit, but means of whole maps."""
    source = FREED[name](*OWN)
    before = source.SerializeToString()
    found, expected = run(free_sizes(source, OWN).model, OWN), run(source, OWN)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    assert source.SerializeToString() == before, "the source is not changed"


@pytest.mark.parametrize("name", FREED)
def test_several_images_at_a_time(name: str) -> None:
    """The number of images is freed as well: each gives what it gives alone."""
    freed = free_sizes(FREED[name](*OWN), OWN)
    assert freed.several
    together = run(freed.model, OWN, 2)
    images = np.random.default_rng(3).random((2, 3, *OWN), np.float32)
    for one, image in zip(together, images, strict=True):
        alone = open_session(freed.model).run(None, {"image": image[np.newaxis]})[0]
        np.testing.assert_allclose(one, alone[0], atol=1e-5)


@pytest.mark.parametrize("own", [(32, 32), (64, 64), (48, 32)])
@pytest.mark.parametrize("name", ["shuffle", "windows", "grid", "tokens", "u_net"])
def test_square_images_hide_nothing(name: str, own: tuple[int, int]) -> None:
    """Rows and columns, and windows and their number, are told apart where they are as many."""
    freed = free_sizes(FREED[name](*own), own)
    for size in ((64, 96), (96, 64)):
        np.testing.assert_allclose(run(freed.model, size), run(FREED[name](*size), size), atol=1e-5)


def test_network_of_any_size_stays() -> None:
    """Nothing is rewritten where nothing is a number."""
    freed = free_sizes(FREED["shuffle"](*OWN), OWN)
    again = free_sizes(freed.model, OWN)
    assert (again.changed, again.stuck) == (0, [])
    assert again.model is freed.model


def test_position_embedding_keeps_its_size() -> None:
    """The node that adds it is named."""
    freed = free_sizes(positions(*OWN), OWN)
    assert freed.stuck[0].startswith("Add 'Add")
    np.testing.assert_array_equal(run(freed.model, OWN), run(positions(*OWN), OWN))


def test_classifier_of_one_size_keeps_no_map_from_others() -> None:
    """What stands before it is free, and its node is named."""
    freed = free_sizes(dense(*OWN), OWN)
    assert [name.split()[0] for name in freed.stuck] == ["MatMul"]
    np.testing.assert_allclose(run(freed.model, OWN), run(dense(*OWN), OWN), atol=1e-6)


def test_wrong_guess_is_noticed() -> None:
    """A window taken for the number of windows runs at any size, but makes no right map."""
    source = FREED["windows"](*OWN)
    right = Guesses({}, {})
    freed, trials = _attempt(source, OWN, right, batch=False)
    assert problem_with(source, freed.model, trials, OWN) is None
    splits = [key for key, count in right.possible.items() if count > 1]
    assert splits
    wrong, trials = _attempt(source, OWN, Guesses(dict.fromkeys(splits, 1), {}), batch=False)
    assert not wrong.stuck
    assert problem_with(source, wrong.model, trials, OWN) is not None


def test_what_depends_on_the_size_is_noticed() -> None:
    """A network that runs at any size, and multiplies its maps by their number of rows, is none."""
    source = FREED["shuffle"](*OWN)
    freed, _ = _attempt(source, OWN, Guesses({}, {}), batch=False)
    wrong = onnx.ModelProto()
    wrong.CopyFrom(freed.model)
    made = wrong.graph.node[0].output[0]
    wrong.graph.node[0].output[0] = "before"
    rows = [
        onnx.helper.make_node("Shape", ["before"], ["rows"], start=2, end=3),
        onnx.helper.make_node("Cast", ["rows"], ["count"], to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("Div", ["count", "own"], ["factor"]),
        onnx.helper.make_node("Mul", ["before", "factor"], [made]),
    ]
    wrong.graph.initializer.append(onnx.numpy_helper.from_array(np.float32([OWN[0] // 2]), "own"))
    nodes = [wrong.graph.node[0], *rows, *wrong.graph.node[1:]]
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del wrong.graph.node[:]
    wrong.graph.node.extend(kept)
    trials = Trials(wrong, images_for(OWN, batch=False))
    for node in wrong.graph.node:
        trials.add(node)
    problem = problem_with(source, wrong, trials, OWN)
    assert problem is not None
    assert "depends on the image's size" in problem


def test_lengths_that_do_not_match_are_refused() -> None:
    """A shape of other elements is no Reshape of these."""
    trials = Trials(FREED["shuffle"](*OWN), images_for(OWN, batch=False))
    with pytest.raises(NoMatchError):
        matched([(1, 1, 1), (6, 6, 6)], [1, 7], trials, Guesses({}, {}))
    with pytest.raises(NoMatchError):
        matched([(0, 0, 0)], [0], trials, Guesses({}, {}))
