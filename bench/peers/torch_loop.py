"""The default recipe on tensors of PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - the name that all of its users know

from bench.peers.loops import OctaveLoop, pyramid_kernel
from dreamlayer.core.ascent.colors import color_matrix
from dreamlayer.core.ascent.pyramid import MIN_RMS
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]


class TorchLoop(OctaveLoop):
    """Images are tensors [1, 3, height, width].

    Parameters
    ----------
    prepare : callable
        Turns float32 [3, height, width] into a batch of one on the device.
    gradient_of : callable
        The gradient of a tile.
    grid : Grid
        Divides images into tiles.
    memory_format
        PyTorch's, for tiles.
    """

    def __init__(
        self,
        prepare: Callable[[Array], Any],
        gradient_of: Callable[[Any], Any],
        grid: Grid,
        memory_format: Any,
    ) -> None:
        super().__init__(grid)
        self._prepare, self._gradient_of, self._format = prepare, gradient_of, memory_format

    def load(self, planes: Array) -> Any:
        """Turn float32 [3, height, width] into a batch of one; planes suit the loop's filters."""
        return self._prepare(planes).contiguous()

    def unload(self, image: Any) -> Array:
        """Turn an image into float32 [3, height, width]."""
        return np.ascontiguousarray(image[0].cpu().numpy())

    def resize(self, image: Any, size: tuple[int, int]) -> Any:
        """Resize with PyTorch's bicubic filter and antialiasing."""
        if tuple(image.shape[2:]) == size:
            return image
        return F.interpolate(image, size, mode="bicubic", antialias=True)

    def clip(self, image: Any) -> Any:
        """Clamp to 0..1."""
        return image.clamp(0, 1)

    def step(self, image: Any, shift: tuple[int, int], recipe: Recipe) -> Any:
        """One step; tiles are slices of the rolled image."""
        change = torch.roll(self._gradient(image, shift), shift, (2, 3))
        matrix = torch.from_numpy(color_matrix(recipe)).to(change)
        change = torch.einsum("dc,bchw->bdhw", matrix, change).contiguous()
        change = _normalized(change, recipe.pyramid) * recipe.step_size
        room = torch.where(change > 0, 1 - image, image) / recipe.headroom
        return (image + change * room.clamp_(0, 1)).clamp_(0, 1)

    def _gradient(self, image: Any, shift: tuple[int, int]) -> Any:
        rolled = torch.roll(image, (-shift[0], -shift[1]), (2, 3))
        height, width = image.shape[2:]
        gradient = torch.empty_like(rolled)
        for row, column in self.tiles(height, width):
            rows = slice(row.start, row.start + row.length)
            columns = slice(column.start, column.start + column.length)
            tile = rolled[:, :, rows, columns].contiguous(memory_format=self._format)
            part = self._gradient_of(tile)
            top, left = row.start + row.skip, column.start + column.skip
            own = part[:, :, row.skip : row.skip + row.own, column.skip : column.skip + column.own]
            # A mean over a tile weighs each of its pixels by 1 / pixels.
            share = row.length * column.length / (height * width)
            gradient[:, :, top : top + row.own, left : left + column.own] = own * share
        return gradient


def _normalized(gradient: Any, levels: int) -> Any:
    """Divide each band of a Laplacian pyramid by its root mean square."""
    kernel = torch.from_numpy(pyramid_kernel()).to(gradient)[None, None]
    # The kernel is the same for all colors, which are a batch to it.
    found = [gradient.transpose(0, 1)]
    for _ in range(levels):
        low = _down(found[-1], kernel)
        found[-1] = found[-1] - _up(low, kernel, found[-1].shape)
        found.append(low)
    bands = [band / band.square().mean().sqrt().clamp(min=MIN_RMS) for band in found]
    for number, _ in reversed(list(enumerate(pairwise(bands)))):
        bands[number] = bands[number] + _up(bands[number + 1], kernel, bands[number].shape)
    return bands[0].transpose(0, 1)


def _down(image: Any, kernel: Any) -> Any:
    """Every second pixel of the blurred image: from the second on where the size is even."""
    tall, wide = (2 - _start(size) for size in image.shape[2:])
    return F.conv2d(F.pad(image, (wide, 2, tall, 2)), kernel, stride=2)


def _up(low: Any, kernel: Any, shape: Any) -> Any:
    height, width = shape[2:]
    padding = 2 - _start(height), 2 - _start(width)
    found = F.conv_transpose2d(low, kernel * 4, stride=2, padding=padding)
    return found[:, :, :height, :width]


def _start(size: int) -> int:
    return 1 - size % 2
