"""Networks that are not what they say: names, metadata, versions, order and weights that lie."""

from __future__ import annotations

import json
from random import Random

import numpy as np
import onnx
from network_bases import LAYER
from onnx import TensorProto, helper, numpy_helper


def long_name(model: onnx.ModelProto, rng: Random) -> None:
    """The layer has a name of 300,000 characters, or one that steers terminals."""
    rename(model, rng.choice(("n" * 300_000, "\x1b[31mred\x07", "a\nb", "\u202eevil", "x" * 999)))


def rename(model: onnx.ModelProto, name: str) -> None:
    """Give the layer another name."""
    for node in model.graph.node:
        for field in (node.input, node.output):
            for place, one in enumerate(field):
                field[place] = name if one == LAYER else one
    model.graph.output[0].name = name
    set_metadata(model, "dreamlayer.layers", json.dumps([name]))


def set_metadata(model: onnx.ModelProto, key: str, value: str) -> None:
    kept = [entry for entry in model.metadata_props if entry.key != key]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    model.metadata_props.add(key=key, value=value)


LIES = {
    "dreamlayer.layers": [
        *("[" * 100_000, '["nothing"]', "{}", "[1]", "", "null", '["deep", "deep"]', '["image"]'),
        json.dumps(["x" * 300_000]),
        json.dumps([f"l{number}" for number in range(100_000)]),
        '["w1"]',
    ],
    "dreamlayer.size_multiple": ["9" * 5000, "0", "-1", "1e9", "²", "1025", "1024", " 8", ""],
    "dreamlayer.image_size": ["0x0", "9" * 5000 + "x1", "-1x4", "x", "10000000x10000000", "7x9"],
    "dreamlayer.aliases": ["[" * 100_000, "[]", '{"deep": 1}', '{"x": "nothing"}', '{"x": "x"}'],
    "dreamlayer.name": ["n" * 10**6, "\x1b]0;owned\x07", "", "../../etc/passwd"],
    "dreamlayer.format": ["9" * 5000, "2", "x"],
    "dreamlayer.preprocessing": ["[" * 100_000, "{}", "null"],
}
"""Values of metadata that are not true, not JSON, or without end."""


def lying_metadata(model: onnx.ModelProto, rng: Random) -> None:
    """Metadata that is not true, not JSON, or without end."""
    key = rng.choice(sorted(LIES))
    set_metadata(model, key, rng.choice(LIES[key]))


def odd_versions(model: onnx.ModelProto, rng: Random) -> None:
    """Opsets that never were, two at once, or none; formats of the future."""
    match rng.randrange(6):
        case 0:
            model.opset_import[0].version = rng.choice((0, -1, 2**40, 2**63 - 1, 1, 7, 99))
        case 1:
            model.opset_import.append(helper.make_opsetid("", rng.choice((1, 13, 18))))
        case 2:
            del model.opset_import[:]
        case 3:
            model.ir_version = rng.choice((0, -5, 2**40, 3, 99))
        case 4:
            model.opset_import.append(helper.make_opsetid("ai.onnx", 7))
        case _:
            model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 2**40))


def circle(model: onnx.ModelProto, rng: Random) -> None:
    """A node reads what is computed behind it, or itself; or all are in another order."""
    nodes = list(model.graph.node)
    if rng.random() < 0.5:
        node = rng.choice(nodes)
        node.input[0] = rng.choice((node.output[0], LAYER))
        return
    rng.shuffle(nodes)
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def twice(model: onnx.ModelProto, rng: Random) -> None:
    """A tensor is computed twice, or is a weight too, or an input."""
    node = rng.choice(list(model.graph.node))
    match rng.randrange(4):
        case 0:
            model.graph.node.append(node)
        case 1:
            zero = numpy_helper.from_array(np.zeros((1,), np.float32), node.output[0])
            model.graph.initializer.append(zero)
        case 2:
            model.graph.initializer.append(model.graph.initializer[0])
        case _:
            model.graph.input.append(model.graph.input[0])


def odd_weights(model: onnx.ModelProto, rng: Random) -> None:
    """NaN, infinity, denormals and the largest numbers as weights."""
    tensor = rng.choice([one for one in model.graph.initializer if one.data_type == 1])
    value = rng.choice((np.nan, np.inf, -np.inf, 1e-45, 3.4e38, -3.4e38))
    array = numpy_helper.to_array(tensor).copy()
    array[...] = value
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def many_inputs(model: onnx.ModelProto, rng: Random) -> None:
    """A hundred thousand inputs, outputs, declared shapes, or edges."""
    info = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    field = rng.choice(("input", "output", "value_info"))
    if rng.random() < 0.3:
        model.graph.node[-1].input.extend(["image"] * 250_000)
        return
    for number in range(60_000):
        info.name = f"x{number}"
        getattr(model.graph, field).append(info)


LIARS = (long_name, lying_metadata, odd_versions, circle, twice, odd_weights, many_inputs)
