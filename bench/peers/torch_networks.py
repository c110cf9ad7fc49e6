"""Objectives in PyTorch: a plan carried out with its operators, or a network of torchvision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name that all of its users know
from torch.fx.experimental.proxy_tensor import make_fx

from bench.peers.families import MEAN, STD, features
from bench.peers.plan import RELU6, Step, carry_out, pads_of, pair_of, refuse_unknown
from bench.peers.sources import Source
from dreamlayer.core.recipe.term import Term

Operator = Callable[[Step, list[Any]], Any]
Objective = Callable[[Any], Any]
"""From a batch of images to the objective, a tensor without axes."""


def _padded(step: Step, image: Any, kernel: tuple[int, int]) -> tuple[Any, tuple[int, int]]:
    """The image and what is left for the operator to pad: as much at both ends, or nothing."""
    top, left, bottom, right = pads_of(step, kernel, (image.shape[2], image.shape[3]))
    if (top, left) == (bottom, right):
        return image, (top, left)
    return F.pad(image, (left, right, top, bottom)), (0, 0)


def _convolution(step: Step, x: list[Any]) -> Any:
    image, kernel, *bias = x
    image, padding = _padded(step, image, (kernel.shape[2], kernel.shape[3]))
    return F.conv2d(
        image,
        kernel,
        bias[0] if bias else None,
        stride=pair_of(step, "strides"),
        padding=padding,
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


def _relu6(step: Step, x: list[Any]) -> Any:
    return F.relu6(x[0], inplace=step.inputs[0] in step.drops)


def _max_pool(step: Step, x: list[Any]) -> Any:
    kernel = pair_of(step, "kernel_shape")
    # Zeros would count as pixels, so that only the operator itself can pad.
    image, padding = _padded(step, x[0], kernel)
    return F.max_pool2d(image, kernel, pair_of(step, "strides"), padding)


def _average_pool(step: Step, x: list[Any]) -> Any:
    kernel = pair_of(step, "kernel_shape")
    image, padding = _padded(step, x[0], kernel)
    counted = bool(step.attributes.get("count_include_pad", 0))
    return F.avg_pool2d(image, kernel, pair_of(step, "strides"), padding, count_include_pad=counted)


OPERATORS: dict[str, Operator] = {
    "Add": lambda _, x: x[0] + x[1],
    "Sub": lambda _, x: x[0] - x[1],
    "Mul": lambda _, x: x[0] * x[1],
    "Relu": _relu,
    RELU6: _relu6,
    "Concat": lambda step, x: torch.cat(x, dim=step.attributes["axis"]),
    "Conv": _convolution,
    "BatchNormalization": _batch_norm,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
}


def objective(
    source: Source, device: str, memory_format: Any, *, folded: bool, compiled: bool
) -> Objective:
    """The objective of a source.

    Parameters
    ----------
    source : Source
        One of torchvision's families, or a plan.
    device : str
        `cpu` or `cuda`.
    memory_format
        PyTorch's, for the weights.
    folded : bool
        Fold batch normalizations into the convolutions before them.
    compiled : bool
        Let `torch.compile` compile it, once for each size.
    """
    if source.subject.folder is not None:
        return _torchvision(source, device, memory_format, folded=folded, compiled=compiled)
    plan = source.plan(folded=folded)
    refuse_unknown(plan, OPERATORS, "PyTorch")
    constants = {
        name: _placed(torch.from_numpy(value), device, memory_format)
        for name, value in plan.constants.items()
    }

    def walked(image: Any) -> Any:
        tapped = carry_out(plan, image, constants, OPERATORS)
        return _sum(tapped, plan.terms)

    return _Compiled(walked) if compiled else walked


class _Compiled:
    """As plain operators, like a model written by hand, and compiled; once for each size."""

    def __init__(self, walked: Objective) -> None:
        self._walked = walked
        self._known: dict[Any, Any] = {}

    def __call__(self, image: Any) -> Any:
        if image.shape not in self._known:
            plain = make_fx(self._walked)(image.detach())
            self._known[image.shape] = torch.compile(plain, dynamic=False, fullgraph=True)
        return self._known[image.shape](image)


def _torchvision(
    source: Source, device: str, memory_format: Any, *, folded: bool, compiled: bool
) -> Objective:
    module = features(source.subject.name, source.subject.folder)
    if folded:
        from torch.fx.experimental.optimization import fuse

        module = fuse(torch.fx.symbolic_trace(module).eval(), no_trace=True)
    module = module.to(device=device, memory_format=memory_format)
    mean, std = (torch.tensor(one, device=device).reshape(1, 3, 1, 1) for one in (MEAN, STD))
    terms = source.subject.terms

    def objective_of(image: Any) -> Any:
        return _sum(module((image - mean) / std), terms)

    return torch.compile(objective_of, dynamic=False) if compiled else objective_of


def _sum(tapped: Mapping[str, Any], terms: tuple[Term, ...]) -> Any:
    return sum(term.weight * _score(tapped[term.layer], term) for term in terms)


def _score(activations: Any, term: Term) -> Any:
    chosen = activations[:, list(term.channels)] if term.channels else activations
    chosen = chosen.float()
    return chosen.square().mean() if term.kind == "squares" else chosen.mean()


def _placed(tensor: Any, device: str, memory_format: Any) -> Any:
    tensor = tensor.to(device)
    return tensor.contiguous(memory_format=memory_format) if tensor.ndim == 4 else tensor
