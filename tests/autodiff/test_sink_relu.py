"""ReLUs moved behind concatenations: the same function and the same gradient, fewer masks."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from finite_differences import session
from onnx import parser

from dreamlayer.core.autodiff.passes.sink_relu import sink_relus
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.recipe.term import Term

RNG = np.random.default_rng(0)


def network(body: str) -> onnx.ModelProto:
    """A network of three branches, `a`, `b` and `c`, and whatever `body` makes of them."""
    return parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] y) {{
          x = Neg(image)
          a = Sin(x)
          b = Mul(x, x)
          c = Relu(image)
          {body}
        }}"""
    )


def operators(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node][4:]


JOINED = "d = Relu(a)  e = Relu(b)  y = Concat<axis=1>(d, e)"
POOLED = """d = Relu(a)  p = MaxPool<kernel_shape=[3,3], pads=[1,1,1,1]>(c)
q = AveragePool<kernel_shape=[3,3], pads=[1,1,1,1]>(c)  y = Concat<axis=1>(d, p, q)"""
SIGNED = "d = Relu(a)  y = Concat<axis=1>(d, b)"
SHARED = "d = Relu(a)  e = Relu(b)  f = Concat<axis=1>(d, e)  g = Exp(d) y = Concat<axis=1>(f, g)"


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (JOINED, ["Concat", "Relu"]),
        (POOLED, ["MaxPool", "AveragePool", "Concat", "Relu"]),
        (SIGNED, ["Relu", "Concat"]),
        (SHARED, ["Relu", "Concat", "Relu", "Exp", "Concat"]),
    ],
)
def test_moves_where_nothing_changes(body: str, left: list[str]) -> None:
    """ReLUs that one concatenation alone reads go behind it, if nothing negative is beside them."""
    model = network(body)
    moved = sink_relus(model, [])
    assert operators(moved) == left
    onnx.checker.check_model(moved, full_check=True)
    image = RNG.standard_normal((2, 3, 6, 7)).astype(np.float32)
    expected = session(model).run(None, {"image": image})[0]
    np.testing.assert_array_equal(session(moved).run(None, {"image": image})[0], expected)


def test_layers_of_the_objective_stay() -> None:
    """A ReLU that is tapped is where it was."""
    assert operators(sink_relus(network(JOINED), ["d"])) == ["Relu", "Concat", "Relu"]


@pytest.mark.parametrize("body", [JOINED, POOLED, SIGNED, SHARED])
def test_gradient_is_that_of_the_network_as_it_was(
    body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With and without the move the gradient is the same, zeros of the pools included."""
    image = RNG.standard_normal((1, 3, 6, 7)).astype(np.float32)
    # A whole corner that every pool sees nothing but zeros of.
    image[:, :, :4, :4] = -1.0
    terms = [Term("y")]
    moved = session(gradient_model(network(body), terms)).run(["gradient"], {"image": image})[0]
    monkeypatch.setattr(
        "dreamlayer.core.network.gradient_model.sink_relus", lambda model, *_, **__: model
    )
    plain = session(gradient_model(network(body), terms)).run(["gradient"], {"image": image})[0]
    np.testing.assert_array_equal(moved, plain)
