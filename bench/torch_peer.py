"""The same network and objective in eager PyTorch, the way its users write it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - the name that all of its users know

from bench.plan import Plan, Step, carry_out, padding_of, pair_of, refuse_unknown
from core.term import Term

Array = npt.NDArray[np.float32]
Operator = Callable[[Step, list[Any]], Any]


def _convolution(step: Step, x: list[Any]) -> Any:
    return F.conv2d(
        *x,
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
    """Eager PyTorch on the CPU; its native form is a tensor [1, 3, height, width].

    Parameters
    ----------
    plan : Plan
        What to compute.
    threads : int
        Threads within an operator, 0 for PyTorch's own choice.
    channels_last : bool
        Keep image and kernels in PyTorch's `channels_last` memory format.
    """

    def __init__(self, plan: Plan, threads: int = 0, channels_last: bool = False) -> None:
        refuse_unknown(plan, OPERATORS, "PyTorch")
        if threads:
            torch.set_num_threads(threads)
        self.version = f"torch {torch.__version__}"
        self._plan = plan
        self._format = torch.channels_last if channels_last else torch.contiguous_format
        self._constants = {name: self._tensor(value) for name, value in plan.constants.items()}

    def prepare(self, tile: Array) -> Any:
        """A tile as a batch of one in this peer's memory format."""
        return self._tensor(tile[np.newaxis])

    def gradient(self, image: Any) -> tuple[float, Any]:
        """The objective and its gradient with respect to the image alone."""
        image = image.detach().requires_grad_(True)
        tapped = carry_out(self._plan, image, self._constants, OPERATORS)
        loss = sum(term.weight * _score(tapped[term.layer], term) for term in self._plan.terms)
        (gradient,) = torch.autograd.grad(loss, image)
        return loss.item(), gradient

    def __call__(self, tile: Array) -> tuple[float, Array]:
        """The objective and its gradient, as `core.ascent` wants them."""
        loss, gradient = self.gradient(self.prepare(tile))
        return loss, np.ascontiguousarray(gradient[0].numpy())

    def _tensor(self, array: npt.NDArray[Any]) -> Any:
        tensor = torch.from_numpy(array)
        return tensor.contiguous(memory_format=self._format) if tensor.ndim == 4 else tensor


def _score(activations: Any, term: Term) -> Any:
    chosen = activations[:, list(term.channels)] if term.channels else activations
    return chosen.square().mean() if term.kind == "squares" else chosen.mean()
