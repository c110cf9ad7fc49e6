"""Keras models with weights from files and at random; what cannot be read is told.

For files, the networks have an eighth of the channels, but every layer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dreamlayer.core.errors import NetworkError

pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'dreamlayer[export]'")
pytest.importorskip("tf2onnx", reason="needs tf2onnx: pip install 'dreamlayer[export]'")

from dreamlayer.export.keras import weights as keras_weights
from dreamlayer.export.keras.networks import KINDS, Variant

INCEPTION = Variant(KINDS["inception_v3"])
VGG16, VGG19 = Variant(KINDS["vgg16"]), Variant(KINDS["vgg19"])


pytestmark = pytest.mark.usefixtures("narrow_keras")


@pytest.fixture(scope="module")
def inception() -> Any:
    return keras_weights.load(INCEPTION, "random", 1)


@pytest.fixture(scope="module")
def whole() -> Any:
    """InceptionV3 with its classifier, as a user would have saved it."""
    import keras

    keras.backend.clear_session()
    return keras.applications.InceptionV3(weights=None, include_top=True)


@pytest.fixture(scope="module")
def vgg19_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of VGG19 without its classifier."""
    path = tmp_path_factory.mktemp("weights") / "vgg19.weights.h5"
    keras_weights.load(VGG19, "random").save_weights(path)
    return path


@pytest.mark.parametrize("name", ["whole.keras", "only.weights.h5", "legacy.h5"])
def test_weights_files_are_read(inception: Any, tmp_path: Path, name: str) -> None:
    """What Keras wrote, whole or weights only, comes back in the same layers."""
    path = tmp_path / name
    if name == "only.weights.h5":
        inception.save_weights(path)
    else:
        inception.save(path)
    expected = [weight.copy() for weight in inception.get_weights()]
    names = [layer.name for layer in inception.layers]
    loaded = keras_weights.load(INCEPTION, str(path))
    assert [layer.name for layer in loaded.layers] == names
    for found, value in zip(loaded.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(found, value)


@pytest.mark.parametrize("name", ["whole.weights.h5", "whole.h5"])
def test_the_classifier_is_left_out(whole: Any, tmp_path: Path, name: str) -> None:
    """Weights of the network with its top load into the one without, in both forms of file."""
    if name == "whole.h5":
        whole.save(tmp_path / name)
    else:
        whole.save_weights(tmp_path / name)
    kernel = whole.get_layer("conv2d_93").get_weights()[0]
    loaded = keras_weights.load(INCEPTION, str(tmp_path / name))
    assert loaded.layers[-1].name == "mixed10"
    np.testing.assert_array_equal(loaded.get_layer("conv2d_93").get_weights()[0], kernel)


def test_a_file_without_the_classifier_is_told(inception: Any, tmp_path: Path) -> None:
    """With --top, the file must have it."""
    inception.save_weights(tmp_path / "bare.weights.h5")
    with_top = Variant(KINDS["inception_v3"], top=True)
    with pytest.raises(NetworkError, match=r"without its classifier;.*leave out --top"):
        keras_weights.load(with_top, str(tmp_path / "bare.weights.h5"))


def test_a_file_that_is_no_inception_is_refused(vgg19_file: Path, tmp_path: Path) -> None:
    """Text or another network, another suffix, and a missing file each get a sentence."""
    (tmp_path / "text.h5").write_text("no weights")
    for path in (tmp_path / "text.h5", vgg19_file):
        with pytest.raises(NetworkError, match="does not hold a Keras InceptionV3"):
            keras_weights.load(INCEPTION, str(path))
    (tmp_path / "weights.npz").write_text("")
    with pytest.raises(NetworkError, match=r"\.h5 or \.keras"):
        keras_weights.load(INCEPTION, str(tmp_path / "weights.npz"))
    with pytest.raises(NetworkError, match="there is no weights file"):
        keras_weights.load(INCEPTION, str(tmp_path / "none.h5"))


def test_the_two_vgg_are_told_apart(vgg19_file: Path) -> None:
    """Weights of VGG19 are read as such, and refused as VGG16's."""
    assert keras_weights.load(VGG19, str(vgg19_file)).layers[-1].name == "block5_pool"
    with pytest.raises(NetworkError, match="does not hold a Keras VGG16"):
        keras_weights.load(VGG16, str(vgg19_file))


@pytest.mark.parametrize(
    ("variant", "file"),
    [
        (INCEPTION, r"inception_v3\S+notop\.h5"),
        (Variant(KINDS["vgg19"], top=True), r"vgg19\S+kernels\.h5"),
    ],
)
def test_no_download_says_what_to_do(
    variant: Variant, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline, the error names the file's address and the option that takes the file."""
    import keras

    def fail(**_: object) -> None:
        raise Exception("URL fetch failure on https://example.org/weights.h5: None")

    address = keras_weights.download_address(variant.kind, top=variant.top)
    monkeypatch.setattr(keras.applications, variant.kind.title, fail)
    monkeypatch.setattr(keras_weights, "download_address", lambda *_, **__: address)
    with pytest.raises(NetworkError, match=rf"{file} .*--weights FILE"):
        keras_weights.load(variant, "imagenet")
