"""The loss of a style transfer: its terms of content, style and variation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.network.inputs import Reference
from dreamlayer.core.recipe.kinds import ORIGINALS
from dreamlayer.core.recipe.style import PUBLISHED, StyleRecipe
from dreamlayer.core.recipe.term import Term, check_channels
from dreamlayer.core.style.sizes import Size

Array = npt.NDArray[np.float32]
_MIN_SCALE = 1e-12


def terms_of(recipe: StyleRecipe, size: Size, squares: Mapping[Term, float]) -> list[Term]:
    """The terms whose sum is maximized: each is minus a loss.

    As published (titu1994/Neural-Style-Transfer, first version): the content's squared
    differences are summed, a style layer's divided by 4 · 3² · (W · H)², and the variation is
    summed over pixels of 0..255. Relative: the content's mean squared difference is divided by
    the mean square of the content's own activations, a layer's Gram matrices are compared by
    `core.network.objective`'s kind `style`, and the variation is the mean over pixels of 0..1.

    Parameters
    ----------
    recipe : StyleRecipe
        Has layers, weights and the measure.
    size : (int, int)
        Height and width of the picture.
    squares : mapping
        For each content layer of the recipe, the mean square of the content's activations.
    """
    published = recipe.measure == PUBLISHED
    terms = []
    for term, weight in _shared(recipe.content_layers, recipe.content_weight):
        scale = 1.0 if published else max(squares[term], _MIN_SCALE)
        kind = "content" if published else "original"
        terms.append(Term(term.layer, weight / scale, term.channels, kind))
    for term, weight in _shared(recipe.style_layers, recipe.style_weight):
        terms.append(Term(term.layer, weight, term.channels, "gram" if published else "style"))
    if recipe.variation_weight:
        count = 3 * (size[0] - 1) * (size[1] - 1)
        # The kind is a mean over pixels of 0..1.
        scale = count * 255.0 ** (2 * recipe.exponent) if published else 1.0
        weight = recipe.variation_weight * scale
        terms.append(Term(IMAGE, weight, kind="variation", exponent=recipe.exponent))
    return terms


def content_layers(recipe: StyleRecipe) -> list[str]:
    """Layers whose activations for the content are needed, without duplicates."""
    return _names(recipe.content_layers, recipe.content_weight)


def style_layers(recipe: StyleRecipe) -> list[str]:
    """Layers whose Gram matrices for the style pictures are needed, without duplicates."""
    return _names(recipe.style_layers, recipe.style_weight)


def layers_of(recipe: StyleRecipe) -> list[str]:
    """All layers of a recipe, without duplicates."""
    return list(dict.fromkeys([*content_layers(recipe), *style_layers(recipe)]))


def originals(found: Mapping[str, Array]) -> dict[str, Array]:
    """The content's activations under the names of the gradient model's inputs."""
    return {Reference(ORIGINALS, layer).input: maps for layer, maps in found.items()}


def content_terms(recipe: StyleRecipe) -> list[Term]:
    """The content layers of a recipe that have a weight."""
    return [term for term, _ in _shared(recipe.content_layers, recipe.content_weight)]


def chosen(term: Term, maps: Array) -> Array:
    """A term's channels of a layer's activations, float32 [1, channels, h, w].

    Raises
    ------
    LayerError
        The layer has no such channel.
    """
    check_channels(term.channels, term.layer, maps.shape[1])
    found: Array = maps[:, list(term.channels) or slice(None)]
    return found


def _shared(terms: Sequence[Term], weight: float) -> list[tuple[Term, float]]:
    """Terms with their shares of a weight, except those whose share is 0."""
    whole = sum(term.weight for term in terms)
    return [(term, weight * term.weight / whole) for term in terms if weight * term.weight]


def _names(terms: Sequence[Term], weight: float) -> list[str]:
    return list(dict.fromkeys(term.layer for term, _ in _shared(terms, weight)))
