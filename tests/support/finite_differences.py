"""Compare a rule's gradient with finite differences of the operator as ONNX Runtime computes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from dreamlayer.core.autodiff.backward import backward
from dreamlayer.core.autodiff.variants import Variant
from dreamlayer.core.graph.builder import Graph
from dreamlayer.core.graph.edit import prune
from dreamlayer.core.graph.ops import cast

i64 = lambda *n: np.array(n, np.int64)  # noqa: E731
f32 = lambda *n: np.array(n, np.float32)  # noqa: E731
scalar = np.float32

STEP = 1.5e-3
DIRECTIONS = 4
PLAIN = Variant()


def distinct(*shape: int, low: float = -2.0, high: float = 2.0, seed: int = 0) -> np.ndarray:
    """Shuffled, evenly spaced numbers: no two are near, none is near 0, so no kink is crossed.

    Up to about 1000 elements the gap stays above twice the step of the differences.
    """
    count = int(np.prod(shape))
    values = low + (high - low) * (np.arange(count) + 0.5) / count
    values = np.random.default_rng(seed + count).permutation(values)
    return values.astype(np.float32).reshape(shape)


@dataclass(frozen=True)
class Case:
    """One use of an operator: its inputs (None for one left out), attributes and outputs."""

    op: str
    inputs: tuple[Any, ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    wrt: int = 0
    outputs: int = 1
    opset: int = 18
    note: str = ""
    reference: bool = False
    """Whether onnx's reference evaluator runs it, since ONNX Runtime does not."""

    def __str__(self) -> str:
        shapes = "x".join(str(d) for d in np.shape(self.inputs[self.wrt]))
        attrs = ",".join(f"{k}={v}" for k, v in self.attrs.items())
        return f"{self.op}[{self.wrt}] {shapes} {attrs} {self.note}".replace(" ", "_")


def forward_model(case: Case, *, symbolic: bool) -> onnx.ModelProto:
    """A model of this one operator; the input differentiated is `x`, all others are constants."""
    names, constants = [], []
    for i, array in enumerate(case.inputs):
        if array is None:
            names.append("")
        elif i == case.wrt:
            names.append("x")
        else:
            names.append(f"constant{i}")
            constants.append(numpy_helper.from_array(np.asarray(array), names[-1]))
    x = np.asarray(case.inputs[case.wrt])
    dims = [f"d{i}" if symbolic else d for i, d in enumerate(x.shape)]
    outputs = [f"y{i}" for i in range(case.outputs)]
    node = helper.make_node(case.op, names, outputs, name="node", **case.attrs)
    graph = helper.make_graph(
        [node],
        "case",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, dims)],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        constants,
    )
    opsets = [helper.make_opsetid("", case.opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """A session without graph optimisation, so that what is tested is the graph as built."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def run(case: Case, model: onnx.ModelProto, x: np.ndarray) -> list[np.ndarray]:
    """The outputs of a model of a case."""
    values = {"x": np.asarray(x, np.float32)}
    if case.reference:
        return list(ReferenceEvaluator(model).run(None, values))
    return list(session(model).run(None, values))


def projected_gradient(
    case: Case, weights: list[np.ndarray], *, symbolic: bool, variant: Variant = PLAIN
) -> np.ndarray:
    """Gradient of the sum of outputs times `weights`, by our rules."""
    graph = Graph(forward_model(case, symbolic=symbolic))
    loss = None
    for i, weight in enumerate(weights):
        y = cast(graph.value(f"y{i}"), onnx.TensorProto.FLOAT)
        term = graph.emit("ReduceSum", y * graph.constant(weight), keepdims=0)
        loss = term if loss is None else loss + term
    assert loss is not None
    graph.learn_shapes()
    gradient = backward(graph, loss, graph.value("x"), variant.rules, variant.patterns)
    del graph.model.graph.output[:]
    graph.model.graph.output.append(onnx.ValueInfoProto(name=gradient.name))
    prune(graph.model)
    return run(case, graph.model, case.inputs[case.wrt])[0]


def check(case: Case, variant: Variant = PLAIN) -> None:
    """Hold the gradient, for known and for symbolic sizes, against central differences."""
    rng = np.random.default_rng(7)
    x = np.asarray(case.inputs[case.wrt])
    model = forward_model(case, symbolic=True)
    running = None if case.reference else session(model)
    outputs = run(case, model, x)
    weights = [rng.standard_normal(np.shape(y)).astype(np.float32) for y in outputs]

    def score(at: np.ndarray) -> float:
        values = {"x": np.asarray(at, np.float32)}
        results = run(case, model, at) if running is None else running.run(None, values)
        pairs = zip(results, weights, strict=True)
        return sum(float(np.sum(y.astype(np.float64) * w)) for y, w in pairs)

    directions = [np.sign(rng.standard_normal(x.shape)) for _ in range(DIRECTIONS)]
    measured = [(score(x + STEP * v) - score(x - STEP * v)) / (2 * STEP) for v in directions]
    for symbolic in (False, True):
        gradient = projected_gradient(case, weights, symbolic=symbolic, variant=variant)
        assert gradient.shape == x.shape
        size = float(np.linalg.norm(gradient)) + 1e-6
        for v, difference in zip(directions, measured, strict=True):
            ours = float(np.sum(gradient.astype(np.float64) * v))
            assert abs(ours - difference) <= 2e-3 * size, (
                f"{case}: along a random direction the rule gives {ours:.6g}, "
                f"finite differences give {difference:.6g} (symbolic sizes: {symbolic})"
            )
