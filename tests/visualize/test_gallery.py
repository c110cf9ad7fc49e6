"""The gallery: which layers and channels it offers, and the pictures that it dreams."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import parser
from provider_rows import change_row

import dreamlayer.core.network.gradient_session as gradient_session
from dreamlayer.core.ascent.progress import Progress
from dreamlayer.core.dreaming.dreamer import Dreamer, noise_picture
from dreamlayer.core.errors import CancelledError, LayerError
from dreamlayer.core.graph.sizes import shapes_at
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.visualize.gallery import RECIPE, Gallery, gallery_layout, gallery_sheet, label
from dreamlayer.core.visualize.layers import before_relu, channel_terms, whole_layers

QUICK = RECIPE.replace(octaves=2, steps=2, canvas=40)

_BRANCHES = """
<ir_version: 8, opset_import: ["" : 18]>
branches (float[batch,3,height,width] image) => (float[n,c,h,w] joined)
<float[4,3,3,3] w1, float[5,4,1,1] w2, float[6,4,3,3] w3> {
  stem_conv = Conv<pads=[1,1,1,1]>(image, w1)
  stem = Relu(stem_conv)
  left_conv = Conv(stem, w2)
  left = Relu(left_conv)
  right_conv = Conv<pads=[1,1,1,1]>(stem, w3)
  right = Relu(right_conv)
  pool = MaxPool<kernel_shape=[3,3], pads=[1,1,1,1]>(stem)
  joined = Concat<axis=1>(left, right, pool)
}
"""


@pytest.fixture
def branches(tmp_path: Path) -> Network:
    """A stem and a block of three branches: 5, 6 and 4 channels."""
    model = parser.parse_model(_BRANCHES)
    rng = np.random.default_rng(0)
    for name, shape in (("w1", (4, 3, 3, 3)), ("w2", (5, 4, 1, 1)), ("w3", (6, 4, 3, 3))):
        weights = (rng.standard_normal(shape) * 0.4).astype(np.float32)
        model.graph.initializer.append(onnx.numpy_helper.from_array(weights, name))
    onnx.save(model, tmp_path / "branches.onnx")
    return Network(str(tmp_path / "branches.onnx"))


def test_main_layers_are_the_ends_of_blocks(branches: Network) -> None:
    """Branches within a block, pools, and convolutions before their activation are left out."""
    assert [term.layer for term in whole_layers(branches)] == ["stem", "joined"]
    assert len(whole_layers(branches, everything=True)) == len(branches.layer_names)


def test_main_layers_of_the_shipped_network() -> None:
    """The stem's activations and the six blocks."""
    names = [term.layer for term in whole_layers(Network("inception_v3_mixed5"))]
    assert names[-6:] == [f"mixed{i}" for i in range(6)]
    assert len(names) == 11


def test_main_layers_of_mobilenet_are_its_activations() -> None:
    """Blocks end without one; the first after each takes its place, each once."""
    names = [term.layer for term in whole_layers(Network("mobilenet_v2_block13"))]
    assert len(names) == 20
    assert all(name.endswith("_relu") for name in names)
    assert {term.layer for term in Recipe().layers} <= {*names}


@pytest.mark.parametrize(
    ("channel", "source"),
    [
        (2, ("left_conv", 2)),
        (5, ("right_conv", 0)),
        (10, ("right_conv", 5)),
        (12, ("stem_conv", 1)),
    ],
)
def test_channels_are_followed_to_before_their_relu(
    branches: Network, channel: int, source: tuple[str, int]
) -> None:
    """Through joined branches and pools."""
    shapes = shapes_at(branches.model, 64)
    assert before_relu(branches.model, shapes, "joined", channel) == source


@pytest.mark.parametrize(
    ("clip", "source"),
    [
        ("Clip(norm, zero, six)", "norm"),
        ("Clip(norm, zero)", "norm"),
        ("Clip(norm, minus, six)", "layer"),
        ("Clip(norm, , six)", "layer"),
        ("Clip(norm)", "layer"),
    ],
)
def test_a_clip_from_zero_is_a_relu(clip: str, source: str) -> None:
    """ReLU6, also behind a batch norm; a clip from elsewhere is none."""
    model = parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        clipped (float[1,3,64,64] image) => (float[1,3,64,64] layer)
        <float zero = {{0}}, float six = {{6}}, float[3] one = {{1,1,1}}> {{
          minus = Constant<value = float {{-1}}>()
          norm = BatchNormalization(image, one, one, one, one)
          layer = {clip}
        }}"""
    )
    assert before_relu(model, shapes_at(model, 64), "layer", 1) == (source, 1)


def test_a_relu_before_a_clip_is_passed_too() -> None:
    """The form that TensorFlow's converter gives a ReLU6."""
    model = parser.parse_model(
        """<ir_version: 8, opset_import: ["" : 18]>
        clipped (float[1,3,64,64] image) => (float[1,3,64,64] layer)
        <float zero = {0}, float six = {6}, float[3,3,1,1] w> {
          conv = Conv(image, w)
          relu = Relu(conv)
          layer = Clip(relu, zero, six)
        }"""
    )
    assert before_relu(model, shapes_at(model, 64), "layer", 2) == ("conv", 2)


def test_channels_without_a_relu_are_taken_as_they_are(small_network: Path) -> None:
    """A tanh hides nothing, and neither does a convolution."""
    model = Network(str(small_network)).model
    shapes = shapes_at(model, 64)
    for layer in ("deep", "first_conv"):
        assert before_relu(model, shapes, layer, 3) == (layer, 3)


def test_a_picture_is_what_its_recipe_makes(branches: Network) -> None:
    """One session for many channels gives what a dream of each alone gives."""
    terms = [*channel_terms(branches, "joined", (1, 3, 7))[0], Term("stem")]
    dreamer = Dreamer(branches)
    for one in Gallery(branches, QUICK).dream(terms):
        alone = dreamer.dream(noise_picture(one.recipe), one.recipe)
        np.testing.assert_allclose(one.pixels, np.clip(alone, 0, 1) * 255, atol=1.5)


def test_steps_are_smaller_near_the_image() -> None:
    """The square root of the stride, up to 16, which is that of the deeper layers."""
    gallery = Gallery(Network("mobilenet_v2_block13"))
    layers = ("block_2_expand_relu", "block_11_expand_relu", "block_13_depthwise_relu")
    steps = [gallery.recipe_of(Term(layer)).step_size for layer in layers]
    assert steps == [RECIPE.step_size / 2, RECIPE.step_size, RECIPE.step_size]


def test_pictures_have_natural_colors() -> None:
    """Little of the color that a gradient has by itself, and few pixels clipped."""
    network, terms = Network("mobilenet_v2_block13"), [Term("block_8_expand_relu")]
    short = RECIPE.replace(octaves=2, canvas=96)
    (natural,) = Gallery(network, short).dream(terms)
    (free,) = Gallery(network, short.replace(colors="free")).dream(terms)

    def colorfulness(pixels: np.ndarray) -> float:
        return float(np.ptp(pixels.astype(float), axis=2).mean())

    assert colorfulness(natural.pixels) < colorfulness(free.pixels) / 3
    assert np.isin(natural.pixels, (0, 255)).any(axis=2).mean() < 0.02


def test_many_channels_have_one_session(branches: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pictures there are; none depends on those before it."""
    # Two steps on 40 × 40 pixels are not worth a session of their own, but six would be.
    change_row(monkeypatch, "cpu", own_size_pays=4 * 40 * 40)
    opened = []
    real = gradient_session.open_session

    def noted(*given: object) -> object:
        opened.append(given)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(gradient_session, "open_session", noted)
    terms = channel_terms(branches, "joined", (7, 8, 9, 10))[0]
    last = list(Gallery(branches, QUICK).dream(terms))[-1]
    assert len(opened) == 1
    (alone,) = Gallery(branches, QUICK).dream(terms[-1:])
    np.testing.assert_array_equal(last.pixels, alone.pixels)


def test_a_channel_without_a_gradient_is_called_silent() -> None:
    """Its picture is the noise; gray leaves more channels so than the strong noise does."""
    network = Network("mobilenet_v2_block13")
    terms = channel_terms(network, "block_10_depthwise_relu", (5,))[0]
    weak = RECIPE.replace(noise_low=0.5, noise_high=0.5, octaves=1, steps=2, canvas=96)
    (flat,) = Gallery(network, weak).dream(terms)
    assert label(flat) == "5 (silent)"
    assert np.ptp(flat.pixels) == 0
    strong = weak.replace(noise_low=RECIPE.noise_low, noise_high=RECIPE.noise_high)
    (woken,) = Gallery(network, strong).dream(terms)
    assert label(woken) == "5"


def test_progress_is_that_of_the_whole(small_network: Path) -> None:
    """The fraction rises from picture to picture and ends at 1."""
    network = Network(str(small_network))
    seen: list[Progress] = []
    pictures = list(Gallery(network, QUICK).dream(channel_terms(network, "deep")[0], seen.append))
    fractions = [progress.fraction for progress in seen]
    assert len(pictures) == 8
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)


def test_it_can_be_cancelled(small_network: Path) -> None:
    """Between two tiles, in any picture."""
    network = Network(str(small_network))
    dreamt = Gallery(network, QUICK).dream([Term("deep"), Term("first")], cancelled=lambda: True)
    with pytest.raises(CancelledError):
        next(dreamt)


def test_channels_that_are_not_there_are_refused(small_network: Path) -> None:
    """With those that are."""
    network = Network(str(small_network))
    with pytest.raises(LayerError, match="channels 0 to 7 are allowed"):
        channel_terms(network, "deep", (3, 8))
    with pytest.raises(LayerError, match="no layer 'dep'"):
        channel_terms(network, "dep")
    terms, count = channel_terms(network, "deep", most=3)
    assert [term.channels for term in terms] == [(0,), (1,), (2,)]
    assert count == 8


def test_the_sheet_shows_the_pictures(small_network: Path) -> None:
    """Each at its place; channels of several layers say which in small print."""
    network = Network(str(small_network))
    terms = [*channel_terms(network, "deep", (3,))[0], *channel_terms(network, "first", (1,))[0]]
    pictures = list(Gallery(network, QUICK).dream(terms))
    layout = gallery_layout(terms, 40)
    sheet = gallery_sheet(pictures, layout, "Title", ["line"], ["deep", "first"])
    assert layout.notes
    for i, one in enumerate(pictures):
        top, left = layout.place(i)
        np.testing.assert_array_equal(sheet[top : top + 40, left : left + 40], one.pixels)
    assert [label(one) for one in pictures] == ["3", "1"]
