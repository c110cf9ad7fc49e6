"""Networks transposed: the same layers and the same gradient."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from finite_differences import session
from onnx import numpy_helper, parser

from dreamlayer.core.autodiff.passes.transpose import transposed, transposed_name
from dreamlayer.core.autodiff.variants import TAPS, Variant
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term

RNG = np.random.default_rng(0)


def network(body: str) -> onnx.ModelProto:
    """Uneven kernels, strides and padding, and whatever `body` adds."""
    model = parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] y) {{
          s = Sub(image, mean)
          a = Conv<strides=[1,2], pads=[0,1,2,3], dilations=[2,1]>(s, w)
          b = Relu(a)
          p = MaxPool<kernel_shape=[3,2], strides=[2,1]>(b)
          q = AveragePool<kernel_shape=[2,3], pads=[0,1,1,0]>(p)
          r = Conv<auto_pad="SAME_UPPER">(q, v)
          {body}
        }}"""
    )
    weights = {
        "mean": RNG.random((3, 1, 1)),
        "w": RNG.standard_normal((4, 3, 2, 3)),
        "v": RNG.standard_normal((4, 4, 3, 1)),
        "row": RNG.random(1),
    }
    for label, value in weights.items():
        model.graph.initializer.append(numpy_helper.from_array(value.astype(np.float32), label))
    return model


JOINED = "t = Tanh(r)  y = Concat<axis=1>(t, q)"


def test_layers_are_the_same() -> None:
    """Layers are unchanged under their own names, and transposed under the others."""
    model = network(JOINED)
    over = transposed(model, ["p"])
    image = RNG.random((2, 3, 14, 11), np.float32)
    for chosen in ("p", "y"):
        ours, theirs = onnx.ModelProto(), onnx.ModelProto()
        for copy, source, outputs in (
            (theirs, model, [chosen]),
            (ours, over, [chosen, transposed_name(chosen)]),
        ):
            copy.CopyFrom(source)
            del copy.graph.output[:]
            copy.graph.output.extend(
                onnx.helper.make_tensor_value_info(o, onnx.TensorProto.FLOAT, None) for o in outputs
            )
        expected = session(theirs).run(None, {"image": image})[0]
        back, across = session(ours).run(None, {"image": image})
        np.testing.assert_allclose(back, expected, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(across, expected.transpose(0, 1, 3, 2), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["squares", "mean", "neuron", "variation"])
def test_gradient_is_the_same(kind: str) -> None:
    """Objectives that treat all positions alike, and those that do not."""
    model, terms = network(JOINED), [Term("y", kind=kind), Term("p", 0.5, border=1)]
    image = RNG.random((1, 3, 14, 11), np.float32)
    expected = session(gradient_model(model, terms)).run(["loss", "gradient"], {"image": image})
    over = gradient_model(model, terms, variant=Variant(max_pool=TAPS))
    assert "Transpose" in {node.op_type for node in over.graph.node}
    found = session(over).run(["loss", "gradient"], {"image": image})
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "body",
    [
        "y = Transpose<perm=[0,1,3,2]>(r)",
        "y = Concat<axis=2>(r, r)",
        "y = Resize<mode=\"nearest\">(r, , scales)",
        "z = Shape(r)  y = Reshape(r, z)",
    ],
)  # fmt: skip
def test_what_knows_rows_from_columns_stays(body: str) -> None:
    """A network with any other operator is left as it is."""
    model = network(body)
    model.graph.initializer.append(numpy_helper.from_array(np.array([1, 1, 2, 3], "f4"), "scales"))
    assert transposed(model, []) is model


def test_constant_that_differs_by_column_stays() -> None:
    """So is one that adds something else to each column."""
    model = network("y = Add(r, row)")
    assert transposed(model, []) is not model
    wide = numpy_helper.from_array(np.ones(5, np.float32), "row")
    model.graph.initializer[-1].CopyFrom(wide)
    assert transposed(model, []) is model


def test_shipped_network_turns_over() -> None:
    """It is the one that all this is for."""
    shipped = Network("inception_v3_mixed5").model
    assert transposed(shipped, []) is not shipped
