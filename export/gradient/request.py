"""What ``python -m export gradient`` is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """What to export.

    Attributes
    ----------
    network : str
        Name or path of a network file, as for `core.network.files.find`; ``default`` for the first
        of ours that has the layers.
    layers : tuple of str
        Texts for `core.recipe.term.parse_term`.
    output : Path
        Where the model goes; its JSON goes beside it.
    classes : tuple of (int, float)
        Classes of a classifier, counted from 0, and their weights.
    taps : tuple of str
        Tensors that become outputs too.
    size : (int, int) or None
        Height and width of the images, one at a time; None for any.
    variant : str
        A key of `core.autodiff.variants.VARIANTS`.
    fold : bool
        Whether to store as plain numbers what is computed from weights.
    """

    network: str
    layers: tuple[str, ...]
    output: Path
    classes: tuple[tuple[int, float], ...] = ()
    taps: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    variant: str = "portable"
    fold: bool = False
