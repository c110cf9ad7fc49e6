"""Dream on an image: the network, the recipe and the ascent brought together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.backend import Backend, Image
from dreamlayer.core.ascent.loop import Trace, ascend
from dreamlayer.core.ascent.octaves import working_size
from dreamlayer.core.ascent.preview import OnPreview, PreviewMaker
from dreamlayer.core.ascent.progress import OnProgress
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.device.objective import DeviceObjective
from dreamlayer.core.dreaming.backends import ObjectiveCache
from dreamlayer.core.dreaming.memory import Estimate, estimate
from dreamlayer.core.dreaming.objective import Objective
from dreamlayer.core.dreaming.paths import check_path, device_provider
from dreamlayer.core.images.arrays import as_float, as_type, changed, check_image, planar
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.resampling import resize
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.presets import DEFAULT_PRESET, preset
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.runtime.gpu_memory import free_bytes
from dreamlayer.core.runtime.providers import AUTO
from dreamlayer.core.runtime.sessions import first_choice

Array = npt.NDArray[np.float32]


class Dreamer:
    """A network kept warm: dreams any number of images, each with its own recipe.

    Parameters
    ----------
    network : str or Network
        A name that `core.network.files.available` lists, a path, or a network in memory.
    provider : str
        Execution provider: `auto`, or one that is demanded.
    threads : int
        Threads of ONNX Runtime on the CPU, 0 for one a core.
    path : str
        Where the image lies: `numpy`, `resident` or `auto`; see `core.dreaming.paths`.

    Raises
    ------
    NetworkError, ProviderError
        Where the network or the provider cannot be had.
    OptionError
        Where there is no such path.
    """

    def __init__(
        self,
        network: str | Network = "default",
        provider: str = AUTO,
        threads: int = 0,
        path: str = AUTO,
    ) -> None:
        check_path(path)
        self.network = Network(network) if isinstance(network, str) else network
        self._provider, self._threads, self._path = provider, threads, path

    @cached_property
    def _resident(self) -> str | None:
        return device_provider(self._path, self._provider, self._threads)

    @cached_property
    def _device_room(self) -> float | None:
        """Bytes that were free on the GPU before this dreamer took any; None for no or any GPU.

        Asked once: what it holds later, the next dream can use again.
        """
        return None if self._resident is None else free_bytes(self._resident)

    @cached_property
    def _objectives(self) -> ObjectiveCache:
        return ObjectiveCache(self.network, self._provider, self._threads, self._resident)

    def objective(self, recipe: Recipe) -> Objective | DeviceObjective:
        """The loaded objective of a recipe; the last few are kept."""
        return self._objectives.of(recipe)

    def is_warm(self, recipe: Recipe) -> bool:
        """Tell whether `objective` has it at hand."""
        return recipe in self._objectives

    def forget(self, *, but: Recipe) -> None:
        """Give back the memory of all objectives but one; they are made anew when asked for."""
        self._objectives.forget(but=but)

    def estimate(self, width: int, height: int, recipe: Recipe) -> Estimate:
        """Peak memory and tile for an image of that size; see `core.dreaming.memory.estimate`."""
        provider = self._resident or first_choice(self._provider)
        room = self._device_room
        return estimate(width, height, recipe, self.network, device=room, provider=provider)

    def dream(
        self,
        pixels: Array,
        recipe: Recipe,
        *,
        mask: Array | None = None,
        tile: int | None = None,
        watch: OnProgress | None = None,
        show: OnPreview | None = None,
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
            As for `core.ascent.loop.ascend_numpy`.
        show : callable, optional
            Called with a `core.ascent.preview.Preview` after every octave.
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
        base = planar(pixels)
        size = working_size(width, height, recipe)
        method, own = recipe.resample, size == (height, width)
        small = base if own else np.clip(resize(base, size, method), 0, 1)
        rng = np.random.default_rng(recipe.seed)
        backend: Backend[Any] = objective.backend(recipe)
        dreamt = _climbed(
            backend,
            _noise(size, recipe, rng) if recipe.start == "noise" else small,
            small,
            grid=self.network.grid([term.layer for term in recipe.layers], side, recipe.overlap),
            rng=rng,
            preview=None if show is None else _Wish(mask, show_side, show),
            watch=watch,
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
        return changed(pixels, dreamt, mask, base.reshape(height, width, 3))


@dataclasses.dataclass(frozen=True)
class _Wish:
    """What previews are wanted; see `core.ascent.preview.PreviewMaker`."""

    mask: Array | None
    side: int
    show: OnPreview


def _climbed(
    backend: Backend[Image],
    start: Array,
    original: Array,
    *,
    grid: Grid,
    rng: np.random.Generator,
    preview: _Wish | None,
    watch: OnProgress | None,
    trace: Trace | None,
    cancelled: Callable[[], bool] | None,
) -> Array:
    """Dream where the backend has its images; the result comes back."""
    held = backend.upload(original)
    show = None
    if preview is not None:
        strength = backend.recipe.strength
        show = PreviewMaker(backend, held, preview.mask, strength, preview.side, preview.show)
    dreamt = ascend(
        backend,
        held if start is original else backend.upload(start),
        grid=grid,
        rng=rng,
        original=held,
        watch=watch,
        show=show,
        trace=trace,
        cancelled=cancelled,
    )
    return backend.download(dreamt)


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


@overload
def dream(
    image: Picture,
    recipe: Recipe | str = ...,
    *,
    provider: str = ...,
    mask: Array | None = ...,
    watch: OnProgress | None = ...,
    cancelled: Callable[[], bool] | None = ...,
) -> Picture: ...


@overload
def dream(
    image: npt.NDArray[Any],
    recipe: Recipe | str = ...,
    *,
    provider: str = ...,
    mask: Array | None = ...,
    watch: OnProgress | None = ...,
    cancelled: Callable[[], bool] | None = ...,
) -> npt.NDArray[Any]: ...


def dream(
    image: Picture | npt.NDArray[Any],
    recipe: Recipe | str = DEFAULT_PRESET,
    *,
    provider: str = AUTO,
    mask: Array | None = None,
    watch: OnProgress | None = None,
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
        Called with a `core.ascent.progress.Progress` after every tile.
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
