"""Tensors that a model brings along: their sizes, and whether their values are all there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain

import onnx
from onnx import TensorProto, helper

from dreamlayer.core.errors import shown
from dreamlayer.core.network.limits.file_size import MOST

_MOST_DIMENSIONS = 64
_MOST_DENSE = 1 << 28
"""Elements of a sparse tensor once it is written out."""

_BITS = {
    "uint4": 4,
    "int4": 4,
    "float4e2m1": 4,
    "uint2": 2,
    "int2": 2,
}
"""Bits of an element by the names of the types that share bytes."""

_PAIRS = (TensorProto.COMPLEX64, TensorProto.COMPLEX128)


def wrong_tensors(graphs: Sequence[onnx.GraphProto]) -> Iterator[str]:
    """What is wrong with the tensors of some graphs, as parts of a sentence."""
    for graph in graphs:
        for tensor in chain(graph.initializer, _in_attributes(graph)):
            yield from _wrong(tensor)
        for sparse in chain(graph.sparse_initializer, _sparse_in_attributes(graph)):
            yield from _wrong_sparse(sparse)


def _in_attributes(graph: onnx.GraphProto) -> Iterator[TensorProto]:
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _sparse_in_attributes(graph: onnx.GraphProto) -> Iterator[onnx.SparseTensorProto]:
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("sparse_tensor"):
                yield attribute.sparse_tensor
            yield from attribute.sparse_tensors


def _wrong(tensor: TensorProto) -> Iterator[str]:
    called = f"the tensor {shown(tensor.name)}"
    count = _count(tensor.dims)
    if count is None:
        yield f"has {called} of the sizes {shown(list(tensor.dims))}, which no tensor has"
        return
    if tensor.data_type == TensorProto.STRING:
        if len(tensor.string_data) != count:
            yield f"has {called} of {count} texts, but {len(tensor.string_data)} are there"
        return
    bits = _bits(tensor.data_type)
    if bits is None:
        yield f"has {called} of the type {tensor.data_type}, which is not known"
        return
    size = -(-count * bits // 8)
    if size > MOST:
        yield f"has {called} of {size >> 20} MiB, but {MOST >> 20} MiB is the most"
    elif tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        yield from _wrong_outside(tensor, called, size)
    elif tensor.HasField("raw_data"):
        if len(tensor.raw_data) != size:
            yield f"has {called} of {size} bytes, but {len(tensor.raw_data)} are there"
    else:
        yield from _wrong_values(tensor, called, count, bits)


def _wrong_outside(tensor: TensorProto, called: str, size: int) -> Iterator[str]:
    lengths = [entry.value for entry in tensor.external_data if entry.key == "length"]
    if lengths and lengths[-1].isdecimal() and int(lengths[-1][:20]) != size:
        yield f"has {called} of {size} bytes, but {shown(lengths[-1])} in another file"


def _wrong_values(tensor: TensorProto, called: str, count: int, bits: int) -> Iterator[str]:
    """Where values are numbers of the message, there is one for each element, or for its parts."""
    found = len(getattr(tensor, helper.tensor_dtype_to_field(tensor.data_type)))
    expected = 2 * count if tensor.data_type in _PAIRS else count
    if bits < 8:
        expected = -(-count * bits // 8)
    if found != expected:
        yield f"has {called} of {count} values, but {found} are there"


def _bits(kind: int) -> int | None:
    """Bits of an element; None where there is no such type."""
    try:
        found = helper.tensor_dtype_to_np_dtype(kind)
        return _BITS.get(found.name, found.itemsize * 8)
    except (KeyError, TypeError, ValueError):
        return None


def _count(dims: Sequence[int]) -> int | None:
    """Elements of a tensor; None where no tensor has these sizes."""
    if len(dims) > _MOST_DIMENSIONS or any(not 0 <= dim <= MOST for dim in dims):
        return None
    return math.prod(dims)


def _wrong_sparse(sparse: onnx.SparseTensorProto) -> Iterator[str]:
    called = f"the sparse tensor {shown(sparse.values.name)}"
    yield from _wrong(sparse.values)
    yield from _wrong(sparse.indices)
    count = _count(sparse.dims)
    if count is None or count > _MOST_DENSE:
        yield f"has {called} of the sizes {shown(list(sparse.dims))}, too large to be written out"
        return
    values, indices = list(sparse.values.dims), list(sparse.indices.dims)
    if len(values) != 1 or indices not in ([values[0]], [values[0], len(sparse.dims)]):
        yield f"has {called} whose values and places do not belong together"
    elif sparse.indices.data_type != TensorProto.INT64:
        yield f"has {called} whose places are no whole numbers"
    elif sparse.indices.data_location != TensorProto.EXTERNAL:
        places = onnx.numpy_helper.to_array(sparse.indices)
        most = sparse.dims if len(indices) == 2 else [count]
        if places.size and ((places < 0).any() or (places >= list(most)).any()):
            yield f"has {called} with values beyond its sizes"
