"""The sizes of a network's tensors for several images at once, as nodes are gone through."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto

from dreamlayer.core.graph.evaluation.evaluator import Evaluator
from dreamlayer.core.graph.evaluation.tensor import Tensor
from dreamlayer.core.graph.names import IMAGE

Length = tuple[int, ...]
"""The length of one axis for each image that is tried, that of the network's own size first."""
Place = tuple[str, int]
"""A tensor and one of its axes."""

Batched = tuple[int, int, int]
"""Batch, height and width of an image."""


def images_for(size: tuple[int, int], *, batch: bool) -> list[Batched]:
    """The images to try: the network's own size first, and others, of all windows' multiples.

    Parameters
    ----------
    size : (int, int)
        Height and width that the network was exported for.
    batch : bool
        Whether several images at a time are tried too.
    """
    height, width = size
    found = [(1, height, width), (1, 3 * height, 5 * width), (1, 5 * height, 3 * width)]
    return [*found, (2, height, width)] if batch else found


class Trials:
    """What is known of a network's tensors for some images.

    Parameters
    ----------
    model : onnx.ModelProto
        With the input ``image``; its nodes are added one by one, changed or not.
    images : list of (int, int, int)
        Batch, height and width of each, from `images_for`.
    """

    def __init__(self, model: onnx.ModelProto, images: list[Batched]) -> None:
        self._evaluator = Evaluator(model, ())
        self._known: list[dict[str, Tensor]] = []
        for batch, height, width in images:
            tensors = dict(self._evaluator.constants)
            tensors[IMAGE] = Tensor(TensorProto.FLOAT, (batch, 3, height, width))
            self._known.append(tensors)
        self._places: dict[Length, Place] = {}
        self._pairs: dict[tuple[Length, Length], tuple[Place, Place]] = {}
        self._depends, self._stuck = {IMAGE}, set[str]()
        self._note(IMAGE)

    def add(self, node: onnx.NodeProto, *, final: bool = True) -> str | None:
        """Compute the outputs of a node for each image.

        Parameters
        ----------
        node : onnx.NodeProto
            All that it reads was added before.
        final : bool
            Whether it stays so; if not, its outputs are computed once more.

        Returns
        -------
        str or None
            What contradicts the sizes of another image than the network's own; None if nothing, or
            if it reads what is contradictory already.
        """
        problems = [self._evaluator.add(node, tensors) for tensors in self._known]
        if not final:
            return None
        if self._depends.intersection(node.input):
            self._depends.update(node.output)
        if self._stuck.intersection(node.input):
            self._stuck.update(node.output)
            return None
        problem = next((one for one in problems[1:] if one), None) or self._lost(node)
        if problem is not None:
            self._stuck.update(node.output)
        for name in node.output:
            self._note(name)
        return problem

    def _lost(self, node: onnx.NodeProto) -> str | None:
        """Whether a node's shape is known for its own size only, though what it reads is known."""
        own, *others = self._known
        name = node.output[0]
        if own[name].shape is None or all(one[name].shape is not None for one in others):
            return None
        read = [one[name] for one in others for name in node.input if name]
        return "has no known size" if all(one.shape is not None for one in read) else None

    def constant(self, name: str, value: npt.NDArray[np.int64]) -> None:
        """Add a new constant."""
        for tensors in self._known:
            tensors[name] = Tensor(TensorProto.INT64, value.shape, value)

    def lengths(self, name: str) -> list[Length] | None:
        """The length of each axis of a tensor, for each image; None where one is not known."""
        if name in self._stuck:
            return None
        shapes = [tensors[name].shape for tensors in self._known if name in tensors]
        known = [shape for shape in shapes if shape is not None]
        if len(known) < len(self._known) or len({len(shape) for shape in known}) > 1:
            return None
        return list(zip(*known, strict=True))

    def own(self, name: str) -> tuple[int, ...] | None:
        """The shape of a tensor at the network's own size."""
        found = self._known[0].get(name)
        return None if found is None else found.shape

    def value(self, name: str) -> npt.NDArray[np.int64] | None:
        """The elements of a small tensor at the network's own size."""
        found = self._known[0].get(name)
        return None if found is None else found.value

    def depends(self, name: str) -> bool:
        """Whether a tensor depends on the image."""
        return name in self._depends

    def is_float(self, name: str) -> bool:
        """Whether a tensor holds numbers of the network, not sizes."""
        return self._known[0][name].dtype not in (TensorProto.INT64, TensorProto.INT32)

    def place_of(self, length: Length) -> Place | None:
        """A tensor with an axis of this length."""
        return self._places.get(length)

    def pairs(
        self, first: int, second: int
    ) -> Iterator[tuple[tuple[Length, Length], Place, Place]]:
        """Rows and columns of tensors that had these lengths at the network's own size."""
        for lengths, places in self._pairs.items():
            if (lengths[0][0], lengths[1][0]) == (first, second):
                yield lengths, *places

    def _note(self, name: str) -> None:
        """Remember which axes of a tensor change with the image."""
        lengths = self.lengths(name)
        if not self.depends(name):
            return
        changing = [
            (length, (name, axis)) for axis, length in enumerate(lengths or ()) if varies(length)
        ]
        for length, place in changing:
            self._places.setdefault(length, place)
        for (one, first), (two, second) in pairwise(changing):
            if grows(one):
                self._pairs.setdefault((one, two), (first, second))


def varies(length: Length) -> bool:
    """Whether an axis differs from image to image."""
    return len(set(length)) > 1


def grows(length: Length) -> bool:
    """Whether an axis differs between single images: the number of images is no side of them."""
    return varies(length[:3])


def several_of(length: Length) -> int:
    """How many times as long an axis is for several images of the own size as for one."""
    return length[3] // length[0] if len(length) > 3 else 1
