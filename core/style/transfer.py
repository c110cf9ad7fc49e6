"""Give pictures the style of others: many with one loaded network, or one with one call."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from dreamlayer.core.dreaming.memory import Estimate
from dreamlayer.core.images.array_image import array_image, check_range
from dreamlayer.core.images.arrays import check_image
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.transparency import keep_hidden, without_hidden
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.presets import DEFAULT_STYLE, STYLES, recipe_from
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.runtime.providers import AUTO, Execution
from dreamlayer.core.style.lbfgs import OnStyleProgress
from dreamlayer.core.style.memory import estimate_style
from dreamlayer.core.style.optimization import OnRound, Optimization
from dreamlayer.core.style.pictures import Array, StylePicture, close_styles, named_size, open_style

Image = TypeVar("Image", Picture, npt.NDArray[Any])


class StyleTransfer:
    """A loaded network that styles any number of pictures, each with its own recipe.

    Parameters
    ----------
    network : str or Network
        A name that `core.network.files.available` lists, a path, or a network in memory.
    provider : str
        Execution provider: `auto`, or the short name of one.
    threads : int
        Threads of ONNX Runtime on the CPU, 0 for one per core.

    Raises
    ------
    NetworkError
        The network cannot be found or loaded.
    """

    def __init__(
        self, network: str | Network = StyleRecipe.network, provider: str = AUTO, threads: int = 0
    ) -> None:
        self.network = Network(network) if isinstance(network, str) else network
        self._execution = Execution(provider, threads)

    def estimate(
        self,
        width: int,
        height: int,
        recipe: StyleRecipe,
        styles: Sequence[StylePicture] = (),
        *,
        held: bool = False,
    ) -> Estimate:
        """Peak memory for a content of a size, with style pictures that `open_style` returned.

        See `core.style.memory.estimate_style`; `held` is for pictures that are all in memory.
        """
        sizes = [named_size(given, number) for number, given in enumerate(styles, 1)]
        return estimate_style(width, height, recipe, self.network, styles=sizes, held=held)

    def prepare(
        self,
        pixels: Array,
        recipe: StyleRecipe,
        styles: Sequence[StylePicture] = (),
        alpha: npt.NDArray[Any] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Optimization:
        """Load the style pictures and the network.

        Parameters
        ----------
        pixels : array
            The content, float32 [height, width, 3], encoded as a file would be. Not changed.
        recipe : StyleRecipe
            Its `network` is ignored: this object has one already.
        styles : sequence, optional
            Style pictures to use instead of the files that the recipe names.
        alpha : array, optional
            As for `core.dreaming.dreamer.Dreamer.dream`: hidden colors are replaced by visible ones
            nearby. Put them back with `core.images.transparency.keep_hidden`.
        cancelled : callable, optional
            Called before each picture; if it returns True, `CancelledError` is raised.

        Raises
        ------
        DreamlayerError
            Pictures, weights, layers or sizes do not fit; the message says what to do.
        """
        check_image(pixels, alpha=alpha)
        check_range(pixels)
        chosen = styles or recipe.styles
        seen = without_hidden(pixels, alpha)
        return Optimization(
            self.network, seen, recipe, chosen, self._execution, cancelled=cancelled
        )


def transfer(
    content: Image,
    styles: StylePicture | Sequence[StylePicture] = (),
    recipe: StyleRecipe | Mapping[str, Any] | str = DEFAULT_STYLE,
    *,
    provider: str = AUTO,
    on_progress: OnStyleProgress | None = None,
    on_round: OnRound | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Image:
    """Give one picture the style of others.

    Parameters
    ----------
    content : Picture or array
        What `core.read` returned, or pixels, sRGB-encoded: [height, width] or [height, width,
        channels], gray or RGB, with or without alpha; uint8, uint16, or floats where 0 is black
        and 1 white.
    styles : picture or list of pictures
        Files, what `core.read` returned, or pixels; by default those that the recipe names. Their
        weights are the recipe's `style_weights`.
    recipe : StyleRecipe, mapping or str
        A recipe, its parameters by name, or the name of a style preset.
    provider : str
        Execution provider: `auto`, `cpu`, `cuda`, ...
    on_progress, on_round, cancelled : callable, optional
        As for `core.style.optimization.Optimization.run`.

    Returns
    -------
    Picture or array
        Of the same kind, type and size as `content`.

    Raises
    ------
    DreamlayerError
        Recipe, network, provider or pictures do not fit; the message says what to do.
    """
    chosen = recipe_from(recipe, STYLES)
    given = list(styles) if isinstance(styles, list | tuple) else [cast(StylePicture, styles)]
    files = tuple(str(one) for one in given if not isinstance(one, Picture | np.ndarray))
    if len(files) == len(given) > 0:
        chosen = chosen.replace(styles=files)
    image = content if isinstance(content, Picture) else array_image(content)
    pixels, alpha = image.pixels, image.alpha
    height, width = check_image(pixels)
    network = StyleTransfer(network_of(chosen), provider)
    opened = [open_style(one) for one in given or chosen.styles]
    try:
        network.estimate(width, height, chosen, opened)
        optimization = network.prepare(pixels, chosen, opened, alpha, cancelled)
    finally:
        close_styles(opened)
    result = optimization.run(on_progress=on_progress, on_round=on_round, cancelled=cancelled)
    result = keep_hidden(result, pixels, alpha)
    if isinstance(image, Picture):
        return dataclasses.replace(image, pixels=result, recipe=chosen.to_json())
    return image.like_given(result)
