"""The same network, objective and loop in PyTorch, as its users write them."""

from __future__ import annotations

import os
import shutil
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bench.errors import UnavailableError
from bench.peers.sources import Source
from bench.peers.table import HALF, TF32, Setting
from bench.peers.torch_loop import TorchLoop
from bench.peers.torch_networks import objective

Array = npt.NDArray[np.float32]


class TorchPeer:
    """PyTorch; its native form is a tensor [1, 3, height, width] on the setting's device.

    Parameters
    ----------
    source : Source
        What to compute.
    setting : Setting
        How to compute; threads are those within an operator.
    channels_last : bool
        Use PyTorch's `channels_last` memory format for image and kernels.
    folded : bool
        Fold batch normalizations into the convolutions before them.
    compiled : bool
        Let `torch.compile` compile the forward and the backward pass, once for each size: in
        PyTorch 2.13 the backward convolutions fix the size even with `dynamic=True`.

    Raises
    ------
    UnavailableError
        There is no GPU, or no compiler.
    """

    def __init__(
        self,
        source: Source,
        setting: Setting,
        *,
        channels_last: bool = False,
        folded: bool = False,
        compiled: bool = False,
    ) -> None:
        _prepare_device(setting)
        self.device, self.grid = setting.device, source.grid
        self.version = f"torch {torch.__version__}"
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self._half = setting.precision == HALF
        if compiled:
            _demand_compiler(setting.device)
        self._objective = objective(
            source, self.device, self.format, folded=folded, compiled=compiled
        )

    def prepare(self, tile: Array) -> Any:
        """Turn a tile into a batch of one in this peer's memory format."""
        tensor = torch.from_numpy(tile[np.newaxis]).to(self.device)
        return tensor.contiguous(memory_format=self.format)

    def gradient(self, image: Any) -> tuple[float, Any]:
        """The objective and its gradient with respect to the image alone."""
        image = image.detach().requires_grad_(True)
        loss = self._forward(image)
        (gradient,) = torch.autograd.grad(loss, image)
        # `item` would wait for the GPU's forward pass only.
        if self.device == "cuda":
            torch.cuda.synchronize()
        return loss.item(), gradient

    def gradient_tensor(self, image: Any) -> Any:
        """The gradient alone, without waiting for a GPU."""
        image = image.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(self._forward(image), image)
        return gradient

    def __call__(self, tile: Array) -> tuple[float, Array]:
        """The objective and its gradient, float32 [3, height, width]."""
        loss, gradient = self.gradient(self.prepare(tile))
        return loss, np.ascontiguousarray(gradient[0].float().cpu().numpy())

    def loop(self) -> TorchLoop:
        """The loop in PyTorch: octaves, rolls and tiles as tensors on one device."""
        return TorchLoop(self.prepare, self.gradient_tensor, self.grid, self.format)

    def _forward(self, image: Any) -> Any:
        with torch.autocast(self.device, torch.bfloat16, enabled=self._half):
            return self._objective(image)


def _prepare_device(setting: Setting) -> None:
    if setting.threads:
        torch.set_num_threads(setting.threads)
    if setting.device == "cuda":
        if not torch.cuda.is_available():
            raise UnavailableError("PyTorch finds no NVIDIA GPU")
        tf32 = setting.precision == TF32
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32
        torch.backends.cudnn.benchmark = True


def _demand_compiler(device: str) -> None:
    compilers = [os.environ.get("CXX", ""), "g++", "clang++", "cl"]
    if device == "cpu" and not any(name and shutil.which(name) for name in compilers):
        raise UnavailableError("torch.compile needs a C++ compiler, and there is none")


def eager(source: Source, setting: Setting) -> TorchPeer:
    """As PyTorch runs by default."""
    return TorchPeer(source, setting)


def channels_last(source: Source, setting: Setting) -> TorchPeer:
    """The same in the memory format that is faster for convolutions."""
    return TorchPeer(source, setting, channels_last=True)


def folded(source: Source, setting: Setting) -> TorchPeer:
    """The same with batch normalizations folded into the convolutions."""
    return TorchPeer(source, setting, channels_last=True, folded=True)


def compiled(source: Source, setting: Setting) -> TorchPeer:
    """Compiled for each size."""
    return TorchPeer(source, setting, channels_last=True, compiled=True)
