"""Give pictures the style of others: the network kept warm, and one call for one picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, cast, overload

import numpy as np
import numpy.typing as npt

from dreamlayer.core.dreaming.memory import Estimate
from dreamlayer.core.images.arrays import as_float, as_type, check_image
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.presets import DEFAULT_STYLE, style_preset
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.runtime.providers import AUTO
from dreamlayer.core.style.lbfgs import WatchStyle
from dreamlayer.core.style.memory import estimate_style
from dreamlayer.core.style.optimization import (
    Array,
    Given,
    Optimization,
    ShowRound,
    close_styles,
    open_style,
    size_of,
)


class StyleTransfer:
    """A network kept warm: styles any number of pictures, each with its own recipe.

    Parameters
    ----------
    network : str or Network
        A name that `core.network.files.available` lists, a path, or a network in memory.
    provider : str
        Execution provider: `auto`, or one that is demanded.
    threads : int
        Threads of ONNX Runtime on the CPU, 0 for one a core.

    Raises
    ------
    NetworkError
        Where the network cannot be had.
    """

    def __init__(
        self, network: str | Network = "default", provider: str = AUTO, threads: int = 0
    ) -> None:
        self.network = Network(network) if isinstance(network, str) else network
        self._provider, self._threads = provider, threads

    def estimate(
        self, width: int, height: int, recipe: StyleRecipe, styles: Sequence[Given] = ()
    ) -> Estimate:
        """Peak memory for a content of that size, with style pictures that `open_style` gave.

        See `core.style.memory.estimate_style`.
        """
        seen = [size_of(given, number) for number, given in enumerate(styles, 1)]
        return estimate_style(width, height, recipe, self.network, styles=seen)

    def prepare(
        self, pixels: Array, recipe: StyleRecipe, styles: Sequence[Given] = ()
    ) -> Optimization:
        """Look at the style pictures and load the network.

        Parameters
        ----------
        pixels : array
            The content, float32 [height, width, 3], encoded as a file would be. Not changed.
        recipe : StyleRecipe
            Its `network` is not read: this stylist has one already.
        styles : sequence, optional
            The style pictures, instead of the files that the recipe names.

        Raises
        ------
        DreamlayerError
            With one sentence on what to do, where pictures, weights, layers or sizes do not fit.
        """
        check_image(pixels)
        chosen = styles or recipe.styles
        return Optimization(self.network, pixels, recipe, chosen, self._provider, self._threads)


@overload
def transfer(
    content: Picture,
    styles: Given | Sequence[Given] = ...,
    recipe: StyleRecipe | str = ...,
    *,
    provider: str = ...,
    watch: WatchStyle | None = ...,
    show: ShowRound | None = ...,
    cancelled: Callable[[], bool] | None = ...,
) -> Picture: ...


@overload
def transfer(
    content: npt.NDArray[Any],
    styles: Given | Sequence[Given] = ...,
    recipe: StyleRecipe | str = ...,
    *,
    provider: str = ...,
    watch: WatchStyle | None = ...,
    show: ShowRound | None = ...,
    cancelled: Callable[[], bool] | None = ...,
) -> npt.NDArray[Any]: ...


def transfer(
    content: Picture | npt.NDArray[Any],
    styles: Given | Sequence[Given] = (),
    recipe: StyleRecipe | str = DEFAULT_STYLE,
    *,
    provider: str = AUTO,
    watch: WatchStyle | None = None,
    show: ShowRound | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Picture | npt.NDArray[Any]:
    """Give one picture the style of others.

    Parameters
    ----------
    content : Picture or array
        What `core.read` gave, or pixels [height, width, 3]: uint8, uint16, or floats where 0 is
        black and 1 white, sRGB-encoded.
    styles : picture or list of pictures
        Files, what `core.read` gave, or pixels; none for those that the recipe names. Their
        weights are the recipe's `style_weights`.
    recipe : StyleRecipe or str
        How to do it, or the name of a preset for styles.
    provider : str
        Execution provider: `auto`, `cpu`, `cuda`, ...
    watch, show, cancelled : callable, optional
        As for `core.style.optimization.Optimization.run`.

    Returns
    -------
    Picture or array
        Of the same kind, type and size as `content`.

    Raises
    ------
    DreamlayerError
        With one sentence on what to do, where recipe, network, provider or pictures do not fit.
    """
    chosen = style_preset(recipe) if isinstance(recipe, str) else recipe
    several: list[Given] = (
        list(styles) if isinstance(styles, list | tuple) else [cast(Given, styles)]
    )
    files = tuple(str(one) for one in several if not isinstance(one, Picture | np.ndarray))
    if len(files) == len(several) > 0:
        chosen = chosen.replace(styles=files)
    given = content if isinstance(content, Picture) else np.asarray(content)
    pixels = given.pixels if isinstance(given, Picture) else as_float(given)
    stylist = StyleTransfer(chosen.network, provider)
    check_image(pixels)
    opened = [open_style(one) for one in several or chosen.styles]
    try:
        stylist.estimate(pixels.shape[1], pixels.shape[0], chosen, opened)
        painting = stylist.prepare(pixels, chosen, opened)
    finally:
        close_styles(opened)
    result = painting.run(watch=watch, show=show, cancelled=cancelled)
    if isinstance(given, Picture):
        return dataclasses.replace(given, pixels=result, recipe=chosen.to_json())
    return as_type(result, given.dtype)
