"""Dream on an image: the network, the recipe and the ascent brought together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from core.ascent import Trace, dream_planes
from core.climbing import Objective
from core.errors import RecipeError
from core.images.picture import Picture
from core.memory import Estimate, estimate
from core.network import Network
from core.octaves import working_size
from core.planes import Planes
from core.preview import Previewer, ShowPreview
from core.progress import Watch
from core.providers import AUTO
from core.recipe import Recipe
from core.recipes import DEFAULT_PRESET, preset
from core.resampling import resize
from core.term import Term

Array = npt.NDArray[np.float32]
_ROUNDING = 1e-5

_OBJECTIVES = 4
"""Objectives kept loaded; one who looks for a layer goes back and forth between a few."""


class Dreamer:
    """A network kept warm: dreams any number of images, each with its own recipe.

    Parameters
    ----------
    network : str or Network
        A name that `core.network.available` lists, a path, or a network that is loaded already.
    provider : str
        Execution provider: `auto`, or one that is demanded.
    threads : int
        Threads of ONNX Runtime on the CPU, 0 for one a core.

    Raises
    ------
    NetworkError, ProviderError
        Where the network or the provider cannot be had.
    """

    def __init__(
        self, network: str | Network = "default", provider: str = AUTO, threads: int = 0
    ) -> None:
        self.network = Network(network) if isinstance(network, str) else network
        self._provider, self._threads = provider, threads
        self._objectives: dict[_Key, Objective] = {}

    def objective(self, recipe: Recipe) -> Objective:
        """The loaded objective of a recipe; the last few are kept."""
        key = _key(recipe)
        found = self._objectives.pop(key, None)
        if found is None:
            # The one unused for longest goes first, so that its memory serves the new one.
            while len(self._objectives) >= _OBJECTIVES:
                del self._objectives[next(iter(self._objectives))]
            guide = recipe.guide if recipe.needs_guide else ""
            found = Objective(self.network, recipe.layers, guide, self._provider, self._threads)
        self._objectives[key] = found
        return found

    def is_warm(self, recipe: Recipe) -> bool:
        """Tell whether `objective` has it at hand."""
        return _key(recipe) in self._objectives

    def forget(self, *, but: Recipe) -> None:
        """Give back the memory of all objectives but one; they are made anew when asked for."""
        kept = _key(but)
        self._objectives = {key: o for key, o in self._objectives.items() if key == kept}

    def estimate(self, width: int, height: int, recipe: Recipe) -> Estimate:
        """Peak memory and tile for an image of that size; see `core.memory.estimate`."""
        return estimate(width, height, recipe, self.network)

    def dream(
        self,
        pixels: Array,
        recipe: Recipe,
        *,
        mask: Array | None = None,
        tile: int | None = None,
        watch: Watch | None = None,
        show: ShowPreview | None = None,
        show_side: int = 256,
        trace: Trace | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Array:
        """Dream on float32 pixels.

        Parameters
        ----------
        pixels : array
            float32 [height, width, 3], encoded as a file would be; values beyond 0..1 survive,
            since what is returned is `pixels + strength * (dream(clipped) - clipped)`. Not
            changed.
        recipe : Recipe
            Its `network` is not read: this dreamer has one already.
        mask : array, optional
            float32 [height, width], 0..1; where it is 0, pixels come back bit-identical.
        tile : int, optional
            The longest side of a tile, where an estimate was made before.
        watch, trace, cancelled : callable, optional
            As for `core.ascent.dream_planes`.
        show : callable, optional
            Called with a `core.preview.Preview` after every octave.
        show_side : int
            Longer side of the previews in pixels.

        Returns
        -------
        array
            float32 [height, width, 3].
        """
        height, width = check_image(pixels, mask)
        if recipe.idle:
            return pixels.copy()
        objective = self.objective(recipe)
        side = self.estimate(width, height, recipe).tile if tile is None else tile
        base = _planar(pixels)
        size = working_size(width, height, recipe)
        method, own = recipe.resample, size == (height, width)
        small = base if own else np.clip(resize(base, size, method), 0, 1)
        rng = np.random.default_rng(recipe.seed)
        dreamt = dream_planes(
            _noise(size, recipe, rng) if recipe.start == "noise" else small,
            recipe,
            objective,
            original=small,
            grid=self.network.grid([term.layer for term in recipe.layers], side, recipe.overlap),
            rng=rng,
            watch=watch,
            show=show and Previewer(Planes(recipe, objective), small, mask, recipe.strength, show_side, show),
            trace=trace,
            cancelled=cancelled,
        )
        if recipe.start == "noise":
            # Nothing of the picture is in it, its detail included.
            dreamt = dreamt if own else resize(dreamt, (height, width), method)
            dreamt -= base
        else:
            dreamt -= small
            dreamt = dreamt if own else resize(dreamt, (height, width), method)
        if recipe.strength != 1:
            dreamt *= recipe.strength
        # The clipped original has served; its memory takes the result, in the image's own layout.
        return _changed(pixels, dreamt, mask, base.reshape(height, width, 3))


def noise_picture(recipe: Recipe) -> Array:
    """The noise that a recipe starts from where no picture is given.

    Returns
    -------
    array
        float32 [canvas, canvas, 3], `noise_low` to `noise_high`.
    """
    size = recipe.canvas, recipe.canvas
    planes = _noise(size, recipe, np.random.default_rng(recipe.seed))
    return np.ascontiguousarray(planes.transpose(1, 2, 0))


def _noise(size: tuple[int, int], recipe: Recipe, rng: np.random.Generator) -> Array:
    noise = rng.random((3, *size), np.float32)
    noise *= recipe.noise_high - recipe.noise_low
    noise += recipe.noise_low
    return noise


_Key = tuple[tuple[Term, ...], str, float]


def _key(recipe: Recipe) -> _Key:
    """What makes one objective differ from another: its terms, and the state of its guide."""
    if not recipe.needs_guide:
        return recipe.layers, "", 0.0
    try:
        changed = Path(recipe.guide).stat().st_mtime
    except (OSError, ValueError):
        # What reads it will say so.
        changed = 0.0
    return recipe.layers, recipe.guide, changed


def check_image(pixels: Array, mask: Array | None = None) -> tuple[int, int]:
    """Height and width of an image that can be dreamed on, with its mask.

    Raises
    ------
    RecipeError
        Where shapes or values are not what `Dreamer.dream` takes.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise RecipeError(
            f"an image must have the shape [height, width, 3], but has {list(pixels.shape)}"
        )
    if not np.isfinite(pixels.min()) or not np.isfinite(pixels.max()):
        raise RecipeError("the image has pixels that are not finite numbers; replace them first")
    height, width = pixels.shape[:2]
    if mask is not None and mask.shape != (height, width):
        raise RecipeError(
            f"the mask must have the image's shape [{height}, {width}], but has {list(mask.shape)}"
        )
    if mask is not None and not (mask.dtype.kind == "f" and _within_0_1(mask)):
        raise RecipeError("the mask must hold floats from 0 (keep the pixel) to 1 (dream)")
    return height, width


def _planar(pixels: Array) -> Array:
    """Clip to 0..1 and lay out as [3, height, width]."""
    planes = np.empty((3, *pixels.shape[:2]), np.float32)
    for channel, plane in enumerate(planes):
        np.clip(pixels[:, :, channel], 0, 1, out=plane)
    return planes


def _within_0_1(mask: Array) -> bool:
    """True for 0..1 but for rounding, which a feathered selection in floats has."""
    return bool(-_ROUNDING <= mask.min() <= mask.max() <= 1 + _ROUNDING)


def _changed(pixels: Array, change: Array, mask: Array | None, result: Array) -> Array:
    """Write pixels + mask * change to `result`; pixels outside the mask are copied bit by bit."""
    for channel in range(3):
        own = pixels[:, :, channel]
        if mask is None:
            np.add(own, change[channel], out=result[:, :, channel])
        else:
            np.multiply(change[channel], mask, out=change[channel])
            changed = np.add(own, change[channel], out=change[channel])
            result[:, :, channel] = np.where(mask > 0, changed, own)
    return result


@overload
def dream(
    image: Picture,
    recipe: Recipe | str = ...,
    *,
    provider: str = ...,
    mask: Array | None = ...,
    watch: Watch | None = ...,
    cancelled: Callable[[], bool] | None = ...,
) -> Picture: ...


@overload
def dream(
    image: npt.NDArray[Any],
    recipe: Recipe | str = ...,
    *,
    provider: str = ...,
    mask: Array | None = ...,
    watch: Watch | None = ...,
    cancelled: Callable[[], bool] | None = ...,
) -> npt.NDArray[Any]: ...


def dream(
    image: Picture | npt.NDArray[Any],
    recipe: Recipe | str = DEFAULT_PRESET,
    *,
    provider: str = AUTO,
    mask: Array | None = None,
    watch: Watch | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Picture | npt.NDArray[Any]:
    """Dream on one image.

    Parameters
    ----------
    image : Picture or array
        What `core.read` gave, or pixels [height, width, 3]: uint8, uint16, or floats where 0 is
        black and 1 white, sRGB-encoded.
    recipe : Recipe or str
        What to dream, or the name of a preset.
    provider : str
        Execution provider: `auto`, `cpu`, `cuda`, ...
    mask : array, optional
        float32 [height, width], 0..1; where it is 0, nothing changes.
    watch : callable, optional
        Called with a `core.progress.Progress` after every tile.
    cancelled : callable, optional
        Asked before every tile; True ends the dream with `CancelledError`.

    Returns
    -------
    Picture or array
        Of the same kind, type and size as `image`.

    Raises
    ------
    DreamlayerError
        With one sentence on what to do, where the recipe, network, provider or image do not fit.
    """
    chosen = preset(recipe) if isinstance(recipe, str) else recipe
    dreamer = Dreamer(chosen.network, provider)
    given = image if isinstance(image, Picture) else np.asarray(image)
    pixels = given.pixels if isinstance(given, Picture) else as_float(given)
    result = dreamer.dream(pixels, chosen, mask=mask, watch=watch, cancelled=cancelled)
    if isinstance(given, Picture):
        return dataclasses.replace(given, pixels=result, recipe=chosen.to_json())
    return as_type(result, given.dtype)


def as_float(image: npt.NDArray[Any]) -> Array:
    """Pixels as float32, 0..1; `RecipeError` for types other than uint8, uint16 and floats."""
    if image.dtype in (np.uint8, np.uint16):
        return (image / np.float32(np.iinfo(image.dtype).max)).astype(np.float32, copy=False)
    if image.dtype.kind != "f":
        raise RecipeError(
            f"an image must hold uint8, uint16 or floats, but holds {image.dtype}; convert it first"
        )
    return image.astype(np.float32)


def as_type(pixels: Array, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Float pixels, 0..1, in the type that an image was given in."""
    if dtype.kind == "f":
        return pixels.astype(dtype, copy=False)
    top = np.iinfo(dtype).max
    return np.rint(np.clip(pixels, 0, 1) * top).astype(dtype)
