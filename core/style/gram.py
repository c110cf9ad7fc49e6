"""Gram matrices of whole pictures, summed over tiles, and the derivative of a loss by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.tile import Tile, cut
from dreamlayer.core.network.activations import Activations
from dreamlayer.core.network.inputs import Reference
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.references import mean_gram
from dreamlayer.core.recipe.kinds import GRAM
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.style.losses import style_layers
from dreamlayer.core.style.tiling import Tiling, own_positions

Array = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

_TINY = 1e-12
"""Added to a squared length, as in the kind `style`."""


Check = Callable[[float], None]
"""Called before every tile, with the share of the tiles that are done; it may raise an error to end
the work."""


def no_check(share: float) -> None:
    """Where nothing can cancel the work."""


@dataclass
class Gram:
    """The Gram matrix of one layer of a picture: a sum over positions.

    Attributes
    ----------
    matrix : array
        float64 [channels, channels].
    positions : int
        How many positions it sums over.
    """

    matrix: Doubles
    positions: int


def own_part(maps: Array, tile: Tile, size: tuple[int, int], stride: int) -> Array:
    """The part [1, channels, h, w] of a layer's activations that a tile answers for."""
    return maps[:, :, *own_slices(maps.shape, tile, size, stride)]


def own_slices(
    shape: Sequence[int], tile: Tile, size: tuple[int, int], stride: int
) -> tuple[slice, slice]:
    """Rows and columns of activations of a shape [1, channels, h, w] that are a tile's own."""
    return (
        own_positions(tile.rows, size[0], stride, shape[2]),
        own_positions(tile.columns, size[1], stride, shape[3]),
    )


class TiledActivations:
    """The activations of a network for pictures of any size, tile by tile.

    Parameters
    ----------
    network : Network
        Has the layers.
    layers : sequence of str
        Which.
    tiling : Tiling
        How a picture is divided.
    execution : Execution
        The provider and threads.
    """

    def __init__(
        self, network: Network, layers: Sequence[str], tiling: Tiling, execution: Execution
    ) -> None:
        self._run = Activations(network, layers, execution)
        self.strides = {layer: network.geometry([layer]).stride for layer in layers}
        self._tiling = tiling
        self._shapes: dict[tuple[int, int], dict[str, tuple[int, ...]]] = {}

    def tiles(
        self, picture: Array, check: Check = no_check
    ) -> Iterator[tuple[Tile, dict[str, Array]]]:
        """Each tile of a picture, float32 [3, height, width], and its layers' activations."""
        tiles = self._tiling.tiles((picture.shape[1], picture.shape[2]))
        for number, tile in enumerate(tiles):
            check(number / len(tiles))
            maps = self._run(cut(picture, tile))
            shapes = {layer: found.shape for layer, found in maps.items()}
            self._shapes[tile.rows.length, tile.columns.length] = shapes
            yield tile, maps

    def shape(self, layer: str, tile: Tile) -> tuple[int, ...]:
        """The shape of a layer's activations for a tile, of whose size there was one before."""
        return self._shapes[tile.rows.length, tile.columns.length][layer]

    def grams(
        self, picture: Array, layers: Sequence[str], check: Check = no_check
    ) -> dict[str, Gram]:
        """The Gram matrix of each of some layers for a whole picture."""
        size = picture.shape[1], picture.shape[2]
        found: dict[str, Gram] = {}
        for tile, maps in self.tiles(picture, check):
            for layer in layers:
                own = own_part(maps[layer], tile, size, self.strides[layer])
                rows = own.reshape(own.shape[1], -1)
                product = (rows @ rows.T).astype(np.float64)
                if layer in found:
                    found[layer].matrix += product
                    found[layer].positions += rows.shape[1]
                else:
                    found[layer] = Gram(product, rows.shape[1])
        return found


class StyleGrams:
    """Computes weighted Gram matrices of style pictures.

    Parameters
    ----------
    network : Network
        Has the layers.
    recipe : StyleRecipe
        Names the layers.
    tiling : Tiling
        How pictures larger than a tile are divided.
    execution : Execution
        The provider and threads.
    """

    def __init__(
        self,
        network: Network,
        recipe: StyleRecipe,
        tiling: Tiling,
        execution: Execution = Execution(),
    ) -> None:
        self._layers, self._tiling = style_layers(recipe), tiling
        self._activations = (
            TiledActivations(network, self._layers, tiling, execution) if self._layers else None
        )

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
        for picture, weight in zip(pictures, weights, strict=True):
            share = np.float32(weight / sum(weights))
            for layer, mean in self._means(picture).items():
                name = Reference(GRAM, layer).input
                gram = mean * share
                found[name] = found[name] + gram if name in found else gram
        return found

    def _means(self, picture: Array) -> dict[str, Array]:
        if self._activations is None:
            return {}
        if self._tiling.is_whole((picture.shape[1], picture.shape[2])):
            ((_, maps),) = self._activations.tiles(picture)
            return {layer: mean_gram(maps[layer]) for layer in self._layers}
        sums = self._activations.grams(picture, self._layers)
        return {
            layer: (gram.matrix / gram.positions).astype(np.float32) for layer, gram in sums.items()
        }


def style_loss(
    terms: Sequence[Term],
    grams: Mapping[str, Gram],
    wanted: Mapping[str, Array],
    pixels: int,
) -> tuple[float, dict[str, Doubles]]:
    """What the Gram matrices of a picture score, and the derivative of that by each of them.

    Parameters
    ----------
    terms : sequence of Term
        Of the kinds `style` and `gram`, whose formulas are those of `core.network.objective`.
    grams : mapping
        The picture's, by layer.
    wanted : mapping
        Those of the style, as `StyleGrams` gives them.
    pixels : int
        The picture's.

    Returns
    -------
    (float, dict)
        The score, to be maximized, and float64 [channels, channels] by layer.
    """
    score = 0.0
    slopes = {layer: np.zeros_like(gram.matrix) for layer, gram in grams.items()}
    for term in terms:
        gram, goal = grams[term.layer], wanted[Reference(GRAM, term.layer).input]
        some = list(term.channels) or list(range(len(goal)))
        own = gram.matrix[np.ix_(some, some)]
        style = goal[np.ix_(some, some)].astype(np.float64)
        if term.kind == "style":
            difference = own / gram.positions - style
            scale = term.weight / (float(np.sum(style**2)) + _TINY)
            inner = gram.positions
        else:
            difference = own - style * gram.positions
            scale = term.weight / (36.0 * float(pixels) ** 2)
            inner = 1
        score -= scale * float(np.sum(difference**2))
        slopes[term.layer][np.ix_(some, some)] -= 2 * scale / inner * difference
    return score, slopes
