"""Networks with GroupNormalization are adopted as they are, and dreamed with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from command_line import run
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.recipe.term import Term
from dreamlayer.export.adopt.adopt import adopt
from dreamlayer.export.adopt.input_guess import InputOptions
from dreamlayer.export.cli import main
from dreamlayer.export.verify import open_session


def network(groups: int, values: int, opset: int, constant: bool = True) -> onnx.ModelProto:
    """Two convolutions with a GroupNormalization of 8 channels in between."""
    rng = np.random.default_rng(groups)

    def weight(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name)

    nodes = [
        helper.make_node("Conv", ["pixels", "w1"], ["c1"], pads=[1] * 4),
        helper.make_node("GroupNormalization", ["c1", "scale", "bias"], ["norm"]),
        helper.make_node("Conv", ["norm", "w2"], ["c2"], pads=[1] * 4),
    ]
    nodes[1].attribute.append(helper.make_attribute("num_groups", groups))
    nodes[1].attribute.append(helper.make_attribute("epsilon", 0.01))
    weights = [weight("w1", 8, 3, 3, 3), weight("w2", 4, 8, 3, 3), weight("bias", values)]
    if constant:
        weights.append(weight("scale", values))
    else:
        weights.append(numpy_helper.from_array(np.array([0, 2, 3]), "axes"))
        nodes.insert(1, helper.make_node("ReduceMean", ["c1", "axes"], ["scale"], keepdims=0))
    shape = ["N", 3, "H", "W"]
    graph = helper.make_graph(
        nodes,
        "normal",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("c2", TensorProto.FLOAT, None)],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


@pytest.mark.parametrize(
    ("groups", "values", "opset"), [(2, 2, 18), (2, 8, 21), (4, 8, 21), (8, 8, 21), (1, 8, 21)]
)
def test_adopted_network_has_the_gradient_of_its_loss(groups: int, values: int, opset: int) -> None:
    """Scale and bias have a value for each group up to opset 20, then for each channel."""
    _compare(network(groups, values, opset))


def test_scales_that_are_computed_have_a_gradient_too() -> None:
    """The loss depends on the picture through them as well."""
    _compare(network(2, 8, 21, constant=False))


def _compare(source: onnx.ModelProto) -> None:
    """Adopt a network, and hold its gradient against differences along a random direction."""
    adopted, _ = adopt(source, InputOptions(), name="net", origin="here", license_text="none")
    running = open_session(gradient_model(adopted, [Term("c2")]))
    rng = np.random.default_rng(0)
    image = rng.random((2, 3, 9, 7), np.float32)
    direction = np.sign(rng.standard_normal(image.shape)).astype(np.float32)
    (gradient,) = running.run(["gradient"], {"image": image})
    losses = [
        float(running.run(["loss"], {"image": image + sign * np.float32(3e-3) * direction})[0])
        for sign in (1, -1)
    ]
    assert np.sum(gradient * direction) == pytest.approx((losses[0] - losses[1]) / 6e-3, rel=1e-2)


def test_the_printed_command_dreams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a layer that the network has, whatever its file is called."""
    monkeypatch.chdir(tmp_path)
    onnx.save(network(2, 8, 21), "my net.onnx")
    Image.fromarray(np.zeros((24, 32, 3), np.uint8)).save("photo.jpg")
    assert main(["adopt", "my net.onnx", "-o", "a net.onnx"]) == 0
    line = next(s for s in capsys.readouterr().out.splitlines() if s.startswith("Use it with: "))
    assert line.startswith("Use it with: dreamlayer dream photo.jpg --network 'a net.onnx' --layer")
    layer = line.split("--layer ")[1].split()[0]
    options = ("--octaves", 1, "--steps", 1)
    made = run("dream", "photo.jpg", "--network", "a net.onnx", "--layer", layer, *options)
    assert made.returncode == 0, made.stderr
    missing = run("dream", "photo.jpg", "--network", "a net.onnx", *options)
    assert b"it has c1, norm, c2" in missing.stderr
