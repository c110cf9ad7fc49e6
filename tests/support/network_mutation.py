"""Seeded mutation of networks: their graph, their weights' files, their bytes, and known bombs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random

import numpy as np
import onnx
from byte_mutation import NUMBERS, damaged
from google.protobuf import json_format, text_format
from network_bases import base, names
from network_bombs import BOMBS
from onnx import AttributeProto, numpy_helper


@dataclass(frozen=True)
class Hostile:
    """A network that somebody made to do harm, the same for the same seed and number.

    Attributes
    ----------
    name : str
        The network's file.
    files : dict
        All files by name: their bytes, or the size of one that is all holes.
    how : str
        What was done.
    links : dict
        Links by name to what they lead to.
    """

    name: str
    files: dict[str, bytes | int]
    how: str
    links: dict[str, str] = field(default_factory=dict)


def hostile(seed: int, number: int) -> Hostile:
    """The network of this number."""
    rng = Random(f"network/{seed}/{number}")
    kind = names()[number % len(names())]
    model = base(kind)
    stem = f"{number}-{kind}"
    if rng.random() < 0.5:
        # Only what dreamlayer did not write is adopted.
        del model.metadata_props[:]
    how = rng.random()
    if how < 0.4:
        bomb = BOMBS[number // len(names()) % len(BOMBS)] if how < 0.25 else rng.choice(BOMBS)
        bomb(model, rng)
        return Hostile(f"{stem}.onnx", {f"{stem}.onnx": _bytes(model)}, bomb.__name__)
    if how < 0.75:
        told = [_changed(model, rng) for _ in range(rng.choice((1, 1, 2, 3)))]
        return Hostile(f"{stem}.onnx", {f"{stem}.onnx": _bytes(model)}, ", ".join(told))
    if how < 0.87:
        return _outside(model, stem, rng)
    if how < 0.94:
        data = damaged(_bytes(model), rng)
        return Hostile(f"{stem}.onnx", {f"{stem}.onnx": data}, "damaged bytes")
    return _as_text(model, stem, rng)


def _bytes(model: onnx.ModelProto) -> bytes:
    return model.SerializeToString()


_VALUES = (*NUMBERS, 5, 6, 33, 1000, -64)


def _signed(rng: Random) -> int:
    value = rng.choice(_VALUES)
    return value - 2**64 if value >= 2**63 else value


def _changed(model: onnx.ModelProto, rng: Random) -> str:
    """Change one thing of a graph; what it was."""
    change = rng.choice(_CHANGES)
    if model.graph.node and model.graph.initializer:
        change(model, rng)
    return change.__name__.removeprefix("_")


def _attribute_value(model: onnx.ModelProto, rng: Random) -> None:
    found = [one for node in model.graph.node for one in node.attribute]
    if not found:
        return
    one = rng.choice(found)
    if one.type == AttributeProto.INT:
        one.i = _signed(rng)
    elif one.type == AttributeProto.INTS:
        if rng.random() < 0.3:
            one.ints.extend([_signed(rng)] * rng.choice((1, 3, 10_000)))
        elif rng.random() < 0.2 or not one.ints:
            del one.ints[:]
        else:
            one.ints[rng.randrange(len(one.ints))] = _signed(rng)
    elif one.type == AttributeProto.FLOAT:
        one.f = rng.choice((float("nan"), float("inf"), 0.0, -1.0, 1e38))
    elif one.type == AttributeProto.STRING:
        one.s = rng.choice((b"", b"cubic", b"linear", b"\xff\xfe", b"x" * 10_000, b"SAME_UPPER"))


def _new_attribute(model: onnx.ModelProto, rng: Random) -> None:
    node = rng.choice(list(model.graph.node))
    names_ = ("group", "strides", "pads", "axis", "perm", "kernel_shape", "auto_pad", "ceil_mode")
    name = rng.choice((*names_, "to", "size", "dilations", "output_shape", "count_include_pad"))
    value = rng.choice((_signed(rng), [_signed(rng)] * rng.choice((1, 2, 4)), "SAME_LOWER", 1.5))
    kept = [one for one in node.attribute if one.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, onnx.helper.make_attribute(name, value)])


def _attribute_type(model: onnx.ModelProto, rng: Random) -> None:
    found = [one for node in model.graph.node for one in node.attribute]
    if found:
        rng.choice(found).type = rng.choice((0, 1, 2, 3, 4, 5, 6, 7, 11, 14))


def _operator(model: onnx.ModelProto, rng: Random) -> None:
    schemas = ("Sin", "Conv", "MaxPool", "Gather", "NonZero", "Unique", "Loop", "Scan", "If")
    more = ("Resize", "Reshape", "Softmax", "LSTM", "Einsum", "NoSuch", "RandomNormal", "TopK")
    rng.choice(list(model.graph.node)).op_type = rng.choice((*schemas, *more, "Cast", "Squeeze"))


def _inputs(model: onnx.ModelProto, rng: Random) -> None:
    node = rng.choice(list(model.graph.node))
    match rng.randrange(5):
        case 0:
            del node.input[:]
        case 1:
            node.input.append(rng.choice(("", "image", "nothing")))
        case 2 if node.input:
            node.input[rng.randrange(len(node.input))] = rng.choice(("", "image", "nothing", "w1"))
        case 3:
            node.input.extend(list(node.input) * 3)
        case _:
            given = list(node.input)[::-1]
            del node.input[:]
            node.input.extend(given)


def _outputs(model: onnx.ModelProto, rng: Random) -> None:
    node = rng.choice(list(model.graph.node))
    match rng.randrange(3):
        case 0:
            del node.output[:]
        case 1:
            node.output.extend(["more1", "more2"])
        case _:
            node.output[0] = rng.choice(("", "image", "w1", "loss", "gradient"))


def _weights(model: onnx.ModelProto, rng: Random) -> None:
    tensor = rng.choice(list(model.graph.initializer))
    try:
        array = numpy_helper.to_array(tensor)
    except (TypeError, ValueError, KeyError):
        # An earlier change has made it unreadable already.
        return
    match rng.randrange(7):
        case 0:
            tensor.dims.append(rng.choice((0, 1, 2)))
        case 1 if tensor.dims:
            tensor.dims[rng.randrange(len(tensor.dims))] = _signed(rng)
        case 2:
            tensor.data_type = rng.choice((0, 2, 6, 7, 8, 9, 10, 11, 14, 16, 22, 99, -1))
        case 3:
            tensor.raw_data = tensor.raw_data[: rng.randrange(len(tensor.raw_data) + 1)]
        case 4:
            del tensor.dims[:]
        case 5:
            shape = [rng.choice((0, 1, 2, 3, 7)) for _ in array.shape]
            fresh = np.resize(array, shape) if all(shape) else np.zeros(shape, array.dtype)
            tensor.CopyFrom(numpy_helper.from_array(fresh.astype(array.dtype), tensor.name))
        case _:
            if array.dtype == np.int64:
                values = np.array([_signed(rng) for _ in range(array.size)], np.int64)
                fresh = values.reshape(array.shape)
                tensor.CopyFrom(numpy_helper.from_array(fresh, tensor.name))


def _declared(model: onnx.ModelProto, rng: Random) -> None:
    info = rng.choice([*model.graph.input, *model.graph.output])
    dims = info.type.tensor_type.shape.dim
    match rng.randrange(5):
        case 0:
            dims[rng.randrange(len(dims))].dim_value = _signed(rng)
        case 1:
            dims.add(dim_value=_signed(rng))
        case 2:
            del dims[:]
        case 3:
            info.type.tensor_type.elem_type = rng.choice((0, 2, 8, 9, 10, 11, 99))
        case _:
            inner = rng.choice(list(model.graph.node)).output[0]
            model.graph.value_info.append(
                onnx.helper.make_tensor_value_info(inner, 1, [_signed(rng) for _ in range(4)])
            )


def _nodes(model: onnx.ModelProto, rng: Random) -> None:
    nodes = list(model.graph.node)
    match rng.randrange(3):
        case 0:
            nodes.pop(rng.randrange(len(nodes)))
        case 1:
            nodes = [*nodes, *nodes]
        case _:
            nodes = []
    del model.graph.node[:]
    model.graph.node.extend(nodes)


_CHANGES = (
    *(_attribute_value, _attribute_value, _new_attribute, _attribute_type, _operator),
    *(_inputs, _outputs, _weights, _weights, _declared, _nodes),
)


_PLACES = (
    *("missing", "upward", "absolute", "unc", "sparse", "short", "link", "huge"),
    *("negative", "overlap", "letters", "folder", "device", "itself"),
)


def _outside(model: onnx.ModelProto, stem: str, rng: Random) -> Hostile:
    """Weights in another file, which is missing, elsewhere, all holes, short, or a link."""
    name, other = f"{stem}.onnx", f"{stem}.data"
    content = b""
    how = rng.choice(_PLACES)
    for tensor in model.graph.initializer:
        raw = numpy_helper.to_array(tensor).tobytes()
        offset = 0 if how == "overlap" else len(content)
        entries = {"location": other, "offset": str(offset), "length": str(len(raw))}
        content += raw
        _place(entries, how, other, name)
        if how in ("sparse", "huge"):
            tensor.dims[:] = [1 << 10, 1 << 10, 768] if how == "sparse" else [1 << 20, 1 << 20]
            entries["length"] = str(4 * int(np.prod(list(tensor.dims), dtype=object)))
            entries["offset"] = "0"
        for field_ in ("raw_data", "float_data", "int64_data", "int32_data"):
            tensor.ClearField(field_)
        tensor.data_location = onnx.TensorProto.EXTERNAL
        del tensor.external_data[:]
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=value)
    files: dict[str, bytes | int] = {name: _bytes(model)}
    links = {}
    if how in ("sparse", "huge"):
        files[other] = 3 << 30
    elif how == "link":
        links[other] = "/etc/passwd"
    elif how != "missing":
        files[other] = content[: len(content) // 2] if how == "short" else content
    return Hostile(name, files, f"outside: {how}", links)


def _place(entries: dict[str, str], how: str, other: str, name: str) -> None:
    places = {
        "upward": f"../{other}",
        "absolute": "/etc/passwd",
        "unc": rf"\\localhost\share\{other}",
        "folder": ".",
        "device": "/dev/zero",
        "itself": name,
    }
    entries["location"] = places.get(how, other)
    if how == "negative":
        entries["offset"] = "-8"
    elif how == "letters":
        entries["length"] = "9" * 5000


def _as_text(model: onnx.ModelProto, stem: str, rng: Random) -> Hostile:
    """One of the formats that are text, sound, damaged or nested without end."""
    ending = rng.choice(("textproto", "json", "onnxtxt"))
    makers = {
        "textproto": lambda: text_format.MessageToString(model),
        "json": lambda: json.dumps(json_format.MessageToDict(model)),
        "onnxtxt": lambda: onnx.printer.to_text(model),
    }
    text = makers[ending]()
    how = rng.choice(("sound", "damaged", "nested"))
    data = text.encode()
    if how == "damaged":
        data = damaged(data, rng)
    elif how == "nested":
        opening = {"textproto": b"graph { node { attribute { g { ", "json": b'{"graph":[', "": b"<"}
        data = opening.get(ending, b"net (") * 50_000
    return Hostile(f"{stem}.{ending}", {f"{stem}.{ending}": data}, f"{ending}: {how}")
