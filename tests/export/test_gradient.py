"""Stand-alone gradient models: what they take and give, in plain ONNX Runtime."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from classifier import classifier
from numpy.typing import NDArray
from small_network import small_model

from dreamlayer.core.errors import LayerError, NetworkError, OptionError, OutputError
from dreamlayer.export.gradient.command import run
from dreamlayer.export.gradient.request import Request

Array = NDArray[np.float32]


def export(network: str | Path, *layers: str, folder: Path, **options: object) -> list[str]:
    """Export into ``gradient.onnx``; returns what was printed."""
    request = Request(str(network), layers, folder / "gradient.onnx", **options)  # type: ignore[arg-type]
    return list(run(request))


def results(folder: Path, image: Array, **others: Array) -> dict[str, Array]:
    """All outputs of ``gradient.onnx``, on plain ONNX Runtime."""
    session = ort.InferenceSession(folder / "gradient.onnx", providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"image": image, **others}), strict=True))


def noise(*size: int, batch: int = 1) -> Array:
    return np.random.default_rng(0).random((batch, 3, *size), dtype=np.float32)


def climbs(folder: Path, image: Array, **others: Array) -> bool:
    """Whether a small step along the gradient changes the loss by what the gradient says."""
    found = results(folder, image, **others)
    step = found["gradient"] * np.float32(1e-3 / np.abs(found["gradient"]).max())
    higher = results(folder, image + step, **others)["loss"]
    return bool(higher - found["loss"] == pytest.approx((found["gradient"] * step).sum(), rel=0.1))


@pytest.fixture
def classifiers(tmp_path: Path) -> Path:
    """A folder with ``any.onnx`` and ``one.onnx``, for images of any and of one size."""
    for head in ("any", "one"):
        onnx.save(classifier(head), tmp_path / f"{head}.onnx")
    return tmp_path


def test_gradient_model_stands_alone(tmp_path: Path) -> None:
    """The file passes the checker in full, runs on plain ONNX Runtime, and its gradient climbs."""
    layers = ["mixed3:1:3-7+9:mean", "mixed1:-0.1::mean"]
    (told,) = export("default", *layers, folder=tmp_path, taps=("mixed0",))
    assert "outputs loss, gradient, mixed0" in told
    onnx.checker.check_model(onnx.load(tmp_path / "gradient.onnx"), full_check=True)
    image = noise(96, 80)
    found = results(tmp_path, image)
    assert found["gradient"].shape == image.shape
    assert found["mixed0"].shape[:2] == (1, 256)
    assert climbs(tmp_path, image)


@pytest.mark.parametrize("fold", [False, True])
@pytest.mark.parametrize("variant", ["portable", "blocked", "indices"])
@pytest.mark.parametrize("layer", ["block_11_expand", "mixed3"])
def test_all_forms_give_the_same(layer: str, variant: str, fold: bool, tmp_path: Path) -> None:
    """For any size and for one, folded or not, in each variant; no arithmetic on sizes is left."""
    image = noise(96, 80)
    export("default", layer, folder=tmp_path)
    expected = results(tmp_path, image)
    for size in (None, (96, 80)):
        export("default", layer, folder=tmp_path, variant=variant, fold=fold, size=size)
        found = results(tmp_path, image)
        assert found["loss"] == pytest.approx(expected["loss"], rel=1e-5)
        difference = np.abs(found["gradient"] - expected["gradient"]).max()
        assert difference <= 1e-5 * np.abs(expected["gradient"]).max()
        model = onnx.load(tmp_path / "gradient.onnx")
        used = {node.op_type for node in model.graph.node}
        if size:
            assert not used & {"Shape", "Size", "ReduceProd"}
            shape = model.graph.input[0].type.tensor_type.shape
            assert [dim.dim_value for dim in shape.dim] == [1, 3, *size]
        if fold:
            weights = {tensor.name: tensor for tensor in model.graph.initializer}
            kernels = [n.input[1] for n in model.graph.node if "Conv" in n.op_type]
            assert {weights[name].data_type for name in kernels} == {onnx.TensorProto.FLOAT}


def test_a_batch_gets_the_gradient_of_its_mean(tmp_path: Path) -> None:
    """Of N images each gets one N-th of its own."""
    network = tmp_path / "small.onnx"
    onnx.save(small_model(), network)
    export(network, "deep", folder=tmp_path)
    images = noise(20, 24, batch=3)
    together = results(tmp_path, images)["gradient"]
    alone = np.concatenate([results(tmp_path, image[np.newaxis])["gradient"] for image in images])
    np.testing.assert_allclose(together * 3, alone, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("layer", "size"),
    [
        ("logits:1:281:mean", None),
        ("probabilities:1:281:mean", None),
        ("flat::3-5", None),
        ("probabilities", (33, 40)),
        ("first:0.5::neuron", None),
    ],
)
def test_any_tensor_can_be_climbed(
    layer: str, size: tuple[int, int] | None, classifiers: Path
) -> None:
    """Whatever its rank, alone or with a feature map."""
    image = noise(33, 40)
    export(classifiers / "any.onnx", layer, "deep:0.1", folder=classifiers, size=size)
    assert climbs(classifiers, image)


@pytest.mark.parametrize("kept", [0, 1])
def test_tensors_of_one_axis_and_none(kept: int, tmp_path: Path) -> None:
    """Classes without a batch, of which one is climbed, and a single number."""
    model = classifier(classes=5, end="")
    axes = [0] if kept else [0, 1]
    node = onnx.helper.make_node("ReduceMean", ["logits", "axes"], ["scores"], keepdims=0)
    model.graph.node.append(node)
    tensor = onnx.numpy_helper.from_array(np.array(axes, np.int64), "axes")
    model.graph.initializer.append(tensor)
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_tensor_value_info("scores", 1, [5][:kept]))
    onnx.save(model, tmp_path / "network.onnx")
    term = "scores:1:3:mean" if kept else "scores:1::mean"
    export(tmp_path / "network.onnx", term, folder=tmp_path)
    assert climbs(tmp_path, noise(30, 30))
    with pytest.raises(LayerError, match=r"no channel 5" if kept else "has no channels"):
        export(tmp_path / "network.onnx", "scores:1:5:mean", folder=tmp_path)


def test_a_head_of_one_size_needs_it(classifiers: Path) -> None:
    """Said in one sentence without --size, and for other sizes; with it the gradient is right."""
    one = classifiers / "one.onnx"
    with pytest.raises(NetworkError, match="with --size 32x32"):
        export(one, "logits:1:7:mean", folder=classifiers)
    for wrong in ((64, 64), (32, 40)):
        with pytest.raises(OptionError, match=r"do not exist for images of .* --size 32x32"):
            export(one, "logits:1:7:mean", folder=classifiers, size=wrong)
    assert not (classifiers / "gradient.onnx").exists()
    (told,) = export(one, "logits:1:7:mean", folder=classifiers, size=(32, 32))
    assert "32 pixels high and 32 wide" in told
    assert climbs(classifiers, noise(32, 32))


def test_networks_of_one_size_need_no_option(tmp_path: Path) -> None:
    """What their metadata say is taken; another size is refused."""
    model = small_model()
    dims = model.graph.input[0].type.tensor_type.shape.dim
    for dim, number in zip(dims, (1, 3, 20, 24), strict=True):
        dim.dim_value = number
    model.metadata_props.add(key="dreamlayer.image_size", value="20x24")
    onnx.save(model, tmp_path / "fixed.onnx")
    (told,) = export(tmp_path / "fixed.onnx", "deep", folder=tmp_path)
    assert "20 pixels high and 24 wide" in told
    assert json.loads((tmp_path / "gradient.json").read_text())["size"] == [20, 24]
    assert climbs(tmp_path, noise(20, 24))
    with pytest.raises(OptionError, match="takes images of 24 × 20 pixels only"):
        export(tmp_path / "fixed.onnx", "deep", folder=tmp_path, size=(24, 20))


def test_layers_go_by_their_aliases(tmp_path: Path) -> None:
    """In objectives and taps; the file has the tensors' own names."""
    model = small_model()
    aliases = json.dumps({"block/deep": "deep", "block/first": "first"})
    model.metadata_props.add(key="dreamlayer.aliases", value=aliases)
    onnx.save(model, tmp_path / "small.onnx")
    (told,) = export(tmp_path / "small.onnx", "block/deep", folder=tmp_path, taps=("block/first",))
    assert "outputs loss, gradient, first;" in told
    (term,) = json.loads((tmp_path / "gradient.json").read_text())["objective"]
    assert term["layer"] == "deep"


def test_a_stranger_is_exported_in_a_process_of_its_own(classifiers: Path) -> None:
    """As the command does it: the same file, the same lines, and errors in one sentence."""
    output = classifiers / "gradient.onnx"
    request = Request(str(classifiers / "any.onnx"), (), output, classes=((3, 1.0),))
    told = list(run(request))
    content = output.read_bytes()
    assert list(run(request, isolated=True)) == told
    assert output.read_bytes() == content
    with pytest.raises(LayerError, match="class 1000 is out of range"):
        list(run(replace(request, classes=((1000, 1.0),)), isolated=True))


def test_guides_are_inputs(tmp_path: Path) -> None:
    """A term that compares has another input, which is described and takes any guide."""
    network = tmp_path / "small.onnx"
    onnx.save(small_model(), network)
    export(network, "deep:1::direction", "first:0.1::gram", folder=tmp_path)
    rng = np.random.default_rng(1)
    guides = {
        "guide/deep": rng.random((1, 8, 5, 6), dtype=np.float32),
        "gram/first": rng.random((6, 6), dtype=np.float32),
    }
    assert climbs(tmp_path, noise(12, 16), **guides)
    listed = json.loads((tmp_path / "gradient.json").read_text())["inputs"]
    assert {one["name"]: one.get("reference") for one in listed} == {
        "image": None,
        "guide/deep": {"source": "guide", "layer": "deep"},
        "gram/first": {"source": "gram", "layer": "first"},
    }
    assert listed[1]["shape"] == [1, 8, None, None]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"layers": ("mixd3",)}, LayerError, "mixed3"),
        ({"taps": ("mixd0",)}, LayerError, "mixed0"),
        ({"network": "none.onnx"}, NetworkError, "does not exist"),
        ({"output": "none/g.onnx"}, OutputError, "does not exist"),
        ({"output": "g.json"}, OptionError, "JSON file that describes the model"),
        ({"layers": ()}, OptionError, "--layer mixed3"),
        ({"size": (20, 100)}, OptionError, "too small; these layers need at least"),
        ({"classes": ((3, 1.0),)}, LayerError, "no output that may be classes"),
    ],
)
def test_what_is_refused(
    options: dict[str, object], error: type[Exception], words: str, tmp_path: Path
) -> None:
    """Each bad argument gets its own sentence, and nothing is written."""
    given: dict[str, object] = {"network": "default", "layers": ("mixed3",), **options}
    given["output"] = tmp_path / str(given.get("output", "gradient.onnx"))
    with pytest.raises(error, match=words) as told:
        list(run(Request(**given)))  # type: ignore[arg-type]
    assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_sides_must_be_multiples(tmp_path: Path) -> None:
    """What a network with skips needs is said, with a size that fits."""
    model = small_model()
    model.metadata_props.add(key="dreamlayer.size_multiple", value="8")
    onnx.save(model, tmp_path / "small.onnx")
    with pytest.raises(OptionError, match="multiples of 8 pixels, such as 40x48"):
        export(tmp_path / "small.onnx", "deep", folder=tmp_path, size=(36, 48))


def test_networks_of_others_are_adopted_first(tmp_path: Path) -> None:
    """The sentence has the command."""
    foreign = tmp_path / "foreign.onnx"
    relu = onnx.helper.make_node("Relu", ["x"], ["y"])
    values = [onnx.helper.make_tensor_value_info(n, 1, [1, 3, 8, 8]) for n in "xy"]
    onnx.save(
        onnx.helper.make_model(onnx.helper.make_graph([relu], "g", values[:1], values[1:])), foreign
    )
    with pytest.raises(NetworkError, match="python -m export adopt"):
        export(foreign, "y", folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["foreign.onnx"]
