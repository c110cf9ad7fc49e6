"""Quantized networks: the float network under QDQ pairs, and integer operators refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.adopt import adopt
from dreamlayer.export.adopt.input_guess import InputOptions
from dreamlayer.export.adopt.modernize import modernize
from dreamlayer.export.verify import open_session

NAMES = {"name": "tiny", "origin": "tiny.onnx", "license_text": "CC0"}


def float_network() -> onnx.ModelProto:
    """Convolutions with ReLU, ReLU6 and a sum."""
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 18]> m (float[n,3,h,w] image) => (float[a] y) {'
        " a = Conv<pads=[1,1,1,1]>(image, w1) b = Relu(a)"
        " c = Conv<pads=[1,1,1,1]>(b, w2) d = Clip(c, lowest, highest)"
        " e = Conv<pads=[1,1,1,1]>(d, w3) f = Add(e, b)"
        " g = GlobalAveragePool(f) y = Flatten(g) }"
    )
    rng = np.random.default_rng(0)
    for name, shape in (("w1", (8, 3, 3, 3)), ("w2", (8, 8, 3, 3)), ("w3", (8, 8, 3, 3))):
        values = (rng.standard_normal(shape) * 0.7).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    for name, number in (("lowest", 0), ("highest", 6)):
        model.graph.initializer.append(numpy_helper.from_array(np.float32(number), name))
    model.graph.output[0].type.tensor_type.ClearField("shape")
    return model


def quantized(tmp_path: Path, way: str, per_channel: bool) -> onnx.ModelProto:
    """The same, as ONNX Runtime quantizes it; ReLUs are merged into quantizers."""
    quantization = pytest.importorskip("onnxruntime.quantization")

    class Images(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = 8

        def get_next(self) -> dict[str, np.ndarray] | None:
            if not self.left:
                return None
            self.left -= 1
            image = np.random.default_rng(self.left).random((1, 3, 32, 32), dtype=np.float32)
            return {"image": image}

    source, result = tmp_path / "float.onnx", tmp_path / "quantized.onnx"
    onnx.save(float_network(), source)
    if way == "dynamic":
        quantization.quantize_dynamic(source, result, op_types_to_quantize=["Conv"])
    else:
        quantization.quantize_static(
            source,
            result,
            Images(),
            quant_format=quantization.QuantFormat[way],
            per_channel=per_channel,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
        )
    return onnx.load(result)


def outputs(model: onnx.ModelProto) -> np.ndarray:
    image = np.random.default_rng(9).random((1, 3, 32, 32), dtype=np.float32)
    found: np.ndarray = open_session(model).run(None, {"image": image})[0]
    return found


@pytest.mark.parametrize("per_channel", [False, True])
def test_the_float_network_under_the_quantizers_is_adopted(
    tmp_path: Path, per_channel: bool
) -> None:
    """With its ReLU and ReLU6, weights as floats, and outputs that differ as 8 bits differ."""
    source = quantized(tmp_path, "QDQ", per_channel)
    network, notes = adopt.adopt(source, InputOptions(), **NAMES)
    operators = [node.op_type for node in network.graph.node]
    assert not {"QuantizeLinear", "DequantizeLinear"} & set(operators)
    assert operators.count("Relu") == operators.count("Clip") == 1
    told = "\n".join(notes)
    assert "Quantized" in told
    assert "without quantizers" in told
    expected = outputs(float_network())
    found = outputs(network)
    assert np.abs(found - expected).max() < 0.05 * np.abs(expected).max()
    assert np.abs(outputs(source) - expected).max() < 0.1 * np.abs(expected).max()


def test_a_quantized_classifier_is_adopted() -> None:
    """ONNX Runtime would compute a product with weights of 8 bits in 8 bits; that is not compared.

    Its quantize_static writes an axis for each channel's scales whatever the opset is.
    """
    source = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> m (float[n,3,h,w] image) => (float[n,16] y) {'
        " v = DequantizeLinear<axis=0>(vq, vs, vz) a = Conv<pads=[1,1,1,1]>(image, v)"
        " aq = QuantizeLinear(a, s, z) b = DequantizeLinear(aq, s, z)"
        " g = GlobalAveragePool(b) f = Flatten(g)"
        " u = DequantizeLinear(uq, s, uz) y = Gemm(f, u) }"
    )
    rng = np.random.default_rng(0)
    for name, values in {
        "vq": rng.integers(-127, 128, (64, 3, 3, 3)).astype(np.int8),
        "vs": np.full(64, 0.02, np.float32),
        "vz": np.zeros(64, np.int8),
        "uq": rng.integers(-127, 128, (64, 16)).astype(np.int8),
        "s": np.float32(0.03),
        "z": np.uint8(0),
        "uz": np.int8(0),
    }.items():
        source.graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))
    told = "\n".join(adopt.adopt(source, InputOptions(), **NAMES)[1])
    assert re.search(r"at most \d\.\de(-0[5-9]|\+00) without quantizers", told)
    source.opset_import[0].version = 11
    assert "not against the source" in "\n".join(adopt.adopt(source, InputOptions(), **NAMES)[1])


@pytest.mark.parametrize(
    ("way", "named"), [("QOperator", "QLinearConv"), ("dynamic", "ConvInteger")]
)
def test_integer_operators_are_refused_by_name(tmp_path: Path, way: str, named: str) -> None:
    """The message says what to adopt instead."""
    with pytest.raises(NetworkError, match=rf"{named}.*adopt the network as it was before"):
        modernize(quantized(tmp_path, way, False))


@pytest.mark.parametrize(
    "body",
    [
        "q = QuantizeLinear(image, s, z) y = DequantizeLinear(q, t, z)",
        "q = QuantizeLinear(image, s, z) p = MaxPool<kernel_shape=[2,2]>(q) "
        "y = DequantizeLinear(p, s, z)",
    ],
)
def test_a_pair_that_does_more_than_round_stays(body: str) -> None:
    """Two scales are a factor, and operators between the two compute with other numbers."""
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 18]> m (float[1,3,h,w] image) => (float[a] y) {'
        " s = Constant<value = float {0.1}>() t = Constant<value = float {0.2}>()"
        f" z = Constant<value = uint8 {{0}}>() {body} }}"
    )
    operators = {node.op_type for node in modernize(model).graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= operators
