"""Compare our gradients with finite differences of onnx's own tests of operators.

The differences are taken in float64, of onnx's reference evaluator where its numbers are those that
the test expects, else of ONNX Runtime.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from float64_model import FLOATS, widened
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.loader import load_model_tests
from onnx.reference import ReferenceEvaluator

from dreamlayer.core.autodiff.backward import backward
from dreamlayer.core.autodiff.variants import Variant
from dreamlayer.core.errors import UnsupportedOperatorError
from dreamlayer.core.graph.builder import Graph, Value
from dreamlayer.core.graph.edit import prune
from dreamlayer.core.graph.ops import cast

RIGHT, WRONG, REFUSED = "right", "wrong", "without gradient"
KINK, NOT_RUNNABLE, UNSUITED = "only at kinks", "not runnable", "not of numbers"

OUTCOMES = (RIGHT, WRONG, REFUSED, KINK, NOT_RUNNABLE, UNSUITED)
"""What a comparison can end with.

`UNSUITED` are tests with sequences or strings, of other domains than the standard's, or whose
outputs are random, infinite or not floats; `NOT_RUNNABLE` those that neither ONNX Runtime nor the
reference evaluator runs.
"""

DIRECTIONS = 3
_STEPS = (1e-5, 1e-7, 1e-3, 1e-2)
_COARSE_STEPS = (1e-2, 3e-3)
_TOLERANCE = 1e-3
_RANDOM = ("Bernoulli", "Dropout", "Multinomial", "RandomNormalLike", "RandomUniformLike")

Function = Callable[[np.ndarray], list[np.ndarray]]


@dataclass(frozen=True)
class Verdict:
    """The comparison for one input of one test."""

    test: str
    operator: str
    position: int
    outcome: str
    detail: str = ""


class _Other(Exception):  # noqa: N818 - it carries an outcome, which need not be an error
    """Ends a comparison with an outcome other than right or wrong."""

    def __init__(self, outcome: str, detail: str) -> None:
        super().__init__(detail)
        self.outcome, self.detail = outcome, detail


def node_tests() -> list[Any]:
    """onnx's tests of operators, each a model with inputs and expected outputs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(load_model_tests(kind="node"))


def verdicts(test: Any, variant: Variant | None = None) -> Iterator[Verdict]:
    """Compare all float inputs of a test, one after another."""
    model = test.model
    operator = model.graph.node[0].op_type if test.name.count("expanded") == 0 else "(expanded)"
    for position, info in enumerate(model.graph.input):
        tensor = info.type.tensor_type
        if not info.type.HasField("tensor_type") or tensor.elem_type not in FLOATS:
            continue
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                outcome, detail = _compare(test, position, variant or Variant())
        except _Other as other:
            outcome, detail = other.outcome, other.detail
        except Exception as error:  # whatever our gradient ends with is its fault
            outcome, detail = WRONG, f"{type(error).__name__}: {str(error)[:300]}"
        yield Verdict(test.name, operator, position, outcome, detail)


def _compare(test: Any, position: int, variant: Variant) -> tuple[str, str]:
    """The outcome for one input, at the test's own numbers, or near them if there is a kink."""
    given, expected = test.data_sets[0]
    if any(not isinstance(array, np.ndarray | np.generic) for array in [*given, *expected]):
        raise _Other(UNSUITED, "it has sequences or optional tensors")
    if any(node.op_type in _RANDOM for node in test.model.graph.node):
        raise _Other(UNSUITED, "its output is random")
    if any(entry.domain not in ("", "ai.onnx") for entry in test.model.opset_import):
        raise _Other(UNSUITED, "it is not an operator of the standard")
    model = _with_constants(test.model, given, position)
    x = np.asarray(given[position])
    counted = [i for i, y in enumerate(expected) if y.dtype.kind == "f" and y.size]
    if not counted or not x.size:
        raise _Other(UNSUITED, "it has no floats")
    if not all(np.isfinite(expected[i]).all() for i in counted):
        raise _Other(UNSUITED, "its output is not finite")
    rng = np.random.default_rng(0)
    weights = {i: rng.standard_normal(expected[i].shape) for i in counted}
    run = _as_expected(model, x, expected, counted)
    try:
        ours = _our_gradient(model, weights, variant, run)
    except _Other as other:
        if "first output only" not in other.detail:
            raise
        weights = {0: weights[0]}
        ours = _our_gradient(model, weights, variant, run)
    function, steps = _exact(model, x, expected, counted, run(model))
    spread = 0.02 * float(np.std(x.astype(np.float64)) or 1.0)
    for attempt in range(4):
        moved = x + (spread * rng.standard_normal(x.shape) if attempt else 0.0)
        at = moved.astype(x.dtype).astype(np.float64)
        try:
            gradient = ours(at.astype(x.dtype)).astype(np.float64)
        except Exception as error:  # ONNX Runtime's errors have no common base but this
            if attempt:
                # The weights are for as many outputs as there are at the test's own numbers.
                continue
            if run is _by_evaluator:
                raise _Other(
                    NOT_RUNNABLE, f"the evaluator cannot run the gradient: {error}"
                ) from error
            raise
        found = _agrees(function, steps, weights, at, gradient, rng)
        if found is not None:
            return found
    raise _Other(KINK, "differences to both sides differ near its numbers")


def _agrees(
    function: Function,
    steps: Sequence[float],
    weights: dict[int, np.ndarray],
    at: np.ndarray,
    gradient: np.ndarray,
    rng: np.random.Generator,
) -> tuple[str, str] | None:
    """Compare along random directions; None at a kink or a jump.

    A step is too small where the evaluator computes in float32 inside, and too large where it
    crosses a kink, so that several are tried.
    """
    size = float(np.linalg.norm(gradient))
    scale = max(1.0, float(np.abs(at).max()))

    def score(t: float, v: np.ndarray) -> float:
        try:
            outputs = function(at + t * v)
        except Exception:  # beyond what it takes; errors have no common base but this
            return float("nan")
        if any(outputs[i].shape != w.shape for i, w in weights.items()):
            return float("nan")
        return sum(float(np.sum(outputs[i] * w)) for i, w in weights.items())

    middle = score(0.0, at)
    for _ in range(DIRECTIONS):
        v = rng.standard_normal(at.shape)
        predicted = float(np.sum(gradient * v))
        measured, kinks = [], 0
        for step in steps:
            ahead, behind = score(step * scale, v), score(-step * scale, v)
            slope = (ahead - behind) / (2 * step * scale)
            allowed = _TOLERANCE * max(size, abs(slope), 1e-3)
            if abs(predicted - slope) <= allowed:
                break
            measured.append(slope)
            kinks += not abs(ahead + behind - 2 * middle) / (step * scale) <= allowed
        else:
            jumps = not max(measured) - min(measured) <= 0.2 * max(size, abs(measured[0]))
            if kinks == len(steps) or jumps:
                return None
            return WRONG, f"the rule gives {predicted:.6g}, differences give {measured[0]:.6g}"
    return RIGHT, ""


def _with_constants(
    model: onnx.ModelProto, given: Sequence[np.ndarray], position: int
) -> onnx.ModelProto:
    """The model with all inputs but one as constants, brought to opset 18 if it is older."""
    result = copy.deepcopy(model)
    for entry in result.opset_import:
        entry.version = max(entry.version, 18)
    result.ir_version = max(result.ir_version, 8)
    infos = list(result.graph.input)
    del result.graph.input[:]
    for i, (info, array) in enumerate(zip(infos, given, strict=True)):
        if i == position:
            result.graph.input.append(info)
        else:
            result.graph.initializer.append(numpy_helper.from_array(np.asarray(array), info.name))
    return result


def _our_gradient(
    model: onnx.ModelProto,
    weights: dict[int, np.ndarray],
    variant: Variant,
    make: Callable[[onnx.ModelProto], Function],
) -> Callable[[np.ndarray], np.ndarray]:
    """The gradient of the outputs times weights by our rules, as a function."""
    graph = Graph(model)
    name = model.graph.input[0].name
    loss: Value | None = None
    for i, weight in weights.items():
        y = graph.value(model.graph.output[i].name)
        wide = cast(y, TensorProto.DOUBLE if y.dtype == TensorProto.DOUBLE else TensorProto.FLOAT)
        kind = helper.tensor_dtype_to_np_dtype(wide.dtype)
        term = graph.emit("ReduceSum", wide * graph.constant(weight.astype(kind)), keepdims=0)
        loss = term if loss is None else loss + cast(term, loss.dtype)
    assert loss is not None
    graph.learn_shapes()
    try:
        gradient = backward(graph, loss, graph.value(name), variant.rules, variant.patterns)
    except UnsupportedOperatorError as error:
        if "no gradient with respect to the image" in str(error):
            return np.zeros_like
        raise _Other(REFUSED, str(error)) from error
    del graph.model.graph.output[:]
    graph.model.graph.output.append(onnx.ValueInfoProto(name=gradient.name))
    prune(graph.model)
    run = make(graph.model)
    return lambda x: np.asarray(run(x)[0])


def _as_expected(
    model: onnx.ModelProto, x: np.ndarray, expected: Sequence[np.ndarray], counted: Sequence[int]
) -> Callable[[onnx.ModelProto], Function]:
    """What runs a model: ONNX Runtime if it gives the expected numbers, else the evaluator."""
    reasons = []
    for make in (_by_runtime, _by_evaluator):
        try:
            outputs = make(model)(x)
        except Exception as error:  # ONNX Runtime's errors and onnx's have no common base but this
            reasons.append(str(error).splitlines()[0] if str(error) else repr(error))
            continue
        if _alike(outputs, expected, counted):
            return make
        reasons.append("other numbers than expected")
    raise _Other(NOT_RUNNABLE, "; ".join(reasons))


def _by_runtime(model: onnx.ModelProto) -> Function:
    session, name = _session(model), model.graph.input[0].name
    return lambda x: list(session.run(None, {name: np.asarray(x)}))


def _by_evaluator(model: onnx.ModelProto) -> Function:
    evaluator, name = ReferenceEvaluator(model), model.graph.input[0].name
    return lambda x: list(evaluator.run(None, {name: np.asarray(x)}))


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _exact(
    model: onnx.ModelProto,
    x: np.ndarray,
    expected: Sequence[np.ndarray],
    counted: Sequence[int],
    plain: Function,
) -> tuple[Function, Sequence[float]]:
    """The model in float64, by what computes what is expected, and elsewhere what `plain` does.

    With it, steps that suit it. Where nothing does, that is `plain` itself, in float32.
    """
    wide = widened(model)
    rng = np.random.default_rng(1)
    elsewhere = x + 0.5 * float(np.std(x.astype(np.float64)) or 1.0) * rng.standard_normal(x.shape)
    elsewhere = np.asarray(elsewhere, x.dtype)
    reasons = []
    for make in (_by_evaluator, _by_runtime):
        try:
            run = make(wide)
            found = run(x.astype(np.float64))
            if any(found[i].dtype != np.float64 for i in counted):
                reasons.append("its outputs are not float64")
            elif not _alike(found, expected, counted):
                reasons.append("float64 gives other numbers than expected")
            elif not _alike(run(elsewhere.astype(np.float64)), plain(elsewhere), counted):
                reasons.append("float64 gives other numbers near those of the test")
            else:
                return run, _STEPS
        except Exception as error:  # onnx's errors and ONNX Runtime's have no common base but this
            reasons.append(str(error).splitlines()[0] if str(error) else repr(error))
    if x.dtype != np.float32:
        raise _Other(NOT_RUNNABLE, "; ".join(reasons))
    return lambda at: plain(np.asarray(at, np.float32)), _COARSE_STEPS


def _alike(
    found: Sequence[np.ndarray], other: Sequence[np.ndarray], counted: Sequence[int]
) -> bool:
    """Whether outputs are the same to rounding."""
    return all(
        found[i].shape == other[i].shape
        and np.allclose(found[i], other[i], rtol=2e-3, atol=1e-3, equal_nan=True)
        for i in counted
    )
