"""Whole gradient models: what they contain, what they refuse, that they run anywhere."""

from __future__ import annotations

import re

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, parser
from small_network import small_model

from dreamlayer.core.autodiff.backward import differentiable
from dreamlayer.core.errors import LayerError, NetworkError, UnsupportedOperatorError
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term


def run(model: onnx.ModelProto, image: np.ndarray, *names: str) -> list[np.ndarray]:
    """Plain ONNX Runtime without graph optimisation, nothing of ours."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(list(names) or None, {"image": image})


def model_of(body: str, outputs: str = "float[n,c,h,w] y") -> onnx.ModelProto:
    """A network from the body of ONNX's text form."""
    return parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 18]> '
        f"m (float[batch,3,height,width] image) => ({outputs}) {{ {body} }}"
    )


IMAGE = np.random.default_rng(0).random((2, 3, 20, 24)).astype(np.float32)


def test_gradient_model_gives_loss_gradient_and_activations() -> None:
    """Outputs are named and shaped as promised, and the checker passes in full."""
    model = gradient_model(small_model(), [Term("deep"), Term("first", -0.5)], ["first"])
    onnx.checker.check_model(model, full_check=True)
    assert [o.name for o in model.graph.output] == ["loss", "gradient", "first"]
    loss, gradient, first = run(model, IMAGE)
    assert loss.shape == ()
    assert gradient.shape == IMAGE.shape
    assert first.shape == (2, 6, 20, 24)


def test_gradient_is_the_slope_of_the_loss() -> None:
    """Along random directions the loss changes as the gradient says."""
    model = gradient_model(small_model(), [Term("deep", 1.0, (2,)), Term("first")])
    gradient = run(model, IMAGE, "gradient")[0]
    rng = np.random.default_rng(5)
    for _ in range(3):
        v = rng.standard_normal(IMAGE.shape).astype(np.float32)
        step = np.float32(1e-3)
        up, down = (float(run(model, IMAGE + s * v, "loss")[0]) for s in (step, -step))
        slope = (up - down) / (2e-3)
        assert slope == pytest.approx(float((gradient * v).sum()), rel=2e-2, abs=1e-4)


def test_batch_images_do_not_mix() -> None:
    """The gradient of a batch is, up to the mean over it, that of each image alone."""
    model = gradient_model(small_model(), [Term("deep")])
    both = run(model, IMAGE, "gradient")[0]
    for i in (0, 1):
        alone = run(model, IMAGE[i : i + 1], "gradient")[0]
        np.testing.assert_allclose(both[i], alone[0] / 2, atol=1e-6 * np.abs(alone).max())


def test_network_is_not_changed() -> None:
    """The caller's model is the same afterwards."""
    network = small_model()
    before = network.SerializeToString()
    gradient_model(network, [Term("deep")])
    assert network.SerializeToString() == before


def test_dead_branches_are_dropped() -> None:
    """Layers past the objective are not in the model."""
    model = gradient_model(small_model(), [Term("first")])
    assert "deep" not in {o for n in model.graph.node for o in n.output}
    assert "w2" not in {t.name for t in model.graph.initializer}


def test_used_twice_adds_up() -> None:
    """A tensor that feeds two branches gets the sum of their gradients."""
    model = gradient_model(
        model_of("a = Tanh(image) b = Sigmoid(image) y = Mul(a, b)"), [Term("y")]
    )
    gradient = run(model, IMAGE, "gradient")[0]
    t, s = np.tanh(IMAGE), 1 / (1 + np.exp(-IMAGE))
    expected = 2 * t * s * ((1 - t**2) * s + t * s * (1 - s)) / IMAGE.size
    np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize("layer", ["image", "same"])
def test_image_itself_can_be_the_layer(layer: str) -> None:
    """The identity has a gradient too."""
    network = model_of("same = Identity(image) y = Relu(same)")
    gradient = run(gradient_model(network, [Term(layer)]), IMAGE, "gradient")[0]
    np.testing.assert_allclose(gradient, 2 * IMAGE / IMAGE.size, rtol=1e-5)


def test_operator_without_rule_is_named_with_what_still_works() -> None:
    """The refusal tells operator, node and the layers before it."""
    network = model_of("a = Relu(image) b = Det(a) y = Relu(b)")
    network.graph.node[1].name = "hard"
    with pytest.raises(UnsupportedOperatorError, match=r"Det \(node 'hard'\) .*: a$"):
        gradient_model(network, [Term("y")])
    gradient_model(network, [Term("a")])


def test_dreamable_tells_each_layer_apart() -> None:
    """Layers behind an operator without rule carry the reason, also further on."""
    network = model_of("a = Relu(image) b = Det(a) y = Relu(b) s = Shape(image) f = Cast<to=1>(s)")
    verdict = differentiable(network, ["a", "b", "y", "f"])
    assert verdict["a"] is None
    assert "Det" in str(verdict["b"])
    assert "Det" in str(verdict["y"])
    assert verdict["f"] == "it does not depend on the image"


def test_weights_made_from_the_image_have_a_gradient() -> None:
    """A convolution whose kernel depends on the image is differentiated with respect to both."""
    network = model_of(
        "k = Slice(image, z, t, ax) w = Tanh(k) y = Conv(image, w)",
    )
    for name, value in (("z", [0, 0]), ("t", [3, 3]), ("ax", [2, 3])):
        network.graph.initializer.append(
            onnx.numpy_helper.from_array(np.array(value, np.int64), name)
        )
    model = gradient_model(network, [Term("y")])
    gradient = run(model, IMAGE, "gradient")[0].astype(np.float64)
    direction = np.sign(np.random.default_rng(0).standard_normal(IMAGE.shape))
    step = np.float32(1e-2) * direction.astype(np.float32)
    losses = [float(run(model, IMAGE + sign * step, "loss")[0]) for sign in (1, -1)]
    assert np.sum(gradient * direction) == pytest.approx((losses[0] - losses[1]) / 2e-2, rel=1e-2)


RANDOM = {
    "a Dropout that drops": "y = Dropout(image, r, t)",
    "a Dropout that drops by a copy": "c = Identity(r) u = Identity(t) y = Dropout(image, c, u)",
    "a Dropout without a ratio": "y = Dropout(image, , t)",
    "noise that is added": "n = RandomNormalLike(image) y = Add(image, n)",
    "noise of a fixed size": "n = RandomNormal<shape=[1, 3, 1, 1]>() y = Mul(image, n)",
    "a seed": "n = RandomUniform<shape=[1], seed=1.0>() y = Mul(image, n)",
    "a mask": "p = Sigmoid(image) m = Bernoulli(p) y = Mul(image, m)",
    "no gradient between": (
        "n = RandomUniformLike(image) g = Greater(n, r) m = Cast<to=1>(g) y = Mul(image, m)"
    ),
}


@pytest.mark.parametrize("text", RANDOM.values(), ids=RANDOM)
def test_what_depends_on_random_numbers_is_refused(text: str) -> None:
    """The same recipe and seed give the same picture, so no layer may differ between two runs."""
    network = model_of(f"before = Relu(image) {text} after = Relu(y)")
    network.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(0.5), "r"))
    network.graph.initializer.append(onnx.numpy_helper.from_array(np.array(True), "t"))
    with pytest.raises(UnsupportedOperatorError, match=r"its output is random; export .* inferen"):
        gradient_model(network, [Term("after")])
    reasons = differentiable(network, ["before", "y", "after"])
    assert reasons["before"] is None
    assert "is random" in str(reasons["y"])
    assert "is random" in str(reasons["after"])
    assert gradient_model(network, [Term("before")])


NOT_RANDOM = {
    "a Dropout that is off": "y = Dropout(image, r, f)",
    "a Dropout as exported": "y = Dropout(image)",
    "a Dropout that is off by a copy": "g = Identity(f) h = Identity(g) y = Dropout(image, r, h)",
    "a Dropout of nothing": "y = Dropout(image, z, t)",
    "a Dropout of nothing by a node": (
        "o = Constant<value_float = 0.0>() c = Identity(o) y = Dropout(image, c, t)"
    ),
    "the size of noise": (
        "n = RandomNormalLike(image) s = Shape(n) c = Cast<to=1>(s) "
        "m = ReduceMean<keepdims=0>(c) y = Mul(image, m)"
    ),
}


@pytest.mark.parametrize("text", NOT_RANDOM.values(), ids=NOT_RANDOM)
def test_what_only_looks_random_is_not_refused(text: str) -> None:
    """Dropout of inference does nothing, and a size is the same whatever the numbers are."""
    network = model_of(text)
    network.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(0.5), "r"))
    network.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(0), "z"))
    for name, value in (("f", False), ("t", True)):
        network.graph.initializer.append(onnx.numpy_helper.from_array(np.array(value), name))
    assert differentiable(network, ["y"]) == {"y": None}
    model = gradient_model(network, [Term("y")])
    gradients = [run(model, IMAGE, "gradient")[0] for _ in range(2)]
    np.testing.assert_array_equal(*gradients)
    if "Dropout" in text:
        np.testing.assert_allclose(gradients[0], 2 * IMAGE / IMAGE.size, rtol=1e-5)


def test_objective_without_gradient_is_refused() -> None:
    """A layer that is constant wherever it has a derivative cannot be dreamed."""
    network = model_of("y = Floor(image)")
    with pytest.raises(UnsupportedOperatorError, match="has no gradient with respect to the image"):
        gradient_model(network, [Term("y")])


def test_old_opset_is_refused_with_the_remedy() -> None:
    """Below opset 18 operators mean other things."""
    network = small_model()
    network.opset_import[0].version = 13
    with pytest.raises(NetworkError, match=r"opset 13; 18 or later.*adopt"):
        gradient_model(network, [Term("deep")])


def refusal(network: onnx.ModelProto, layer: str = "y") -> str:
    """The message of the refusal, which `differentiable` must foresee too."""
    with pytest.raises(UnsupportedOperatorError) as caught:
        gradient_model(network, [Term(layer)])
    assert differentiable(network, [layer])[layer] is not None
    return str(caught.value)


def test_whole_numbers_stop_the_gradient() -> None:
    """A cast to integers, or an index output, has no gradient."""
    network = model_of("i = Cast<to=6>(image) y = Cast<to=1>(i)")
    assert "has no gradient with respect to the image" in refusal(network)
    network = model_of("p, where = MaxPool<kernel_shape=[2,2]>(image) y = Cast<to=1>(where)")
    assert "has no gradient with respect to the image" in refusal(network)


def test_subgraph_that_reads_the_image_is_refused() -> None:
    """What an If captures is on the way, so its gradient must not be lost in silence."""
    network = model_of("same = Identity(image)")
    branch = helper.make_graph(
        [helper.make_node("Relu", ["image"], ["inner"])],
        "b",
        [],
        [onnx.ValueInfoProto(name="inner")],
    )
    yes = onnx.numpy_helper.from_array(np.array(True), "yes")
    network.graph.initializer.append(yes)
    network.graph.node.extend(
        [
            helper.make_node("If", ["yes"], ["z"], then_branch=branch, else_branch=branch),
            helper.make_node("Add", ["same", "z"], ["y"]),
        ]
    )
    assert re.search(r"If \(node 'z'\) has no gradient: it runs subgraphs", refusal(network))


def test_second_output_of_a_normalisation_is_refused() -> None:
    """Its rule is for the first output; a gradient at another must not be dropped."""
    network = model_of("n, mean = LayerNormalization<axis=1>(image, scale) y = Add(n, mean)")
    scale = onnx.numpy_helper.from_array(np.ones(24, np.float32), "scale")
    network.graph.initializer.append(scale)
    with pytest.raises(UnsupportedOperatorError, match="first output only"):
        gradient_model(network, [Term("y")])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("y = Foo(image)", r"Foo \(node 'y'\) has no gradient rule"),
        ("y, m, v = BatchNormalization<training_mode=1>(image, s, s, s, s)", "training mode"),
    ],
)
def test_refusal_where_inference_knows_no_types(body: str, message: str) -> None:
    """An operator that shape inference cannot see through is refused by its name all the same."""
    network = model_of(body)
    one = onnx.numpy_helper.from_array(np.ones(3, np.float32), "s")
    network.graph.initializer.append(one)
    with pytest.raises(UnsupportedOperatorError, match=message):
        gradient_model(network, [Term("y")])


def test_layers_called_like_our_outputs_make_way() -> None:
    """A network with tensors named loss and gradient is differentiated; they are not outputs."""
    network = model_of("loss = Tanh(image) gradient = Relu(loss) y = Neg(gradient)")
    model = gradient_model(network, [Term("loss"), Term("gradient", 0.5)])
    onnx.checker.check_model(model, full_check=True)
    plain = gradient_model(model_of("a = Tanh(image) b = Relu(a)"), [Term("a"), Term("b", 0.5)])
    ours, expected = run(model, IMAGE), run(plain, IMAGE)
    for left, right in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(left, right)
    with pytest.raises(LayerError, match="cannot be an output"):
        gradient_model(network, [Term("y")], ["loss"])


@pytest.mark.parametrize("kind", ["FLOAT16", "DOUBLE"])
def test_layer_of_another_float_type_can_be_dreamed(kind: str) -> None:
    """The network computes in float16 or float64 inside; loss and gradient are float32."""
    number = onnx.TensorProto.DataType.Value(kind)
    body = (
        f"h = Cast<to={number}>(image) p = MaxPool<kernel_shape=[2,2], strides=[2,2]>(h) "
        "t = Tanh(p) y = Cast<to=1>(t)"
    )
    model = gradient_model(model_of(body), [Term("t"), Term("y", 0.5)])
    onnx.checker.check_model(model, full_check=True)
    plain = gradient_model(
        model_of("p = MaxPool<kernel_shape=[2,2], strides=[2,2]>(image) y = Tanh(p)"),
        [Term("y", 1.5)],
    )
    (loss, gradient), (wanted, expected) = run(model, IMAGE), run(plain, IMAGE)
    assert loss.dtype == gradient.dtype == np.float32
    assert float(loss) == pytest.approx(float(wanted), rel=2e-3)
    assert np.abs(gradient - expected).max() <= 5e-3 * np.abs(expected).max()


def test_pool_that_rounds_up_over_padding_at_known_size() -> None:
    """Inference counts a last window that ONNX Runtime drops; known and open sizes agree."""
    body = "y = MaxPool<ceil_mode=1, kernel_shape=[2,2], strides=[3,3], pads=[1,1,1,1]>(image)"
    image = np.random.default_rng(1).random((2, 3, 18, 20)).astype(np.float32)
    network = model_of(body)
    expected = run(gradient_model(network, [Term("y")]), image, "gradient")[0]
    fixed = gradient_model(_with_size(network, image.shape), [Term("y")])
    np.testing.assert_array_equal(run(fixed, image, "gradient")[0], expected)


@pytest.mark.parametrize(
    "body",
    [
        "a = MaxPool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(image) "
        "b = AveragePool<kernel_shape=[2,2], strides=[2,2], ceil_mode=1>(image) y = Add(a, b)",
        "a = Sin(image) s = GlobalAveragePool(a) y = Mul(a, s)",
        "a = Sin(image) s = ReduceMean<keepdims=1>(a, rows) y = Div(a, s)",
        "a = Sin(image) s = ReduceMax<keepdims=1>(a, channels) y = Sub(s, a)",
    ],
)
def test_shapes_are_tried_where_sizes_are_symbolic(body: str) -> None:
    """Sums over broadcast axes are known in advance, as runtimes such as OpenVINO need them."""
    network = parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] y)
        <int64[1] rows = {{2}}, int64[1] channels = {{1}}> {{ {body} }}"""
    )
    image = np.ascontiguousarray(IMAGE[:1, :, :17])
    terms = [Term("y")]
    symbolic, fixed = (gradient_model(network, terms, size=size) for size in (None, (17, 24)))
    assert "NonZero" not in {node.op_type for node in symbolic.graph.node}
    found, expected = (run(model, image, "gradient")[0] for model in (symbolic, fixed))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_max_pool_that_already_gives_indices() -> None:
    """A second output that the network uses itself is kept and used."""
    network = model_of(
        "y, where = MaxPool<kernel_shape=[2,2], strides=[2,2]>(image)",
        "float[n,c,h,w] y, int64[n,c,h,w] where",
    )
    model = gradient_model(network, [Term("y")], ["where"])
    gradient = run(model, IMAGE, "gradient")[0]
    assert (np.count_nonzero(gradient.reshape(2, 3, 10, 2, 12, 2), axis=(3, 5)) == 1).all()


@pytest.mark.parametrize("opset", [18, 20, 21])
def test_newer_opsets_are_differentiated_as_they_are(opset: int) -> None:
    """The gradient keeps the network's own operator set."""
    network = small_model()
    network.opset_import[0].version = opset
    model = gradient_model(network, [Term("deep")])
    assert model.opset_import[0].version == opset
    onnx.checker.check_model(model, full_check=True)
    assert run(model, IMAGE, "gradient")[0].shape == IMAGE.shape


def test_default_network_gradient_file_stands_alone() -> None:
    """The shipped network's model is checked in full; known sizes give what symbols give."""
    network = Network("inception_v3_mixed5")
    terms = [Term("mixed3"), Term("mixed5", 0.5)]
    model = gradient_model(network.model, terms)
    onnx.checker.check_model(model, full_check=True)
    assert {n.domain for n in model.graph.node} == {""}
    image = np.random.default_rng(0).random((1, 3, 101, 90)).astype(np.float32)
    loss, gradient = run(model, image)
    fixed = gradient_model(_with_size(network.model, image.shape), terms)
    fixed_loss, fixed_gradient = run(fixed, image)
    assert float(fixed_loss) == pytest.approx(float(loss), rel=1e-5)
    assert np.abs(fixed_gradient - gradient).max() <= 1e-4 * np.abs(gradient).max()


def _with_size(network: onnx.ModelProto, shape: tuple[int, ...]) -> onnx.ModelProto:
    fixed = onnx.ModelProto()
    fixed.CopyFrom(network)
    del fixed.graph.input[:]
    fixed.graph.input.append(helper.make_tensor_value_info("image", 1, shape))
    del fixed.graph.value_info[:]
    return fixed
