"""Convert a network to float16, between a float32 image and a float32 objective."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from dreamlayer.core.autodiff.passes.fold_batch_norm import fold_batch_norms
from dreamlayer.core.graph.edit import prune
from dreamlayer.core.graph.inference import attributes, inferred, names_read
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.kinds import KINDS
from dreamlayer.core.recipe.term import Term

_USUAL_TILE = 512
_HEADROOM = 8

_FLOAT32_INPUTS = {"Resize": (1, 2, 3), "Upsample": (1,)}
"""Inputs that must be float32 by the operator's definition."""


def loss_scale(network: Network, terms: Sequence[Term]) -> float:
    """The factor of an objective that keeps float16 gradients from vanishing, a power of two.

    The gradient of a mean over a layer is 1 / positions for each position, which is below the
    smallest float16 for large tiles.
    """
    if any(KINDS[term.kind].sums for term in terms):
        # The gradient of a sum does not depend on the tile's size.
        return 1.0
    stride = network.geometry([term.layer for term in terms]).stride
    positions = max(_USUAL_TILE / stride, 1) ** 2 * _HEADROOM
    return float(2 ** round(np.log2(positions)))


def to_float16(model: onnx.ModelProto, layers: Sequence[str]) -> onnx.ModelProto:
    """A network whose tensors are float16, except image and weights.

    Parameters
    ----------
    model : onnx.ModelProto
        A network file; it is not changed.
    layers : sequence of str
        The outputs; the result is pruned to what they need.

    Returns
    -------
    onnx.ModelProto
        Weights are stored as float32 and cast where they are read, which ONNX Runtime evaluates
        once when it loads the model. A network with control flow is returned unchanged.
    """
    layers = [name for name in layers if name != IMAGE]
    folded = fold_batch_norms(model, IMAGE, layers)
    del folded.graph.output[:]
    folded.graph.output.extend(onnx.ValueInfoProto(name=name) for name in layers)
    prune(folded)
    if any(attribute.g.node for node in folded.graph.node for attribute in node.attribute):
        return model
    floats = {n for n, kind in inferred(folded).dtypes.items() if kind == TensorProto.FLOAT}
    moving, cast, nodes = {IMAGE}, dict[str, str](), list[onnx.NodeProto]()

    def in_half(name: str) -> str:
        if name not in cast:
            cast[name] = f"half/{name}"
            nodes.append(helper.make_node("Cast", [name], [cast[name]], to=TensorProto.FLOAT16))
        return cast[name]

    for node in folded.graph.node:
        if not moving.intersection(names_read(node)):
            nodes.append(node)
            continue
        moving.update(node.output)
        for place, name in enumerate(node.input):
            fixed = name not in moving or name == IMAGE
            if name in floats and fixed and place not in _FLOAT32_INPUTS.get(node.op_type, ()):
                node.input[place] = in_half(name)
        given = attributes(node)
        if node.op_type == "Cast" and given["to"] == TensorProto.FLOAT:
            del node.attribute[:]
            node.attribute.append(helper.make_attribute("to", TensorProto.FLOAT16))
        if node.op_type == "ConstantOfShape" and node.output[0] in floats:
            full = f"full/{node.output[0]}"
            nodes.append(helper.make_node(node.op_type, node.input, [full], **given))
            nodes.append(helper.make_node("Cast", [full], [node.output[0]], to=TensorProto.FLOAT16))
            continue
        nodes.append(node)
    half = copy.deepcopy(folded)
    del half.graph.node[:], half.graph.value_info[:], half.graph.output[:]
    half.graph.node.extend(nodes)
    for name in dict.fromkeys(layers):
        info = onnx.ValueInfoProto(name=name)
        if name in floats:
            info.type.tensor_type.elem_type = TensorProto.FLOAT16
        half.graph.output.append(info)
    return half
