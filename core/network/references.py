"""Inputs that terms compare with: activations of a guide, or their Gram matrices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dreamlayer.core import images
from dreamlayer.core.errors import LayerError, PictureError, RecipeError, shown
from dreamlayer.core.images.array_image import check_range
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.resampling import resize, resized_to_cover
from dreamlayer.core.images.transparency import without_hidden
from dreamlayer.core.network.activations import Activations
from dreamlayer.core.network.inputs import references
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.given import is_given
from dreamlayer.core.recipe.kinds import GRAM, KINDS, ORIGINALS
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution

Array = npt.NDArray[np.float32]
Guide = str | Picture
"""A guide's file, or the picture itself; an empty name for none."""

GUIDE_SIDE = 512
"""A guide is shrunk to this many pixels on its longer side."""

_MIN_STRIDE = 8
"""Stride of the finest layer that can be matched position by position; half of it would be sixteen
times as slow."""


def compared_with(
    network: Network, terms: Sequence[Term], guide: Guide, execution: Execution
) -> dict[str, Array]:
    """Read a guide and compute the inputs that terms compare with, named as by `Reference.input`.

    Raises
    ------
    RecipeError, LayerError, NetworkError, ProviderError, PictureError
        As for `core.dreaming.objective.Objective`.
    """
    for term in terms:
        _check_stride(term, network)
    guided = [one for one in references(terms) if one.source != ORIGINALS]
    if not guided:
        return {}
    picture = _read_guide(guide, network, terms)
    maps = Activations(network, [one.layer for one in guided], execution)(picture)
    return {
        one.input: mean_gram(maps[one.layer]) if one.source == GRAM else maps[one.layer]
        for one in guided
    }


def _check_stride(term: Term, network: Network) -> None:
    """Refuse position-by-position matching of a layer with too many positions."""
    if not KINDS[term.kind].matches:
        return
    stride = network.geometry([term.layer]).stride
    if stride < _MIN_STRIDE:
        raise LayerError(
            f"layer {shown(term.layer)} has a position every {stride} pixels, too many to match "
            f"with a guide; choose a layer with a stride of {_MIN_STRIDE} or more (see `dreamlayer "
            f"layers`), or the kind direction"
        )


def mean_gram(activations: Array) -> Array:
    """The Gram matrix divided by the number of positions: float32 [channels, channels].

    Parameters
    ----------
    activations : array
        float32 [1, channels, h, w].
    """
    rows = activations.reshape(activations.shape[1], -1)
    return np.asarray(rows @ rows.T / np.float32(rows.shape[1]), np.float32)


def _read_guide(guide: Guide, network: Network, terms: Sequence[Term]) -> Array:
    """The guide at a size that the network accepts: float32 [3, height, width], 0..1."""
    if isinstance(guide, Picture):
        check_range(guide.pixels, "the guide")
        return _fitted(guide, "the guide", network, terms)
    picture = _opened(guide, terms)
    return _fitted(picture, f"guide {shown(Path(guide).name)}", network, terms)


def _opened(name: str, terms: Sequence[Term]) -> Picture:
    """Read a guide's file."""
    if is_given(name):
        raise RecipeError(
            "the recipe's guide was a layer of an editor, which it does not contain; choose the "
            "guide again"
        )
    if not name:
        kinds = sorted({term.kind for term in terms if term.compares_with_guide})
        raise RecipeError(
            f"objective kind {shown(kinds[0])} compares with a guide picture, and the recipe names "
            f"none; set guide to a picture file (--guide FILE)"
        )
    try:
        picture = images.read(name)
    except OSError as error:
        # No file can have this name, for example because it is too long.
        raise PictureError(f"guide {shown(name)} cannot be read: {error.strerror}") from error
    check_range(picture.pixels, f"the guide {shown(Path(name))}")
    return picture


def _fitted(picture: Picture, name: str, network: Network, terms: Sequence[Term]) -> Array:
    """The guide at a size that the network accepts; messages call it by a name."""
    pixels = without_hidden(picture.pixels, picture.alpha)
    planes = np.ascontiguousarray(np.clip(pixels, 0, 1).transpose(2, 0, 1))
    height, width = planes.shape[1:]
    geometry = network.geometry([term.layer for term in terms])
    if geometry.exact is not None:
        return resized_to_cover(planes, geometry.exact)
    if min(height, width) < geometry.minimum:
        raise RecipeError(
            f"{name} is {width} × {height} pixels, but network "
            f"{network.name} needs at least {geometry.minimum} for these layers; give a larger "
            f"picture, or layers nearer to the image"
        )
    scale = min(1.0, GUIDE_SIDE / max(height, width))
    multiple, smallest = geometry.multiple, geometry.accepted_side(1)
    height, width = (max(round(n * scale / multiple) * multiple, smallest) for n in (height, width))
    size = height, width
    return planes if planes.shape[1:] == size else np.clip(resize(planes, size), 0, 1)
