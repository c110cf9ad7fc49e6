"""`Dreamer`: a loaded network that runs recipes on images."""

from __future__ import annotations

import importlib
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.backend import Backend, Image
from dreamlayer.core.ascent.colors import starting_noise
from dreamlayer.core.ascent.loop import Callbacks, ascend
from dreamlayer.core.ascent.octaves import working_size
from dreamlayer.core.ascent.preview import PreviewMaker
from dreamlayer.core.ascent.tiles import grid_for
from dreamlayer.core.dreaming.backends import (
    LoadedObjective,
    ObjectiveCache,
    check_backend,
    device_provider,
)
from dreamlayer.core.dreaming.memory import Estimate, estimate
from dreamlayer.core.dreaming.tone import Tone, finished
from dreamlayer.core.dreaming.visible import blending, weights_of
from dreamlayer.core.images.array_image import as_mask, check_range
from dreamlayer.core.images.arrays import changed, check_image, planar
from dreamlayer.core.images.compact import CompactPixels
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.resampling import resize, resized_plane
from dreamlayer.core.images.transparency import fill_hidden, opacity
from dreamlayer.core.isolation.cancellation import cancellable
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import FLAT, Recipe
from dreamlayer.core.runtime.providers import AUTO, Execution
from dreamlayer.core.runtime.sessions import first_choice

Array = npt.NDArray[np.float32]


class Dreamer:
    """A loaded network that dreams any number of images, each with its own recipe.

    Parameters
    ----------
    network : str or Network
        A name that `core.network.files.available` lists, a path, or a network in memory.
    provider : str
        Execution provider: `auto`, or the name of one.
    threads : int
        Threads of ONNX Runtime on the CPU, 0 for one per core.
    backend : str
        Where images are held: `numpy`, `device` or `auto`; see `core.dreaming.backends`.
    shares_cores : bool
        Whether another program needs the same cores; see `core.runtime.providers.Execution`.

    Raises
    ------
    NetworkError, ProviderError
        The network or the provider is not available.
    OptionError
        There is no such backend.

    Examples
    --------
    >>> from dreamlayer import Dreamer, preset, read
    >>> recipe = preset("eyes").replace(octaves=1, steps=1)
    >>> dreamer = Dreamer(recipe.network, provider="cpu")
    >>> photo = read("photo.jpg")
    >>> dreams = [dreamer.dream(photo.pixels, recipe.replace(seed=seed)) for seed in (1, 2)]
    >>> [dreamt.shape for dreamt in dreams]
    [(400, 600, 3), (400, 600, 3)]
    """

    def __init__(
        self,
        network: str | Network = "default",
        provider: str = AUTO,
        threads: int = 0,
        backend: str = AUTO,
        *,
        shares_cores: bool = False,
    ) -> None:
        check_backend(backend)
        self.network = Network(network) if isinstance(network, str) else network
        self._execution, self._backend = (
            Execution(provider, threads, shares_cores=shares_cores),
            backend,
        )

    @cached_property
    def _device(self) -> str | None:
        return device_provider(self._backend, self._execution)

    @cached_property
    def _device_memory(self) -> float | None:
        """Free bytes of the GPU before this dreamer used any; None without a GPU or if unknown.

        Asked once, since the next dream can reuse the dreamer's own memory.
        """
        if self._device is None:
            return None
        from dreamlayer.core.runtime.gpu_memory import free_bytes

        return free_bytes(self._device)

    @cached_property
    def _objectives(self) -> ObjectiveCache:
        return ObjectiveCache(self.network, self._execution, self._device)

    def objective(self, recipe: Recipe, guide: Picture | None = None) -> LoadedObjective:
        """The loaded objective of a recipe; the last few stay loaded.

        Whatever the dream computes with is imported here, before a picture takes the memory.

        Parameters
        ----------
        recipe : Recipe
            The parameters.
        guide : Picture, optional
            What the recipe's guide stands for, where `core.recipe.given` names it. It is not held;
            dreams of the recipe find the objective by that name while it is loaded.
        """
        _import_for(recipe)
        return self._objectives.get(recipe, guide)

    def is_warm(self, recipe: Recipe) -> bool:
        """Whether the objective of a recipe is loaded."""
        return recipe in self._objectives

    def forget(self, *, but: Recipe) -> None:
        """Release the memory of all objectives but one; `objective` loads them again."""
        self._objectives.forget(but=but)

    def estimate(
        self,
        width: int,
        height: int,
        recipe: Recipe,
        *,
        weighed: bool = False,
        compact: bool = False,
        encoder: float = 0.0,
        decoder: float = 0.0,
        extras: float = 0.0,
    ) -> Estimate:
        """Memory, tile and octaves of an image's dream; see `core.dreaming.memory.estimate`."""
        return estimate(
            width,
            height,
            recipe,
            self.network,
            device=self._device_memory,
            provider=self._device or first_choice(self._execution.provider),
            weighed=weighed,
            compact=compact and self._device is None,
            encoder=encoder,
            decoder=decoder,
            extras=extras,
        )

    def dream(
        self,
        pixels: Array | CompactPixels,
        recipe: Recipe,
        *,
        mask: Array | None = None,
        alpha: npt.NDArray[Any] | None = None,
        tone: Tone | None = None,
        tile: int | None = None,
        callbacks: Callbacks = Callbacks(),
        preview_side: int = 256,
        any_range: bool = False,
    ) -> Array:
        """Dream on float32 pixels.

        Parameters
        ----------
        pixels : array or CompactPixels
            float32 [height, width, 3], sRGB-encoded; not changed. Values outside 0..1 survive,
            since the result is `pixels + strength * (dream(clipped) - clipped)`. What
            `core.images.compact.compacted` returns takes less memory, and gives the same result.
        recipe : Recipe
            The parameters; its `network` is ignored, since this dreamer has one.
        mask : array, optional
            [height, width], floats 0..1, booleans or whole numbers: where to dream. It weighs the
            gradient on every octave, so that shapes grow whole within it; where it is 0, pixels are
            returned bit-identical.
        alpha : array, optional
            [height, width], uint8, uint16 or floats 0..1: what of the pixels is visible. Hidden
            pixels are returned bit-identical, and do not influence the others.
        tone : Tone, optional
            What the recipe's `anchor` holds the result to, for example that of a video's first
            frame; by default that of `pixels`.
        tile : int, optional
            The longest side of a tile, if it was estimated before.
        callbacks : Callbacks
            Functions to call for progress, previews and cancellation.
        preview_side : int
            Longer side of the previews in pixels.
        any_range : bool
            Whether floats that look as if they did not run from 0 to 1 are taken, as frames that
            zoom into highlights do.

        Returns
        -------
        array
            float32 [height, width, 3].
        """
        mask = None if mask is None else as_mask(mask)
        height, width = check_image(pixels, mask, alpha)
        opaque = opacity(alpha)
        blend = blending(mask, opaque)
        if recipe.idle or (blend is not None and not blend.any()):
            return pixels.pixels() if isinstance(pixels, CompactPixels) else pixels.copy()
        if not isinstance(pixels, CompactPixels):
            if not any_range:
                check_range(pixels)
        elif not self._reads_compact(opaque):
            pixels = pixels.pixels()
        with cancellable(callbacks.cancelled):
            objective = self.objective(recipe)
            if tile is None:
                tile = self.estimate(width, height, recipe, weighed=blend is not None).tile
        base = pixels if isinstance(pixels, CompactPixels) else planar(pixels)
        if opaque is not None:
            assert not isinstance(base, CompactPixels), "hidden colors are filled in floats"
            base = fill_hidden(base, opaque)
        size = working_size(width, height, recipe)
        method, own = recipe.resample, size == (height, width)
        small = base if own else np.clip(resize(base, size, method), 0, 1)
        rng = np.random.default_rng(recipe.seed)
        layers = [term.layer for term in recipe.layers]
        grid = grid_for(recipe, tile, self.network.geometry(layers))
        weights = weights_of(base, recipe, blend, opaque)
        if weights is not None and not own:
            weights = np.clip(resized_plane(weights, size), 0, 1)

        def finish(change: Array, base: Array | CompactPixels) -> Array:
            to = change.shape[1], change.shape[2]
            seen = None if blend is None else np.clip(resized_plane(blend, to), 0, 1)
            return finished(change, base, recipe, tone, seen)

        def run(backend: Backend[Image], start: Image, original: Image) -> Image:
            preview = None
            if (show := callbacks.on_preview) is not None:
                side = min(preview_side, max(height, width))
                # Hidden colors that the ascent replaces are shown as they are in the result.
                on = None if opaque is None or isinstance(pixels, CompactPixels) else pixels
                preview = PreviewMaker(backend, original, blend, finish, side, show, on)
            return ascend(
                backend,
                start,
                grid=grid,
                rng=rng,
                original=original,
                weights=weights,
                callbacks=callbacks,
                on_octave=preview,
            )

        start: Array | CompactPixels = small
        if recipe.start == "noise":
            start = starting_noise(size, recipe, rng)
        dreamt = objective.backend(recipe).run(run, start, small)
        if recipe.start == "noise":
            # It contains nothing of the picture, not even detail that enlarging loses.
            dreamt = dreamt if own else resize(dreamt, (height, width), method)
            _subtract(dreamt, base)
        else:
            _subtract(dreamt, small)
            dreamt = dreamt if own else resize(dreamt, (height, width), method)
        dreamt = finish(dreamt, base)
        # The memory of a clipped original is reused for the result, in the image's layout.
        if isinstance(base, CompactPixels):
            result = np.empty((height, width, 3), np.float32)
        else:
            result = base.reshape(height, width, 3)
        return changed(pixels, dreamt, blend, result)

    def _reads_compact(self, opaque: Array | None) -> bool:
        """Whether a dream can do with planes that are made one by one."""
        return self._device is None and opaque is None


def _import_for(recipe: Recipe) -> None:
    """Import SciPy where the recipe blurs.

    It brings a BLAS that waits for ever, or ends the process, where memory is short.
    """
    octaves = recipe.scheme == "recursive" and recipe.blur
    if recipe.smoothing or recipe.smoothing_growth or octaves or recipe.protect == FLAT:
        importlib.import_module("scipy.ndimage")


def _subtract(planes: Array, others: Array | CompactPixels) -> None:
    for plane, other in zip(planes, others, strict=True):
        plane -= other


def noise_picture(recipe: Recipe) -> Array:
    """The noise that a recipe starts from without a picture.

    Returns
    -------
    array
        float32 [canvas, canvas, 3], `noise_low` to `noise_high`.
    """
    size = recipe.canvas, recipe.canvas
    rng = np.random.default_rng(recipe.seed)
    planes = starting_noise(size, recipe, rng)
    return np.ascontiguousarray(planes.transpose(1, 2, 0))
