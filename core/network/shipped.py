"""Which of the networks that ship a recipe means by ``default``."""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Iterable
from pathlib import Path

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.inference import IMAGE
from dreamlayer.core.network import files
from dreamlayer.core.network.files import SHIPPED
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK
from dreamlayer.core.recipe.parameters import Parameters
from dreamlayer.core.recipe.term import Term


def network_for(name: str, layers: Iterable[str]) -> str:
    """The network that a recipe means by its network's name and its layers.

    ``default`` is the first shipped network that has all of the layers, so that recipes made when
    another network was the default go on working.

    Parameters
    ----------
    name : str
        As the recipe gives it.
    layers : iterable of str
        Names of the layers that are asked for.

    Returns
    -------
    str
        The name of a shipped network in place of ``default``: the first where none has all layers;
        any other name as it is.

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
    wanted = {*layers} - {IMAGE}
    return next((one for one in SHIPPED if wanted <= tensors(one)), next(iter(SHIPPED)))


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
    found = (one for one in SHIPPED if fnmatch.filter(tensors(one), pattern))
    return next(found, next(iter(SHIPPED)))


def having(layer: str) -> list[str]:
    """The names of the shipped networks that have a layer."""
    return [name for name in SHIPPED if layer in tensors(name)]


def tensors(name: str) -> frozenset[str]:
    """What the nodes of a shipped network give, its layers among them; none if it is missing."""
    return _tensors(SHIPPED[name])


@functools.cache
def _tensors(path: Path) -> frozenset[str]:
    try:
        model = files.read_model(path)
    except NetworkError:
        return frozenset()
    return frozenset(output for node in model.graph.node for output in node.output)
