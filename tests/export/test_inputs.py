"""Networks with further inputs: constants take their place, or what needs them is left out."""

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
RNG = np.random.default_rng(11)
FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
IMAGE = ("pixels", FLOAT, ["n", 3, "h", "w"])
Declared = tuple[str, int, list[Any] | None]


def network(
    middle: list[onnx.NodeProto],
    *inputs: Declared,
    after: tuple[onnx.NodeProto, ...] = (),
    outputs: tuple[str, ...] = ("last",),
) -> onnx.ModelProto:
    """Two convolutions, and what turns `early` into `mid` between them."""
    nodes = [
        helper.make_node("Conv", ["pixels", "w"], ["early"], "early", pads=[1] * 4),
        *middle,
        helper.make_node("Conv", ["mid", "v"], ["last"], "last", pads=[1] * 4),
        *after,
    ]
    kernels = {"w": (4, 3, 3, 3), "v": (4, 4, 3, 3)}
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [
            numpy_helper.from_array(RNG.normal(0, 0.3, shape).astype(np.float32), name)
            for name, shape in kernels.items()
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def adopted(source: onnx.ModelProto, **options: Any) -> tuple[onnx.ModelProto, str]:
    """The adopted network, and what adopting it tells."""
    result, notes = adopt(source, InputOptions(range="0..1", **options), **NAMES)
    return result, "\n".join(notes)


SCALED = helper.make_node("Mul", ["early", "scale"], ["mid"], "scaled")
CAST = [
    helper.make_node("Cast", ["scale"], ["float"], "float", to=FLOAT),
    helper.make_node("Mul", ["early", "float"], ["mid"], "scaled"),
]
NEEDED = {
    "a scale": ([SCALED], ("scale", FLOAT, [1]), (2.0,)),
    "a scale for each channel": ([SCALED], ("scale", FLOAT, [1, 4, 1, 1]), (1.0, 2.0, 3.0, 4.0)),
    "a scale of no declared shape": ([SCALED], ("scale", FLOAT, None), (2.0,)),
    "a mask of the image's size": ([SCALED], ("scale", FLOAT, ["n", 1, "h", "w"]), (0.5,)),
    "a whole number": (CAST, ("scale", INT64, []), (3.0,)),
    "a truth": (CAST, ("scale", BOOL, [1]), (1.0,)),
}


@pytest.mark.parametrize(("middle", "other", "numbers"), NEEDED.values(), ids=NEEDED)
@pytest.mark.parametrize("first", [True, False], ids=["image first", "image last"])
def test_a_constant_takes_the_place_of_an_input(
    middle: list[onnx.NodeProto], other: Declared, numbers: tuple[float, ...], first: bool
) -> None:
    """The network computes what the source does with this value."""
    source = network(middle, *((IMAGE, other) if first else (other, IMAGE)))
    result, told = adopted(source, constants=(("scale", numbers),))
    assert "Constant  scale " in told
    assert layer_names(result)[-1] == "last"
    image = RNG.random((1, 3, 9, 7), dtype=np.float32)
    shape = [one if isinstance(one, int) else 1 for one in other[2] or []]
    value = np.array(numbers).reshape(shape) if other[2] is not None else np.array(numbers)
    value = value.astype(helper.tensor_dtype_to_np_dtype(other[1]))
    if shape[2:] == [1, 1] and other[2][2] == "h":
        value = np.broadcast_to(value, (1, 1, 9, 7)).copy()
    expected = open_session(source).run(["last"], {"pixels": image, "scale": value})[0]
    found = open_session(result).run(["last"], {"image": image})[0]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("case", NEEDED)
def test_what_layers_need_is_asked_for(case: str) -> None:
    """The sentence says which input, what for, and the option to give."""
    middle, other, _ = NEEDED[case]
    with pytest.raises(NetworkError, match=r"needs scale .* for Conv 'last' .*--constant scale=VA"):
        adopted(network(middle, IMAGE, other))


def branch(name: str, node: onnx.NodeProto) -> onnx.GraphProto:
    """A subgraph of one node."""
    return helper.make_graph([node], name, [], [onnx.ValueInfoProto(name=node.output[0])])


def chosen(learns: bool) -> list[onnx.NodeProto]:
    """`mid` by one of two branches, which `scale` chooses."""
    conv = helper.make_node("Conv", ["early", "v"], ["a"], "inner", pads=[1] * 4)
    relu = helper.make_node("Relu", ["early"], ["a"])
    other = helper.make_node("Identity", ["early"], ["b"])
    branches = {
        "then_branch": branch("one", conv if learns else relu),
        "else_branch": branch("other", other),
    }
    return [helper.make_node("If", ["scale"], ["mid"], "chosen", **branches)]


def repeated() -> list[onnx.NodeProto]:
    """`mid` by a loop around a branch, `scale` times."""
    conv = helper.make_node("Conv", ["x", "v"], ["a"], "inner", pads=[1] * 4)
    other = helper.make_node("Identity", ["x"], ["b"])
    branches = {"then_branch": branch("one", conv), "else_branch": branch("other", other)}
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["on"]),
            helper.make_node("If", ["go"], ["y"], "chosen", **branches),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", INT64, []),
            helper.make_tensor_value_info("go", BOOL, []),
            helper.make_tensor_value_info("x", FLOAT, None),
        ],
        [helper.make_tensor_value_info("on", BOOL, []), onnx.ValueInfoProto(name="y")],
    )
    return [helper.make_node("Loop", ["scale", "", "early"], ["mid"], "repeated", body=body)]


@pytest.mark.parametrize(
    ("middle", "kind", "inner"),
    [
        (chosen(True), BOOL, True),
        (repeated(), INT64, True),
        (chosen(False), BOOL, False),
    ],
    ids=["a branch", "a branch in a loop", "a branch that learns nothing"],
)
def test_layers_in_branches_and_loops_are_asked_for(
    middle: list[onnx.NodeProto], kind: int, inner: bool
) -> None:
    """They are not cut with what chooses or repeats them."""
    outputs = ("early", "mid")
    source = network(middle, IMAGE, ("scale", kind, []), outputs=outputs)
    del source.graph.node[-1]
    if inner:
        with pytest.raises(
            NetworkError, match="needs scale as well as the image, for Conv 'inner'"
        ):
            adopted(source)
    else:
        assert layer_names(adopted(source)[0]) == ["early"]


SAME = [helper.make_node("Identity", ["early"], ["mid"])]
INFO = ("info", FLOAT, [1, 3])


def test_an_input_that_nothing_reads_is_left_out() -> None:
    """Nothing else changes."""
    result, told = adopted(network(SAME, IMAGE, INFO))
    assert layer_names(result) == ["early", "last"]
    assert "Left out  info, and what needs it (--constant gives it a value)" in told
    assert "differ from the source's by at most 0.0" in told


@pytest.mark.parametrize("alone", [True, False], ids=["only output", "one of two"])
def test_a_head_that_needs_an_input_is_left_out(alone: bool) -> None:
    """As in a detector that scales its boxes to the image's size."""
    head = (
        helper.make_node("GlobalAveragePool", ["last"], ["pooled"]),
        helper.make_node("ReduceSum", ["info"], ["total"], keepdims=0),
        helper.make_node("Mul", ["pooled", "total"], ["boxes"]),
    )
    outputs = ("boxes",) if alone else ("last", "boxes")
    result, told = adopted(network(SAME, IMAGE, INFO, after=head, outputs=outputs))
    assert layer_names(result)[-1] == "last"
    assert [one.name for one in result.graph.output] == ["pooled" if alone else "last"]
    assert "differ from the source's by at most 0.0" in told
    kept, _ = adopted(
        network(SAME, IMAGE, INFO, after=head, outputs=outputs), constants=(("info", (1.0,)),)
    )
    assert "boxes" in [one.name for one in kept.graph.output]


REFUSED = {
    "no such input": ((("other", (1.0,)),), "has no input 'other'; it has pixels, scale"),
    "too many numbers": ((("scale", (1.0, 2.0)),), r"shape \[1\], but the count .* is 2; give one"),
}


@pytest.mark.parametrize(("constants", "says"), REFUSED.values(), ids=REFUSED)
def test_constants_that_do_not_fit_are_refused(constants: Any, says: str) -> None:
    """With what the input takes."""
    with pytest.raises(NetworkError, match=says):
        adopted(network([SCALED], IMAGE, ("scale", FLOAT, [1])), constants=constants)


@pytest.mark.parametrize(("kind", "number"), [(INT64, 0.5), (INT64, 1e30), (BOOL, 2.0)])
def test_numbers_that_a_type_cannot_hold_are_refused(kind: int, number: float) -> None:
    """They are not rounded."""
    with pytest.raises(
        NetworkError, match=r"which cannot hold .*; give whole numbers in its range"
    ):
        adopted(network(CAST, IMAGE, ("scale", kind, [1])), constants=(("scale", (number,)),))


def test_two_images_are_told_apart_by_name() -> None:
    """Without a name the sentence says what to give; with one the other needs a value."""
    other = ("scale", FLOAT, ["n", 3, "h", "w"])
    with pytest.raises(NetworkError, match=r"2 inputs \(pixels, scale\).*--input.*--constant NAME"):
        adopted(network([SCALED], IMAGE, other))
    with pytest.raises(NetworkError, match="needs scale as well as the image"):
        adopted(network([SCALED], IMAGE, other), input="pixels")


@pytest.mark.parametrize("others", [[], [("scale", FLOAT, [1])]], ids=["alone", "of two"])
def test_the_image_is_no_constant(others: list[Declared]) -> None:
    """Where it is named as both, one of the options is wrong."""
    source = network([SCALED] if others else SAME, IMAGE, *others)
    with pytest.raises(NetworkError, match="pixels is the image, which cannot be a constant; name"):
        adopted(source, input="pixels", constants=(("pixels", (0.0,)),))


@pytest.mark.parametrize("others", [[], [("scale", FLOAT, [1])]], ids=["alone", "of two"])
def test_one_input_is_left_for_the_image(others: list[Declared]) -> None:
    """Where each is given a value, the sentence says which there are."""
    source = network([SCALED] if others else SAME, IMAGE, *others)
    names = [name for name, _, _ in (IMAGE, *others)]
    with pytest.raises(NetworkError, match=rf"to each \({', '.join(names)}\); leave out that of"):
        adopted(source, constants=tuple((name, (0.0,)) for name in names))


def test_the_command_takes_constants(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One for each input, and what is none is refused with the form."""
    path = tmp_path / "made.onnx"
    onnx.save(network([SCALED], IMAGE, ("scale", FLOAT, [1, 4, 1, 1]), INFO), path)
    words = ["adopt", str(path), "-o", str(tmp_path / "out.onnx"), "--constant", "scale=1,2,3,4"]
    assert main([*words, "--constant", "info=1"]) == 0
    told = capsys.readouterr().out
    assert "Constant  scale [1, 4, 1, 1]" in told
    assert "Constant  info [1, 3]" in told
    for wrong in ("scale", "=1", "scale=x", "scale=nan", "scale="):
        with pytest.raises(SystemExit):
            main([*words[:-1], wrong])
        assert "NAME=NUMBER" in capsys.readouterr().err
