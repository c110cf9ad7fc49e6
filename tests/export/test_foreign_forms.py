"""Forms in which networks come: functions, other precisions, sparse weights; and their limits."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, parser

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.adopt import adopt
from dreamlayer.export.adopt.input_guess import InputOptions
from dreamlayer.export.adopt.modernize import modernize
from dreamlayer.export.adopt.passes.functions import expanded_nodes
from dreamlayer.export.verify import open_session

NAMES = {"name": "tiny", "origin": "tiny.onnx", "license_text": "CC0"}


def convolution(dtype: type = np.float32, kind: str = "float") -> onnx.ModelProto:
    """Two convolutions with a ReLU between them."""
    model = parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 18]> m ({kind}[n,3,h,w] image) => ({kind}[a] y) {{'
        " a = Conv(image, v) b = Relu(a) y = Conv(b, u) }"
    )
    rng = np.random.default_rng(0)
    for name, shape in (("v", (4, 3, 3, 3)), ("u", (5, 4, 3, 3))):
        values = (rng.standard_normal(shape) * 0.3).astype(dtype)
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    model.graph.output[0].type.tensor_type.ClearField("shape")
    return model


@pytest.mark.parametrize(("dtype", "kind"), [(np.float16, "float16"), (np.float64, "double")])
def test_other_precisions_become_float32(dtype: type, kind: str) -> None:
    """The network, its input included, with what that changed told."""
    network, notes = adopt.adopt(convolution(dtype, kind), InputOptions(), **NAMES)
    kinds = {tensor.data_type for tensor in network.graph.initializer if len(tensor.dims) == 4}
    assert kinds == {TensorProto.FLOAT}
    assert not [node for node in network.graph.node if node.op_type == "Cast"]
    told = "\n".join(notes)
    assert "Precision" in told
    assert "at most 0.0e+00 in float32" in told
    # ONNX Runtime has no convolution in float64 to compare with.
    assert ("from the source as it is" in told) == (dtype == np.float16)
    image = np.random.default_rng(1).random((1, 3, 20, 24), dtype=np.float32)
    found = open_session(network).run(None, {"image": image})[0]
    expected = open_session(convolution()).run(None, {"image": image})[0]
    np.testing.assert_allclose(found, expected, atol=5e-3)


def test_sparse_weights_become_dense() -> None:
    """With the same numbers at the same places, by flat indices and by coordinates."""
    dense = np.zeros((2, 3, 1, 1), np.float32)
    dense[1, 2, 0, 0], dense[0, 1, 0, 0] = 5, 7
    for indices in (np.array([1, 5]), np.array([[0, 1, 0, 0], [1, 2, 0, 0]])):
        model = parser.parse_model(
            '<ir_version: 8, opset_import: ["" : 18]> m (float[1,3,h,w] image) => (float[a] y) {'
            " y = Conv(image, v) }"
        )
        values = numpy_helper.from_array(np.array([7, 5], np.float32), "v")
        places = numpy_helper.from_array(indices, "places")
        sparse = helper.make_sparse_tensor(values, places, list(dense.shape))
        model.graph.sparse_initializer.append(sparse)
        made = {tensor.name: tensor for tensor in modernize(model).graph.initializer}
        np.testing.assert_array_equal(numpy_helper.to_array(made["v"]), dense)


@pytest.mark.parametrize(
    ("dims", "indices", "match"),
    [([2**20, 2**20], [3], "more than 1 GiB"), ([2, 2], [9], "do not fit")],
)
def test_hostile_sparse_weights_are_refused(
    dims: list[int], indices: list[int], match: str
) -> None:
    """Before memory is taken for them."""
    model = convolution()
    values = numpy_helper.from_array(np.ones(1, np.float32), "s")
    places = numpy_helper.from_array(np.array(indices), "places")
    sparse = onnx.SparseTensorProto(values=values, indices=places, dims=dims)
    model.graph.sparse_initializer.append(sparse)
    with pytest.raises(NetworkError, match=match):
        modernize(model)


def with_functions(depth: int) -> onnx.ModelProto:
    """Functions each of which calls the next one twice."""
    model = convolution()
    model.opset_import.append(helper.make_opsetid("mine", 1))
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("mine", 1)]
    for level in range(depth):
        inner = "Relu" if level == depth - 1 else f"F{level + 1}"
        domain = "" if level == depth - 1 else "mine"
        body = [
            helper.make_node(inner, ["x"], ["m"], domain=domain),
            helper.make_node(inner, ["m"], ["y"], domain=domain),
        ]
        model.functions.append(
            helper.make_function("mine", f"F{level}", ["x"], ["y"], body, imports)
        )
    model.graph.node[1].CopyFrom(helper.make_node("F0", ["a"], ["b"], domain="mine"))
    return model


def test_functions_are_counted_before_they_are_inlined() -> None:
    """Doubling ones are refused by arithmetic, however deep; small ones are inlined."""
    assert expanded_nodes(with_functions(3)) == 2 + 2**3
    model = modernize(with_functions(3))
    assert [node.op_type for node in model.graph.node].count("Relu") == 8
    for depth, told in ((30, "1,073,741,826"), (3000, r"more than 10\^903")):
        with pytest.raises(NetworkError, match=f"expand to {told} nodes"):
            modernize(with_functions(depth))


def test_functions_that_call_themselves_are_refused() -> None:
    """Directly, or in a circle."""
    model = with_functions(2)
    model.functions[1].node[0].CopyFrom(helper.make_node("F0", ["x"], ["m"], domain="mine"))
    with pytest.raises(NetworkError, match="'F0' calls itself"):
        modernize(model)


def test_functions_that_are_called_wrongly_are_refused() -> None:
    """With more inputs than they have."""
    model = with_functions(1)
    model.graph.node[1].input.append("a")
    with pytest.raises(NetworkError, match="cannot be inlined"):
        modernize(model)


def test_a_network_that_computes_something_else_is_not_adopted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By more than a thousandth, unless that is allowed; the message says by how much."""

    def changed(model: onnx.ModelProto, notes: list[str]) -> onnx.ModelProto:
        made = modernize(model, notes)
        for tensor in made.graph.initializer:
            if tensor.name == "u":
                values = numpy_helper.to_array(tensor) * np.float32(1.1)
                tensor.CopyFrom(numpy_helper.from_array(values, "u"))
        return made

    monkeypatch.setattr(adopt, "modernize", changed)
    with pytest.raises(NetworkError, match=r"differ .* by 0\.1 .* 0\.001 .*--allow-difference"):
        adopt.adopt(convolution(), InputOptions(), **NAMES)
    _, notes = adopt.adopt(convolution(), InputOptions(), **NAMES, limit=0.2)
    assert any("at most 1.0e-01" in note for note in notes)
