"""inception5h: the converted graph against TensorFlow, on a graph like the published one."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.network.network import Network

pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'dreamlayer[export]'")
pytest.importorskip("tf2onnx", reason="needs tf2onnx: pip install 'dreamlayer[export]'")

from frozen_inception5h import MIXED, frozen_inception5h

from dreamlayer.export import network_file, verify
from dreamlayer.export.preprocessing import Pixels
from dreamlayer.export.tf import frozen_graph, inception5h
from dreamlayer.export.tf.convert import convert

WIDTH = 0.25
PUBLISHED = inception5h.pixel_format(mean=True, channels="rgb")


def converted(path: Path, pixels: Pixels = PUBLISHED) -> onnx.ModelProto:
    """Convert a graph without comparing it."""
    graph = frozen_graph.parse(frozen_graph.read_bytes(path), path.name)
    return convert(inception5h.network(graph, pixels, path.name), "inception5h")


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph of the published form, with fewer channels."""
    return frozen_inception5h(tmp_path_factory.mktemp("graph") / "graph.pb", width=WIDTH)


@pytest.fixture(scope="module")
def exported(frozen: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the command prints, and its file."""
    archive = tmp_path_factory.mktemp("archive") / "inception5h.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(frozen, "tensorflow_inception_graph.pb")
        file.writestr("imagenet_comp_graph_label_strings.txt", "dummy\n")
    target = tmp_path_factory.mktemp("network") / "inception5h.onnx"
    return inception5h.run(archive, target, PUBLISHED), target


@pytest.fixture(scope="module")
def published(exported: tuple[str, Path]) -> onnx.ModelProto:
    """The network in that file, as it was trained."""
    return onnx.load(exported[1])


def test_command_agrees_with_tensorflow(exported: tuple[str, Path]) -> None:
    """The archive is read, twelve layers agree, and the last line says how to use the file."""
    told, target = exported
    lines = told.splitlines()
    assert lines[0].startswith("Against TensorFlow")
    assert [line.split()[0] for line in lines[2:14]] == list(inception5h.COMPARED)
    for line in lines[2:14]:
        _, activation, gradient, cosine = line.split()
        assert float(activation) <= 1e-4, told
        assert float(gradient) <= 1e-4, told
        assert float(cosine) >= 0.9999, told
    assert lines[14].startswith(f"{target}: ")
    assert "dreamlayer dream" in lines[15]


def test_network_meets_the_contract(exported: tuple[str, Path]) -> None:
    """Every branch is a layer that can be dreamed, in standard operators, without classifiers."""
    network = Network(str(exported[1]))
    assert network.name == "inception5h"
    onnx.checker.check_model(network.model, full_check=True)
    layers = network.layer_names
    assert len(layers) == 3 * 2 + 2 + 2 + 2 + len(MIXED) * (6 * 2 + 1 + 1)
    wanted = {"conv2d0", "mixed4c", "mixed4c_pool_reduce_pre_relu", "mixed4e_3x3_bottleneck"}
    assert wanted | {"localresponsenorm1", "maxpool10", "mixed3a_pool"} < set(layers)
    assert (layers[0], layers[-1]) == ("conv2d0_pre_relu", "mixed5b")
    assert not [name for name in layers if "head" in name or "/" in name]
    nodes = network.model.graph.node
    assert not [node for node in nodes if node.domain or node.op_type == "Transpose"]
    assert all(layer.channels and layer.reason is None for layer in network.layers())
    described = network_file.read_description(network.model)
    assert described["source"].startswith("inception5h.zip, graph with SHA-256 ")


def test_both_forms_of_concat_give_the_same(published: onnx.ModelProto, tmp_path: Path) -> None:
    """A graph with ConcatV2 and without classifiers is the same network."""
    newer = tmp_path / "newer.pb"
    frozen_inception5h(newer, width=WIDTH, old=False, heads=False)
    image = verify.noise_image(64)
    layers = ["mixed3a", "mixed5b"]
    expected = verify.activations(published, layers, image)
    found = verify.activations(converted(newer), layers, image)
    for layer in layers:
        np.testing.assert_array_equal(found[layer], expected[layer])


@pytest.mark.parametrize(
    ("mean", "channels", "name"),
    [
        (True, "rgb", "inception5h"),
        (False, "rgb", "inception5h_no_mean"),
        (True, "bgr", "inception5h_bgr"),
        (False, "bgr", "inception5h_bgr_no_mean"),
    ],
)
def test_variants_are_named_and_fed(mean: bool, channels: str, name: str) -> None:
    """The name says what differs, and the pixels are 0..255, shifted and swapped as asked."""
    pixels = inception5h.pixel_format(mean=mean, channels=channels)
    assert inception5h.variant_name(pixels) == name
    pixel = np.array([[[[0.0, 0.5, 1.0]]]])
    expected = np.array([0, 127.5, 255]) - (117 if mean else 0)
    np.testing.assert_allclose(
        pixels.preprocess(pixel)[0, 0, 0], expected[:: -1 if channels == "bgr" else 1]
    )


def test_colors_and_mean_are_in_the_graph(frozen: Path, published: onnx.ModelProto) -> None:
    """With colours swapped and no mean, a swapped and darker image gives the same."""
    layers, image = ["conv2d0", "mixed4a"], verify.noise_image(64)
    expected = verify.activations(published, layers, image)
    network = converted(frozen, inception5h.pixel_format(mean=False, channels="bgr"))
    darker = image - np.float32(117 / 255)
    found = verify.activations(network, layers, np.ascontiguousarray(darker[:, ::-1]))
    for layer in layers:
        assert verify.relative_error(found[layer], expected[layer]) < 1e-5


def test_activations_are_of_order_one(published: onnx.ModelProto) -> None:
    """The test graph neither explodes nor dies, so that comparisons mean something."""
    found = verify.activations(published, inception5h.COMPARED, verify.noise_image())
    for layer, values in found.items():
        assert 0.3 < np.sqrt((values**2).mean()) < 5, layer


def test_missing_weights_say_where_to_get_them() -> None:
    """Nothing is downloaded; the error gives address and option."""
    with pytest.raises(NetworkError, match=r"https://\S+/inception5h\.zip .*--weights"):
        inception5h.run(None, None, PUBLISHED)


def test_another_graph_is_refused(tmp_path: Path) -> None:
    """The graph of another network is told from no graph at all."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        tf.compat.v1.placeholder(tf.float32, name="input")
    (tmp_path / "other.pb").write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(NetworkError, match=r"other\.pb is the graph of another network"):
        inception5h.run(tmp_path / "other.pb", tmp_path / "x.onnx", PUBLISHED)
    assert not (tmp_path / "x.onnx").exists()
