"""Old operators, brought to opset 18, compute what they did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.adopt.modernize import modernize, opset
from dreamlayer.export.verify import open_session

RNG = np.random.default_rng(0)
SHAPE = (2, 4, 6, 8)


@dataclass(frozen=True)
class Use:
    """A use of an operator in some versions."""

    op: str
    opsets: tuple[int, ...]
    attributes: dict[str, Any] = field(default_factory=dict)
    constants: tuple[Any, ...] = ()
    """Its inputs behind the first; None for one left out."""
    outputs: int = 1


def floats(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


NORMAL = (floats(4), floats(4), floats(4), np.abs(floats(4)) + 0.1)
NONE = np.zeros(0, np.float32)
DOUBLE = np.array([1, 1, 2, 2], np.float32)
ODD = np.array([1, 1, 1.5, 1.7], np.float32)
ALL = (9, 10, 11, 12, 13, 14, 15, 16, 17)

USES = [
    Use("Upsample", (7, 8), {"mode": "nearest", "scales": [1.0, 1.0, 2.0, 3.0]}),
    Use("Upsample", (7, 8), {"mode": "linear", "scales": [1.0, 1.0, 2.0, 2.0]}),
    Use("Upsample", (9,), {"mode": "nearest"}, (DOUBLE,)),
    Use("Upsample", (9,), {"mode": "nearest"}, (ODD,)),
    Use("Upsample", (9,), {"mode": "linear"}, (ODD,)),
    Use("Resize", (10,), {"mode": "nearest"}, (ODD,)),
    Use("Resize", (10,), {"mode": "linear"}, (ODD,)),
    *(Use("Resize", (11, 13, 17), {"mode": m}, (NONE, ODD)) for m in ("nearest", "linear")),
    Use("Resize", (11, 13), {"mode": "cubic"}, (NONE, NONE, np.array([2, 4, 9, 13]))),
    Use("BatchNormalization", (7, *ALL), {"epsilon": 1e-3}, NORMAL),
    Use("Dropout", (7, *ALL)),
    Use("Dropout", (9, 10, 11), {"ratio": 0.3}),
    Use("Dropout", (12, 13), {}, (np.array(0.3, np.float32),)),
    Use("Pad", (9, 10), {"pads": [0, 0, 1, 2, 0, 0, 3, 1], "value": 0.5}),
    Use("Pad", (9, 10), {"pads": [0, 0, 1, 2, 0, 0, 3, 1], "mode": "reflect"}),
    Use("Pad", (11, 13, 17), {"mode": "edge"}, (np.array([0, 0, 1, 2, 0, 0, 3, 1]),)),
    Use("Slice", (7, 9), {"starts": [1, -5], "ends": [4, 100], "axes": [1, 3]}),
    Use("Slice", (10, 11, 12), {}, tuple(np.array(n) for n in ([4, 0], [0, 7], [1, 3], [-1, 2]))),
    *(
        Use(op, (9, 11, 12, 13), {} if axis is None else {"axis": axis})
        for op in ("Softmax", "LogSoftmax", "Hardmax")
        for axis in (None, 0, 1, 2, 3)
    ),
    Use("Clip", (9, 10), {"min": -0.3, "max": 0.4}),
    Use("Clip", (9, 10)),
    Use("Clip", (11, 12, 13), {}, (None, np.array(0.4, np.float32))),
    Use("Unsqueeze", (9, 11, 12), {"axes": [1, 4]}),
    Use("Split", (9, 11, 12), {"axis": 1, "split": [1, 3]}, (), 2),
    Use("Split", (9, 12, 13, 17), {"axis": 2}, (), 3),
    *(
        Use(op, (9, 11, 12), {"axes": [2, 3], "keepdims": 0})
        for op in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceL2", "ReduceLogSumExp")
    ),
    Use("TopK", (9,), {"k": 3, "axis": -1}, (), 2),
    Use("TopK", (10, 11), {"axis": -1}, (np.array([3]),), 2),
    Use("MaxPool", ALL, {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    Use("AveragePool", ALL, {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    Use("LRN", (9, 17), {"size": 3, "alpha": 0.1, "beta": 0.6, "bias": 1.0}),
    Use("Scatter", (9, 10), {"axis": 3}, (np.zeros((1, 1, 1, 2), np.int64), floats(1, 1, 1, 2))),
    Use("MeanVarianceNormalization", (9, 13), {"axes": [2, 3]}),
    Use("DepthToSpace", (9, 10, 11, 13), {"blocksize": 2}),
    Use("GridSample", (16,), {"mode": "bilinear"}, (floats(2, 5, 5, 2) * 0.3,)),
]


def model_of(use: Use, version: int, dims: list[Any]) -> onnx.ModelProto:
    """One node that reads `x` and constants."""
    constants = {f"c{i}": value for i, value in enumerate(use.constants) if value is not None}
    names = [f"c{i}" if f"c{i}" in constants else "" for i in range(len(use.constants))]
    outputs = [f"y{i}" for i in range(use.outputs)]
    graph = helper.make_graph(
        [helper.make_node(use.op, ["x", *names], outputs, **use.attributes)],
        "old",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)], ir_version=8)


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.op} {use.attributes}")
@pytest.mark.parametrize("dims", [list(SHAPE), ["a", "b", "c", "d"]], ids=["fixed", "open"])
@pytest.mark.parametrize("read", [False, True], ids=["output", "inner"])
def test_old_operators_compute_what_they_did(use: Use, dims: list[Any], read: bool) -> None:
    """In ONNX Runtime, which runs both versions; what others read gets new names on the way."""
    x = floats(*SHAPE)
    for version in use.opsets:
        source = model_of(use, version, dims)
        if read:
            source.graph.node[0].output[0] = "inner"
            source.graph.node.append(helper.make_node("Neg", ["inner"], ["y0"]))
        expected = open_session(source, optimize=False).run(None, {"x": x})
        for info, array in zip(source.graph.output, expected, strict=True):
            kind = helper.np_dtype_to_tensor_dtype(array.dtype)
            info.CopyFrom(helper.make_tensor_value_info(info.name, kind, None))
        model = modernize(source)
        assert opset(model) == 18
        found = open_session(model, optimize=False).run(None, {"x": x})
        for a, b in zip(expected, found, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6, err_msg=f"opset {version}")


def test_weights_of_an_old_file_need_not_be_inputs() -> None:
    """ONNX Runtime takes such files too."""
    source = model_of(Use("BatchNormalization", (7,), {}, NORMAL), 7, list(SHAPE))
    source.ir_version = 3
    assert [node.op_type for node in modernize(source).graph.node] == ["BatchNormalization"]


def test_batch_normalizations_in_training_are_refused() -> None:
    """Their other outputs are statistics of the batch; ONNX Runtime then uses them."""
    source = model_of(Use("BatchNormalization", (9,), {}, NORMAL, 5), 9, list(SHAPE))
    with pytest.raises(
        NetworkError, match=r"'y0' is in training.*export the network for inference"
    ):
        modernize(source)


def test_what_cannot_be_converted_is_one_sentence() -> None:
    """It names both opsets and what to do."""
    source = model_of(Use("ThresholdedRelu", (9,)), 9, list(SHAPE))
    with pytest.raises(NetworkError, match=r"from opset 9 to 18 .*export it again with opset 18"):
        modernize(source)
