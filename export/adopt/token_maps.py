"""Side branches that turn tokens, and maps whose channels come last, into feature maps."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from dreamlayer.core.graph.names import IMAGE
from dreamlayer.export.adopt.maps import FeatureMap, Grid
from dreamlayer.export.adopt.modernize import free_name

_END = 2**31 - 1


class SideBranches:
    """Adds to a network what makes a feature map [batch, channels, height, width] of a tensor.

    Only a layer that is asked for runs its branch: nothing else reads it.

    Parameters
    ----------
    model
        The network; it is changed in place by `write`.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self._graph = model.graph
        self._taken = {name for node in model.graph.node for name in (*node.input, *node.output)}
        self._after: dict[str, list[onnx.NodeProto]] = {}
        self._constants: dict[tuple[int, ...], str] = {}

    def add(self, found: FeatureMap) -> str:
        """Add the branch of one tensor, and return the name of its result."""
        stem = f"{found.tensor}/map"
        nodes: list[onnx.NodeProto] = []

        def then(operator: str, source: str, *more: str, **attributes: Any) -> str:
            made = self._name(f"{stem}_{operator.lower()}")
            nodes.append(helper.make_node(operator, [source, *more], [made], made, **attributes))
            return made

        tensor = found.tensor
        if found.leading is None:
            tensor = then("Transpose", tensor, perm=[0, 3, 1, 2])
        else:
            tokens = 3 - found.channels
            if found.leading:
                cut = [self._ints(number) for number in (found.leading, _END, tokens)]
                tensor = then("Slice", tensor, *cut)
            if tokens == 1:
                tensor = then("Transpose", tensor, perm=[0, 2, 1])
            tensor = then("Reshape", tensor, self._shape(found.grid, nodes))
        self._after[found.tensor] = nodes
        return tensor

    def write(self) -> None:
        """Put all branches into the network, each behind the node that it begins at."""
        given = list(self._graph.node)
        del self._graph.node[:]
        for node in given:
            self._graph.node.append(node)
            for name in node.output:
                self._graph.node.extend(self._after.get(name, ()))

    def _shape(self, grid: Grid, nodes: list[onnx.NodeProto]) -> str:
        """What [batch, channels, tokens] is reshaped to; 0 keeps the first two."""
        if len(grid.sizes) == 1:
            return self._ints(0, 0, *grid.sizes[0])
        sides = self._name(f"{grid.tensor}/sides")
        nodes.append(
            helper.make_node("Shape", [grid.tensor], [sides], start=grid.axis, end=grid.axis + 2)
        )
        if grid.tensor == IMAGE and grid.stride > 1:
            pixels, sides = sides, self._name(f"{IMAGE}/strides")
            nodes.append(helper.make_node("Div", [pixels, self._ints(grid.stride)], [sides]))
        shape = self._name(f"{grid.tensor}/shape")
        nodes.append(helper.make_node("Concat", [self._ints(0, 0), sides], [shape], axis=0))
        return shape

    def _ints(self, *numbers: int) -> str:
        """The name of an int64 vector, stored once."""
        if numbers not in self._constants:
            name = self._name(f"map/{'_'.join(map(str, numbers))}")
            values = np.array(numbers, np.int64)
            self._graph.initializer.append(numpy_helper.from_array(values, name))
            self._constants[numbers] = name
        return self._constants[numbers]

    def _name(self, wanted: str) -> str:
        name = free_name(wanted, self._taken)
        self._taken.add(name)
        return name
