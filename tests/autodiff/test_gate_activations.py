"""GELU, HardSwish and swish in the forms that exporters write, and what only looks like them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from finite_differences import STEP, distinct, session
from onnx import parser

from dreamlayer.core.autodiff.passes.gate_activations import gate_activations
from dreamlayer.core.autodiff.variants import VARIANTS
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.recipe.term import Term

ERF = "q = Div(x, root) e = Erf(q) s = Add(e, one)"
CLIP = "t = Add(x, three) c = Clip(t, zero, six)"
FORMS = {
    # TorchScript, opsets below 20
    "gelu torch": f"{ERF} p = Mul(x, s) y = Mul(p, half)",
    # Keras and tf2onnx
    "gelu half first": "q = Mul(x, inverse) e = Erf(q) s = Add(one, e) h = Mul(half, x) "
    "y = Mul(h, s)",
    "gelu half of sum": f"{ERF} h = Mul(s, half) y = Mul(x, h)",
    "gelu halved by two": f"{ERF} p = Mul(s, x) y = Div(p, two)",
    "hard swish": "y = HardSwish(x)",
    "hard swish by gate": "u = HardSigmoid<alpha=0.16666667, beta=0.5>(x) y = Mul(u, x)",
    # Keras 3
    "hard swish by clip": f"{CLIP} d = Div(c, six) y = Mul(x, d)",
    "hard swish last": f"{CLIP} p = Mul(x, c) y = Mul(p, sixth)",
    "swish": "s = Sigmoid(x) y = Mul(x, s)",
    "swish turned": "s = Sigmoid(x) y = Mul(s, x)",
}
OTHERS = {
    "another root": "q = Div(x, two) e = Erf(q) s = Add(e, one) p = Mul(x, s) y = Mul(p, half)",
    "another half": f"{ERF} p = Mul(x, s) y = Mul(p, sixth)",
    "of another": "w = Neg(image) q = Div(w, root) e = Erf(q) s = Add(e, one) h = Mul(x, half) "
    "y = Mul(h, s)",
    "squared": f"{ERF} p = Mul(x, s) r = Mul(p, x) y = Mul(r, half)",
    "another clip": "t = Add(x, three) c = Clip(t, zero, three) d = Div(c, six) y = Mul(x, d)",
    "another shift": "t = Add(x, one) c = Clip(t, zero, six) d = Div(c, six) y = Mul(x, d)",
    "another gate": "u = HardSigmoid(x) y = Mul(u, x)",
}


def network(body: str) -> onnx.ModelProto:
    """The image through that activation."""
    return parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] y)
        <float root = {{1.4142135}}, float inverse = {{0.70710678}}, float one = {{1.0}},
         float half = {{0.5}}, float two = {{2.0}}, float three = {{3.0}}, float zero = {{0.0}},
         float six = {{6.0}}, float sixth = {{0.16666667}}, float scale = {{4.0}}>
        {{ x = Mul(image, scale) {body} }}"""
    )


@pytest.mark.parametrize("form", FORMS)
def test_form_is_the_same_function(form: str) -> None:
    """All that exporters write becomes a product with the gate, and gives what it gave."""
    model = network(FORMS[form])
    gated = gate_activations(model)
    image = distinct(1, 3, 6, 7)
    expected, found = (session(m).run(["y"], {"image": image})[0] for m in (model, gated))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert gated.graph.node[-1].op_type == "Mul"


@pytest.mark.parametrize("other", OTHERS)
def test_what_only_looks_alike_stays(other: str) -> None:
    """Other constants, other tensors and further factors are other functions."""
    model = network(OTHERS[other])
    assert gate_activations(model) is model


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("form", [*FORMS, *OTHERS])
def test_gradient_agrees_with_finite_differences(form: str, name: str) -> None:
    """In each variant; whether or not the nodes are one activation."""
    model = network({**FORMS, **OTHERS}[form])
    made = gradient_model(model, [Term("y")], variant=VARIANTS[name])
    image = distinct(1, 3, 6, 7)
    forward = session(model)
    (gradient,) = session(made).run(["gradient"], {"image": image})
    rng = np.random.default_rng(1)
    for _ in range(3):
        v = np.sign(rng.standard_normal(image.shape)).astype(np.float32)
        ends = [
            forward.run(["y"], {"image": (image + s * STEP * v).astype(np.float32)})[0]
            for s in (1, -1)
        ]
        # The objective is the mean of squares.
        scores = [float(np.mean(np.square(end.astype(np.float64)))) for end in ends]
        slope = (scores[0] - scores[1]) / (2 * STEP)
        ours = float((gradient.astype(np.float64) * v).sum())
        assert ours == pytest.approx(slope, abs=2e-3 * float(np.linalg.norm(gradient)) + 1e-6)


@pytest.mark.parametrize(
    ("form", "inner"), [("gelu torch", "e"), ("hard swish by gate", "u"), ("swish", "s")]
)
def test_gate_that_something_else_reads_keeps_its_gradient(form: str, inner: str) -> None:
    """A layer inside an activation can be dreamed together with the activation."""
    model, image = network(FORMS[form]), distinct(1, 3, 6, 7)
    terms = [Term("y"), Term(inner, 0.5)]
    whole, *parts = (
        session(gradient_model(model, chosen)).run(["gradient"], {"image": image})[0]
        for chosen in (terms, terms[:1], terms[1:])
    )
    np.testing.assert_allclose(whole, parts[0] + parts[1], atol=1e-6)


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize(
    ("bounds", "at_bounds"), [("zero, six", 0), ("zero, five", 1), ("low, high", 1)]
)
def test_gradient_at_the_bounds_of_a_clip(bounds: str, at_bounds: int, name: str) -> None:
    """None of ReLU6, as in TensorFlow and PyTorch; theirs of clamps passes there.

    So it does where bounds are computed.
    """
    model = parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] y)
        <float zero = {{0.0}}, float five = {{5.0}}, float six = {{6.0}}, int64[1] none = {{0}}>
        {{ size = Shape(image) part = Gather(size, none) number = Cast<to=1>(part)
           one = Squeeze(number) low = Sub(one, one) high = Mul(one, six)
           y = Clip(image, {bounds}) }}"""
    )
    high = np.float32(5 if "five" in bounds else 6)
    image = np.empty((1, 3, 1, 4), np.float32)
    image[0, :, 0] = [
        [3, np.nextafter(high, np.float32(0)), 1e-20, 4],
        [0, high, 0, high],
        [-1, 7, -1e-20, high + 0.001],
    ]
    made = gradient_model(model, [Term("y", kind="mean")], variant=VARIANTS[name])
    (gradient,) = session(made).run(["gradient"], {"image": image})
    assert (gradient[0, :, 0] > 0).astype(int).tolist() == [[1] * 4, [at_bounds] * 4, [0] * 4]
