"""Which backend holds a dream's image, and the loaded objectives that run there."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from dreamlayer.core.ascent.numpy_backend import NumpyBackend
from dreamlayer.core.device.backend import DeviceBackend
from dreamlayer.core.device.objective import DeviceObjective, loaded_provider
from dreamlayer.core.dreaming.objective import Objective
from dreamlayer.core.errors import OptionError
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import AUTO, Execution, provider_of
from dreamlayer.core.runtime.sessions import full_name, offered, short_name

NUMPY, DEVICE = "numpy", "device"
BACKENDS = (AUTO, NUMPY, DEVICE)
"""`numpy` copies each tile to the provider and its gradient back. `device` keeps the image on the
provider's device throughout. `auto` takes `device` for GPUs by CUDA and ROCm, where copies and
numpy's part would take longer than the network; on the CPU there is nothing to copy, and numpy
needs less memory, since it works in place and a plane at a time."""

_LOADED = 4
"""Objectives that stay loaded: whoever looks for a layer goes back and forth between a few."""


class LoadedObjective(Protocol):
    """An objective that is loaded on a provider, whichever backend holds the image."""

    provider: str

    def backend(self, recipe: Recipe) -> NumpyBackend | DeviceBackend:
        """Where to dream by a recipe of its terms."""


def check_backend(backend: str) -> None:
    """Raise `OptionError` where there is no such backend."""
    if backend not in BACKENDS:
        raise OptionError(f"backend {backend!r} is not known; use one of {', '.join(BACKENDS)}")


def device_provider(backend: str, execution: Execution) -> str | None:
    """Short name of the provider on whose device images stay, or None where numpy holds them.

    Parameters
    ----------
    backend : str
        One of `BACKENDS`.
    execution : Execution
        The provider that is wanted, and its threads.

    Raises
    ------
    ProviderError
        Where the provider cannot be had.
    """
    if backend == DEVICE:
        return loaded_provider(execution)
    if backend == NUMPY:
        return None
    wanted = execution.provider
    candidates = offered() if wanted == AUTO else [short_name(full_name(wanted))]
    if not any(provider_of(name).keeps_image for name in candidates):
        return None
    # One that is built in may still not load.
    loaded = loaded_provider(execution)
    return loaded if provider_of(loaded).keeps_image else None


class ObjectiveCache:
    """Loads objectives, and keeps the last few.

    Parameters
    ----------
    network : Network
        The network that holds the layers.
    execution : Execution
        The provider and threads; the precision is the recipe's.
    device : str or None
        Short name of the provider whose device holds the image; None where numpy does.
    """

    def __init__(self, network: Network, execution: Execution, device: str | None) -> None:
        self._network, self._execution, self._device = network, execution, device
        self._loaded: dict[_Key, LoadedObjective] = {}

    def get(self, recipe: Recipe) -> LoadedObjective:
        """The objective of a recipe, loaded where it is not."""
        key = _key(recipe)
        found = self._loaded.pop(key, None)
        if found is None:
            # The one unused for longest goes first, so that its memory serves the new one.
            while len(self._loaded) >= _LOADED:
                del self._loaded[next(iter(self._loaded))]
            kind = Objective if self._device is None else DeviceObjective
            execution = Execution(
                self._device or self._execution.provider, self._execution.threads, recipe.precision
            )
            guide = recipe.guide if recipe.needs_guide else ""
            found = kind(self._network, recipe.layers, guide, execution)
        self._loaded[key] = found
        return found

    def __contains__(self, recipe: Recipe) -> bool:
        """Whether `get` has it at hand."""
        return _key(recipe) in self._loaded

    def forget(self, *, but: Recipe) -> None:
        """Give back the memory of all but one; they are loaded again when asked for."""
        kept = _key(but)
        self._loaded = {key: found for key, found in self._loaded.items() if key == kept}


_Key = tuple[tuple[Term, ...], str, float, str]


def _key(recipe: Recipe) -> _Key:
    """What makes one objective differ from another: terms, the state of its guide, precision."""
    if not recipe.needs_guide:
        return recipe.layers, "", 0.0, recipe.precision
    try:
        changed = Path(recipe.guide).stat().st_mtime
    except (OSError, ValueError):
        # What reads it will say so.
        changed = 0.0
    return recipe.layers, recipe.guide, changed, recipe.precision
