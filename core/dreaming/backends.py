"""The objectives that were used last, kept loaded."""

from __future__ import annotations

from pathlib import Path

from dreamlayer.core.device.objective import DeviceObjective
from dreamlayer.core.dreaming.objective import Objective
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term

_KEPT = 4
"""ObjectiveCache kept; one who looks for a layer goes back and forth between a few."""


class ObjectiveCache:
    """Loads objectives, and keeps the last few.

    Parameters
    ----------
    network : Network
        Whose layers.
    provider, threads
        As for `core.runtime.sessions.open_session`.
    resident : str or None
        Short name of the provider whose device holds the image; None where numpy does.
    """

    def __init__(self, network: Network, provider: str, threads: int, resident: str | None) -> None:
        self._network, self._provider, self._threads = network, provider, threads
        self._resident = resident
        self._loaded: dict[_Key, Objective | DeviceObjective] = {}

    def of(self, recipe: Recipe) -> Objective | DeviceObjective:
        """The objective of a recipe, loaded where it is not."""
        key = _key(recipe)
        found = self._loaded.pop(key, None)
        if found is None:
            # The one unused for longest goes first, so that its memory serves the new one.
            while len(self._loaded) >= _KEPT:
                del self._loaded[next(iter(self._loaded))]
            kind = Objective if self._resident is None else DeviceObjective
            found = kind(
                self._network,
                recipe.layers,
                recipe.guide if recipe.needs_guide else "",
                self._resident or self._provider,
                self._threads,
                recipe.precision,
            )
        self._loaded[key] = found
        return found

    def __contains__(self, recipe: Recipe) -> bool:
        """Whether `of` has it at hand."""
        return _key(recipe) in self._loaded

    def forget(self, *, but: Recipe) -> None:
        """Give back the memory of all but one; they are loaded anew when asked for."""
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
