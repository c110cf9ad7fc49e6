"""Masks of activations, in each form, at their bounds and beside them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from finite_differences import session
from onnx import helper

from dreamlayer.core.autodiff.rules.masks import MASKS, RAMP, STEEP
from dreamlayer.core.graph.builder import Graph, Value
from dreamlayer.core.graph.edit import prune

BOUNDS = [0.0, 1.0, 6.0, -0.3, 1e-3, 1e9, -2e8]


def computed(x: np.ndarray, function: object) -> np.ndarray:
    """What a function of a value gives for an array."""
    kind = helper.np_dtype_to_tensor_dtype(x.dtype)
    info = helper.make_tensor_value_info("x", kind, x.shape)
    empty = helper.make_graph([], "mask", [info], [])
    graph = Graph(helper.make_model(empty, opset_imports=[helper.make_opsetid("", 18)]))
    assert callable(function)
    result: Value = function(graph.value("x"))
    graph.model.ir_version = 9
    graph.model.graph.output.append(onnx.ValueInfoProto(name=result.name))
    prune(graph.model)
    return np.asarray(session(graph.model).run(None, {"x": x})[0])


@pytest.mark.parametrize("form", [STEEP, RAMP])
@pytest.mark.parametrize("bound", BOUNDS)
def test_bound_itself_is_not_beyond_and_its_neighbour_is(form: str, bound: float) -> None:
    """The nearest float beyond a bound counts, the bound does not."""
    at = np.float32(bound)
    up, down = (np.nextafter(at, np.float32(to)) for to in (np.inf, -np.inf))
    if bound == 0:
        # Beyond, by the smallest numbers that gradients of float32 tell from 0.
        up, down = np.float32(1e-30), np.float32(-1e-30)
    above = computed(np.array([at, up, at + 1, 3e38], np.float32), lambda x: _at(form, x, bound, 1))
    below = computed(
        np.array([at, down, at - 1, -3e38], np.float32), lambda x: _at(form, x, bound, -1)
    )
    far = float(np.float32(bound + 1) > at)
    assert above.tolist() == [0, 1, far, 1]
    assert below.tolist() == [0, 1, far, 1]


def _at(form: str, x: Value, bound: float, side: int) -> Value:
    masks = MASKS[form]
    return masks.above(x, bound) if side > 0 else masks.below(x, bound)


@pytest.mark.parametrize("form", [STEEP, RAMP])
def test_half_precision_has_no_nan_at_zero(form: str) -> None:
    """In float16 the slope would be infinite."""
    x = np.array([0, 6e-8, 1, 6], np.float16)
    assert computed(x, MASKS[form].above).tolist() == [0, 1, 1, 1]
    assert computed(x, lambda v: MASKS[form].below(v, 6.0)).tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize("form", [STEEP, RAMP])
def test_inside_complement_and_slope(form: str) -> None:
    """Both ends of 0..1 are outside; the slope of negative numbers is the low one."""
    x = np.array([0, 1e-20, 0.25, np.nextafter(np.float32(1), np.float32(0)), 1], np.float32)
    masks = MASKS[form]
    assert computed(x, masks.inside).tolist() == [0, 1, 1, 1, 0]
    assert computed(x, masks.complement).tolist() == (1 - x).tolist()
    signed = np.array([-3e38, -1e-30, 0, 1e-30, 5], np.float32)
    low = np.float32(0.2)
    expected = [low, low, low, 1, 1]
    assert computed(signed, lambda v: masks.slope(v, 0.2)).tolist() == expected
