"""Natural colors: the directions of a gradient, and of noise, as photos have them."""

from __future__ import annotations

import numpy as np

from dreamlayer.core.ascent.colors import color_matrix, mix_colors, starting_noise
from dreamlayer.core.images.arrays import noise
from dreamlayer.core.recipe.recipe import Recipe

RNG = np.random.default_rng(2)
NATURAL = Recipe(colors="natural")
LUCID = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])


def test_step_is_the_one_of_a_decorrelated_space() -> None:
    """A picture c = S·u: a step along the gradient with respect to u changes c by S·Sᵀ·g."""
    root = LUCID / np.sqrt((LUCID**2).sum(axis=0)).max()
    gradient = RNG.normal(size=(3, 5, 600)).astype(np.float32)
    expected = np.einsum("ij,kj,khw->ihw", root, root, gradient)
    matrix, mixed = color_matrix(NATURAL), gradient.copy()
    assert matrix is not None
    mix_colors(mixed, matrix)
    np.testing.assert_allclose(mixed, expected, atol=1e-6)


def test_colors_shrink_and_luminance_stays() -> None:
    """Gray directions survive, and saturated ones take a tenth of their part."""
    matrix = color_matrix(NATURAL)
    assert matrix is not None
    gray, red_green = np.ones(3) / np.sqrt(3), np.array([1, -1, 0]) / np.sqrt(2)
    kept, lost = np.linalg.norm(matrix @ gray), np.linalg.norm(matrix @ red_green)
    assert kept > 0.95
    assert lost < 0.1 * kept


def test_free_colors_are_left_and_kept_ones_have_no_color() -> None:
    """No matrix at all; or the same change of red, green and blue."""
    assert color_matrix(NATURAL.replace(colors="free")) is None
    matrix = color_matrix(NATURAL.replace(colors="free", keep_colors=True))
    np.testing.assert_allclose(matrix, np.full((3, 3), 1 / 3))


def test_noise_has_the_colors_of_photos() -> None:
    """Its channels are correlated, with the contrast and the bounds of free noise."""
    free, natural = (
        starting_noise((200, 200), NATURAL.replace(colors=colors), np.random.default_rng(1))
        for colors in ("free", "natural")
    )
    np.testing.assert_array_equal(free, noise((200, 200), 0.4, 0.6, np.random.default_rng(1)))
    between = np.corrcoef(natural.reshape(3, -1))[np.triu_indices(3, 1)]
    assert (between > 0.7).all()
    assert np.abs(np.corrcoef(free.reshape(3, -1))[np.triu_indices(3, 1)]).max() < 0.05
    np.testing.assert_allclose(natural.std(axis=(1, 2)), free.std(axis=(1, 2)), rtol=0.05)
    assert np.float32(0.4) <= natural.min() <= natural.max() <= np.float32(0.6)
