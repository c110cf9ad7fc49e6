"""Masks beside the image become constants that are as large as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.adopt.adopt import adopt
from dreamlayer.export.adopt.input_guess import InputOptions
from dreamlayer.export.cli import main
from dreamlayer.export.network_file import layer_names
from dreamlayer.export.verify import open_session

NAMES = {"name": "made", "origin": "made.onnx", "license_text": "CC0"}
RNG = np.random.default_rng(5)
FLOAT, BOOL = TensorProto.FLOAT, TensorProto.BOOL
FREE = ["n", 3, "h", "w"]
HALF = (("mask", (0.5,)),)

CONCAT = [helper.make_node("Concat", ["pixels", "mask"], ["x"], "joined", axis=1)]
MUL = [helper.make_node("Mul", ["pixels", "mask"], ["x"], "hidden")]
LAST = [
    helper.make_node("Concat", ["pixels", "mask"], ["both"], "joined", axis=3),
    helper.make_node("Transpose", ["both"], ["x"], perm=[0, 3, 1, 2]),
]
PLANE = [
    helper.make_node("Unsqueeze", ["mask", "one"], ["raised"]),
    helper.make_node("Cast", ["raised"], ["shown"], to=FLOAT),
    helper.make_node("Concat", ["pixels", "shown"], ["x"], "joined", axis=1),
]


def network(
    first: list[onnx.NodeProto],
    mask: list[Any],
    image: list[Any] = FREE,
    kind: int = FLOAT,
    opset: int = 18,
) -> onnx.ModelProto:
    """Two convolutions behind what makes `x` of `pixels` and `mask`."""
    nodes = [
        *first,
        helper.make_node("Conv", ["x", "w"], ["early"], "early", pads=[1] * 4),
        helper.make_node("Relu", ["early"], ["mask_value"], "relu"),
        helper.make_node("Conv", ["mask_value", "v"], ["last"], "last", pads=[1] * 4),
    ]
    channels = 3 if first is MUL else 4
    weights = {
        "w": RNG.normal(0, 0.3, (4, channels, 3, 3)).astype(np.float32),
        "v": RNG.normal(0, 0.3, (4, 4, 3, 3)).astype(np.float32),
        "one": np.int64([1]),
    }
    graph = helper.make_graph(
        nodes,
        "made",
        [
            helper.make_tensor_value_info("pixels", FLOAT, image),
            helper.make_tensor_value_info("mask", kind, mask),
        ],
        [onnx.ValueInfoProto(name="last")],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def adopted(
    source: onnx.ModelProto, constants: Any = HALF, size: Any = "auto", **options: Any
) -> tuple[onnx.ModelProto, str]:
    """The adopted network, and what adopting it tells."""
    given = InputOptions(range="0..1", constants=constants, **options)
    result, notes = adopt(source, given, size=size, **NAMES)
    return result, "\n".join(notes)


MASKS = {
    "joined": (CONCAT, ["n", 1, "h", "w"], FREE, FLOAT),
    "multiplied": (MUL, ["n", 1, "h", "w"], FREE, FLOAT),
    "axes of other names": (CONCAT, ["a", 1, "b", "c"], FREE, FLOAT),
    "axes without names": (MUL, [None, 1, None, None], [None, 3, None, None], FLOAT),
    "one at a time": (CONCAT, [1, 1, "h", "w"], [1, 3, "h", "w"], FLOAT),
    "an image of one size": (CONCAT, ["n", 1, "h", "w"], [1, 3, 9, 7], FLOAT),
    "channels last": (LAST, ["n", "h", "w", 1], ["n", "h", "w", 3], FLOAT),
    "a plane of the same axes": (PLANE, ["n", "h", "w"], FREE, BOOL),
}


@pytest.mark.parametrize("case", MASKS)
def test_a_mask_is_as_large_as_the_image(case: str) -> None:
    """The network computes what the source does with a mask that is the same everywhere."""
    first, mask, image, kind = MASKS[case]
    source = network(first, mask, image, kind)
    value = 1.0 if kind == BOOL else 0.5
    result, told = adopted(source, (("mask", (value,)),))
    assert "Constant  mask as large as the image" in told
    assert layer_names(result)[-1] == "last"
    assert "Size" not in told
    for height, width in ((9, 7),) if image[2] == 9 else ((9, 7), (16, 24)):
        pixels = RNG.random((1, 3, height, width), np.float32)
        last = first is LAST
        fed = np.moveaxis(pixels, 1, 3) if last else pixels
        shape = (1, height, width, 1) if last else (1, 1, height, width)[-len(mask) :]
        numbers = np.full(shape, value, helper.tensor_dtype_to_np_dtype(kind))
        if len(mask) == 3:
            numbers = numbers.reshape(1, height, width)
        feeds = {"pixels": np.ascontiguousarray(fed), "mask": numbers}
        expected = open_session(source).run(["last"], feeds)[0]
        found = open_session(result).run(["last"], {"image": pixels})[0]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_a_mask_follows_the_batch() -> None:
    """Several images have as many masks."""
    result, _ = adopted(network(CONCAT, ["n", 1, "h", "w"]))
    pixels = RNG.random((2, 3, 8, 8), np.float32)
    run = open_session(result).run
    both = run(["last"], {"image": pixels})[0]
    singles = [run(["last"], {"image": pixels[n : n + 1]})[0] for n in range(2)]
    np.testing.assert_allclose(both, np.concatenate(singles), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("opset", [8, 11])
def test_networks_of_old_opsets_have_masks(opset: int) -> None:
    """From the opset on that can expand a tensor."""
    result, told = adopted(network(CONCAT, ["n", 1, "h", "w"], opset=opset))
    assert "as large as the image" in told
    assert layer_names(result)[-1] == "last"


def test_the_oldest_opset_has_masks_of_one_element() -> None:
    """Opset 7 cannot expand a tensor; what broadcasts works all the same."""
    result, told = adopted(network(MUL, ["n", 1, "h", "w"], opset=7))
    assert "Constant  mask [1, 1, 1, 1]" in told
    assert layer_names(result)[-1] == "last"


@pytest.mark.parametrize("first", [CONCAT, MUL], ids=["joined", "multiplied"])
@pytest.mark.parametrize(
    ("image", "says"),
    [
        (FREE, "images of any size, and leaves no layer as a constant; give --size 20x24, or exp"),
        ([1, 3, 9, 7], "images of 7 × 9 pixels, and leaves no layer as a constant; export the"),
    ],
    ids=["any size", "another size"],
)
def test_a_mask_of_another_size_is_refused_by_name(
    first: list[onnx.NodeProto], image: list[Any], says: str
) -> None:
    """It was told that the network has no layers."""
    with pytest.raises(NetworkError, match=f"input mask is 24 × 20 pixels large beside {says}"):
        adopted(network(first, [1, 1, 20, 24], image))


def test_the_advised_size_works() -> None:
    """The image is then as large as the mask."""
    result, told = adopted(network(CONCAT, [1, 1, 20, 24]), size=(20, 24))
    assert layer_names(result)[-1] == "last"
    assert "Size      24 × 20 only" in told


def test_another_fault_is_not_put_on_a_mask() -> None:
    """Where the mask fits, the sentence is about what is wrong."""
    source = network(MUL, ["n", 1, "h", "w"])
    del source.graph.node[1:]
    source.graph.node.append(helper.make_node("GlobalAveragePool", ["x"], ["last"], "pool"))
    with pytest.raises(NetworkError, match="no feature map"):
        adopted(source)


def test_the_command_dreams_behind_a_mask(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it writes has been tried."""
    path = tmp_path / "made.onnx"
    onnx.save(network(CONCAT, ["n", 1, "h", "w"]), path)
    words = ["adopt", str(path), "-o", str(tmp_path / "out.onnx"), "--constant", "mask=1"]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "Constant  mask as large as the image" in told
    assert "Use it with: " in told
