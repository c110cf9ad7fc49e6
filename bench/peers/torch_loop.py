"""The default recipe in PyTorch: octaves, rolls and tiles as tensors on one device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - the name that all of its users know

from bench.peers.loops import OctaveLoop, gaussian
from dreamlayer.core.recipe.recipe import Recipe

if TYPE_CHECKING:
    from bench.peers.torch import TorchPeer

Array = npt.NDArray[np.float32]


class TorchLoop(OctaveLoop):
    """Images are tensors [1, 3, height, width]."""

    def __init__(self, peer: TorchPeer) -> None:
        super().__init__(peer.grid)
        self._peer = peer

    def load(self, planes: Array) -> Any:
        """In the peer's memory format."""
        return self._peer.prepare(planes)

    def unload(self, image: Any) -> Array:
        """NumpyBackend again."""
        return np.ascontiguousarray(image[0].cpu().numpy())

    def resize(self, image: Any, size: tuple[int, int]) -> Any:
        """PyTorch's bicubic with antialiasing."""
        if tuple(image.shape[2:]) == size:
            return image
        return F.interpolate(image, size, mode="bicubic", antialias=True)

    def step(self, image: Any, shift: tuple[int, int], recipe: Recipe) -> Any:
        """One step; tiles are slices of the rolled image."""
        rolled = torch.roll(image, (-shift[0], -shift[1]), (2, 3))
        gradient = torch.empty_like(rolled)
        rows, columns = self.rows_and_columns(*image.shape[2:])
        for top, row, bottom in rows:
            for left, column, right in columns:
                tile = rolled[:, :, top:bottom, left:right].contiguous(
                    memory_format=self._peer.format
                )
                part = self._peer.gradient_tensor(tile)
                own = part[:, :, row - top :, column - left :]
                gradient[:, :, row:bottom, column:right] = own
        gradient = torch.roll(gradient, shift, (2, 3))
        gradient = _blurred(gradient, recipe.smoothing)
        gradient *= recipe.step_size / gradient.abs().mean()
        return (image + gradient).clamp_(0, 1)


def _blurred(gradient: Any, sigma: float) -> Any:
    weights = torch.from_numpy(gaussian(sigma)).to(gradient)
    reach, channels = len(weights) // 2, gradient.shape[1]
    for shape, pad in (
        ((1, 1, -1, 1), (0, 0, reach, reach)),
        ((1, 1, 1, -1), (reach, reach, 0, 0)),
    ):
        kernel = weights.reshape(shape).repeat(channels, 1, 1, 1)
        gradient = F.conv2d(F.pad(gradient, pad, mode="reflect"), kernel, groups=channels)
    return gradient
