"""Layers that are tokens, or have their channels last, as feature maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import token_network
from onnx.reference import ReferenceEvaluator
from token_network import FIXED, PATCH

from dreamlayer.core.graph.edit import tap
from dreamlayer.core.network.activations import Activations
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.visualize.layers import whole_layers
from dreamlayer.export.adopt.adopt import adopt
from dreamlayer.export.adopt.choice import Layers, choose_layers
from dreamlayer.export.adopt.input_guess import InputOptions
from dreamlayer.export.network_file import layer_names
from dreamlayer.export.verify import open_session

NAMES = {"name": "tokens", "origin": "tokens.onnx", "license_text": "CC0"}
TALL = (2, 3, 80, 48)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).random(shape, dtype=np.float32)


def as_in_source(
    source: onnx.ModelProto, tensors: list[str], image: np.ndarray
) -> list[np.ndarray]:
    """What onnx's own evaluator computes."""
    tapped = tap(source, tensors)
    return list(ReferenceEvaluator(tapped).run(None, {"pixels": image}))


def as_adopted(network: onnx.ModelProto, layers: list[str], image: np.ndarray) -> list[np.ndarray]:
    return list(open_session(tap(network, layers)).run(None, {"image": image}))


def fixed_layers(source: onnx.ModelProto) -> tuple[onnx.ModelProto, Layers]:
    """The layers of a network that takes one size, its input called as in a network file."""
    network = onnx.ModelProto()
    network.CopyFrom(source)
    network.graph.input[0].name = "image"
    for node in network.graph.node:
        node.input[:] = ["image" if name == "pixels" else name for name in node.input]
    return network, choose_layers(network, {}, only=FIXED, usual=FIXED)


@pytest.mark.parametrize("leading", [0, 1, 2, 5])
def test_tokens_of_a_vision_transformer_are_maps(leading: int) -> None:
    """Class and register tokens are left out, the others lie where their patches do."""
    source = token_network.vision_transformer(leading)
    network, notes = adopt(source, InputOptions(range="0..1"), **NAMES)
    layers = layer_names(network)
    expected = ["norm1", "attn.q", "attn.k", "attn.v", "attn.proj", "add", "norm2"]
    expected += ["mlp.fc1", "mlp.act", "mlp.fc2"]
    assert layers == [
        "patch_embed.proj",
        *(["concat_1"] if leading else []),
        *(f"blocks.0.{name}" for name in expected),
        "blocks.0",
    ]
    assert "Dreams    on every layer" in notes
    image = noise(*TALL)
    rows, columns = TALL[2] // PATCH, TALL[3] // PATCH
    tensors = ["/blocks/blocks.0/mlp/act/Mul_1_output_0", "/blocks/blocks.0/Add_1_output_0"]
    maps = as_adopted(network, ["blocks.0.mlp.act", "blocks.0"], image)
    for tokens, found in zip(as_in_source(source, tensors, image), maps, strict=True):
        own = tokens[:, leading:].reshape(TALL[0], rows, columns, -1)
        np.testing.assert_allclose(found, own.transpose(0, 3, 1, 2), rtol=1e-4, atol=1e-5)


def test_as_many_channels_as_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a network of one size, what the tokens were read from tells them from the channels."""
    monkeypatch.setattr(token_network, "WIDTH", FIXED[0] * FIXED[1] // PATCH**2)
    source = token_network.vision_transformer(5, FIXED)
    network, layers = fixed_layers(source)
    image = noise(1, 3, *FIXED)
    tensor = "/blocks/blocks.0/Add_1_output_0"
    (tokens,), (found,) = (
        as_in_source(source, [tensor], image),
        as_adopted(network, layers.names[-1:], image),
    )
    own = tokens[:, 5:].reshape(1, FIXED[0] // PATCH, FIXED[1] // PATCH, -1)
    np.testing.assert_allclose(found, own.transpose(0, 3, 1, 2), rtol=1e-4, atol=1e-5)


def test_maps_with_channels_last_are_turned() -> None:
    """The linear layers of a ConvNeXt's block are layers with rows and columns."""
    source = token_network.channels_last()
    network, _ = adopt(source, InputOptions(range="0..1"), **NAMES)
    layers = ["stem", "block.dwconv", "block.norm", "block.pwconv1", "block.act", "block.pwconv2"]
    assert layer_names(network)[:-1] == layers
    image = noise(1, 3, 30, 18)
    tensors = ["/block/norm/LayerNormalization_output_0", "/block/act/Mul_1_output_0"]
    maps = as_adopted(network, ["block.norm", "block.act"], image)
    for last, found in zip(as_in_source(source, tensors, image), maps, strict=True):
        np.testing.assert_allclose(found, last.transpose(0, 3, 1, 2), rtol=1e-4, atol=1e-5)


def test_windows_are_no_maps_until_they_are_put_together() -> None:
    """What is cut into windows is left out; the attention in them is a layer, rolled back."""
    source = token_network.windows()
    network, _ = adopt(source, InputOptions(range="0..1"), **NAMES)
    layers = layer_names(network)
    assert layers[:4] == ["features.0.0", "features.1.norm1", "features.1.attn", "features.1"]
    image = noise(2, 3, 64, 96)
    tensors = ["/features.1.attn/Concat_3_output_0", "/features.2/Concat_output_0"]
    maps = as_adopted(network, ["features.1.attn", "features.2.concat"], image)
    for last, found in zip(as_in_source(source, tensors, image), maps, strict=True):
        np.testing.assert_allclose(found, last.transpose(0, 3, 1, 2), rtol=1e-4, atol=1e-5)


def test_norms_of_tokens_alone_are_maps_once_they_have_their_batch() -> None:
    """A batch norm of [tokens, channels] is a layer where it is [batch, tokens, channels] again."""
    source = token_network.normed_tokens()
    network, _ = adopt(source, InputOptions(range="0..1"), **NAMES)
    layers = ["patch_embed.proj", "blocks.0.qkv.linear", "blocks.0.qkv", "blocks.0.proj"]
    assert layer_names(network) == layers
    image = noise(*TALL)
    (tokens,) = as_in_source(source, ["/blocks.0.qkv/Reshape_output_0"], image)
    (found,) = as_adopted(network, ["blocks.0.qkv"], image)
    own = tokens.reshape(TALL[0], TALL[2] // PATCH, TALL[3] // PATCH, -1)
    np.testing.assert_allclose(found, own.transpose(0, 3, 1, 2), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "source", [token_network.vision_transformer(1, FIXED), token_network.mixer()]
)
def test_networks_of_one_size_have_their_layers(source: onnx.ModelProto) -> None:
    """Where no other size can be tried, the patches' map tells what the tokens are."""
    network, layers = fixed_layers(source)
    assert layers.notes[1] == "Dreams    on every layer"
    image = noise(1, 3, *FIXED)
    names = {layer: alias for alias, layer in layers.aliases.items() if alias.endswith("_output_0")}
    chosen = [name for name in layers.names if name in names]
    assert len(chosen) >= 4
    tokens = as_in_source(source, [names[name] for name in chosen], image)
    count = (FIXED[0] // PATCH) * (FIXED[1] // PATCH)
    for name, given, found in zip(chosen, tokens, as_adopted(network, chosen, image), strict=True):
        if given.ndim == 3:
            given = given if given.shape[2] == count else given.transpose(0, 2, 1)
            given = given[:, :, given.shape[2] - count :].reshape(found.shape)
        np.testing.assert_allclose(found, given, rtol=1e-4, atol=1e-5, err_msg=name)


def test_tokens_are_mixed_as_maps() -> None:
    """The result of a Mixer's token mixing, [batch, channels, tokens], needs no transposition."""
    _, layers = fixed_layers(token_network.mixer())
    assert "blocks.tokens.fc2" in layers.names
    assert "blocks.tokens.fc1" not in layers.names  # seven numbers that are no places


@pytest.mark.parametrize(
    ("source", "layer"),
    [
        (token_network.vision_transformer(1), "blocks.0.mlp.act"),
        (token_network.vision_transformer(2), "blocks.0"),
        (token_network.channels_last(), "block.act"),
        (token_network.windows(), "features.2.concat"),
        (token_network.windows(), "features.1.attn"),
        (token_network.normed_tokens(), "blocks.0.qkv"),
    ],
)
@pytest.mark.parametrize(
    "options", [{}, {"border": 1}, {"kind": "neuron"}, {"channels": (1, 3), "kind": "mean"}]
)
def test_gradients_of_maps_agree_with_finite_differences(
    source: onnx.ModelProto, layer: str, options: dict[str, object]
) -> None:
    """All kinds of objectives, also those that need rows and columns, have the right gradient."""
    network, _ = adopt(source, InputOptions(range="0..1"), **NAMES)
    session = open_session(gradient_model(tap(network, [layer]), [Term(layer, **options)]))
    image = noise(1, 3, 64, 96)
    gradient = session.run(["gradient"], {"image": image})[0]
    direction = np.random.default_rng(2).normal(size=image.shape)
    # Uphill too, where float32 tells two losses apart best.
    direction += 3 * gradient / np.sqrt(np.square(gradient).mean())
    slope = float(np.vdot(gradient.astype(np.float64), direction))
    step = 2e-3 / float(np.abs(direction).max())

    def loss(steps: int) -> float:
        shifted = (image + steps * step * direction).astype(np.float32)
        return float(session.run(["loss"], {"image": shifted})[0])

    rise = 8 * (loss(1) - loss(-1)) - (loss(2) - loss(-2))
    assert slope == pytest.approx(rise / (12 * step), rel=2e-3)


@pytest.mark.parametrize("name", ["/blocks/blocks.0/Add_1_output_0", "/blocks/blocks.0/Add_1"])
def test_the_sources_name_means_the_map(name: str, tmp_path: Path) -> None:
    """A recipe that names the tokens as the source does gets the layer."""
    adopted, _ = adopt(token_network.vision_transformer(1), InputOptions(range="0..1"), **NAMES)
    onnx.save(adopted, tmp_path / "tokens.onnx")
    network = Network(str(tmp_path / "tokens.onnx"))
    assert network.tensor(name) == "blocks.0"
    image = noise(3, 32, 48)
    assert Activations(network, [name])(image)[name].shape == (1, token_network.WIDTH, 4, 6)


def test_a_gallery_shows_the_blocks_of_a_transformer(tmp_path: Path) -> None:
    """What is made beside the network counts at the place of what it is made from."""
    adopted, _ = adopt(token_network.vision_transformer(1), InputOptions(range="0..1"), **NAMES)
    onnx.save(adopted, tmp_path / "tokens.onnx")
    shown = [term.layer for term in whole_layers(Network(str(tmp_path / "tokens.onnx")))]
    assert shown == ["patch_embed.proj", "concat_1", "blocks.0.add", "blocks.0"]
