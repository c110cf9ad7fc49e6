"""Choice of the backend for a dream, and a cache of loaded objectives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dreamlayer.core.ascent.numpy_backend import NumpyBackend
from dreamlayer.core.dreaming.objective import Objective
from dreamlayer.core.errors import OptionError, shown
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import AUTO, Execution, provider_of
from dreamlayer.core.runtime.sessions import candidates

if TYPE_CHECKING:
    from dreamlayer.core.device.backend import DeviceBackend
    from dreamlayer.core.device.objective import DeviceObjective
    from dreamlayer.core.images.picture import Picture

NUMPY, DEVICE = "numpy", "device"
BACKENDS = (AUTO, NUMPY, DEVICE)
"""`numpy` copies each tile to the provider and its gradient back. `device` keeps the image on the
provider's device throughout. `auto` is `device` for GPUs with CUDA or ROCm, where copies and numpy
would take longer than the network, and `numpy` on the CPU, where it needs less memory, since it
works in place and on one plane at a time."""

_MAX_LOADED = 4
"""Limit of loaded objectives; a user who compares layers switches between a few."""


class LoadedObjective(Protocol):
    """An objective loaded on a provider, for either backend."""

    provider: str

    def backend(self, recipe: Recipe) -> NumpyBackend | DeviceBackend:
        """The backend for a recipe with these terms."""


def check_backend(backend: str) -> None:
    """Raise `OptionError` if there is no such backend."""
    if backend not in BACKENDS:
        raise OptionError(
            f"backend {shown(backend)} is not known; use one of {', '.join(BACKENDS)}"
        )


def device_provider(backend: str, execution: Execution) -> str | None:
    """Short name of the provider whose device holds images, or None if numpy does.

    Parameters
    ----------
    backend : str
        One of `BACKENDS`.
    execution : Execution
        The requested provider, and its threads.

    Raises
    ------
    ProviderError
        The provider is not available.
    """
    if backend == DEVICE:
        return loaded_provider(execution)
    if backend == NUMPY:
        return None
    if not any(provider_of(name).keeps_image for name in candidates(execution.provider)):
        return None
    # A provider that ONNX Runtime was built with may still fail to load.
    loaded = loaded_provider(execution)
    return loaded if provider_of(loaded).keeps_image else None


def loaded_provider(execution: Execution) -> str:
    """As `core.device.objective.loaded_provider`, which is imported for GPUs only."""
    from dreamlayer.core.device.objective import loaded_provider as load

    return load(execution)


def _device_objective() -> type[DeviceObjective]:
    """The class, whose graphs take long to import and serve GPUs only."""
    from dreamlayer.core.device.objective import DeviceObjective

    return DeviceObjective


class ObjectiveCache:
    """Cache of the last few loaded objectives.

    Parameters
    ----------
    network : Network
        The network with the layers.
    execution : Execution
        The provider and threads; the precision is the recipe's.
    device : str or None
        Short name of the provider whose device holds the image; None if numpy does.
    """

    def __init__(self, network: Network, execution: Execution, device: str | None) -> None:
        self._network, self._execution, self._device = network, execution, device
        self._loaded: dict[_Key, LoadedObjective] = {}

    def get(self, recipe: Recipe, guide: Picture | None = None) -> LoadedObjective:
        """The objective of a recipe, loaded if necessary.

        `guide` is the picture that the recipe's guide stands for, if that is no file.
        """
        key = _key(recipe)
        found = self._loaded.pop(key, None)
        if found is None:
            # The least recently used one is released first, so that its memory can be reused.
            while len(self._loaded) >= _MAX_LOADED:
                del self._loaded[next(iter(self._loaded))]
            execution = replace(
                self._execution.on(self._device or self._execution.provider),
                precision=recipe.precision,
            )
            used = (guide or recipe.guide) if recipe.needs_guide else ""
            kind = Objective if self._device is None else _device_objective()
            found = kind(self._network, recipe.layers, used, execution)
        self._loaded[key] = found
        return found

    def __contains__(self, recipe: Recipe) -> bool:
        """Whether the objective of a recipe is loaded."""
        return _key(recipe) in self._loaded

    def forget(self, *, but: Recipe) -> None:
        """Release all objectives but one; `get` loads them again."""
        key = _key(but)
        self._loaded = {key: self._loaded[key]} if key in self._loaded else {}


_Key = tuple[tuple[Term, ...], str, float, str]


def _key(recipe: Recipe) -> _Key:
    """Everything that an objective depends on: terms, guide and its time of change, precision."""
    if not recipe.needs_guide:
        return recipe.layers, "", 0.0, recipe.precision
    try:
        changed = Path(recipe.guide).stat().st_mtime
    except (OSError, ValueError):
        # Reading it will raise the error.
        changed = 0.0
    return recipe.layers, recipe.guide, changed, recipe.precision
