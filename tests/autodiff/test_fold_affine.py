"""Products and sums with numbers for each channel folded into convolutions."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from finite_differences import session
from onnx import numpy_helper, parser

from dreamlayer.core.autodiff.passes.fold_affine import fold_affines

RNG = np.random.default_rng(0)
KERNELS = {
    "Conv<pads=[1,1,1,1]>": (6, 4, 3, 3),
    "Conv<pads=[1,1,1,1], strides=[2,2], group=2>": (6, 2, 3, 3),
    "Conv<group=4>": (8, 1, 3, 3),
    "ConvTranspose<strides=[2,2]>": (4, 6, 3, 3),
    "ConvTranspose<group=2>": (4, 3, 3, 3),
    "ConvTranspose<group=4, pads=[1,1,1,1]>": (4, 2, 3, 3),
}


def network(body: str, **weights: np.ndarray) -> onnx.ModelProto:
    """A network with these weights, from the body of ONNX's text form."""
    model = parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,4,height,width] image) => (float[n,c,h,w] y) {{ {body} }}"""
    )
    for name, value in weights.items():
        tensor = numpy_helper.from_array(value.astype(np.float32), name)
        model.graph.initializer.append(tensor)
    return model


def numbers(*shape: int) -> np.ndarray:
    return np.asarray(RNG.uniform(0.5, 1.5, shape))


def operators(model: onnx.ModelProto) -> list[str]:
    """What the image passes through."""
    return [n.op_type for n in model.graph.node if not n.name.startswith("folded/")]


def check_folded(model: onnx.ModelProto, expected: list[str], keep: tuple[str, ...] = ()) -> None:
    """The folded network is valid, has these operators and gives the same numbers."""
    folded = fold_affines(model, "image", keep)
    assert operators(folded) == expected
    onnx.checker.check_model(folded, full_check=True)
    image = RNG.standard_normal((2, 4, 9, 8)).astype(np.float32)
    wanted, found = (session(m).run(None, {"image": image})[0] for m in (model, folded))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def channels(conv: str) -> int:
    outs = KERNELS[conv]
    groups = int(conv.split("group=")[1][0]) if "group=" in conv else 1
    return outs[0] if conv.startswith("Conv<") else outs[1] * groups


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("conv", KERNELS)
def test_batch_norm_as_product_and_sum(conv: str, bias: bool) -> None:
    """As tf2onnx writes it, also behind depthwise and transposed convolutions."""
    outs = channels(conv)
    call = conv + ("(image, w, b)" if bias else "(image, w)")
    for shape in ((outs, 1, 1), (1, outs, 1, 1)):
        weights = {"w": RNG.standard_normal(KERNELS[conv]), "b": numbers(outs)}
        for body in (
            f"c = {call} m = Mul(c, s) y = Add(m, t)",
            f"c = {call} m = Sub(c, t) y = Div(m, s)",
            f"c = {call} m = Mul(s, c) y = Sub(m, t)",
        ):
            check_folded(
                network(body, s=numbers(*shape), t=numbers(*shape), **weights),
                [conv[: conv.index("<")]],
            )


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1), (1, 1, 1, 1)])
@pytest.mark.parametrize("conv", KERNELS)
def test_one_number_for_all_channels(conv: str, shape: tuple[int, ...]) -> None:
    """A scalar is folded too, behind the convolution and in front of it."""
    weights = {"w": RNG.standard_normal(KERNELS[conv]), "s": numbers(*shape), "t": numbers(*shape)}
    body = f"c = {conv}(image, w) m = Mul(c, s) y = Add(m, t)"
    check_folded(network(body, **weights), [conv[: conv.index("<")]])


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("conv", KERNELS)
def test_product_in_front(conv: str, bias: bool) -> None:
    """Zeros that pad the input stay zeros."""
    own = {"w": RNG.standard_normal(KERNELS[conv]), "b": numbers(channels(conv))}
    weights = {"v": RNG.standard_normal((4, 4, 1, 1)), "s": numbers(4, 1, 1), **own}
    last = conv + ("(m, w, b)" if bias else "(m, w)")
    for op in ("Mul", "Div"):
        body = f"a = Conv(image, v) r = Relu(a) m = {op}(r, s) y = {last}"
        check_folded(network(body, **weights), ["Conv", "Relu", conv[: conv.index("<")]])


@pytest.mark.parametrize("op", ["Add", "Sub"])
@pytest.mark.parametrize(
    ("conv", "shape"), [("Conv", (6, 4, 3, 3)), ("Conv<group=2>", (6, 2, 3, 3))]
)
def test_sum_in_front_of_an_unpadded_convolution(
    op: str, conv: str, shape: tuple[int, ...]
) -> None:
    """It becomes a part of the bias."""
    weights = {"v": RNG.standard_normal((4, 4, 1, 1)), "t": numbers(1, 4, 1, 1), "b": numbers(6)}
    weights["w"] = RNG.standard_normal(shape)
    for inputs in ("(m, w)", "(m, w, b)"):
        body = f"a = Conv(image, v) r = Relu(a) m = {op}(r, t) y = {conv}{inputs}"
        check_folded(network(body, **weights), ["Conv", "Relu", "Conv"])


@pytest.mark.parametrize(
    "body",
    [
        "r = Relu(image) a = Conv(r, v) m = Add(a, t) y = Conv<pads=[1,1,1,1]>(m, u)",
    ],
)
def test_sum_in_front_of_padding_joins_the_convolution_before(body: str) -> None:
    """Where a product or sum stands between two convolutions, the first takes it."""
    weights = {"v": RNG.standard_normal((4, 4, 1, 1)), "u": RNG.standard_normal((3, 4, 3, 3))}
    check_folded(network(body, t=numbers(4, 1, 1), **weights), ["Relu", "Conv", "Conv"])


@pytest.mark.parametrize(
    ("body", "keep"),
    [
        ("m = Mul(image, s) y = Conv(m, w)", ()),
        ("c = Conv(image, w) y = Mul(c, s)", ("c",)),
        ("c = Conv(image, w) m = Mul(c, s) y = Add(m, c)", ()),
        ("c = Conv(image, w) y = Mul(c, planes)", ()),
        ("c = Conv(image, w) y = Mul(c, c)", ()),
        ("c = Conv(image, w) y = Div(s, c)", ()),
        ("a = Conv(image, w) r = Relu(a) m = Add(r, s) y = Conv<pads=[1,1,1,1]>(m, w)", ()),
        ("k = Mul(image, s) y = Relu(k)", ()),
    ],
    ids=[
        "preprocessing",
        "convolution is tapped",
        "convolution is read twice",
        "number for each position",
        "no constant",
        "divided by the image",
        "sum in front of padding",
        "no convolution",
    ],
)
def test_what_is_not_folded(body: str, keep: tuple[str, ...]) -> None:
    """The model comes back as it is."""
    weights = {"w": RNG.standard_normal((4, 4, 3, 3)), "s": numbers(4, 1, 1)}
    model = network(body, planes=numbers(1, 4, 7, 6), **weights)
    assert fold_affines(model, "image", keep) is model


def test_product_itself_can_be_the_layer() -> None:
    """The folded convolution has the name of the product."""
    weights = {"w": RNG.standard_normal((4, 4, 3, 3)), "s": numbers(4, 1, 1)}
    model = network("c = Conv(image, w) m = Mul(c, s) y = Relu(m)", **weights)
    check_folded(model, ["Conv", "Relu"], keep=("m",))
