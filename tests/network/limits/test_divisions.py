"""Division of integers never ends the process, at whatever size and for whatever picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.network.activations import Activations
from dreamlayer.core.network.limits.divisions import PREFIX, guard_divisions
from dreamlayer.core.network.network import Network
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.sessions import Source, open_session

PATH = Path("net.onnx")
SIZES = {TensorProto.INT32: np.int32, TensorProto.INT64: np.int64}


def _network(kind: int, dividend: int, *nodes: onnx.NodeProto) -> onnx.ModelProto:
    """Adds to the picture the dividend over its height less 200, or what nodes make of these."""
    number = SIZES[kind]
    weights = [
        numpy_helper.from_array(np.array([200], np.int64), "at"),
        numpy_helper.from_array(np.array([dividend], number), "dividend"),
    ]
    before = [
        helper.make_node("Shape", ["image"], ["height"], start=2, end=3),
        helper.make_node("Sub", ["height", "at"], ["rest"]),
        helper.make_node("Cast", ["rest"], ["divisor"], to=kind),
    ]
    after = [
        helper.make_node("Cast", ["quotient"], ["number"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["image", "number"], ["deep"]),
    ]
    middle = nodes or [helper.make_node("Div", ["dividend", "divisor"], ["quotient"])]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])
    deep = helper.make_tensor_value_info("deep", TensorProto.FLOAT, None)
    graph = helper.make_graph([*before, *middle, *after], "net", [image], [deep], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def _quotient(model: onnx.ModelProto, height: int) -> float:
    session = open_session(Source(lambda _: model), Execution("cpu"))
    (deep,) = session.run(["deep"], {"image": np.zeros((1, 3, height, 2), np.float32)})
    return float(deep.flat[0])


@pytest.mark.parametrize("kind", SIZES)
def test_the_smallest_integer_is_divided_by_minus_one(kind: int) -> None:
    """It ended the process by a signal, at one height of pictures only."""
    least = int(np.iinfo(SIZES[kind]).min)
    model = _network(kind, least)
    guard_divisions(model, PATH)
    assert _quotient(model, 199) == pytest.approx(-least, rel=1e-6)


@pytest.mark.parametrize("height", [190, 197, 199, 201, 203])
def test_all_others_are_divided_as_before(height: int) -> None:
    """Rounded toward zero."""
    model = _network(TensorProto.INT64, -25)
    guard_divisions(model, PATH)
    assert _quotient(model, height) == int(-25 / (height - 200))


def test_a_branch_is_guarded_too() -> None:
    """It reads what is computed outside, and its result may be divided once more."""
    inner = helper.make_node("Div", ["dividend", "divisor"], ["inside"])
    out = helper.make_tensor_value_info("inside", TensorProto.INT64, None)
    body = helper.make_graph([inner], "body", [], [out])
    never = helper.make_graph(
        [helper.make_node("Identity", ["rest"], ["inside"])], "never", [], [out]
    )
    nodes = [
        helper.make_node("Less", ["rest", "at"], ["low"]),
        helper.make_node("If", ["low"], ["first"], then_branch=body, else_branch=never),
        helper.make_node("Mul", ["first", "divisor"], ["again"]),
        helper.make_node("Div", ["again", "divisor"], ["quotient"]),
    ]
    model = _network(TensorProto.INT64, int(np.iinfo(np.int64).min), *nodes)
    guard_divisions(model, PATH)
    assert _quotient(model, 199) == pytest.approx(2.0**63)


def test_what_cannot_be_told_is_refused() -> None:
    """A branch that gives whole numbers, or numbers with a fraction."""
    bodies = [
        helper.make_graph(
            [helper.make_node("Cast", ["rest"], ["inside"], to=kind)],
            "body",
            [],
            [helper.make_tensor_value_info("inside", kind, None)],
        )
        for kind in (TensorProto.INT64, TensorProto.FLOAT)
    ]
    nodes = [
        helper.make_node("Less", ["rest", "at"], ["low"]),
        helper.make_node("If", ["low"], ["x"], then_branch=bodies[0], else_branch=bodies[1]),
        helper.make_node("Div", ["x", "divisor"], ["quotient"]),
    ]
    with pytest.raises(NetworkError, match="divides 'x', whose type cannot be told; export"):
        guard_divisions(_network(TensorProto.INT64, 5, *nodes), PATH)


def test_numbers_with_a_fraction_and_fixed_divisors_are_left_alone() -> None:
    """Most divisions of networks, such as those of windows and of means, need no guard."""
    nodes = [
        helper.make_node("Div", ["rest", "at"], ["whole"]),
        helper.make_node("Cast", ["divisor"], ["part"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["image"], ["mean"], keepdims=0),
        helper.make_node("Div", ["mean", "part"], ["quotient"]),
    ]
    model = _network(TensorProto.INT64, 5, *nodes)
    before = model.SerializeToString()
    guard_divisions(model, PATH)
    assert model.SerializeToString() == before


def test_a_network_lists_no_guard_and_is_guarded(tmp_path: Path) -> None:
    """Its layers are those of the file."""
    onnx.save(_network(TensorProto.INT64, int(np.iinfo(np.int64).min)), tmp_path / "net.onnx")
    network = Network(str(tmp_path / "net.onnx"))
    assert not any(name.startswith(PREFIX) for name in network._lazy.summary.tensors)
    run = Activations(network, ["deep"], Execution("cpu"))
    assert np.isfinite(run(np.zeros((3, 199, 2), np.float32))["deep"]).all()
