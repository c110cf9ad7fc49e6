"""The loss of a style for large pictures: computed in tiles, the Gram matrices of the whole.

Two passes: the first sums the Gram matrices of all tiles' own positions, the second computes the
gradient of each tile for the derivative of the loss by these sums (`core.style.tile_loss`). A pixel
gets the gradient of every tile that sees it. With an overlap of the network's reach, this is the
gradient of the whole picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.tiles import Tile, cut
from dreamlayer.core.graph.inference import IMAGE
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.style.gram import (
    TiledActivations,
    no_check,
    own_part,
    own_slices,
    style_loss,
)
from dreamlayer.core.style.losses import chosen, content_layers, content_terms, layers_of
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
            self._layers = layers
            self.provider = self._session.provider

    def expect(self, size: Size, evaluations: int) -> None:
        """Nothing to prepare: one session does for tiles of all sizes."""

    def at(self, content: Array, grams: Mapping[str, Array]) -> Score:
        """The loss for one content and the Gram matrices of the style at its size."""
        size = content.shape[1], content.shape[2]
        originals, counts = self._originals(content)
        styles = [one for one in self._terms if one.kind in ("style", "gram")]
        session = self._session
        assert session is not None

        def score(image: Array, check: Callable[[], None]) -> tuple[float, Array]:
            found = {}
            if self._layers.style:
                found = self._activations.grams(image, self._layers.style, check)
            total, slopes = style_loss(styles, found, grams, size[0] * size[1])
            # A tile's score has <slope, its share of the Gram matrix> in the place of that loss.
            total -= sum(float(np.vdot(slopes[name], found[name].matrix)) for name in slopes)
            fed = {sensitivity(name): slope.astype(np.float32) for name, slope in slopes.items()}
            gradient = np.zeros_like(image)
            for number, tile in enumerate(self._tiling.tiles(size)):
                check()
                inputs = fed | self._inputs(tile, size, originals[number], counts)
                part, slope = session(cut(image, tile), inputs)
                total += part
                rows, columns = tile.rows, tile.columns
                gradient[
                    :,
                    rows.start : rows.start + rows.length,
                    columns.start : columns.start + columns.length,
                ] += slope
            return total, gradient

        return score

    def _originals(self, content: Array) -> tuple[list[dict[str, Array]], dict[str, int]]:
        """The content layers' activations in each tile, and how many own positions they have."""
        layers, size = content_layers(self._recipe), (content.shape[1], content.shape[2])
        if not layers:
            return [{} for _ in self._tiling.tiles(size)], {}
        found, counts = [], dict.fromkeys(layers, 0)
        for tile, maps in self._activations.tiles(content):
            found.append({layer: maps[layer] for layer in layers})
            for layer in layers:
                part = own_part(maps[layer], tile, size, self._activations.strides[layer])
                counts[layer] += part.shape[2] * part.shape[3]
        return found, counts

    def _inputs(
        self, tile: Tile, size: Size, originals: Mapping[str, Array], counts: Mapping[str, int]
    ) -> dict[str, Array]:
        """What a tile is compared with, and where it counts."""
        inputs: dict[str, Array] = {}
        for layer in self._layers.style:
            shape = self._network.map_shape(layer, (tile.rows.length, tile.columns.length))
            mask = np.zeros((1, 1, *shape[2:]), np.float32)
            mask[:, :, *own_slices(shape, tile, size, self._activations.strides[layer])] = 1
            inputs[own(layer)] = mask
        return inputs


_CONTENT = ("content", "original")
