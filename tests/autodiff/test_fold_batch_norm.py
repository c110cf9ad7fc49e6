"""Batch normalisations folded into convolutions: the same function, fewer nodes."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from finite_differences import session
from onnx import numpy_helper, parser

from dreamlayer.core.autodiff.passes.fold_batch_norm import fold_batch_norms

RNG = np.random.default_rng(0)


def network(
    conv: str, shape: tuple[int, ...], body: str = "", bias: bool = False
) -> onnx.ModelProto:
    """A convolution, a batch normalisation and whatever `body` adds."""
    model = parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,4,height,width] image) => (float[n,c,h,w] y) {{
          c = Conv<{conv}>(image, w{", b" if bias else ""})
          n = BatchNormalization<epsilon=0.01>(c, scale, offset, mean, variance)
          {body or "y = Relu(n)"}
        }}"""
    )
    weights = {"w": RNG.standard_normal(shape), "b": RNG.standard_normal(shape[0])}
    for name in ("scale", "offset", "mean"):
        weights[name] = RNG.standard_normal(shape[0])
    weights["variance"] = RNG.random(shape[0]) + 0.5
    for name, value in weights.items():
        model.graph.initializer.append(numpy_helper.from_array(value.astype(np.float32), name))
    return model


def operators(model: onnx.ModelProto) -> list[str]:
    """What the image passes through."""
    return [n.op_type for n in model.graph.node if not n.name.startswith("folded/")]


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(
    ("conv", "shape"),
    [
        ("kernel_shape=[3,3], strides=[2,2]", (6, 4, 3, 3)),
        ("kernel_shape=[1,1]", (5, 4, 1, 1)),
        ("kernel_shape=[3,3], group=2, pads=[1,1,1,1]", (6, 2, 3, 3)),
        ("auto_pad=\"SAME_UPPER\"", (3, 4, 3, 3)),
    ],
)  # fmt: skip
def test_folded_network_gives_the_same(conv: str, shape: tuple[int, ...], bias: bool) -> None:
    """One convolution does what the pair did, with and without bias, strides and groups."""
    model = network(conv, shape, bias=bias)
    folded = fold_batch_norms(model, "image", [])
    assert operators(folded) == ["Conv", "Relu"]
    onnx.checker.check_model(folded, full_check=True)
    image = RNG.standard_normal((2, 4, 9, 11)).astype(np.float32)
    expected = session(model).run(None, {"image": image})[0]
    np.testing.assert_allclose(session(folded).run(None, {"image": image})[0], expected, atol=2e-5)


@pytest.mark.parametrize(
    ("body", "keep"),
    [
        ("y = Relu(n)", ["c"]),
        ("r = Relu(c) y = Add(n, r)", []),
    ],
    ids=["convolution is tapped", "convolution is read twice"],
)
def test_convolution_that_is_needed_stays(body: str, keep: list[str]) -> None:
    """A tensor that is a layer of the objective, or has another reader, is not folded away."""
    model = network("kernel_shape=[3,3]", (6, 4, 3, 3), body)
    assert "BatchNormalization" in operators(fold_batch_norms(model, "image", keep))


def test_batch_norm_itself_can_be_the_layer() -> None:
    """The folded convolution carries the name of the batch norm."""
    folded = fold_batch_norms(network("kernel_shape=[3,3]", (6, 4, 3, 3)), "image", ["n"])
    assert operators(folded) == ["Conv", "Relu"]
    assert "n" in {output for node in folded.graph.node for output in node.output}


def test_network_is_not_changed() -> None:
    """The caller's model is the same afterwards."""
    model = network("kernel_shape=[3,3]", (6, 4, 3, 3))
    before = model.SerializeToString()
    fold_batch_norms(model, "image", [])
    assert model.SerializeToString() == before


def as_constants(model: onnx.ModelProto, names: list[str]) -> onnx.ModelProto:
    """Move initializers into Constant nodes that stand right before their first reader."""
    for tensor in [t for t in model.graph.initializer if t.name in names]:
        node = onnx.helper.make_node("Constant", [], [tensor.name], value=tensor)
        place = next(i for i, n in enumerate(model.graph.node) if tensor.name in n.input)
        model.graph.initializer.remove(tensor)
        model.graph.node.insert(place, node)
    return model


@pytest.mark.parametrize("names", [["w"], ["scale", "mean"], ["w", "offset", "variance"]])
def test_weights_in_constant_nodes_are_folded_too(names: list[str]) -> None:
    """Weights that are nodes, also ones that come after the convolution, and no kernel_shape."""
    model = as_constants(network("strides=[2,2]", (6, 4, 3, 3)), names)
    folded = fold_batch_norms(model, "image", [])
    assert "BatchNormalization" not in operators(folded)
    onnx.checker.check_model(folded, full_check=True)
    image = RNG.standard_normal((2, 4, 9, 11)).astype(np.float32)
    expected = session(model).run(None, {"image": image})[0]
    np.testing.assert_allclose(session(folded).run(None, {"image": image})[0], expected, atol=2e-5)


def test_bias_that_is_left_out_by_an_empty_name() -> None:
    """An empty third input is no bias."""
    model = network("kernel_shape=[3,3]", (6, 4, 3, 3))
    model.graph.node[0].input.append("")
    folded = fold_batch_norms(model, "image", [])
    onnx.checker.check_model(folded, full_check=True)


def test_reader_inside_a_subgraph_counts() -> None:
    """A convolution that an If reads as well stays."""
    model = network("kernel_shape=[3,3]", (6, 4, 3, 3), "y = Relu(n)")
    branch = onnx.helper.make_graph(
        [onnx.helper.make_node("Neg", ["c"], ["inner"])],
        "b",
        [],
        [onnx.ValueInfoProto(name="inner")],
    )
    condition = onnx.helper.make_node(
        "Constant", [], ["yes"], value=numpy_helper.from_array(np.array(True))
    )
    choice = onnx.helper.make_node("If", ["yes"], ["z"], then_branch=branch, else_branch=branch)
    model.graph.node.extend([condition, choice])
    assert "BatchNormalization" in operators(fold_batch_norms(model, "image", []))
