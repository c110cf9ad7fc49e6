"""Constants in the place of masks, which are as large as the image."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import helper, numpy_helper

from dreamlayer.core.errors import NetworkError, bare
from dreamlayer.export.adopt.input_guess import InputOptions
from dreamlayer.export.adopt.modernize import free_name

OLDEST = 8
"""The opset that brought Expand."""

_COLORS = 3
_ROWS_FIRST, _ROWS_LAST = (1, 2), (2, 3)
"""Axes of rows and columns of images whose channels come last, and first."""


def image_axes(
    info: onnx.ValueInfoProto, image: onnx.ValueInfoProto, layout: str | None
) -> dict[int, int]:
    """Which axes of an input are as long as which of the image, where it is as large as the image.

    Parameters
    ----------
    info, image
        The declarations of the input and of the image.
    layout
        The image's, ``nchw`` or ``nhwc``; None where its declaration tells.

    Returns
    -------
    dict
        Empty where rows or columns of the input are of a fixed length, or have nothing to do with
        the image's: it has four axes as the image, or names of the image's axes.
    """
    dims, own = info.type.tensor_type.shape.dim, image.type.tensor_type.shape.dim
    rows, columns = spatial_axes(image, layout)
    names = {dim.dim_param: axis for axis, dim in enumerate(own) if dim.dim_param}
    free = [axis for axis, dim in enumerate(dims) if not dim.dim_value]
    axes = {axis: names[dims[axis].dim_param] for axis in free if dims[axis].dim_param in names}
    if len(dims) == len(own or dims) == 4 and {rows, columns} <= set(free):
        axes = {axis: axis for axis in (0, rows, columns) if axis in free}
    return axes if {rows, columns} <= set(axes.values()) else {}


def spatial_axes(image: onnx.ValueInfoProto, layout: str | None) -> tuple[int, int]:
    """The axes of rows and columns of the image."""
    dims = [dim.dim_value for dim in image.type.tensor_type.shape.dim]
    last = len(dims) == 4 and dims[1] != _COLORS and dims[3] == _COLORS
    return _ROWS_FIRST if layout == "nhwc" or (layout is None and last) else _ROWS_LAST


def expand(model: onnx.ModelProto, name: str, image: str, axes: Mapping[int, int]) -> None:
    """Make a constant as large as the image, in place.

    Parameters
    ----------
    model
        Of opset 8 or newer; the constant is an initializer, with one element along `axes`.
    name, image
        The constant and the image.
    axes
        Which axes of the constant are as long as which of the image.
    """
    graph = model.graph
    taken = {one for node in graph.node for one in (*node.input, *node.output)}
    taken |= {one.name for one in (*graph.initializer, *graph.input)}
    (value,) = (tensor for tensor in graph.initializer if tensor.name == name)

    def fresh(what: str) -> str:
        found = free_name(f"{name}_{what}", taken)
        taken.add(found)
        return found

    value.name = fresh("value")
    shape, own, all_, order, sizes = map(fresh, ("image", "own", "both", "order", "sizes"))
    # Behind the four sizes of the image come the constant's own.
    places = [axes.get(axis, 4 + axis) for axis in range(len(value.dims))]
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.array(value.dims, np.int64), own),
            numpy_helper.from_array(np.array(places, np.int64), order),
        ]
    )
    nodes = [
        helper.make_node("Shape", [image], [shape], shape),
        helper.make_node("Concat", [shape, own], [all_], all_, axis=0),
        helper.make_node("Gather", [all_, order], [sizes], sizes, axis=0),
        helper.make_node("Expand", [value.name, sizes], [name], name),
        *graph.node,
    ]
    del graph.node[:]
    graph.node.extend(nodes)


def check_masks(source: onnx.ModelProto, image: str, options: InputOptions) -> None:
    """Refuse constants of other sizes than the image, where they leave no layer.

    Parameters
    ----------
    source
        The network with all of its inputs.
    image
        The name of the one that is the image.
    options
        What the user says; names the constants.

    Raises
    ------
    NetworkError
        There is such a constant.
    """
    inputs = {info.name: info for info in source.graph.input}
    rows, columns = spatial_axes(inputs[image], options.layout)

    def sides(name: str) -> tuple[int, int]:
        dims = [dim.dim_value for dim in inputs[name].type.tensor_type.shape.dim]
        return (dims[rows], dims[columns]) if len(dims) == 4 else (0, 0)

    own = sides(image)
    for name, _ in options.constants:
        height, width = sides(name)
        if min(height, width) < 2 or (height, width) == own:
            continue
        of_any = 0 in own
        images = "of any size" if of_any else f"of {own[1]} × {own[0]} pixels"
        advice = f"give --size {height}x{width}, or " if of_any else ""
        raise NetworkError(
            f"the input {bare(name)} is {width} × {height} pixels large beside images {images}, "
            f"and leaves no layer as a constant; {advice}export the network with a mask as large "
            f"as the image"
        )
