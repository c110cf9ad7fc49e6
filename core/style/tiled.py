"""The loss of a style for large pictures: computed in tiles, the Gram matrices of the whole.

Two passes: the first sums the Gram matrices of all tiles' own positions, the second computes the
gradient of each tile for the derivative of the loss by these sums (`core.style.tile_loss`). A pixel
gets the gradient of every tile that sees it. With an overlap of the network's reach, this is the
gradient of the whole picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.tile import Tile, cut
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.style.gram import (
    Check,
    TiledActivations,
    no_check,
    own_part,
    own_slices,
    style_loss,
)
from dreamlayer.core.style.losses import chosen, content_terms, layers_of
from dreamlayer.core.style.sizes import Size
from dreamlayer.core.style.tile_loss import TileLayers, original, own, sensitivity, share
from dreamlayer.core.style.tile_session import TileSession
from dreamlayer.core.style.tiling import Tiling, own_positions
from dreamlayer.core.style.whole import Score

Array = npt.NDArray[np.float32]


class TiledObjective:
    """A loss that is computed tile by tile, in the memory that one tile takes.

    Parameters
    ----------
    network : Network
        Has the layers.
    recipe : StyleRecipe
        Names them.
    tiling : Tiling
        How pictures are divided.
    execution : Execution
        The provider and threads.

    Attributes
    ----------
    provider : str
        Short name of the provider that runs the network, once `open` was called.
    """

    tiled = True

    def __init__(
        self, network: Network, recipe: StyleRecipe, tiling: Tiling, execution: Execution
    ) -> None:
        self._network, self._recipe, self._tiling = network, recipe, tiling
        self._execution = execution
        self._activations = TiledActivations(network, layers_of(recipe), tiling, execution)
        self._terms: list[Term] = []
        self._session: TileSession | None = None
        self.provider = "none"

    def squares(self, content: Array) -> dict[Term, float]:
        """The mean square of a content's activations, for each content layer of the recipe."""
        terms = content_terms(self._recipe)
        sums, counts = dict.fromkeys(terms, 0.0), dict.fromkeys(terms, 0)
        if not terms:
            return {}
        size = content.shape[1], content.shape[2]
        for tile, maps in self._activations.tiles(content):
            for term in terms:
                stride = self._activations.strides[term.layer]
                values = chosen(term, own_part(maps[term.layer], tile, size, stride))
                sums[term] += float(np.sum(np.square(values), dtype=np.float64))
                counts[term] += values.size
        return {term: sums[term] / counts[term] for term in terms}

    def open(self, terms: Sequence[Term]) -> None:
        """Load the gradient of these terms, unless it is loaded."""
        self._terms = list(terms)
        if self._session is None:
            layers = TileLayers(
                tuple(dict.fromkeys(one.layer for one in terms if one.kind in ("style", "gram"))),
                tuple(dict.fromkeys(one.layer for one in terms if one.kind in _CONTENT)),
                next((one.exponent for one in terms if one.kind == "variation"), None),
            )
            self._session = TileSession(self._network, layers, self._execution)
            self._layers, self.provider = layers, self._session.provider

    def expect(self, size: Size, evaluations: int) -> None:
        """Nothing to prepare: one session does for tiles of all sizes."""

    def reset(self) -> None:
        """Nothing is expected."""

    def close(self) -> None:
        """Release the memory of the network."""
        del self._activations
        self._session = None

    def at(self, content: Array, grams: Mapping[str, Array], check: Check = no_check) -> Score:
        """The loss for one content and the Gram matrices of the style at its size.

        `check` gets the share of the score that is done.
        """
        size = content.shape[1], content.shape[2]
        tiles = self._tiling.tiles(size)
        originals, counts = self._originals(content, tiles, check)
        styles = [one for one in self._terms if one.kind in ("style", "gram")]
        session = self._session
        assert session is not None

        def score(image: Array) -> tuple[float, Array]:
            found = {}
            if self._layers.style:
                found = self._activations.grams(
                    image, self._layers.style, lambda share: check(share / 3)
                )
            total, slopes = style_loss(styles, found, grams, size[0] * size[1])
            # A tile's score has <slope, its share of the Gram matrix> in the place of that loss.
            total -= sum(float(np.vdot(slopes[name], found[name].matrix)) for name in slopes)
            fed = {sensitivity(name): slope.astype(np.float32) for name, slope in slopes.items()}
            gradient = np.zeros_like(image)
            for number, tile in enumerate(tiles):
                # The gradient of a tile takes twice as long as its activations.
                check((1 + 2 * number / len(tiles)) / 3)
                inputs = fed | originals[number] | self._places(tile, size, counts)
                part, slope = session(cut(image, tile), inputs)
                total += part
                top, left = tile.rows.start, tile.columns.start
                gradient[:, top : top + slope.shape[1], left : left + slope.shape[2]] += slope
            return total, gradient

        return score

    def _originals(
        self, content: Array, tiles: Sequence[Tile], check: Check
    ) -> tuple[list[dict[str, Array]], dict[str, int]]:
        """What each tile's content layers are compared with, and their positions in the picture."""
        size, layers = (content.shape[1], content.shape[2]), self._layers.content
        found: list[dict[str, Array]] = [{} for _ in tiles]
        counts = dict.fromkeys(layers, 0)
        # Also tells the shapes of all layers' activations.
        seen = self._activations.tiles(content, lambda _: check(0.0))
        for number, (tile, maps) in enumerate(seen):
            for layer in layers:
                found[number][original(layer)] = maps[layer]
                mine = own_part(maps[layer], tile, size, self._activations.strides[layer])
                counts[layer] += mine.shape[2] * mine.shape[3]
        return found, counts

    def _places(self, tile: Tile, size: Size, counts: Mapping[str, int]) -> dict[str, Array]:
        """What a tile answers for: masks, and weights of squared differences."""
        inputs = {own(layer): self._mask(layer, tile, size) for layer in self._layers.style}
        for layer in self._layers.content:
            terms = [one for one in self._terms if one.layer == layer and one.kind in _CONTENT]
            channels = self._activations.shape(layer, tile)[1]
            weights = sum(_shares(term, channels, counts[layer]) for term in terms)
            inputs[share(layer)] = np.asarray(weights * self._mask(layer, tile, size), np.float32)
        if self._layers.exponent is not None:
            weight = sum(one.weight for one in self._terms if one.kind == "variation")
            inputs[share(IMAGE)] = _variation_shares(tile, size, weight)
        return inputs

    def _mask(self, layer: str, tile: Tile, size: Size) -> Array:
        """1 at a layer's positions that are a tile's own, 0 elsewhere: float32 [1, 1, h, w]."""
        shape = self._activations.shape(layer, tile)
        mask = np.zeros((1, 1, *shape[2:]), np.float32)
        mask[:, :, *own_slices(shape, tile, size, self._activations.strides[layer])] = 1
        return mask


_CONTENT = ("content", "original")


def _shares(term: Term, channels: int, positions: int) -> Array:
    """The weight of each channel's squared differences in a content term: [1, channels, 1, 1]."""
    some = list(term.channels) or list(range(channels))
    weight = term.weight / (len(some) * positions if term.kind == "original" else 1)
    shares = np.zeros((1, channels, 1, 1), np.float32)
    shares[:, some] = weight
    return shares if term.channels else shares[:, :1]


def _variation_shares(tile: Tile, size: Size, weight: float) -> Array:
    """The weight of each pixel and its two neighbors in the variation of a tile.

    The kind is a mean over channels and pixels that have both neighbors.
    """
    shape = (1, 1, tile.rows.length - 1, tile.columns.length - 1)
    shares = np.zeros(shape, np.float32)
    rows, columns = (
        own_positions(span, length, 1, count)
        for span, length, count in zip((tile.rows, tile.columns), size, shape[2:], strict=True)
    )
    shares[:, :, rows, columns] = weight / (3 * (size[0] - 1) * (size[1] - 1))
    return shares
