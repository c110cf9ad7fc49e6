"""A sample of the comparison with onnx's own tests of operators; `node_tests.py` has them all."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import numpy as np
from node_trial import KINK, REFUSED, RIGHT, WRONG, node_tests, verdicts
from onnx import TensorProto, helper

from dreamlayer.core.autodiff.rules import RULES
from dreamlayer.core.autodiff.rules.elementwise import call
from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.autodiff.variants import PORTABLE
from dreamlayer.core.graph.builder import Value

MOST_EACH = 2


def test_no_gradient_is_wrong() -> None:
    """The first tests of each operator with a rule, with the variant that leaves the machine."""
    tried: Counter[str] = Counter()
    found = []
    for test in node_tests():
        operator = test.model.graph.node[0].op_type
        if len(test.model.graph.node) > 1 or operator not in RULES or tried[operator] == MOST_EACH:
            continue
        of_test = list(verdicts(test, PORTABLE))
        tried[operator] += any(v.outcome == RIGHT for v in of_test)
        found += of_test
    assert [v for v in found if v.outcome == WRONG] == []
    assert len([v for v in found if v.outcome == RIGHT]) > 200
    assert len({v.operator for v in found if v.outcome == RIGHT}) > 110


class _Test:
    """As onnx's own tests, for one operator of one input."""

    name = "made up"

    def __init__(self, op: str, x: np.ndarray, y: np.ndarray, **attrs: Any) -> None:
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            [helper.make_node(op, ["x"], ["y"], **attrs)],
            "made_up",
            [value("x", TensorProto.FLOAT, x.shape)],
            [value("y", TensorProto.FLOAT, y.shape)],
        )
        self.model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
        self.data_sets = [([x], [y])]


def test_a_wrong_rule_is_found(monkeypatch: Any) -> None:
    """A rule that is off by a hundredth does not pass, nor does a sign."""
    x = np.linspace(-1, 1, 7, dtype=np.float32) + np.float32(0.05)
    test = _Test("Sinh", x, np.sinh(x))
    assert [v.outcome for v in verdicts(test)] == [RIGHT]
    for factor in (1.01, -1.0):
        monkeypatch.setitem(RULES, "Sinh", (partial(_sinh, factor),))  # type: ignore[arg-type]
        assert [v.outcome for v in verdicts(test)] == [WRONG]


def _sinh(factor: float, g: Value, _: Value, x: Inputs, __: Attrs) -> Value:
    """The gradient of Sinh times a factor."""
    return g * call("Cosh", x[0]) * factor


def test_kinks_and_refusals_are_told_apart() -> None:
    """At a jump there is nothing to compare with; what has no rule is no fault of a rule."""
    zeros = np.zeros(3, np.float32)
    assert [v.outcome for v in verdicts(_Test("Relu", zeros, zeros))] == [RIGHT]
    square = np.eye(2, dtype=np.float32)
    assert [v.outcome for v in verdicts(_Test("Det", square, np.float32(1)))] == [REFUSED]
    step = _Test("Unique", np.ones(2, np.float32), np.ones(1, np.float32))
    assert [v.outcome for v in verdicts(step)] == [KINK]
