"""Networks of one size: what their files say, and what is measured of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from small_network import small_model

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.export.adopt.one_size import fix_size


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    """The file of a model."""
    onnx.save(model, folder / "exact.onnx")
    return folder / "exact.onnx"


def fixed(size: tuple[int, int] = (32, 48)) -> onnx.ModelProto:
    """The small network for one size."""
    model = small_model()
    fix_size(model, size)
    return model


def test_network_of_one_size_is_accepted(tmp_path: Path) -> None:
    """It tells its size, and what layers require of images."""
    network = Network(str(saved(fixed(), tmp_path)))
    assert network.image_size == (32, 48)
    geometry = network.geometry(["deep"])
    assert (geometry.exact, geometry.minimum, geometry.stride) == ((32, 48), 1, 1)
    assert [(one.name, one.channels, one.stride) for one in network.layers()][-1] == ("deep", 8, 1)


def test_networks_of_any_size_have_none(small_network: Path) -> None:
    """Neither do those whose metadata say nothing."""
    network = Network(str(small_network))
    assert network.image_size is None
    assert network.geometry(["deep"]).exact is None


def dims_of(model: onnx.ModelProto) -> list[onnx.TensorShapeProto.Dimension]:
    """The dimensions of a network's input."""
    return list(model.graph.input[0].type.tensor_type.shape.dim)


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ("32x32", "takes images of 32 × 32 pixels alone, but its input is 48 × 32"),
        ("big", "image_size 'big', which is not a size such as 224x224"),
        ("32x48x3", "not a size"),
        ("0x48", "not a size"),
        ("-32x48", "not a size"),
        ("99999x48", "not a size"),
        ("³x48", "not a size"),
        ("", "not a size"),
    ],
)
def test_wrong_metadata_is_refused(told: str, problem: str, tmp_path: Path) -> None:
    """The message says what contradicts what."""
    model = fixed()
    for entry in model.metadata_props:
        if entry.key == "dreamlayer.image_size":
            entry.value = told
    with pytest.raises(NetworkError, match=problem):
        Network(str(saved(model, tmp_path)))


def test_one_size_without_metadata_is_refused(tmp_path: Path) -> None:
    """As before there were networks of one size: it must be adopted."""
    model = fixed()
    del model.metadata_props[:]
    with pytest.raises(NetworkError, match=r"only images of 48 × 32 pixels, .* adopt"):
        Network(str(saved(model, tmp_path)))


def test_batch_of_several_is_refused(tmp_path: Path) -> None:
    """A network that takes two images at a time cannot be given one."""
    model = fixed()
    dims_of(model)[0].dim_value = 2
    with pytest.raises(NetworkError, match="accepts only 2 images at a time"):
        Network(str(saved(model, tmp_path)))


def test_batch_may_be_symbolic(tmp_path: Path) -> None:
    """Only height and width are fixed then."""
    model = fixed()
    dims_of(model)[0].dim_param = "batch"
    assert Network(str(saved(model, tmp_path))).image_size == (32, 48)


def test_gradient_is_that_of_the_network_of_any_size(small_network: Path, tmp_path: Path) -> None:
    """One session serves whatever is expected, and gives the same numbers."""
    tile = np.random.default_rng(0).random((3, 32, 48), np.float32)
    terms = [Term("deep")]
    one = GradientSession(Network(str(saved(fixed(), tmp_path))), terms, Execution("cpu", 1))
    free = GradientSession(Network(str(small_network)), terms, Execution("cpu", 1))
    before = one._session
    one.expect(None)
    one.expect((32, 48), 10**12)
    one.specialize(None)
    assert one._session is before
    loss, gradient = one(tile)
    expected, wanted = free(tile)
    assert loss == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(gradient, wanted, atol=1e-7, rtol=1e-5)
    one.release()
    assert one(tile)[0] == loss
