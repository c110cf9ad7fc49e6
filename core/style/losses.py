"""The loss of a style transfer: terms of content, style and variation, and their references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dreamlayer.core.graph.inference import IMAGE
from dreamlayer.core.network.activations import Activations
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.objective import Reference
from dreamlayer.core.network.references import mean_gram
from dreamlayer.core.recipe.kinds import GRAM, ORIGINALS
from dreamlayer.core.recipe.style import PUBLISHED, StyleRecipe
from dreamlayer.core.recipe.term import Term, check_channels
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.style.sizes import Size

Array = npt.NDArray[np.float32]
_MIN_SCALE = 1e-12


def terms_of(recipe: StyleRecipe, size: Size, content: Mapping[str, Array]) -> list[Term]:
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
    content : mapping
        The content layers' activations, float32 [1, channels, h, w].

    Raises
    ------
    LayerError
        A content layer has no such channel.
    """
    published = recipe.measure == PUBLISHED
    terms = []
    for term, weight in _shared(recipe.content_layers, recipe.content_weight):
        check_channels(term.channels, term.layer, content[term.layer].shape[1])
        own = content[term.layer][:, list(term.channels) or slice(None)]
        scale = 1.0 if published else max(float(np.mean(np.square(own))), _MIN_SCALE)
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


class Grams:
    """Computes weighted Gram matrices of style pictures.

    Parameters
    ----------
    network : Network
        Has the layers.
    recipe : StyleRecipe
        Names the layers.
    execution : Execution
        The provider and threads.
    """

    def __init__(
        self, network: Network, recipe: StyleRecipe, execution: Execution = Execution()
    ) -> None:
        layers = style_layers(recipe)
        self._activations = Activations(network, layers, execution) if layers else None

    def __call__(self, pictures: Sequence[Array], weights: Sequence[float]) -> dict[str, Array]:
        """The weighted mean of the pictures' Gram matrices, each divided by its positions.

        Parameters
        ----------
        pictures : sequence of array
            float32 [3, height, width], 0..1; sizes may differ.
        weights : sequence of float
            One for each.

        Returns
        -------
        dict
            float32 [channels, channels] by the names of the gradient model's inputs. The measure
            `published` multiplies them by the content's number of positions, which for equal sizes
            is the published sum.
        """
        found: dict[str, Array] = {}
        if self._activations is None:
            return found
        for picture, weight in zip(pictures, weights, strict=True):
            share = np.float32(weight / sum(weights))
            for layer, maps in self._activations(picture).items():
                name = Reference(GRAM, layer).input
                gram = mean_gram(maps) * share
                found[name] = found[name] + gram if name in found else gram
        return found


def _shared(terms: Sequence[Term], weight: float) -> list[tuple[Term, float]]:
    """Terms with their shares of a weight, except those whose share is 0."""
    whole = sum(term.weight for term in terms)
    return [(term, weight * term.weight / whole) for term in terms if weight * term.weight]


def _names(terms: Sequence[Term], weight: float) -> list[str]:
    return list(dict.fromkeys(term.layer for term, _ in _shared(terms, weight)))
