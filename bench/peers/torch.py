"""The same network, objective and loop in PyTorch, as its users write them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - the name that all of its users know

from bench.errors import UnavailableError
from bench.peers.loops import OctaveLoop, gaussian
from bench.peers.plan import Step, carry_out, padding_of, pair_of, refuse_unknown
from bench.peers.sources import Source
from bench.peers.table import HALF, TF32, Setting
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term

Array = npt.NDArray[np.float32]
Operator = Callable[[Step, list[Any]], Any]


def _convolution(step: Step, x: list[Any]) -> Any:
    image, kernel, *bias = x
    return F.conv2d(
        image,
        kernel,
        bias[0] if bias else None,
        stride=pair_of(step, "strides"),
        padding=padding_of(step),
        dilation=pair_of(step, "dilations"),
        groups=step.attributes.get("group", 1),
    )


def _batch_norm(step: Step, x: list[Any]) -> Any:
    image, gamma, beta, mean, variance = x
    epsilon = step.attributes.get("epsilon", 1e-5)
    return F.batch_norm(image, mean, variance, gamma, beta, training=False, eps=epsilon)


def _relu(step: Step, x: list[Any]) -> Any:
    # In place where nothing else reads the input, as torchvision's own networks do.
    return F.relu(x[0], inplace=step.inputs[0] in step.drops)


def _max_pool(step: Step, x: list[Any]) -> Any:
    kernel = pair_of(step, "kernel_shape")
    return F.max_pool2d(x[0], kernel, pair_of(step, "strides"), padding_of(step))


def _average_pool(step: Step, x: list[Any]) -> Any:
    return F.avg_pool2d(
        x[0],
        pair_of(step, "kernel_shape"),
        pair_of(step, "strides"),
        padding_of(step),
        count_include_pad=bool(step.attributes.get("count_include_pad", 0)),
    )


OPERATORS: dict[str, Operator] = {
    "Add": lambda _, x: x[0] + x[1],
    "Sub": lambda _, x: x[0] - x[1],
    "Mul": lambda _, x: x[0] * x[1],
    "Relu": _relu,
    "Concat": lambda step, x: torch.cat(x, dim=step.attributes["axis"]),
    "Conv": _convolution,
    "BatchNormalization": _batch_norm,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
}


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
        compiled: bool = False,
    ) -> None:
        self._plan = source.plan()
        refuse_unknown(self._plan, OPERATORS, "PyTorch")
        _prepare_device(setting)
        self.device, self.grid = setting.device, source.grid
        self.version = f"torch {torch.__version__}"
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self._half = setting.precision == HALF
        self._constants = {n: self._tensor(value) for n, value in self._plan.constants.items()}
        self._objective = self._walked
        if compiled:
            _demand_compiler(setting.device)
            # As plain operators, like a model written by hand, without the walk over the plan.
            plain = torch.fx.symbolic_trace(lambda image: self._walked(image))
            self._objective = torch.compile(plain, dynamic=False, fullgraph=True)

    def prepare(self, tile: Array) -> Any:
        """Turn a tile into a batch of one in this peer's memory format."""
        return self._tensor(tile[np.newaxis])

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
        return TorchLoop(self)

    def _forward(self, image: Any) -> Any:
        with torch.autocast(self.device, torch.bfloat16, enabled=self._half):
            return self._objective(image)

    def _walked(self, image: Any) -> Any:
        tapped = carry_out(self._plan, image, self._constants, OPERATORS)
        return sum(term.weight * _score(tapped[term.layer], term) for term in self._plan.terms)

    def _tensor(self, array: npt.NDArray[Any]) -> Any:
        tensor = torch.from_numpy(array).to(self.device)
        return tensor.contiguous(memory_format=self.format) if tensor.ndim == 4 else tensor


class TorchLoop(OctaveLoop):
    """Images are tensors [1, 3, height, width]."""

    def __init__(self, peer: TorchPeer) -> None:
        super().__init__(peer.grid)
        self._peer = peer

    def load(self, planes: Array) -> Any:
        """Turn float32 [3, height, width] into a batch of one in the peer's memory format."""
        return self._peer.prepare(planes)

    def unload(self, image: Any) -> Array:
        """Turn an image into float32 [3, height, width]."""
        return np.ascontiguousarray(image[0].cpu().numpy())

    def resize(self, image: Any, size: tuple[int, int]) -> Any:
        """Resize with PyTorch's bicubic filter and antialiasing."""
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


def compiled(source: Source, setting: Setting) -> TorchPeer:
    """Compiled for each size."""
    return TorchPeer(source, setting, channels_last=True, compiled=True)


def _score(activations: Any, term: Term) -> Any:
    chosen = activations[:, list(term.channels)] if term.channels else activations
    chosen = chosen.float()
    return chosen.square().mean() if term.kind == "squares" else chosen.mean()


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
