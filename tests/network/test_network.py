"""Network files: finding, checking and describing them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import onnx
import pytest
from small_network import small_model

from dreamlayer.core.errors import LayerError, NetworkError
from dreamlayer.core.network.files import DEFAULT_FILE, SHIPPED, available, find, read_model
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term

NAMED = {
    "Conv1_relu": (32, 2),
    "block_3_depthwise": (144, 8),
    "block_6_depthwise_relu": (192, 16),
    "block_10_depthwise": (384, 16),
    "block_11_expand": (576, 16),
    "block_11_expand_BN": (576, 16),
    "block_12_add": (96, 16),
    "block_13_expand": (576, 16),
    "block_13_depthwise_relu": (576, 32),
}
"""Some layers of MobileNetV2, with channels and stride."""


def test_default_network_ships_with_the_package() -> None:
    """It is there without any download, and its layers are those of MobileNetV2 to block 13."""
    network = Network()
    assert network.path == DEFAULT_FILE == SHIPPED["mobilenet_v2_block13"]
    layers = {layer.name: layer for layer in network.layers()}
    assert all(layer.reason is None for layer in layers.values())
    found = {name: (layers[name].channels, layers[name].stride) for name in NAMED}
    assert found == NAMED
    assert "block_13_project" not in layers


def test_inception_v3_ships_with_the_package() -> None:
    """The same for the other, whose layers are those of InceptionV3 to mixed5."""
    network = Network("inception_v3_mixed5")
    assert network.path == SHIPPED["inception_v3_mixed5"]
    layers = {layer.name: layer for layer in network.layers()}
    assert all(layer.reason is None for layer in layers.values())
    channels = {f"mixed{i}": layers[f"mixed{i}"].channels for i in range(6)}
    assert channels == {
        "mixed0": 256, "mixed1": 288, "mixed2": 288, "mixed3": 768, "mixed4": 768, "mixed5": 768,
    }  # fmt: skip
    assert "mixed6" not in layers


def test_layers_of_a_file_without_metadata(small_network: Path) -> None:
    """All feature maps are listed, with channels and stride."""
    layers = {layer.name: layer for layer in Network(str(small_network)).layers()}
    assert set(layers) == {"first_conv", "first", "deep_conv", "deep"}
    assert layers["deep"].channels == 8
    assert layers["deep"].stride == 1.0


def test_layer_that_cannot_be_dreamed_says_why(tmp_path: Path) -> None:
    """An operator without a rule shows in the list."""
    model = small_model()
    model.graph.node.append(onnx.helper.make_node("Bernoulli", ["deep"], ["end"]))
    onnx.save(model, tmp_path / "n.onnx")
    layers = {x.name: x for x in Network(str(tmp_path / "n.onnx")).layers()}
    assert layers["deep"].reason is None
    assert "Bernoulli" in str(layers["end"].reason)


def test_networks_are_found_by_name_in_the_named_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files in DREAMLAYER_NETWORKS can be called by their stem; paths work as well."""
    folder = tmp_path / "my nètworks"
    folder.mkdir()
    onnx.save(small_model(), folder / "tiny.onnx")
    monkeypatch.setenv("DREAMLAYER_NETWORKS", str(folder))
    assert available()["tiny"] == folder / "tiny.onnx"
    assert find("tiny") == find(str(folder / "tiny.onnx"))
    assert Network("tiny").name == "tiny"


def test_unknown_name_suggests_and_explains() -> None:
    """A mistyped name is answered with the nearest one."""
    with pytest.raises(NetworkError, match="did you mean default"):
        Network("defalt")
    with pytest.raises(NetworkError, match=r"'sub/none\.onnx' does not exist"):
        Network("sub/none.onnx")


@pytest.mark.parametrize("content", [b"", b"hello, I am text\n", b"\x08\x07\x12", b"\x00" * 100])
def test_file_that_is_no_onnx_is_refused(tmp_path: Path, content: bytes) -> None:
    """Anything but a network gives one sentence."""
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(NetworkError, match="is not an ONNX file"):
        Network(str(path))


def test_read_model_takes_what_is_beside_the_contract(tmp_path: Path) -> None:
    """Adopting starts from any ONNX file; one that cannot be read is named."""
    model = small_model()
    model.graph.input[0].name = "data"
    onnx.save(model, tmp_path / "other.onnx")
    assert read_model(tmp_path / "other.onnx").graph.input[0].name == "data"
    with pytest.raises(NetworkError, match=r"none\.onnx' cannot be read: No such file"):
        read_model(tmp_path / "none.onnx")


def test_folder_as_network_is_refused(tmp_path: Path) -> None:
    """A folder is no file."""
    with pytest.raises(NetworkError, match="is a folder"):
        Network(str(tmp_path))


@pytest.mark.parametrize(
    ("breach", "message"),
    [
        (lambda m: setattr(m.graph.input[0], "name", "data"), "one input called 'image'.*data"),
        (lambda m: setattr(m.opset_import[0], "version", 11), "older than 18"),
        (lambda m: setattr(m.graph.node[0], "domain", "com.acme"), "com.acme"),
        (
            lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[1], "dim_value", 1),
            "float32 image",
        ),
        (
            lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[3], "dim_value", 64),
            "accepts only images of 64 × any pixels",
        ),
        (lambda m: m.graph.node[2].input.__setitem__(1, "w9"), "'w9', which nothing computes"),
        (lambda m: m.metadata_props.add(key="dreamlayer.layers", value="x"), "not a list of names"),
        (
            lambda m: m.metadata_props.add(key="dreamlayer.size_multiple", value="0"),
            "is not a size",
        ),
    ],
)
def test_violation_of_the_contract_says_how_to_adopt_the_file(
    tmp_path: Path, breach: object, message: str
) -> None:
    """Each violation is named, with the command that fixes it."""
    model = small_model()
    breach(model)
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(NetworkError, match=message + ".*export adopt"):
        Network(str(tmp_path / "other.onnx"))


@pytest.mark.parametrize("content", [None, b"short"])
def test_missing_weights_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    """A network whose weights lie in another file says that this is what is missing."""
    path = tmp_path / "outside.onnx"
    onnx.save(
        small_model(), path, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    assert Network(str(path)).layer_names
    (tmp_path / "weights.bin").unlink()
    if content is not None:
        (tmp_path / "weights.bin").write_bytes(content)
    with pytest.raises(NetworkError, match="weights in another file, which is missing or too"):
        Network(str(path))


def test_unknown_layer_is_answered_from_the_layer_list() -> None:
    """Suggestions are layers, not inner tensors."""
    with pytest.raises(LayerError, match="did you mean mixed5 or mixed"):
        Network("inception_v3_mixed5").check([Term("mixed55")])


def test_layer_of_the_other_network_is_found_there() -> None:
    """Who names a layer of the other shipped network is told of that one."""
    for name, layer, other in (
        ("default", "mixed3", "inception_v3_mixed5"),
        ("inception_v3_mixed5", "block_11_expand", "mobilenet_v2_block13"),
    ):
        with pytest.raises(LayerError, match=f"no layer '{layer}'; network {other} has it"):
            Network(name).check_layers([layer])


def test_a_mistyped_layer_may_be_that_of_either_shipped_network() -> None:
    """Both networks' layers are suggested, but none to another file."""
    for name in ("default", "inception_v3_mixed5"):
        for layer, meant in (("mixd3", "mixed3"), ("block_13_expnd", "block_13_expand")):
            with pytest.raises(LayerError, match=f"did you mean .*{meant}"):
                Network(name).check_layers([layer])


def test_a_mistyped_layer_of_another_file_is_its_own(small_network: Path) -> None:
    """The layers of the shipped networks are no suggestions there; that they have one is told."""
    network = Network(str(small_network))
    with pytest.raises(LayerError, match=r"it has first, .*: choose with --layer"):
        network.check_layers(["mixd3"])
    with pytest.raises(LayerError, match="network inception_v3_mixed5 has it"):
        network.check_layers(["mixed3"])


@pytest.mark.parametrize("name", SHIPPED)
def test_listed_layers_exist_in_the_graph(name: str) -> None:
    """The metadata of the shipped file speaks of tensors that are there."""
    network = Network(name)
    listed = json.loads(network.metadata["dreamlayer.layers"])
    outputs = {name for node in network.model.graph.node for name in node.output}
    assert set(listed) <= outputs


@pytest.mark.parametrize("folder", ["n" * 3000, "a\0b", "no such folder"])
def test_folders_that_cannot_be_are_passed_over(
    folder: str, small_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search goes on behind a name that no folder can have."""
    named = os.pathsep.join([folder, str(small_network.parent)])
    monkeypatch.setattr("os.environ", {**os.environ, "DREAMLAYER_NETWORKS": named})
    assert available()["small"] == small_network


@pytest.mark.skipif(not Path("/dev/null").is_char_device(), reason="devices are POSIX's files")
def test_a_device_is_no_network() -> None:
    """It exists, but nothing is read from it."""
    with pytest.raises(NetworkError, match="'/dev/null' is not a file but a device"):
        Network("/dev/null")
