"""Reasons of ONNX Runtime and onnx, as they give them, are one clause each."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import helper

from dreamlayer.core.runtime.reasons import reason_of

X = np.zeros((1, 4, 8, 8), np.float32)
REFUSED = {
    "a sum": (
        helper.make_node("Add", ["x", "k"], ["y"], "sum"),
        np.zeros((1, 4, 5, 5), np.float32),
        "Add 'sum': Attempting to broadcast an axis by a dimension other than 1. 5 by 8",
    ),
    "a shape": (
        helper.make_node("Reshape", ["x", "k"], ["y"], "shape"),
        np.array([1, 4, 7, 9]),
        "Reshape 'shape': The input tensor cannot be reshaped to the requested shape. Input "
        "shape:{1,4,8,8}, requested shape:{1,4,7,9}",
    ),
    "an index": (
        helper.make_node("Gather", ["x", "k"], ["y"], "index", axis=1),
        np.array([9]),
        "Gather 'index': indices element out of data bounds, idx=9 must be within the inclusive "
        "range [-4,3]",
    ),
    "too many": (
        helper.make_node("TopK", ["x", "k"], ["y", "i"], "most", axis=1),
        np.array([9]),
        "TopK 'most': Axis has less than the requested k elements",
    ),
    "no operator": (
        helper.make_node("NoSuch", ["x", "k"], ["y"], "none"),
        np.array([9]),
        "NoSuch 'none': No Op registered for NoSuch with domain_version of 18",
    ),
    "a product": (
        helper.make_node("MatMul", ["x", "k"], ["y"], "product"),
        np.zeros((3, 3), np.float32),
        "MatMul 'product': MatMul dimension mismatch",
    ),
}


def _raised(node: onnx.NodeProto, constant: np.ndarray) -> Exception:
    graph = helper.make_graph(
        [node],
        "refused",
        [helper.make_tensor_value_info("x", 1, ["n", 4, "h", "w"])],
        [onnx.ValueInfoProto(name="y")],
        [onnx.numpy_helper.from_array(constant, "k")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    with pytest.raises(Exception) as caught:  # noqa: PT011 - they have no common base but this
        ort.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        ).run(None, {"x": X})
    return caught.value


@pytest.mark.parametrize(("node", "constant", "says"), REFUSED.values(), ids=REFUSED)
def test_what_the_runtime_says_of_a_node(
    node: onnx.NodeProto, constant: np.ndarray, says: str
) -> None:
    """Operator, name and reason are left of status codes, signatures and places."""
    assert reason_of(_raised(node, constant)) == says


@pytest.mark.parametrize(
    ("ir_version", "opset", "says"),
    [
        (99, 18, "Unsupported model IR version: 99, max supported IR version: "),
        (9, 99, "ONNX Runtime only *guarantees* support for models stamped with official released"),
    ],
    ids=["format", "operators"],
)
def test_what_the_runtime_says_of_newer_models(ir_version: int, opset: int, says: str) -> None:
    """The signatures of its own functions, which stand before, are not shown."""
    node = helper.make_node("Relu", ["x"], ["y"])
    infos = [helper.make_tensor_value_info(name, 1, [1]) for name in "xy"]
    graph = helper.make_graph([node], "newer", infos[:1], infos[1:])
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - they have no common base but this
        ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert reason_of(caught.value).startswith(says)


@pytest.mark.parametrize(
    "signature",
    [
        "onnxruntime::Model::Model(onnx::ModelProto&&, const Options&)",
        "bool ns::Class<int>::check(std::function<void(int)>, int*) const",
        "ns::Class::~Class()",
        "static std::vector<int>& ns::all(const std::map<int, std::string>&)",
        "Compute",
    ],
)
def test_signatures_are_no_reason(signature: str) -> None:
    """Whatever C++ writes of the function that complains."""
    text = f"[ONNXRuntimeError] : 1 : FAIL : /src/core/a.cc:25 {signature} the reason (of it)"
    assert reason_of(RuntimeError(text)) == "the reason (of it)"


def test_what_inference_says_of_a_node() -> None:
    """As the checker of onnx raises it."""
    text = "[ShapeInferenceError] (op_type:Add, node name: sum): B has inconsistent type\nat 3"
    assert reason_of(RuntimeError(text)) == "Add 'sum': B has inconsistent type"


def test_a_reason_without_words_names_the_node() -> None:
    """Some checks of ONNX Runtime say nothing but their own source."""
    text = (
        "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Non-zero status code returned while running "
        "Pad node. Name:'p' Status Message: /src/pad.cc:91 void F(int&) a == b was false. "
    )
    assert reason_of(RuntimeError(text)) == "Pad 'p': its inputs do not fit"


@pytest.mark.parametrize(
    "text", ["", "a\nb", "x" * 10_000, "a.cc:1 " + "n::" * 3000, "\x1b[31mred", "Node (" * 5000]
)
def test_any_text_is_one_short_line(text: str) -> None:
    """Whatever a provider says."""
    said = reason_of(ValueError(text))
    assert said
    assert said.isprintable()
    assert len(said) <= 240
