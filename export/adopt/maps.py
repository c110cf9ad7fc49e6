"""Which tensors of a network are feature maps, and along which of their axes the image lies.

Axes are told by their sizes for images of several heights and widths: rows grow with the height
alone, columns with the width alone, tokens with both. Of a network that takes one size only, the
sizes of its convolutions' maps tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx

from dreamlayer.core.graph.inference import names_read
from dreamlayer.core.graph.names import IMAGE

Size = tuple[int, int]
Shapes = dict[str, list[int]]

MOST_LEADING = 16
"""Tokens before those of the image, at most: classes, distillation, registers."""

_MAPPING = frozenset(
    {
        *("Conv", "ConvTranspose", "DeformConv", "MaxPool", "AveragePool", "LpPool"),
        *("Resize", "DepthToSpace", "SpaceToDepth", "LRN"),
    }
)
"""Operators whose results of rank 4 are [batch, channels, height, width]."""


@dataclass(frozen=True)
class Grid:
    """A size of feature maps: rows and columns, for each size of the image that was tried.

    Attributes
    ----------
    sizes
        Height and width for each.
    tensor, axis
        A tensor that has it, the rows along `axis` and the columns along the next.
    stride
        Where `tensor` is the image: pixels per row or column.
    """

    sizes: tuple[Size, ...]
    tensor: str
    axis: int
    stride: int = 1


@dataclass(frozen=True)
class FeatureMap:
    """How a tensor holds a feature map.

    Attributes
    ----------
    tensor
        Its name.
    channels
        The axis of the channels; 1 where rows and columns have axes of their own and come last.
    leading
        For tokens: how many come before those of the image; None for maps of rank 4.
    grid
        Rows and columns.
    """

    tensor: str
    channels: int
    leading: int | None
    grid: Grid

    @property
    def plain(self) -> bool:
        """Whether it is [batch, channels, height, width] already."""
        return self.leading is None and self.channels == 1


def find_maps(
    network: onnx.ModelProto, sizes: Sequence[Size], shapes: Sequence[Shapes]
) -> dict[str, FeatureMap]:
    """Find all tensors of a network that are feature maps of more than one position.

    Parameters
    ----------
    network
        With the input ``image``.
    sizes
        Height and width of the images that were tried: one, or three of which the second differs
        from the first in height only and the third in width only.
    shapes
        The known shapes of tensors for each, of a single image.

    Returns
    -------
    dict
        By the tensor's name, in topological order.
    """
    image = [Grid(_scaled(sizes, stride), IMAGE, 2, stride) for stride in range(64, 0, -1)]
    finder = _Finder(shapes, image)
    seeing = {IMAGE}
    for node in network.graph.node:
        # What is as long as the image, but does not see it, is no map: class tokens, positions.
        if node.op_type in ("Shape", "Size") or not seeing.intersection(names_read(node)):
            continue
        seeing.update(node.output)
        for name in node.output:
            finder.look_at(node, name)
    return finder.found


def _scaled(sizes: Sequence[Size], stride: int) -> tuple[Size, ...]:
    return tuple((height // stride, width // stride) for height, width in sizes)


class _Finder:
    """Tells maps one after the other, by the grids of those before."""

    def __init__(self, shapes: Sequence[Shapes], image: Sequence[Grid]) -> None:
        self.found: dict[str, FeatureMap] = {}
        self._shapes, self._image = shapes, image
        self._grids: dict[tuple[Size, ...], Grid] = {}

    def look_at(self, node: onnx.NodeProto, name: str) -> None:
        """Take a tensor into `found` if it is a feature map."""
        rows = [shapes.get(name, []) for shapes in self._shapes]
        if {len(dims) for dims in rows} not in ({3}, {4}) or any(dims[0] != 1 for dims in rows):
            return
        tokens = len(rows[0]) == 3
        found = self._tokens(node, name, rows) if tokens else self._map(node, name, rows)
        if found is None or any(height * width < 2 for height, width in found.grid.sizes):
            return
        self.found[name] = found
        if found.leading is None:
            self._grids.pop(found.grid.sizes, None)  # the last of a size comes last
            self._grids[found.grid.sizes] = found.grid

    def _map(
        self, node: onnx.NodeProto, name: str, rows: Sequence[Sequence[int]]
    ) -> FeatureMap | None:
        for axis, channels in ((2, 1), (1, 3)):
            grid = Grid(tuple((dims[axis], dims[axis + 1]) for dims in rows), name, axis)
            if len({dims[channels] for dims in rows}) == 1 and self._lies(grid, node):
                return FeatureMap(name, channels, None, grid)
        return None

    def _lies(self, grid: Grid, node: onnx.NodeProto) -> bool:
        """Whether axes are the image's rows and columns."""
        if len(grid.sizes) > 1:
            (h, w), (higher, same_w), (same_h, wider) = grid.sizes
            return h == same_h != higher and w == same_w != wider
        if grid.axis == 2 and node.op_type in _MAPPING:
            return True
        height, width = grid.sizes[0]
        known = {sizes[0] for sizes in self._grids} | {one.sizes[0] for one in self._image[-8:]}
        doubled = {(2 * height - i, 2 * width - j) for i in (0, 1) for j in (0, 1)}
        return (height, width) in known or bool(doubled & known)

    def _tokens(
        self, node: onnx.NodeProto, name: str, rows: Sequence[Sequence[int]]
    ) -> FeatureMap | None:
        """Tokens as those that the node reads, else of the latest grid, with the fewest before."""
        read = [self.found[one] for one in node.input if one in self.found]
        ways = [(one.leading, one.channels, [one.grid]) for one in read if one.leading is not None]
        if node.op_type != "Transpose":
            # Tokens that are put before others, of which there may be as many as channels.
            ways += [(n, c, g) for _, c, g in ways for n in range(MOST_LEADING + 1)]
        # Without any convolution, patches were cut out of the image itself.
        grids = [*reversed(self._grids.values())] or [*self._image]
        ways += [(n, channels, grids) for n in range(MOST_LEADING + 1) for channels in (2, 1)]
        for leading, channels, those in ways:
            counts = tuple(dims[3 - channels] - leading for dims in rows)
            if len({dims[channels] for dims in rows}) == 1:
                for grid in those:
                    if counts == tuple(height * width for height, width in grid.sizes):
                        return FeatureMap(name, channels, leading, grid)
        return None
