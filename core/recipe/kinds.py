"""The kinds of objectives, in one table: what each climbs, and what it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GUIDE, GRAM, ORIGINALS = "guide", "gram", "original"
"""What activations are compared with: the guide's, the guide's Gram matrices divided by the number
of positions, or those of the picture as it was."""


@dataclass(frozen=True)
class Kind:
    """What is known of one kind; `core.network.objective` has the formula under the same name.

    Attributes
    ----------
    help : str
        What it measures.
    reference : str
        What it compares with: `GUIDE`, `GRAM` or `ORIGINALS`; empty for nothing.
    options : tuple of str
        The fields of a `Term` that it reads, beside layer, weight and channels.
    spatial : bool
        Whether it needs rows and columns, and sees them apart.
    sums : bool
        Whether it adds up over a tile, where the others take means.
    matches : bool
        Whether it matches all positions of a tile with all of the guide's.
    """

    help: str
    reference: str = ""
    options: tuple[str, ...] = ()
    spatial: bool = True
    sums: bool = False
    matches: bool = False


KINDS: Mapping[str, Kind] = {
    "squares": Kind("mean of the squared activations", options=("border",), spatial=False),
    "mean": Kind(
        "mean of the activations; of one channel of a classifier, a class",
        options=("border",),
        spatial=False,
    ),
    "neuron": Kind("activation at one position", options=("position",)),
    "guide": Kind(
        "inner product with the guide's most similar position, averaged", GUIDE, matches=True
    ),
    "direction": Kind("inner product with the guide's mean direction, averaged", GUIDE),
    "cosine": Kind("cosine between the activations and the guide's mean, averaged", GUIDE),
    "caricature": Kind(
        "nearness to the original's activations times the factor", ORIGINALS, ("factor",)
    ),
    "original": Kind(
        "nearness to the original's activations: minus the mean squared difference", ORIGINALS
    ),
    "content": Kind(
        "minus the squared difference to the original's activations, summed over a tile",
        ORIGINALS,
        sums=True,
    ),
    "gram": Kind(
        "minus the squared difference of Gram matrices, summed over a tile", GRAM, sums=True
    ),
    "style": Kind("minus the difference of Gram matrices, relative to the guide's", GRAM),
    "variation": Kind(
        "smoothness: minus the mean variation between neighbors", options=("exponent",)
    ),
}
"""By the name that a recipe has for it."""
