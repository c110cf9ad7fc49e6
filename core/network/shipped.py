"""Which of the networks that ship a recipe means by ``default``."""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Iterable, Sequence
from pathlib import Path

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.network.files import SHIPPED
from dreamlayer.core.network.lazy_model import LazyModel
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK
from dreamlayer.core.recipe.parameters import Parameters
from dreamlayer.core.recipe.term import Term


def network_for(name: str, layers: Iterable[str]) -> str:
    """The network that a recipe means by its network's name and its layers.

    ``default`` is the shipped network that has most of the layers, so that recipes made when
    another network was the default go on working, and a mistyped layer is missed where the others
    are; of two with as many it is the first.

    Parameters
    ----------
    name : str
        As the recipe gives it.
    layers : iterable of str
        Names of the layers that are asked for.

    Returns
    -------
    str
        The name of a shipped network in place of ``default``; any other name as it is.

    Examples
    --------
    >>> network_for("default", ["mixed3", "mixed5"])
    'inception_v3_mixed5'
    >>> network_for("default", ["block_11_expand"])
    'mobilenet_v2_block13'
    >>> network_for("vgg16", ["mixed3"])
    'vgg16'
    """
    if name != DEFAULT_NETWORK:
        return name
    wanted = {*layers}
    # A network that has all is the answer, without a look into the other files.
    whole = (one for one in SHIPPED if wanted.issubset(layer_names(one)))
    most = next(whole, None)
    return most or max(SHIPPED, key=lambda one: len(wanted.intersection(layer_names(one))))


def network_of(recipe: Parameters) -> str:
    """The network that a recipe means, of a dream or a style; see `network_for`.

    Examples
    --------
    >>> from dreamlayer import Recipe, Term
    >>> network_of(Recipe(layers=(Term("mixed4"),)))
    'inception_v3_mixed5'
    """
    values = recipe.shallow()
    terms = (term for value in values.values() if isinstance(value, tuple) for term in value)
    return network_for(values["network"], [one.layer for one in terms if isinstance(one, Term)])


def network_with(name: str, pattern: str) -> str:
    """The same as `network_for`, for any layer whose name matches a pattern such as ``mixed*``."""
    if name != DEFAULT_NETWORK:
        return name
    found = (one for one in SHIPPED if fnmatch.filter(layer_names(one), pattern))
    return next(found, next(iter(SHIPPED)))


def other_with(layer: str, path: Path) -> str | None:
    """A shipped network other than that of a file which has a layer, or None."""
    return next(
        (one for one in SHIPPED if SHIPPED[one] != path and layer in layer_names(one)), None
    )


def known_beside(path: Path, layers: Sequence[str]) -> list[str]:
    """The layers that a mistyped one may be, of all shipped networks where the file is one."""
    others = [one for one in SHIPPED if SHIPPED[one] != path] if path in SHIPPED.values() else []
    return [*layers, *(layer for one in others for layer in layer_names(one))]


def layer_names(name: str) -> tuple[str, ...]:
    """The layers of a shipped network; none where its file is missing."""
    return _layer_names(SHIPPED[name])


@functools.cache
def _layer_names(path: Path) -> tuple[str, ...]:
    try:
        return tuple(LazyModel(path).summary.listed or ())
    except NetworkError:
        return ()
