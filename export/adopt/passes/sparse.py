"""Writes sparse weights as dense ones, which all operators read."""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import numpy_helper

from dreamlayer.core.errors import NetworkError, shown

_MOST_BYTES = 1 << 30


def make_dense(graph: onnx.GraphProto) -> None:
    """Replace the sparse initializers of a graph, in place.

    Raises
    ------
    NetworkError
        One would take more than 1 GiB, or its indices do not fit.
    """
    for sparse in graph.sparse_initializer:
        name, dims = sparse.values.name, list(sparse.dims)
        if min(dims, default=1) < 0 or math.prod(dims) * 8 > _MOST_BYTES:
            raise NetworkError(
                f"the sparse tensor {shown(name)} would have the sizes {shown(dims)}, more than "
                f"1 GiB; export the network with dense weights"
            )
        try:
            values = numpy_helper.to_array(sparse.values)
            indices = numpy_helper.to_array(sparse.indices)
            dense = np.zeros(dims, values.dtype)
            flat = indices if indices.ndim == 1 else np.ravel_multi_index(indices.T, dims)
            dense.reshape(-1)[flat] = values
        except (IndexError, TypeError, ValueError) as error:
            raise NetworkError(
                f"the sparse tensor {shown(name)} has indices that do not fit its sizes "
                f"{shown(dims)}; export the network with dense weights"
            ) from error
        graph.initializer.append(numpy_helper.from_array(dense, name))
    del graph.sparse_initializer[:]
