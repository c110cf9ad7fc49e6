"""`dream` as a library: kinds of images, masks, determinism, replay."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dreamlayer import Recipe, Term, dream, read, write
from dreamlayer.core.ascent.loop import Callbacks
from dreamlayer.core.ascent.preview import Preview
from dreamlayer.core.dreaming.dreamer import Dreamer, noise_picture
from dreamlayer.core.errors import CancelledError, ImageError, NetworkError
from dreamlayer.core.images.arrays import as_float
from dreamlayer.core.images.compact import compacted
from dreamlayer.core.network.files import SHIPPED
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.presets import parse

RNG = np.random.default_rng(0)
PHOTO = RNG.random((40, 56, 3)).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_array_comes_back_as_it_came(dtype: type, recipe: Recipe) -> None:
    """Type and shape are kept, and the picture changes."""
    top = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    image = (PHOTO * top).astype(dtype)
    result = dream(image, recipe)
    assert result.dtype == image.dtype
    assert result.shape == image.shape
    assert (result != image).mean() > 0.5


def test_picture_comes_back_with_its_recipe(coffee: Path, recipe: Recipe) -> None:
    """A Picture keeps what its file carried, and gets the recipe."""
    picture = read(coffee)
    result = dream(picture, recipe)
    assert parse(str(result.recipe)) == recipe
    assert result.exif == picture.exif
    assert result.pixels.shape == picture.pixels.shape


def test_same_seed_same_bytes(recipe: Recipe) -> None:
    """Twice the same call gives bit-identical pixels; another seed does not."""
    first, second = dream(PHOTO, recipe), dream(PHOTO, recipe)
    np.testing.assert_array_equal(first, second)
    assert (dream(PHOTO, recipe.replace(seed=1)) != first).any()


def test_same_seed_same_bytes_on_the_default_network() -> None:
    """The shipped network on all threads is deterministic too."""
    chosen = Recipe(octaves=2, steps=2)
    np.testing.assert_array_equal(dream(PHOTO, chosen), dream(PHOTO, chosen))


def test_circumstances_do_not_change_a_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the number of threads, nor the cache, nor what was dreamed before."""
    chosen = Recipe(steps=2, max_side=200)
    photo = np.clip(RNG.random((150, 200, 3)), 0, 1).astype(np.float32)
    expected = Dreamer("default", "cpu", 1).dream(photo, chosen)
    many = Dreamer("default", "cpu", os.cpu_count() or 1)
    many.dream(photo[::-1].copy(), chosen)
    np.testing.assert_array_equal(many.dream(photo, chosen), expected)
    monkeypatch.setenv("DREAMLAYER_CACHE", "off")
    np.testing.assert_array_equal(Dreamer("default", "cpu").dream(photo, chosen), expected)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"max_side": 30},
        {"start": "noise"},
        {"protect": "dark"},
        {"keep_colors": True},
        {"scheme": "laplacian", "octaves": 2},
        {"scheme": "recursive", "octaves": 2, "blur": 0.5},
        {"strength": 0.0},
    ],
)
def test_compact_pixels_give_the_same(parameters: dict[str, Any], recipe: Recipe) -> None:
    """With and without a mask and transparency, to the last bit."""
    levels = (PHOTO * 255).astype(np.uint8)
    pixels = as_float(levels)
    compact = compacted(pixels)
    assert compact is not None
    chosen, dreamer = recipe.replace(**parameters), Dreamer(network_of(recipe), "cpu")
    mask = np.zeros(PHOTO.shape[:2], np.float32)
    mask[:, 20:] = 0.5
    for given in ({}, {"mask": mask}, {"alpha": (mask * 255).astype(np.uint8)}):
        expected = dreamer.dream(pixels, chosen, **given)
        np.testing.assert_array_equal(dreamer.dream(compact, chosen, **given), expected)


def test_zero_steps_change_nothing(recipe: Recipe) -> None:
    """The identity recipe is one."""
    np.testing.assert_array_equal(dream(PHOTO, recipe.replace(steps=0)), PHOTO)


def test_no_strength_changes_no_bit(recipe: Recipe) -> None:
    """Not even values that arithmetic would round."""
    image = PHOTO.copy()
    image[0, 0] = (-0.0, 3e38, 1e-40)
    assert dream(image, recipe.replace(strength=0.0)).tobytes() == image.tobytes()


def test_half_the_strength_is_half_the_change(recipe: Recipe) -> None:
    """To rounding."""
    whole, half = dream(PHOTO, recipe), dream(PHOTO, recipe.replace(strength=0.5))
    np.testing.assert_allclose(half - PHOTO, (whole - PHOTO) / 2, atol=1e-6)


def test_last_preview_is_the_result(recipe: Recipe) -> None:
    """One after each octave, all of one size, the last one what is returned."""
    shown: list[Preview] = []
    mask = np.linspace(0, 1, PHOTO[:, :, 0].size, dtype=np.float32).reshape(PHOTO.shape[:2])
    result = Dreamer(network_of(recipe)).dream(
        PHOTO,
        recipe.replace(strength=0.7),
        mask=mask,
        callbacks=Callbacks(on_preview=shown.append),
        preview_side=999,
    )
    assert [(p.octave, p.octaves) for p in shown] == [(1, 2), (2, 2)]
    expected = np.rint(np.clip(result, 0, 1) * 255)
    np.testing.assert_allclose(shown[-1].pixels, expected, atol=1)


def test_previews_have_the_colors_of_hidden_pixels(recipe: Recipe) -> None:
    """What is transparent looks as in the picture, whatever the dream takes in its place."""
    shown: list[Preview] = []
    alpha = np.ones(PHOTO.shape[:2], np.float32)
    alpha[:20], alpha[20:24] = 0, 0.3
    result = Dreamer(network_of(recipe)).dream(
        PHOTO,
        recipe,
        alpha=alpha,
        callbacks=Callbacks(on_preview=shown.append),
        preview_side=999,
    )
    own = np.rint(np.clip(PHOTO, 0, 1) * 255)
    for preview in shown:
        np.testing.assert_array_equal(preview.pixels[:20], own[:20])
    np.testing.assert_allclose(shown[-1].pixels, np.rint(np.clip(result, 0, 1) * 255), atol=1)


def test_few_objectives_are_kept(recipe: Recipe) -> None:
    """Whoever tries many layers does not fill the memory; the latest ones stay at hand."""
    dreamer = Dreamer(network_of(recipe))
    tried = [recipe.replace(layers=(Term("deep", weight),)) for weight in range(1, 7)]
    for one in [*tried, tried[3]]:
        dreamer.objective(one)
    assert [dreamer.is_warm(one) for one in tried] == [False, False, True, True, True, True]
    dreamer.objective(tried[0])
    assert dreamer.is_warm(tried[3])
    assert not dreamer.is_warm(tried[2])
    dreamer.forget(but=tried[3])
    assert [dreamer.is_warm(one) for one in tried].count(True) == 1


def test_values_beyond_white_survive(recipe: Recipe) -> None:
    """A wide-gamut pixel gets the change of its clipped self, and stays beyond."""
    image = PHOTO.copy()
    image[5:9, 5:9] = 2.5
    clipped = np.clip(image, 0, 1)
    expected = image + (dream(clipped, recipe) - clipped)
    np.testing.assert_allclose(dream(image, recipe), expected, atol=1e-6)


def test_input_array_is_not_changed(recipe: Recipe) -> None:
    """The caller's pixels stay as they were."""
    copy = PHOTO.copy()
    dream(PHOTO, recipe, mask=np.full(PHOTO.shape[:2], 0.5, np.float32))
    np.testing.assert_array_equal(PHOTO, copy)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4,), np.float32), r"\[height, width\], or .*, but has \[4\]"),
        (np.zeros((4, 5, 6), np.float32), r"but has \[4, 5, 6\]"),
        (np.zeros((0, 5, 3), np.float32), "but has"),
        (np.zeros((4, 5, 3), np.int32), "holds int32"),
        (np.full((4, 5, 3), np.nan, np.float32), "not finite"),
    ],
)
def test_bad_image_is_one_sentence(image: np.ndarray, message: str, recipe: Recipe) -> None:
    """Shape, type and values are checked before any work."""
    with pytest.raises(ImageError, match=message):
        dream(image, recipe)


def test_mask_of_another_size_is_refused(recipe: Recipe) -> None:
    """A mask belongs to its image."""
    with pytest.raises(ImageError, match=r"\[40, 56\], but has \[4, 4\]"):
        dream(PHOTO, recipe, mask=np.ones((4, 4), np.float32))


@pytest.mark.parametrize("value", [np.int64(200), np.float32(1.5), np.float32("nan")])
def test_mask_of_other_values_is_refused(value: np.generic, recipe: Recipe) -> None:
    """A mask beyond 1 would multiply the change."""
    with pytest.raises(ImageError, match=r"from 0 .* to 1"):
        dream(PHOTO, recipe, mask=np.full(PHOTO.shape[:2], value))


def test_pillow_image_is_an_array(recipe: Recipe) -> None:
    """What numpy can read as an array is dreamed as one."""
    image = Image.fromarray((PHOTO * 255).astype(np.uint8))
    np.testing.assert_array_equal(dream(image, recipe), dream(np.asarray(image), recipe))


def test_cancel_reaches_through(recipe: Recipe) -> None:
    """The library call can be stopped."""
    with pytest.raises(CancelledError):
        dream(PHOTO, recipe, cancelled=lambda: True)


def test_unknown_network_in_a_recipe() -> None:
    """The recipe's network is looked up by the same rules."""
    with pytest.raises(NetworkError, match="no network is called"):
        dream(PHOTO, Recipe(network="nowhere"))


def test_written_dream_can_be_replayed(tmp_path: Path, coffee: Path, recipe: Recipe) -> None:
    """The recipe read back from the picture makes the same picture."""
    write(dream(read(coffee), recipe), tmp_path / "a.png")
    again = parse(str(read(tmp_path / "a.png").recipe))
    write(dream(read(coffee), again), tmp_path / "b.png")
    a, b = read(tmp_path / "a.png"), read(tmp_path / "b.png")
    np.testing.assert_array_equal(a.pixels, b.pixels)


def test_public_names_are_all_there() -> None:
    """The facade offers what it lists; `core` is its short name in a checkout."""
    import core
    import dreamlayer

    for name in dreamlayer.__all__:
        assert getattr(dreamlayer, name) is not None
        assert getattr(dreamlayer, name) is getattr(core, name)
    with pytest.raises(AttributeError, match="has no attribute"):
        _ = dreamlayer.nonsense


def test_noise_start_does_not_see_the_picture(recipe: Recipe) -> None:
    """Two pictures of one size become the same dream; strength mixes the picture back in."""
    recipe = recipe.replace(start="noise")
    dreamer = Dreamer(network_of(recipe), "cpu")
    one, two = dreamer.dream(PHOTO, recipe), dreamer.dream(1 - PHOTO, recipe)
    np.testing.assert_allclose(one, two, atol=1e-6)
    half = dreamer.dream(PHOTO, recipe.replace(strength=0.5))
    np.testing.assert_allclose(half, (PHOTO + one) / 2, atol=1e-6)


def test_noise_picture_has_the_recipes_size_and_range(recipe: Recipe) -> None:
    """The same for the same seed, another for another."""
    recipe = recipe.replace(canvas=33, noise_low=0.25, noise_high=0.5)
    noise = noise_picture(recipe)
    assert noise.shape == (33, 33, 3)
    assert 0.25 <= noise.min() < 0.27 < 0.48 < noise.max() <= 0.5
    np.testing.assert_array_equal(noise, noise_picture(recipe))
    assert np.abs(noise - noise_picture(recipe.replace(seed=1))).max() > 0.1


def test_larger_pictures_are_dreamt_at_the_max_side(recipe: Recipe) -> None:
    """The change is enlarged and added to the picture's own pixels; a mask still holds."""
    recipe = recipe.replace(max_side=28)
    mask = np.zeros(PHOTO.shape[:2], np.float32)
    mask[:, 20:] = 1
    dreamt = Dreamer(network_of(recipe), "cpu").dream(PHOTO, recipe, mask=mask)
    assert dreamt.shape == PHOTO.shape
    np.testing.assert_array_equal(dreamt[:, :20], PHOTO[:, :20])
    change = (dreamt - PHOTO)[:, 24:]
    assert np.abs(change).mean() > 0.005
    # Enlarged twice, so that neighbours change nearly alike.
    assert np.abs(np.diff(change, axis=1)).mean() < np.abs(change).mean()


def test_noise_dream_is_compared_with_the_picture(recipe: Recipe) -> None:
    """`original` from noise finds the picture again, not the noise."""
    recipe = recipe.replace(
        layers=(Term("image", kind="original"),), start="noise", octaves=1, steps=60, smoothing=0.0
    )
    dreamt = Dreamer(network_of(recipe), "cpu").dream(PHOTO, recipe)
    noise = np.abs(PHOTO - 0.5).mean()
    assert np.abs(dreamt - PHOTO).mean() < 0.2 * noise


def test_noise_dream_at_a_max_side_holds_nothing_of_the_picture(recipe: Recipe) -> None:
    """Its detail does not come back with the enlargement."""
    recipe = recipe.replace(start="noise", max_side=28)
    dreamer = Dreamer(network_of(recipe), "cpu")
    one, two = dreamer.dream(PHOTO, recipe), dreamer.dream(1 - PHOTO, recipe)
    np.testing.assert_allclose(one, two, atol=1e-6)


def test_missing_network_file_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also that of the network that should be there."""
    for name in SHIPPED:
        monkeypatch.setitem(SHIPPED, name, Path("gone.onnx"))
    with pytest.raises(NetworkError, match=r"gone\.onnx' cannot be read"):
        dream(PHOTO)
