"""`dream`: run a recipe on one image, by a dreamer that stays warm for the next."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.loop import Callbacks
from dreamlayer.core.ascent.progress import OnProgress
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.images.array_image import array_image
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.network.files import file_version
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.presets import DEFAULT_PRESET, DREAMS, recipe_from
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.runtime.providers import AUTO

Array = npt.NDArray[np.float32]
Given = TypeVar("Given", Picture, npt.NDArray[Any])

_warm = threading.local()
"""The dreamer that `dream` used last in a thread: sessions serve one thread at a time."""


def _warm_dreamer(network: str, provider: str) -> Dreamer:
    """The last dreamer if it has the same, unchanged network file; else a new one."""
    key = file_version(network), provider
    if getattr(_warm, "key", None) != key:
        # Release the old one's memory first.
        _warm.key = _warm.dreamer = None
        _warm.dreamer = Dreamer(network, provider)
        _warm.key = key
    found: Dreamer = _warm.dreamer
    return found


def dream(
    image: Given,
    recipe: Recipe | Mapping[str, Any] | str = DEFAULT_PRESET,
    *,
    provider: str = AUTO,
    mask: Array | None = None,
    on_progress: OnProgress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Given:
    """Dream on one image.

    The network stays loaded for the next call in the same thread. Use a `Dreamer` to control how
    long it stays loaded.

    Parameters
    ----------
    image : Picture or array
        A picture from `core.read`, or pixels, sRGB-encoded: [height, width] or [height, width,
        channels], gray or RGB, with or without alpha; uint8, uint16, or floats from 0, black, to
        1, white. What is transparent does not change.
    recipe : Recipe, mapping or str
        A recipe, its parameters by name, or the name of a preset.
    provider : str
        Execution provider: `auto`, `cpu`, `cuda`, ...
    mask : array, optional
        [height, width], floats 0..1, booleans or whole numbers: where to dream; where it is 0,
        nothing changes.
    on_progress : callable, optional
        Called with a `core.ascent.progress.Progress` after every tile.
    cancelled : callable, optional
        Called before every tile; if it returns True, `CancelledError` is raised.

    Returns
    -------
    Picture or array
        Of the same kind, type and size as `image`.

    Raises
    ------
    DreamlayerError
        Recipe, network, provider or image cannot be used; the message says what to do.

    Examples
    --------
    >>> import numpy as np
    >>> from dreamlayer import dream, preset
    >>> gray = np.full((80, 120, 3), 128, np.uint8)
    >>> dreamt = dream(gray, preset("gentle").replace(octaves=1, steps=2), provider="cpu")
    >>> dreamt.shape, dreamt.dtype, bool((dreamt != gray).any())
    ((80, 120, 3), dtype('uint8'), True)
    """
    chosen = recipe_from(recipe, DREAMS)
    dreamer = _warm_dreamer(network_of(chosen), provider)
    # What other recipes loaded would take memory that this one may need.
    dreamer.forget(but=chosen)
    given = image if isinstance(image, Picture) else array_image(image)
    callbacks = Callbacks(on_progress, cancelled=cancelled)
    result = dreamer.dream(given.pixels, chosen, mask=mask, alpha=given.alpha, callbacks=callbacks)
    if isinstance(given, Picture):
        return dataclasses.replace(given, pixels=result, recipe=chosen.to_json())
    return given.like_given(result)
